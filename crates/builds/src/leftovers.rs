//! What a process that died left of its builds on this node: their folders and control groups, caches
//! it was about to delete, and where the sandbox could not prevent it, their processes.

use crate::sandbox::Cell;
use crate::strays;
use crate::workspace::{Workspace, blocking};
use std::path::Path;

/// Ends what is left of every build that an earlier process of this node was in the middle of. For the
/// start, before any build begins.
pub async fn clear_all(work_dir: &Path) {
    crate::cache::sweep_gone(work_dir);
    let folder = work_dir.to_owned();
    let names = blocking(move || {
        let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        Ok(entries.filter_map(|entry| entry.file_name().into_string().ok()).collect::<Vec<_>>())
    });
    for build in names.await.unwrap_or_default().iter().filter(|name| model::is_hex24(name)) {
        tracing::info!(build, "an earlier process left this build in the middle");
        clear(work_dir, build).await;
    }
}

/// Ends what is left of one build.
pub(crate) async fn clear(work_dir: &Path, build_id: &str) {
    let id = build_id.to_owned();
    // it ends with a line in the log where something cannot be killed
    let _killed = blocking(move || {
        Cell::discard(&id);
        strays::clear(&id);
        Ok(())
    })
    .await;
    Workspace::discard(work_dir, build_id).await;
}
