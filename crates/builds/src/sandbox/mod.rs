//! Where the commands of a build run: cut off from the server's files, from other builds, and from
//! every process but their own. The network stays: installing dependencies needs it.

mod bubblewrap;
mod cell;
mod child;
mod confined;
mod filter;
mod groups;
mod guard;
mod private;
mod report;
mod room;
mod users;

pub(crate) use cell::Cell;
pub(crate) use guard::run;
pub(crate) use report::choose;
pub use report::{Layers, sandbox_report};
pub(crate) use room::Room;

use child::Steps;
use std::process::Command;

/// A way to run a shell command apart from the server.
pub(crate) trait Sandbox: Send + Sync {
    /// What it is called in logs.
    fn name(&self) -> &'static str;

    /// The process that runs `script` in `room`. It reads its environment from its standard input,
    /// as [`crate::environment::encode`] writes it: so the site's variables reach neither the
    /// command line, which every user of the machine can read, nor the programs that build the
    /// sandbox with the server's rights.
    fn command(&self, room: &Room, script: &str) -> std::io::Result<Command>;
}

/// Takes the environment from standard input and becomes the shell that runs the script.
const BOOT: &str = r#"while IFS= read -r -d "" pair; do export "$pair"; done; exec "$BASH" --noprofile --norc -c "$1" bash < /dev/null"#;

/// `bash` that becomes the script's shell.
fn shell(script: &str) -> [String; 7] {
    ["bash", "--noprofile", "--norc", "-c", BOOT, "boot", script].map(str::to_owned)
}

/// A command with nothing of the server's environment.
fn bare(program: &str) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("PATH", crate::environment::PATH).env("LC_ALL", "C.UTF-8");
    command
}

/// No sandbox: the server's own rights, for machines of a single user.
pub(crate) struct Off;

impl Sandbox for Off {
    fn name(&self) -> &'static str {
        "none"
    }

    fn command(&self, room: &Room, script: &str) -> std::io::Result<Command> {
        let [program, arguments @ ..] = shell(script);
        let mut command = bare(&program);
        command.args(arguments).current_dir(&room.folder);
        let steps = Steps { groups: room.cell.doors()?, ..Steps::default() };
        child::prepare(&mut command, &room.limits, steps);
        Ok(command)
    }
}

#[cfg(test)]
pub(crate) fn confined_command(folder: &std::path::Path, script: &str) -> Command {
    let room = Room { folder: folder.to_owned(), writable: vec![folder.to_owned()], ..Room::empty() };
    let mut command = confined::Confined.command(&room, script).expect("the rules are made");
    command.stdin(std::process::Stdio::null());
    command
}
