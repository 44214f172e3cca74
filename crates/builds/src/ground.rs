//! What builds work with on this machine: folders, and a shell that waits in its sandbox for the first
//! command. To make that takes longer than most of what a small build does besides, so after a build the
//! ground of the next one is made in advance, and given up when none comes for a while.

use crate::failure::{Failure, Outcome};
use crate::sandbox::{Room, Sandbox, Waiting, choose};
use crate::workspace::Workspace;
use context::Context;
use parking_lot::Mutex;
use std::sync::Arc;
use tokio::sync::OnceCell;

/// What one build works with.
pub(crate) struct Ground {
    pub(crate) sandbox: Arc<dyn Sandbox>,
    pub(crate) space: Workspace,
}

impl Ground {
    /// Leaves nothing of it.
    pub(crate) async fn give_back(self) {
        self.space.remove().await;
    }
}

/// Makes ground for builds. Clones share the one that is made in advance.
#[derive(Clone)]
pub(crate) struct Grounds(Arc<Inner>);

struct Inner {
    cx: Context,
    sandbox: OnceCell<Arc<dyn Sandbox>>,
    spare: Mutex<Option<Ground>>,
}

impl Grounds {
    pub(crate) fn new(cx: Context) -> Self {
        Self(Arc::new(Inner { cx, sandbox: OnceCell::new(), spare: Mutex::default() }))
    }

    /// Ground for a build.
    pub(crate) async fn take(&self, build_id: &str) -> Outcome<Ground> {
        let spare = self.0.spare.lock().take();
        let ground = match spare {
            Some(ground) => ground,
            None => self.make().await?,
        };
        ground.space.is_for(build_id).map_err(Failure::disk)?;
        Ok(ground)
    }

    /// Makes ground for the next build, unless there is some. It is given up when no build comes.
    pub(crate) fn make_ahead(&self) {
        let keep = self.0.cx.settings.builds.spare;
        if keep.is_zero() || self.0.spare.lock().is_some() {
            return;
        }
        let grounds = self.clone();
        tokio::spawn(async move {
            // what stands in the way of it, the next build will say
            let Ok(ground) = grounds.make().await else { return };
            let name = ground.space.name.clone();
            // of two that end at once, each has made some
            let surplus = grounds.0.spare.lock().replace(ground);
            if let Some(surplus) = surplus {
                surplus.give_back().await;
            }
            tokio::time::sleep(keep).await;
            let old = grounds.0.spare.lock().take_if(|spare| spare.space.name == name);
            if let Some(old) = old {
                old.give_back().await;
            }
        });
    }

    async fn make(&self) -> Outcome<Ground> {
        let Inner { cx, sandbox, .. } = &*self.0;
        let sandbox = sandbox.get_or_try_init(|| choose(cx.settings.builds.sandbox)).await;
        let sandbox = Arc::clone(sandbox.map_err(Failure::Build)?);
        let space = Workspace::create(&cx.settings.builds, &cx.id()).await?;
        let room = Room::of_build(&cx.settings, &space, space.repo.clone());
        match Waiting::start(&*sandbox, &room) {
            Ok(shell) => space.cell.keep_waiting(shell),
            // the command will say so where its owner reads it
            Err(error) => tracing::debug!(%error, "a sandbox cannot be set up beforehand"),
        }
        Ok(Ground { sandbox, space })
    }
}
