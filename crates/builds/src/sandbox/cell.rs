//! What one build holds of the machine while it runs: a user of its own, and a control group. When
//! it is let go, nothing that the build started runs any more.

use super::groups::{Base, Group};
use super::users::{self, User};
use crate::workspace::{NOBODY, server_is_root};
use context::{BuildPolicy, Sandbox};
use std::fs::File;
use std::io::Result;

/// What one build holds of the machine.
#[derive(Debug, Default)]
pub(crate) struct Cell {
    user: Option<User>,
    group: Option<Group>,
    /// Whether its processes keep the server's own rights.
    open: bool,
}

impl Cell {
    /// Takes a user and makes a group, where this machine has such.
    pub(crate) fn enter(policy: &BuildPolicy, build_id: &str) -> Result<Self> {
        let open = policy.sandbox == Sandbox::Off;
        let user = if open { None } else { User::lease(policy.limits.users, &policy.work_dir)? };
        let name = group_name(build_id);
        let group = Base::find().and_then(|base| base.make(&name, &policy.limits).map_err(|e| e.to_string()));
        let group =
            group.inspect_err(|why| tracing::debug!(why, "a build runs without a control group")).ok();
        Ok(Self { user, group, open })
    }

    /// Ends and removes what a server that died has left of a build's cell. Its user is free by itself.
    pub(crate) fn discard(build_id: &str) {
        if let Ok(base) = Base::find() {
            base.discard(&group_name(build_id));
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

    /// Kills whatever runs in it; returns when nothing does.
    pub(crate) fn clear(&self) {
        if let Some(group) = &self.group {
            group.kill();
        }
        if let Some(user) = &self.user {
            user.clear();
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

fn group_name(build_id: &str) -> String {
    format!("boathook-{build_id}")
}

impl Drop for Cell {
    fn drop(&mut self) {
        self.clear();
    }
}
