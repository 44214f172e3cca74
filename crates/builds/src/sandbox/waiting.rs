//! A shell that is set up in its room and waits for its sheet. Setting up takes longer than most steps
//! of a small build, and nothing of it depends on what will run: it is done while Git fetches the code.

use super::sheet::{GO, Sheet};
use super::spawner::{self, Starting};
use super::{Room, Sandbox};
use crate::process::{Ended, Watch, follow};
use std::collections::BTreeMap;
use std::io::Result;
use std::sync::Arc;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Child;

/// A shell that waits; it is killed when it is dropped.
#[derive(Debug)]
pub(crate) struct Waiting {
    /// What it can see and change. Without the cell, which may be what holds the shell.
    room: Room,
    sheet: Sheet,
    child: Starting,
}

/// One that is there, in the room that it was asked for.
pub(super) struct Ready {
    sheet: Sheet,
    child: Child,
}

impl Waiting {
    /// Has a shell set up.
    pub(crate) fn start(sandbox: &dyn Sandbox, room: &Room) -> Result<Self> {
        let sheet = Sheet::new()?;
        let child = spawner::begin(sandbox.command(room, &sheet)?);
        Ok(Self { room: Room { cell: Arc::default(), ..room.clone() }, sheet, child })
    }

    /// The shell that waits in the room's cell, if it was set up in such a room, else a new one.
    pub(super) async fn take(sandbox: &dyn Sandbox, room: &Room) -> Result<Ready> {
        if let Some(waiting) = room.cell.take_waiting()
            && let Some(ready) = waiting.fitting(room).await
        {
            return Ok(ready);
        }
        Self::start(sandbox, room)?.ready().await
    }

    async fn ready(self) -> Result<Ready> {
        Ok(Ready { sheet: self.sheet, child: self.child.child().await? })
    }

    /// Itself, while it is alive and sees and may change the same.
    async fn fitting(self, room: &Room) -> Option<Ready> {
        let sees = self.room.sees_as_much_as(room);
        let mut ready = self.ready().await.ok()?;
        (sees && matches!(ready.child.try_wait(), Ok(None))).then_some(ready)
    }

    /// Ends it. Blocks until it was there.
    pub(crate) fn end(self) {
        drop(self.child.child_now());
    }
}

impl Ready {
    /// Has the shell run a script to its end, whatever that is. Nothing that it started runs on.
    pub(super) async fn run(
        mut self,
        room: &Room,
        script: &str,
        environment: &BTreeMap<String, String>,
        section: &'static str,
        watch: &Watch,
    ) -> Result<Ended> {
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

    async fn taken(room: &Room) -> Option<u32> {
        Waiting::take(&Off, room).await.expect("bash runs").child.id()
    }

    /// A shell that is there, and its number.
    async fn there(mut shell: Waiting) -> (Waiting, Option<u32>) {
        let child = shell.child.child().await.expect("bash runs");
        let id = child.id();
        shell.child = Starting::done(child);
        (shell, id)
    }

    #[tokio::test]
    async fn a_shell_is_for_one_command_in_the_room_that_it_waits_in() {
        let room = Room::empty();
        let kept = async || {
            let (shell, id) = there(wait_in(&room)).await;
            room.cell.keep_waiting(shell);
            id
        };
        let first = kept().await;
        assert_eq!(
            taken(&Room { folder: "/usr".into(), ..room.clone() }).await,
            first,
            "it goes to any folder"
        );
        assert_ne!(taken(&room).await, first, "it is gone");
        let second = kept().await;
        let wider = taken(&Room { readable: vec!["/opt".into()], ..room.clone() }).await;
        assert!(wider.is_some() && wider != second, "it sees less");
    }

    #[tokio::test]
    async fn a_shell_that_ended_early_is_replaced() {
        let room = Room::empty();
        let mut shell = wait_in(&room);
        let mut child = shell.child.child().await.expect("bash runs");
        child.kill().await.expect("it is ours");
        shell.child = Starting::done(child);
        room.cell.keep_waiting(shell);
        assert!(taken(&room).await.is_some());
    }

    #[tokio::test]
    async fn a_shell_that_nobody_has_a_use_for_ends() {
        let (shell, id) = there(wait_in(&Room::empty())).await;
        let status = format!("/proc/{}/status", id.expect("it waits"));
        drop(shell);
        while std::fs::read_to_string(&status).is_ok_and(|status| !status.contains("State:\tZ")) {
            tokio::task::yield_now().await;
        }
    }
}
