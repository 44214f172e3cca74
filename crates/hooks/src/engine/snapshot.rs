//! A hook as its deliveries need it, read once and used until it changes.

use crate::outgoing::Way;
use crate::secrets::{self, Secrets};
use crate::targets::{self, Target};
use context::{Context, Result};
use store::Conn;
use store::hook_health::Health;
use store::hooks::HookRow;

pub(crate) struct Snapshot {
    pub(crate) row: HookRow,
    /// None when this server's key does not open them.
    pub(crate) secrets: Option<Secrets>,
    /// None when this program no longer knows the type.
    pub(crate) target: Option<&'static Target>,
    pub(crate) health: Health,
    pub(crate) way: Way,
}

/// Reads a hook; none when there is no such hook.
pub(crate) async fn load(cx: &Context, db: &mut Conn, hook_id: &str) -> Result<Option<Snapshot>> {
    let Some(row) = store::hooks::find(db, hook_id).await? else { return Ok(None) };
    let health = store::hook_health::find(db, hook_id).await?;
    let secrets = secrets::open(cx, hook_id, &row.sealed).ok();
    let target = targets::named(&row.kind);
    Ok(Some(Snapshot { row, secrets, target, health, way: Way::new() }))
}

#[cfg(test)]
impl Snapshot {
    /// A hook of tests, with these options.
    pub(crate) fn sample(options: store::hooks::Options) -> Self {
        let row = HookRow {
            id: "h".into(),
            site_id: "s".into(),
            kind: "url".into(),
            events: vec!["deploy_created".into()],
            filters: store::hooks::Filters::default(),
            data: serde_json::Map::new(),
            sealed: Vec::new(),
            options,
            follows: false,
            disabled: false,
            form_id: None,
            user_id: None,
            success: None,
            created_at: model::Timestamp(0),
            updated_at: model::Timestamp(0),
        };
        let target = targets::named("url");
        let (secrets, health) = (Some(Secrets::new()), Health::default());
        Self { row, secrets, target, health, way: Way::new() }
    }
}
