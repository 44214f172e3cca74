//! What providers were asked and what they said.

use context::{Context, Result};
use model::Page;
use serde_json::{Value, json};
use store::addon_calls::{self, CallRow};
use store::addons::AddonRow;

/// Calls of an add-on's provider, newest first: `{id, operation, site_id?, instance_id?, status, at,
/// request, response | error, timing}`, secrets masked.
///
/// # Errors
/// When the database fails.
pub async fn calls(cx: &Context, addon: &AddonRow, page: Page) -> Result<Vec<Value>> {
    let rows = addon_calls::list(&mut cx.read().await?, &addon.id, page).await?;
    Ok(rows.into_iter().map(shown).collect())
}

fn shown(row: CallRow) -> Value {
    let mut shown = json!({ "id": row.seq, "operation": row.operation, "status": row.status, "at": row.at });
    for (name, value) in [("site_id", row.site_id), ("instance_id", row.instance_id)] {
        if let Some(value) = value {
            shown[name] = value.into();
        }
    }
    if let (Some(shown), Value::Object(doc)) = (shown.as_object_mut(), row.doc) {
        shown.extend(doc);
    }
    shown
}
