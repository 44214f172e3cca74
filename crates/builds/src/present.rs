//! A stored build as the API shows it.

use model::Build;
use store::builds::BuildRow;

/// The build as the API shows it.
#[must_use]
pub fn present(row: &BuildRow) -> Build {
    Build {
        id: row.id.clone(),
        deploy_id: row.deploy_id.clone(),
        sha: row.sha.clone(),
        done: row.state.is_final(),
        error: row.error.clone(),
        created_at: row.created_at,
        state: row.state,
        queue_position: None,
        started_at: row.started_at,
        finished_at: row.finished_at,
        sections: Vec::new(),
    }
}
