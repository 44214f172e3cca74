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
mod sheet;
mod spawner;
mod users;
mod waiting;

pub(crate) use cell::Cell;
pub(crate) use guard::run;
pub(crate) use report::choose;
pub use report::{Layers, sandbox_report};
pub(crate) use room::Room;
pub(crate) use waiting::Waiting;

use child::Steps;
use sheet::{Sheet, shell};
use std::collections::BTreeMap;
use std::process::Command;

/// A way to run a shell command apart from the server.
pub(crate) trait Sandbox: Send + Sync {
    /// What it is called in logs.
    fn name(&self) -> &'static str;

    /// The shell that waits in `room` for its sheet, and for [`sheet::GO`] on its standard input.
    fn command(&self, room: &Room, sheet: &Sheet) -> std::io::Result<Command>;
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

    fn command(&self, room: &Room, sheet: &Sheet) -> std::io::Result<Command> {
        let reader = sheet.reader()?;
        let [program, arguments @ ..] = shell("", &reader);
        let mut command = bare(&program);
        command.args(arguments).current_dir(&room.folder);
        let steps = Steps { groups: room.cell.doors()?, handed: vec![reader], ..Steps::default() };
        child::prepare(&mut command, &room.limits, steps);
        Ok(command)
    }
}

/// The process that runs `script` in `room` at once.
fn at_once(sandbox: &dyn Sandbox, room: &Room, script: &str) -> std::io::Result<Command> {
    let sheet = Sheet::new()?;
    let mut command = sandbox.command(room, &sheet)?;
    sheet.write(script, &room.folder, &BTreeMap::new())?;
    command.stdin(sheet::hold(sheet::GO)?);
    Ok(command)
}

#[cfg(test)]
pub(crate) fn confined_command(folder: &std::path::Path, script: &str) -> Command {
    let room = Room { folder: folder.to_owned(), writable: vec![folder.to_owned()], ..Room::empty() };
    at_once(&confined::Confined, &room, script).expect("the rules are made")
}
