//! The variables that the add-ons of a site hand to its builds and functions.

use super::Document;
use context::{Context, Result};
use model::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;
use store::addon_instances::{self, InstanceState};
use store::addons;

/// A variable of an instance that works.
#[derive(Clone, PartialEq, Eq)]
pub struct Handed {
    /// Its value, in the clear. Never to be logged.
    pub value: String,
    /// The instance.
    pub instance_id: String,
    /// Name of the add-on in commands and paths.
    pub slug: String,
    /// When the instance last changed.
    pub updated_at: Timestamp,
}

/// Variables of every instance that works, by name; of two add-ons with one name, the later wins.
///
/// # Errors
/// When the database fails.
pub async fn handed(cx: &Context, site_id: &str) -> Result<BTreeMap<String, Handed>> {
    let mut db = cx.read().await?;
    let mut all = BTreeMap::new();
    for row in addon_instances::list(&mut db, site_id).await? {
        if row.state != InstanceState::Active {
            continue;
        }
        let Some(addon) = addons::find(&mut db, &row.addon_id).await? else { continue };
        let texts = Document::of(cx, &row)?.env.into_iter();
        all.extend(texts.filter_map(|(name, value)| match value {
            Value::String(value) => {
                let (instance_id, slug) = (row.id.clone(), addon.slug.clone());
                Some((name, Handed { value, instance_id, slug, updated_at: row.updated_at }))
            }
            _ => None,
        }));
    }
    Ok(all)
}

/// Names and values of the same.
///
/// # Errors
/// When the database fails.
pub async fn variables(cx: &Context, site_id: &str) -> Result<BTreeMap<String, String>> {
    let handed = handed(cx, site_id).await?;
    Ok(handed.into_iter().map(|(name, handed)| (name, handed.value)).collect())
}
