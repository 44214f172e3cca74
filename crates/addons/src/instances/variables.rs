//! The variables that the add-ons of a site hand to its builds and functions.

use super::Document;
use context::{Context, Result};
use serde_json::Value;
use std::collections::BTreeMap;
use store::addon_instances::{self, InstanceState};

/// Variables of every instance that works; of two add-ons with one name, the later wins.
///
/// # Errors
/// When the database fails.
pub async fn variables(cx: &Context, site_id: &str) -> Result<BTreeMap<String, String>> {
    let rows = addon_instances::list(&mut cx.read().await?, site_id).await?;
    let mut all = BTreeMap::new();
    for row in rows.iter().filter(|row| row.state == InstanceState::Active) {
        let texts = Document::of(cx, row)?.env.into_iter();
        all.extend(texts.filter_map(|(name, value)| match value {
            Value::String(text) => Some((name, text)),
            _ => None,
        }));
    }
    Ok(all)
}
