//! What one build holds of the machine while it runs: a user of its own, and a control group. When
//! it is let go, nothing that the build started runs any more.

use super::groups::{Base, Group};
use super::users::{self, User};
use super::waiting::Waiting;
use crate::ending;
use crate::workspace::{NOBODY, server_is_root};
use context::{BuildPolicy, Sandbox};
use parking_lot::Mutex;
use std::fs::File;
use std::io::Result;

/// What one build holds of the machine.
#[derive(Debug, Default)]
pub(crate) struct Cell {
    user: Option<User>,
    group: Option<Group>,
    /// Whether its processes keep the server's own rights.
    open: bool,
    /// The shell that was set up for the build's first command.
    waiting: Mutex<Option<Waiting>>,
}

impl Cell {
    /// Takes a user and makes a group, where this machine has such.
    pub(crate) fn enter(policy: &BuildPolicy, name: &str) -> Result<Self> {
        let open = policy.sandbox == Sandbox::Off;
        let user = if open { None } else { User::lease(policy.limits.users, &policy.work_dir)? };
        let name = group_name(name);
        let group = Base::find().and_then(|base| base.make(&name, &policy.limits).map_err(|e| e.to_string()));
        let group =
            group.inspect_err(|why| tracing::debug!(why, "a build runs without a control group")).ok();
        Ok(Self { user, group, open, waiting: Mutex::default() })
    }

    /// Ends and removes what a server that died has left of a cell. Its user is free by itself.
    pub(crate) fn discard(name: &str) {
        if let Ok(base) = Base::find() {
            base.discard(&group_name(name));
        }
    }

    /// User and group id of its processes, when they are not the server's own.
    pub(crate) fn user(&self) -> Option<u32> {
        match &self.user {
            Some(user) => Some(user.id),
            None => (server_is_root() && !self.open).then_some(NOBODY),
        }
    }

    /// The lists that its processes join.
    pub(crate) fn doors(&self) -> Result<Vec<File>> {
        self.group.as_ref().map_or(Ok(Vec::new()), Group::doors)
    }

    /// Keeps a shell for the build's first command.
    pub(crate) fn keep_waiting(&self, shell: Waiting) {
        *self.waiting.lock() = Some(shell);
    }

    /// The shell that was kept; it ends when nobody has a use for it.
    pub(crate) fn take_waiting(&self) -> Option<Waiting> {
        self.waiting.lock().take()
    }

    /// Whether a control group holds what runs in it.
    pub(crate) fn has_group(&self) -> bool {
        self.group.is_some()
    }

    /// Kills whatever runs in it; returns when nothing does. Nothing leaves a control group; without
    /// one, the user tells.
    pub(crate) fn clear(&self) {
        match (&self.group, &self.user) {
            (Some(group), _) => group.kill(),
            (None, Some(user)) => user.clear(),
            (None, None) => {}
        }
    }

    /// The processes in it, as far as can be told.
    pub(crate) fn processes(&self) -> Vec<i32> {
        match (&self.group, &self.user) {
            (Some(group), _) => group.processes(),
            (None, Some(user)) => users::processes(user.id),
            (None, None) => Vec::new(),
        }
    }

    /// How often its bounds of memory and of processes were reached.
    pub(crate) fn reached(&self) -> (u64, u64) {
        let of = |group: &Group| (group.killed_for_memory(), group.refused_processes());
        self.group.as_ref().map_or((0, 0), of)
    }
}

fn group_name(name: &str) -> String {
    format!("boathook-{name}")
}

impl Drop for Cell {
    /// Whoever lets it go may not wait: what still runs is ended beside that.
    fn drop(&mut self) {
        drop(self.take_waiting());
        let (group, user) = (self.group.take(), self.user.take());
        let is_quiet = group.as_ref().is_none_or(|group| group.processes().is_empty())
            && user.as_ref().is_none_or(|user| users::processes(user.id).is_empty());
        if is_quiet {
            user.iter().for_each(User::leave_quiet);
            return;
        }
        ending::aside(move || {
            group.iter().for_each(Group::kill);
            user.iter().for_each(User::leave);
        });
    }
}
