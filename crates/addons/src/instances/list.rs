//! The instances of a site. No provider is asked: clients do not work without this answer.

use super::{Instance, present};
use context::{Context, Result};
use std::collections::HashMap;
use store::addons::{self, AddonRow};
use store::sites::SiteRow;
use store::{Conn, addon_instances};

/// Every instance of a site in the order of their creation; see [`present`] for `whole`.
///
/// # Errors
/// When the database fails.
pub async fn list(cx: &Context, site: &SiteRow, whole: bool) -> Result<Vec<Instance>> {
    let mut db = cx.read().await?;
    let rows = addon_instances::list(&mut db, &site.id).await?;
    let mut known = HashMap::new();
    let mut out = Vec::with_capacity(rows.len());
    for row in rows {
        if let Some(addon) = named(&mut db, &mut known, &row.addon_id).await? {
            out.push(present(cx, site, &addon, &row, whole)?);
        }
    }
    Ok(out)
}

async fn named(db: &mut Conn, known: &mut HashMap<String, AddonRow>, id: &str) -> Result<Option<AddonRow>> {
    if !known.contains_key(id)
        && let Some(addon) = addons::find(db, id).await?
    {
        known.insert(id.to_owned(), addon);
    }
    Ok(known.get(id).cloned())
}
