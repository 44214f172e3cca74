//! The part of an instance that is sealed at rest: its configuration and its variables.

use crate::provider::Said;
use context::{Context, Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::addon_instances::InstanceRow;

/// Configuration and variables.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Document {
    /// As people or the provider set it.
    pub(crate) config: Map<String, Value>,
    /// As they are handed to builds and functions: texts.
    pub(crate) env: Map<String, Value>,
}

impl Document {
    pub(crate) fn of(cx: &Context, row: &InstanceRow) -> Result<Self> {
        let plain = cx.open(&purpose(&row.id), &row.sealed)?;
        // A parser's message could quote what it read.
        serde_json::from_slice(&plain).map_err(|_| Error::internal("a sealed instance is not JSON"))
    }

    pub(crate) fn sealed(&self, cx: &Context, instance_id: &str) -> Result<Vec<u8>> {
        let text = serde_json::to_vec(self).map_err(|_| Error::internal("an instance that is no JSON"))?;
        Ok(cx.seal(&purpose(instance_id), &text))
    }
}

/// Bound to the instance, so that a sealed document cannot be moved to another.
fn purpose(instance_id: &str) -> String {
    format!("add-on instance {instance_id}")
}

/// Takes over what a provider said of an instance. Each field replaces what was there as a whole, an
/// absent one leaves it, and the configuration falls back on `submitted`.
pub(crate) fn take_over(
    cx: &Context,
    row: &mut InstanceRow,
    said: Said,
    submitted: Option<Map<String, Value>>,
) -> Result<()> {
    let mut document = Document::of(cx, row)?;
    if let Some(config) = said.config.or(submitted) {
        document.config = config;
    }
    if let Some(env) = said.env {
        document.env = env;
    }
    if let Some(snippets) = said.snippets {
        row.snippets = snippets;
    }
    if said.endpoint.is_some() {
        row.endpoint = said.endpoint;
    }
    row.sealed = document.sealed(cx, &row.id)?;
    row.updated_at = cx.now();
    Ok(())
}
