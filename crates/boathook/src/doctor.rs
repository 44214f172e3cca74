//! What is wrong with a machine, in words that say what to do.

mod builds;

use crate::config::{MailConfig, UIDS, users};
use crate::data_dir::DATABASE;
use std::io::Write;
use std::net::{TcpListener, TcpStream, ToSocketAddrs as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

/// How long a server may take to accept a connection.
const CONNECT_LIMIT: Duration = Duration::from_secs(2);
/// Free space under which a data folder is in danger.
const SPACE_WANTED: u64 = 1 << 30;

/// Settings of `boathook doctor`.
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// Data folder to look at
    #[arg(long, env = "BOATHOOK_DATA", default_value = "boathook-data", value_name = "DIR")]
    pub data: PathBuf,
    /// Address and port the server listens on, or will
    #[arg(long, env = "BOATHOOK_LISTEN", default_value = "127.0.0.1:8888", value_name = "ADDR:PORT")]
    pub listen: std::net::SocketAddr,
    /// Folder of the builder, in place of one in the data folder
    #[arg(long, env = "BOATHOOK_BUILDER_DIR", value_name = "DIR")]
    pub builder_dir: Option<PathBuf>,
    /// User ids that builds run as when the server is root
    #[arg(long, env = "BOATHOOK_BUILD_UIDS", default_value = UIDS, value_name = "FIRST-LAST", value_parser = users)]
    pub build_uids: (u32, u32),
    /// Mail
    #[command(flatten)]
    pub mail: MailConfig,
}

/// One finding.
#[derive(Debug, PartialEq, Eq)]
enum Finding {
    Fine(String),
    /// Works, but something will not.
    Short(String, String),
    /// The server cannot do its work.
    Wrong(String, String),
}

/// Looks at everything and prints what it found; fails when something is wrong.
///
/// # Errors
/// When nothing can be printed.
pub async fn run(args: &Args, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let mail = mail(&args.mail).await;
    let looked = args.clone();
    let mut findings = tokio::task::spawn_blocking(move || builds::look(&looked)).await?;
    findings.extend([data(&args.data), space(&args.data), port(args), names(args.listen.port()), mail]);
    let mut code = ExitCode::SUCCESS;
    for finding in findings {
        match finding {
            Finding::Fine(what) => writeln!(out, "ok     {what}")?,
            Finding::Short(what, cure) => writeln!(out, "short  {what}\n       -> {cure}")?,
            Finding::Wrong(what, cure) => {
                writeln!(out, "WRONG  {what}\n       -> {cure}")?;
                code = ExitCode::FAILURE;
            }
        }
    }
    Ok(code)
}

/// First line of what a program prints about its version.
fn version(program: &str) -> Option<String> {
    let output = Command::new(program).arg("--version").stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).lines().next()?.trim().to_owned();
    output.status.success().then_some(text)
}

fn data(folder: &Path) -> Finding {
    let there = folder.ancestors().find(|each| each.exists()).unwrap_or(Path::new("."));
    let name = folder.display();
    match (tempfile::tempdir_in(there), folder.join(DATABASE).exists()) {
        (Ok(_), true) => Finding::Fine(format!("data folder {name}")),
        (Ok(_), false) if there == folder => Finding::Fine(format!("data folder {name}, empty so far")),
        (Ok(_), false) => Finding::Fine(format!("data folder {name} will be made on the first start")),
        (Err(error), _) => Finding::Wrong(
            format!("data folder {name} cannot be used: {}", error.kind()),
            "choose another with --data, or give it to the user that the server runs as".into(),
        ),
    }
}

fn space(folder: &Path) -> Finding {
    let existing = folder.ancestors().find(|p| p.exists()).unwrap_or(Path::new("."));
    let free = Command::new("df")
        .arg("-Pk")
        .arg(existing)
        .output()
        .ok()
        .and_then(|o| free_bytes(&String::from_utf8_lossy(&o.stdout)));
    match free {
        Some(free) if free < SPACE_WANTED => Finding::Wrong(
            format!("{} MB are free for data", free >> 20),
            "make room: uploads and builds need more than 1 GB".into(),
        ),
        Some(free) => Finding::Fine(format!("{} GB are free for data", free >> 30)),
        None => Finding::Short("free space cannot be read".into(), "check it yourself".into()),
    }
}

/// The fourth column of `df -Pk`, in bytes.
fn free_bytes(df: &str) -> Option<u64> {
    df.lines().nth(1)?.split_whitespace().nth(3)?.parse::<u64>().ok().map(|kb| kb * 1024)
}

fn port(args: &Args) -> Finding {
    if TcpListener::bind(args.listen).is_ok() {
        return Finding::Fine(format!("{} is free", args.listen));
    }
    if TcpStream::connect_timeout(&args.listen, CONNECT_LIMIT).is_ok() {
        return Finding::Fine(format!(
            "something answers on {}: a server that runs, most likely",
            args.listen
        ));
    }
    Finding::Wrong(format!("{} cannot be listened on", args.listen), "choose another with --listen".into())
}

fn names(port: u16) -> Finding {
    match "example.localhost:80".to_socket_addrs().map(|mut found| found.any(|a| a.ip().is_loopback())) {
        Ok(true) => Finding::Fine("names under localhost lead to this machine".into()),
        _ => Finding::Short(
            "names under localhost are not resolved by this system (browsers do it by themselves)".into(),
            format!(
                "with curl, use: curl --resolve NAME.localhost:{port}:127.0.0.1 http://NAME.localhost:{port}"
            ),
        ),
    }
}

/// Whether mail would go out. A server that is down holds mails up and is no hook's fault, so that
/// only its operator hears of it: here, and in the log.
async fn mail(config: &MailConfig) -> Finding {
    let cure = "see to the mail server and to BOATHOOK_SMTP_URL; mails wait meanwhile";
    match config.settings() {
        Err(why) => Finding::Wrong(why, "correct it: the server does not start like this".into()),
        Ok(None) => Finding::Short(
            "no mail server is set up: hooks of the type email send nothing".into(),
            "set BOATHOOK_SMTP_URL and BOATHOOK_MAIL_FROM".into(),
        ),
        Ok(Some(mail)) => match hooks::probe_mail(&mail).await {
            Ok(()) => Finding::Fine(format!("mail goes out through {}:{}", mail.host, mail.port)),
            Err(why) => {
                Finding::Wrong(format!("{}:{} takes no mail: {why}", mail.host, mail.port), cure.into())
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn space_is_read() {
        let df = "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/x 100 40 60 40% /\n";
        assert_eq!(free_bytes(df), Some(60 * 1024));
    }

    #[test]
    fn a_data_folder_that_cannot_be_written_is_found() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(
            data(dir.path()),
            Finding::Fine(format!("data folder {}, empty so far", dir.path().display()))
        );
        let file = dir.path().join("file");
        std::fs::write(&file, "").unwrap();
        for folder in [&file, &file.join("below")] {
            let Finding::Wrong(what, _) = data(folder) else {
                panic!("{} cannot be written", folder.display())
            };
            assert!(what.ends_with("cannot be used: not a directory"), "{what}");
        }
    }

    #[tokio::test]
    async fn every_finding_is_printed() {
        let dir = tempfile::tempdir().unwrap();
        let mail = MailConfig::default();
        let args = Args {
            data: dir.path().join("data"),
            listen: "127.0.0.1:0".parse().unwrap(),
            builder_dir: None,
            build_uids: users(UIDS).unwrap(),
            mail,
        };
        let mut out = Vec::new();
        run(&args, &mut out).await.unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains("127.0.0.1:0 is free") && text.contains("will be made"), "{text}");
        assert!(text.contains("short  no mail server is set up"), "{text}");
        for about in ["git", "npm", "builds run", "build runs as", "@netlify/build", "programs that bring"] {
            assert!(text.contains(about), "{about}\n{text}");
        }
    }

    #[tokio::test]
    async fn a_mail_server_that_is_down_is_found() {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut config = MailConfig {
            smtp_url: Some(format!("smtp://ann:s3cret@{free}?tls=none")),
            mail_from: Some("hooks@example.org".into()),
            smtp_ca: None,
        };
        let Finding::Wrong(what, _) = mail(&config).await else { panic!("it is down") };
        assert!(what.starts_with(&format!("{free} takes no mail: ")) && !what.contains("s3cret"), "{what}");
        config.mail_from = None;
        assert!(
            matches!(mail(&config).await, Finding::Wrong(what, _) if what.contains("BOATHOOK_MAIL_FROM"))
        );
    }
}
