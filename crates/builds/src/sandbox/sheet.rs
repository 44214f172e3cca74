//! What the shell in a sandbox is told when its turn comes: a script, a folder and an environment, in
//! a file in memory that it is handed while it is empty. So a sandbox can be set up before anything is
//! known of what will run in it, and the site's variables reach neither a command line, which every
//! user of the machine can read, nor the programs that build the sandbox with the server's rights.

use rustix::fs::{MemfdFlags, memfd_create};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Result, Seek as _, Write as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

/// What the shell reads from its standard input when the sheet is written. Without it, when the server
/// died say, nothing runs.
pub(crate) const GO: &[u8] = b"go\n";

/// A sheet that is written once. It ends with its last holder.
#[derive(Debug)]
pub(crate) struct Sheet(File);

impl Sheet {
    /// An empty one.
    pub(crate) fn new() -> Result<Self> {
        hold(&[]).map(Self)
    }

    /// The same for the one who reads it.
    pub(super) fn reader(&self) -> Result<File> {
        self.0.try_clone()
    }

    /// Writes down what is to be done.
    pub(crate) fn write(
        &self,
        script: &str,
        folder: &Path,
        environment: &BTreeMap<String, String>,
    ) -> Result<()> {
        let mut text = format!("{script}\0{}\0", folder.display()).into_bytes();
        for (name, value) in environment {
            text.extend_from_slice(format!("{name}={value}\0").as_bytes());
        }
        // the reader shares the place in the file, which has to stay at its beginning
        self.0.write_all_at(&text, 0)
    }
}

/// A file in memory with this content.
pub(super) fn hold(content: &[u8]) -> Result<File> {
    let mut file = File::from(memfd_create("boathook", MemfdFlags::CLOEXEC)?);
    file.write_all(content)?;
    file.rewind()?;
    Ok(file)
}

/// `bash` that does something first, waits for its sheet, held open as `reader`, and becomes the script's
/// shell. No variable of the sheet can change what it does with the rest of it.
pub(super) fn shell(first: &str, reader: &File) -> [String; 6] {
    let at = reader.as_raw_fd();
    let boot = format!(
        r#"{first}
read -r word; [ "$word" = go ] || exit 1
mapfile -d "" -t -u {at} sheet || exit 1; exec {at}<&-
set -- "${{sheet[@]}}"; unset sheet word
cd -- "$2" || exit 1; unset OLDPWD
[ $# -lt 3 ] || export -- "${{@:3}}"
exec "$BASH" --noprofile --norc -c "$1" bash < /dev/null"#
    );
    ["bash", "--noprofile", "--norc", "-c", &boot, "boot"].map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::super::child::{self, Steps};
    use super::*;
    use context::BuildLimits;
    use std::process::{Command, Stdio};

    /// What a script prints that a shell was told in this environment; nothing is said when `go` is not.
    fn told(script: &str, environment: &[(&str, &str)], go: &[u8]) -> (String, Option<i32>) {
        let sheet = Sheet::new().expect("a sheet");
        let reader = sheet.reader().expect("the same");
        let [program, arguments @ ..] = shell("", &reader);
        let mut command = Command::new(program);
        command.args(arguments).env_clear().env("PATH", crate::environment::PATH);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        child::prepare(
            &mut command,
            &BuildLimits::default(),
            Steps { handed: vec![reader], ..Steps::default() },
        );
        let mut child = command.spawn().expect("bash runs");
        let all = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        sheet.write(script, Path::new("/usr"), &all.collect()).expect("written");
        child.stdin.take().expect("a pipe").write_all(go).expect("it reads");
        let output = child.wait_with_output().expect("it ends");
        (String::from_utf8_lossy(&output.stdout).into_owned(), output.status.code())
    }

    #[test]
    fn a_shell_does_what_its_sheet_says() {
        for (script, environment, expect, code) in [
            ("pwd; exit 3", &[][..], "/usr\n", 3),
            ("printf '<%s>' \"$A\" \"$B\"", &[("A", "1\n2 ' \""), ("B", "")], "<1\n2 ' \"><>", 0),
            ("echo $# $0 ${OLDPWD-none}", &[], "0 bash none\n", 0),
            ("wc -c; : > /dev/stdout", &[], "0\n", 0),
        ] {
            assert_eq!(told(script, environment, GO), (expect.to_owned(), Some(code)), "{script}");
        }
    }

    #[test]
    fn no_variable_changes_what_is_run() {
        let names = ["sheet", "word", "IFS", "REPLY", "MAPFILE", "UID", "BASH_ENV", "PS4", "SHELLOPTS"];
        let environment: Vec<_> = names.iter().map(|name| (*name, "touched")).collect();
        let (printed, code) = told("echo $sheet$word", &environment, GO);
        assert_eq!((printed.as_str(), code), ("touchedtouched\n", Some(0)));
    }

    #[test]
    fn a_long_environment_arrives_whole() {
        let long = "x".repeat(120_000);
        let environment: Vec<_> = ["A", "B", "C"].map(|name| (name, long.as_str())).into();
        assert_eq!(told("echo ${#A} ${#B} ${#C}", &environment, GO).0, "120000 120000 120000\n");
    }

    #[test]
    fn without_the_word_nothing_runs() {
        for word in [&b""[..], b"g", b"stop\n"] {
            assert_eq!(told("echo ran", &[], word), (String::new(), Some(1)), "{word:?}");
        }
    }
}
