//! What a process that died left of its builds on this node: their folders and control groups, caches
//! it was about to delete, and where the sandbox could not prevent it, their processes.

use crate::sandbox::Cell;
use crate::strays::{self, Mark};
use crate::workspace::{Workspace, blocking};
use std::path::Path;

/// Ends what is left of every build that an earlier process of this node was in the middle of. For the
/// start, before any build begins.
pub async fn clear_all(work_dir: &Path) {
    crate::cache::sweep_gone(work_dir);
    for name in workspaces(work_dir).await {
        if let Some(build) = Workspace::whose(work_dir, &name) {
            tracing::info!(build, "an earlier process left this build in the middle");
            end(&build).await;
        }
        clear(work_dir, &name).await;
    }
}

/// Ends what is left of one build.
pub(crate) async fn clear_build(work_dir: &Path, build_id: &str) {
    end(build_id).await;
    for name in workspaces(work_dir).await {
        if Workspace::whose(work_dir, &name).is_some_and(|build| build == build_id) {
            clear(work_dir, &name).await;
        }
    }
}

async fn workspaces(work_dir: &Path) -> Vec<String> {
    let folder = work_dir.to_owned();
    let names = blocking(move || {
        let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        Ok(names.filter(|name| model::is_hex24(name)).collect())
    });
    names.await.unwrap_or_default()
}

/// Ends the processes of a build.
async fn end(build_id: &str) {
    let id = build_id.to_owned();
    // it ends with a line in the log where something cannot be killed
    let _killed = blocking(move || {
        Mark::ALL.into_iter().for_each(|mark| strays::clear(mark, &id));
        Ok(())
    })
    .await;
}

/// Ends and removes what is left of a workspace.
async fn clear(work_dir: &Path, name: &str) {
    let cell = name.to_owned();
    let _killed = blocking(move || {
        Cell::discard(&cell);
        Ok(())
    })
    .await;
    Workspace::discard(work_dir, name).await;
}
