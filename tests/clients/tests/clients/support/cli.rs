//! One of the command lines, run in a project folder with the environment of contract clients 2a
//! and nothing else of this machine's.

use super::server::{OWNER_TOKEN, Server};
use super::{client, machine};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// How long one command may take on a busy machine.
const LIMIT: Duration = Duration::from_secs(150);

/// A release of netlify-cli.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    /// 27.10.2.
    V27,
    /// 17.38.1.
    V17,
}

impl Version {
    fn program(self) -> PathBuf {
        let name = match self {
            Self::V27 => "cli27",
            Self::V17 => "cli17",
        };
        client(name).join("node_modules/netlify-cli/bin/run.js")
    }
}

/// How a command line is to prove who runs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Login {
    /// By the owner's token in the environment.
    Environment,
    /// By what an earlier login stored in its home.
    Stored,
}

/// A command line of one person: a home and a way to log in.
pub(crate) struct Cli<'a> {
    server: &'a Server,
    version: Version,
    login: Login,
    home: PathBuf,
}

impl<'a> Cli<'a> {
    /// A command line with an empty home.
    pub(crate) fn new(server: &'a Server, version: Version, login: Login) -> Self {
        Self { server, version, login, home: server.folder(&format!("home-{version:?}-{login:?}")) }
    }

    /// A folder for it to work in.
    pub(crate) fn project(&'a self, name: &str) -> Project<'a> {
        Project { cli: self, folder: self.server.folder(&format!("projects/{name}")) }
    }

    fn command(&self, folder: &Path, words: &str) -> Command {
        let node = machine::node();
        let path = std::env::var("PATH").unwrap_or_default();
        let beside = node.parent().expect("a program is in a folder").display().to_string();
        let mut command = Command::new(&node);
        command.arg(self.version.program()).args(words.split_whitespace()).current_dir(folder);
        command
            .env_clear()
            .env("PATH", format!("{beside}:{path}"))
            .env("LANG", "C.UTF-8")
            .env("NO_COLOR", "1");
        command.env("HOME", &self.home).env("XDG_CONFIG_HOME", self.home.join("config"));
        command.envs(self.environment()).env("NODE_EXTRA_CA_CERTS", self.server.certificate());
        if self.login == Login::Environment {
            command.env("NETLIFY_AUTH_TOKEN", OWNER_TOKEN);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        command
    }

    fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("NETLIFY_API_URL", self.server.api_url()),
            ("NETLIFY_WEB_UI", self.server.control_url()),
            ("NODE_USE_ENV_PROXY", "1".to_owned()),
            ("https_proxy", format!("http://boathook:{OWNER_TOKEN}@127.0.0.1:{}", self.server.port)),
            ("no_proxy", "127.0.0.1,localhost".to_owned()),
            ("CI", "true".to_owned()),
            (
                "NODE_OPTIONS",
                format!("--require {}", machine::root().join("crates/cli/src/sockets.cjs").display()),
            ),
            ("NO_UPDATE_NOTIFIER", "1".to_owned()),
            ("BROWSER", "none".to_owned()),
        ]
    }
}

/// Runs a script with `boathook`, `netlify` and `node` on its path, as a person at a shell would:
/// its standard output.
pub(crate) async fn shell(server: &Server, folder: &Path, script: &str) -> String {
    let bin = client("cli27").join("node_modules/.bin");
    let (node, boathook) = (machine::node(), machine::boathook());
    let beside = [boathook.parent(), node.parent(), Some(bin.as_path())].into_iter().flatten();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(beside.map(Path::to_owned).chain(std::env::split_paths(&path)));
    let mut sh = Command::new("sh");
    sh.args(["-eu", "-c", script])
        .current_dir(folder)
        .env_clear()
        .env("PATH", path.expect("folders without a colon"));
    sh.env("HOME", server.folder("home-shell")).env("SERVER", server.control_url()).env("TOKEN", OWNER_TOKEN);
    let output = timeout(LIMIT, sh.stdin(Stdio::null()).kill_on_drop(true).output()).await;
    let output = output.unwrap_or_else(|_| panic!("`{script}` does not end")).expect("sh starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "`{script}`: {}\n{said}", output.status);
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A folder that commands are run in.
pub(crate) struct Project<'a> {
    cli: &'a Cli<'a>,
    /// The folder.
    pub(crate) folder: PathBuf,
}

impl Project<'_> {
    /// Writes a file.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let file = self.folder.join(path);
        std::fs::create_dir_all(file.parent().expect("a file is in a folder")).expect("a folder");
        std::fs::write(file, text).expect("a file");
    }

    /// Runs a command that must succeed: its standard output.
    pub(crate) async fn run(&self, words: &str) -> String {
        let (well, out, err) = self.end(words).await;
        assert!(well, "`netlify {words}` failed\n--- out\n{out}\n--- err\n{err}");
        out
    }

    /// Runs a command that must fail: all its output.
    pub(crate) async fn refused(&self, words: &str) -> String {
        let (well, out, err) = self.end(words).await;
        assert!(!well, "`netlify {words}` succeeded\n--- out\n{out}\n--- err\n{err}");
        out + &err
    }

    /// Runs a command that prints one JSON value.
    pub(crate) async fn json(&self, words: &str) -> Value {
        let out = self.run(words).await;
        let start = out.find(['{', '[']).unwrap_or(0);
        let mut values = serde_json::Deserializer::from_str(&out[start..]).into_iter();
        values
            .next()
            .and_then(Result::ok)
            .unwrap_or_else(|| panic!("`netlify {words}` printed no JSON:\n{out}"))
    }

    /// Runs a command at a terminal, where it asks: each answer is what it says and what is typed then. It
    /// must succeed: all that it said.
    pub(crate) async fn at_terminal(&self, words: &str, answers: &[(&str, &str)]) -> String {
        let plain = self.cli.command(&self.folder, words);
        let plain = plain.as_std();
        let environment = plain.get_envs().filter_map(|(name, value)| Some((name, value?)));
        let mut command = Command::new(machine::python());
        command.arg(machine::script("terminal.py")).arg(serde_json::json!(answers).to_string());
        command.arg(plain.get_program()).args(plain.get_args()).current_dir(&self.folder);
        // a client that takes itself for a part of a pipeline asks nothing
        command.env_clear().envs(environment).env_remove("CI").env("TERM", "xterm");
        let output = timeout(LIMIT, command.stdin(Stdio::null()).kill_on_drop(true).output()).await;
        let output = output.unwrap_or_else(|_| panic!("`netlify {words}` does not end")).expect("it starts");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let why = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "`netlify {words}`: {}\n{said}\n{why}", output.status);
        said
    }

    async fn end(&self, words: &str) -> (bool, String, String) {
        let output = timeout(LIMIT, self.cli.command(&self.folder, words).output()).await;
        let output = output.unwrap_or_else(|_| panic!("`netlify {words}` does not end")).expect("it starts");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        println!("$ netlify {words}\n{out}{err}");
        (output.status.success(), out, err)
    }

    /// Starts a command that will wait for something to happen elsewhere.
    pub(crate) fn start(&self, words: &str) -> Waiting {
        let mut child = self.cli.command(&self.folder, words).spawn().expect("it starts");
        let out = BufReader::new(child.stdout.take().expect("its output is read"));
        Waiting { child, lines: out.lines(), said: String::new() }
    }
}

/// The first JSON object or list of an output.
#[track_caller]
pub(crate) fn first_json(out: &str) -> Value {
    let start = out.find(['{', '[']).unwrap_or(0);
    let mut values = serde_json::Deserializer::from_str(&out[start..]).into_iter();
    values.next().and_then(Result::ok).unwrap_or_else(|| panic!("no JSON in:\n{out}"))
}

/// A command that waits.
pub(crate) struct Waiting {
    child: Child,
    lines: tokio::io::Lines<BufReader<tokio::process::ChildStdout>>,
    said: String,
}

impl Waiting {
    /// Reads on until a line holds `mark`: what follows the mark in it.
    pub(crate) async fn until(&mut self, mark: &str) -> String {
        loop {
            let line = timeout(LIMIT, self.lines.next_line()).await.ok().and_then(Result::ok).flatten();
            let line = line.unwrap_or_else(|| panic!("`{mark}` was never said, but:\n{}", self.said));
            self.said += &format!("{line}\n");
            if let Some((_, rest)) = line.split_once(mark) {
                return rest.to_owned();
            }
        }
    }

    /// Waits for its good end.
    pub(crate) async fn finish(mut self) {
        let status = timeout(LIMIT, self.child.wait()).await.expect("it ends").expect("it ran");
        assert!(status.success(), "{status}:\n{}", self.said);
    }
}
