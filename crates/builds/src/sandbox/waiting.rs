//! A shell that is set up in its room and waits for its sheet. Setting up takes longer than most steps
//! of a small build, and nothing of it depends on what will run: it is done while Git fetches the code.

use super::sheet::{GO, Sheet};
use super::{Room, Sandbox};
use crate::process::{Ended, Watch, follow, start};
use std::collections::BTreeMap;
use std::io::Result;
use std::process::Stdio;
use std::sync::Arc;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Child;

/// A shell that waits; it is killed when it is dropped.
#[derive(Debug)]
pub(crate) struct Waiting {
    /// What it can see and change. Without the cell, which may be what holds the shell.
    room: Room,
    sheet: Sheet,
    child: Child,
}

impl Waiting {
    /// Sets a shell up. For a thread of the runtime: sandboxes end with the thread that began them.
    pub(crate) fn start(sandbox: &dyn Sandbox, room: &Room) -> Result<Self> {
        let sheet = Sheet::new()?;
        let child = start(sandbox.command(room, &sheet)?.into(), Stdio::piped())?;
        Ok(Self { room: Room { cell: Arc::default(), ..room.clone() }, sheet, child })
    }

    /// The shell that waits in the room's cell, if it was set up in such a room, else a new one.
    pub(super) fn take(sandbox: &dyn Sandbox, room: &Room) -> Result<Self> {
        let waiting = room.cell.take_waiting();
        match waiting.and_then(|waiting| waiting.fitting(room)) {
            Some(waiting) => Ok(waiting),
            None => Self::start(sandbox, room),
        }
    }

    /// Itself, while it is alive and sees and may change the same.
    fn fitting(mut self, room: &Room) -> Option<Self> {
        let lives = matches!(self.child.try_wait(), Ok(None));
        (lives && self.room.sees_as_much_as(room)).then_some(self)
    }

    /// Has the shell run a script to its end, whatever that is. Nothing that it started runs on.
    pub(super) async fn run(
        mut self,
        room: &Room,
        script: &str,
        environment: &BTreeMap<String, String>,
        section: &'static str,
        watch: &Watch,
    ) -> Result<Ended> {
        watch.searched().await;
        self.sheet.write(script, &room.folder, environment)?;
        if let Some(mut pipe) = self.child.stdin.take() {
            // one that ended early has said why in its own words
            let _gone = pipe.write_all(GO).await;
        }
        follow(self.child, Some(Arc::clone(&room.cell)), section, watch).await
    }
}

#[cfg(test)]
mod tests {
    use super::super::Off;
    use super::*;

    fn wait_in(room: &Room) -> Waiting {
        Waiting::start(&Off, room).expect("bash runs")
    }

    fn taken(room: &Room) -> Option<u32> {
        Waiting::take(&Off, room).expect("bash runs").child.id()
    }

    #[tokio::test]
    async fn a_shell_is_for_one_command_in_the_room_that_it_waits_in() {
        let room = Room::empty();
        let kept = || {
            let shell = wait_in(&room);
            let id = shell.child.id();
            room.cell.keep_waiting(shell);
            id
        };
        let first = kept();
        assert_eq!(taken(&Room { folder: "/usr".into(), ..room.clone() }), first, "it goes to any folder");
        assert_ne!(taken(&room), first, "it is gone");
        let second = kept();
        let wider = taken(&Room { readable: vec!["/opt".into()], ..room.clone() });
        assert!(wider.is_some() && wider != second, "it sees less");
    }

    #[tokio::test]
    async fn a_shell_that_ended_early_is_replaced() {
        let room = Room::empty();
        let mut shell = wait_in(&room);
        shell.child.kill().await.expect("it is ours");
        room.cell.keep_waiting(shell);
        assert!(taken(&room).is_some());
    }

    #[tokio::test]
    async fn a_shell_that_nobody_has_a_use_for_ends() {
        let shell = wait_in(&Room::empty());
        let status = format!("/proc/{}/status", shell.child.id().expect("it waits"));
        drop(shell);
        while std::fs::read_to_string(&status).is_ok_and(|status| !status.contains("State:\tZ")) {
            tokio::task::yield_now().await;
        }
    }
}
