//! `boathook netlify -- <args>`: runs the user's own Netlify CLI against a server.

use crate::{Environment, ServerArgs, env, node};
use anyhow::{Context as _, bail};
use clap::Args;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{ExitCode, ExitStatus};
use tokio::process::Command;

/// Names of the CLI, in the order they are looked for, with the arguments that come first.
const PROGRAMS: [(&str, &[&str]); 3] = [("netlify", &[]), ("ntl", &[]), ("npx", &["netlify-cli"])];

/// Proxy variables that the CLI would prefer over ours.
const UNWANTED: [&str; 2] = ["HTTP_PROXY", "HTTPS_PROXY"];

const HELP: &str = "\
The exit code is the CLI's own. The CLI needs Node 22.21 or newer, or 24 or newer.

Examples:
  boathook netlify -- status
  boathook netlify -- deploy --dir public --prod";

/// Arguments of `boathook netlify`.
#[derive(Args, Clone, Debug)]
#[command(after_help = HELP)]
pub struct NetlifyArgs {
    /// The server
    #[command(flatten)]
    pub server: ServerArgs,

    /// The CLI to run; otherwise netlify, ntl or npx netlify-cli, whichever is found first
    #[arg(long, value_name = "PATH")]
    pub cli: Option<PathBuf>,

    /// What to hand to the CLI
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGS")]
    pub args: Vec<OsString>,
}

/// Runs the CLI with its input and output left as they are, and gives its exit code.
///
/// # Errors
/// When Node is too old, no CLI is found, there is no token, or the server does not answer.
pub async fn netlify(args: &NetlifyArgs) -> anyhow::Result<ExitCode> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let (program, first) = choose(args.cli.as_deref(), &path)?;
    node::check().await?;
    let environment = env::prepare(&args.server.resolve()?).await?;
    let status = run(command(&program, first, &args.args, &environment)).await;
    Ok(exit_code(status.with_context(|| format!("cannot run {}", program.display()))?))
}

fn choose(asked: Option<&Path>, path: &OsStr) -> anyhow::Result<(PathBuf, &'static [&'static str])> {
    if let Some(cli) = asked {
        return Ok((cli.to_owned(), &[]));
    }
    let found = PROGRAMS.iter().find_map(|(name, first)| Some((find(name, path)?, *first)));
    match found {
        Some(found) => Ok(found),
        None => bail!(
            "no Netlify CLI on the PATH: install it with `npm install -g netlify-cli`, or name it with --cli"
        ),
    }
}

fn find(name: &str, path: &OsStr) -> Option<PathBuf> {
    std::env::split_paths(path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

fn command(program: &Path, first: &[&str], args: &[OsString], environment: &Environment) -> Command {
    let mut command = Command::new(program);
    command.args(first).args(args).envs(environment.iter());
    UNWANTED.iter().for_each(|name| {
        command.env_remove(name);
    });
    command
}

/// Waits for the program. Ctrl-C reaches it from the terminal too and is its own to answer, so this
/// process must not go away before it.
async fn run(mut command: Command) -> std::io::Result<ExitStatus> {
    let mut child = command.spawn()?;
    loop {
        tokio::select! {
            status = child.wait() => return status,
            interrupted = tokio::signal::ctrl_c() => interrupted?,
        }
    }
}

/// The program's code; 128 and the signal's number for one that was killed, as shells count.
fn exit_code(status: ExitStatus) -> ExitCode {
    use std::os::unix::process::ExitStatusExt as _;
    let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default());
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::{Before, Files};
    use crate::server::Server;
    use clap::{Command as Clap, FromArgMatches as _};

    fn environment() -> Environment {
        let server = Server { root: "http://localhost:8888".parse().unwrap(), token: "bh_x".to_owned() };
        let files = Files { ca: "/ca.pem".into(), sockets: "/x.cjs".into() };
        Environment::new(&server, &files, &Before::default()).unwrap()
    }

    #[test]
    fn the_first_cli_on_the_path_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        assert!(choose(None, folder.path().as_os_str()).is_err());
        for (name, first) in [("npx", 1), ("ntl", 0), ("netlify", 0)] {
            std::fs::write(folder.path().join(name), "").unwrap();
            let (found, args) = choose(None, folder.path().as_os_str()).unwrap();
            assert_eq!((found, args.len()), (folder.path().join(name), first));
        }
        assert_eq!(choose(Some(Path::new("/x/cli")), OsStr::new("")).unwrap().0, Path::new("/x/cli"));
    }

    #[tokio::test]
    async fn the_program_gets_arguments_and_environment_and_gives_its_code() {
        let script = "test \"$1\" = --prod && test \"$NETLIFY_AUTH_TOKEN\" = bh_x && exit 7";
        let args = ["-c", script, "cli", "--prod"].map(OsString::from);
        let status = run(command(Path::new("/bin/sh"), &[], &args, &environment())).await.unwrap();
        assert_eq!(status.code(), Some(7));
        assert_eq!(format!("{:?}", exit_code(status)), format!("{:?}", ExitCode::from(7)));
    }

    #[test]
    fn everything_after_the_dashes_is_the_clis() {
        let parser = NetlifyArgs::augment_args(Clap::new("netlify"));
        let line = ["netlify", "--token", "t", "--", "deploy", "--prod", "--token", "theirs"];
        let args = NetlifyArgs::from_arg_matches(&parser.get_matches_from(line)).unwrap();
        assert_eq!(args.args, ["deploy", "--prod", "--token", "theirs"]);
        assert_eq!(args.server.token.as_deref(), Some("t"));
    }
}
