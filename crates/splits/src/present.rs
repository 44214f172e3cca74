//! A split test as the API and events show it.

use model::SplitTest;
use store::splits::SplitRow;

/// A test without a name of its own is called by its branches.
#[must_use]
pub fn present(row: &SplitRow) -> SplitTest {
    let named = || row.branches.iter().map(|branch| branch.branch.as_str()).collect::<Vec<_>>().join(" / ");
    SplitTest {
        id: row.id.clone(),
        site_id: row.site_id.clone(),
        name: if row.name.is_empty() { named() } else { row.name.clone() },
        path: "/".to_owned(),
        branches: row.branches.clone(),
        active: row.active,
        created_at: row.created_at,
        updated_at: row.updated_at,
        unpublished_at: row.unpublished_at,
    }
}
