//! Changing an instance: the provider first, then what is kept.

use super::claim::{about, claim, release};
use super::document::take_over;
use super::{of_site, site_changes};
use crate::manifest::check_required;
use crate::provider::{Ask, Operation, Provider, told};
use context::{Context, Error, Result};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use store::addon_instances::{self, InstanceRow};
use store::addons::AddonRow;
use store::sites::SiteRow;

/// Body of a change.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Update {
    /// What the site's people want it to be like, whole.
    pub config: Option<Map<String, Value>>,
}

/// Sends the configuration to the provider and keeps what it answers. What the answer leaves out stays
/// as it was.
///
/// # Errors
/// `NotFound`; `Conflict` while another change is under way; `Unprocessable` for a configuration that
/// is not enough, or a refusal of the provider, in its words; `BadGateway` and `GatewayTimeout` when
/// it does not do its part. Nothing is changed then.
pub async fn update(
    cx: &Context,
    provider: &Provider,
    site: &SiteRow,
    addon: &AddonRow,
    id: &str,
    update: Update,
) -> Result<()> {
    of_site(cx, site, addon, id).await?;
    let config = update.config.unwrap_or_default();
    check_required(cx, provider, addon, &config).await?;
    let mut row = claim(cx, id).await?;
    let ask = Ask::of(Operation::Update, Some(about(cx, site, &row))).with(json!({ "config": config }));
    let answer = provider.ask(cx, addon, &ask).await;
    match answer.and_then(|answer| told(&answer, StatusCode::OK, "changes an instance")) {
        Ok(said) => {
            take_over(cx, &mut row, said, Some(config))?;
            keep(cx, &row).await
        }
        Err(error) => {
            release(cx, &row).await?;
            Err(error)
        }
    }
}

async fn keep(cx: &Context, row: &InstanceRow) -> Result<()> {
    let mut tx = cx.begin().await?;
    site_changes(&mut tx, cx, &row.site_id).await?;
    if !addon_instances::settle(&mut tx, row).await? {
        return Err(Error::NotFound);
    }
    Ok(tx.commit().await?)
}
