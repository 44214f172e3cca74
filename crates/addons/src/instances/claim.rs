//! Claims on instances, and what a provider is told of the one that a call is about.

use crate::provider::About;
use context::{Context, Error, Result};
use store::addon_instances::{self, InstanceRow};
use store::sites::SiteRow;

/// Milliseconds after which a claim counts for nothing: longer than any call, and the wait of those who
/// come after a crash.
pub(super) const CLAIM_MS: i64 = 30_000;

/// Claims an instance for a call that will change it.
///
/// # Errors
/// `NotFound` when it is gone; `Conflict` while another call is under way.
pub(super) async fn claim(cx: &Context, id: &str) -> Result<InstanceRow> {
    let now = cx.now();
    let mut tx = cx.begin().await?;
    let claimed = addon_instances::claim(&mut tx, id, now, now.plus_millis(CLAIM_MS)).await?;
    let Some(row) = claimed else {
        return Err(match addon_instances::find(&mut tx, id).await? {
            Some(_) => busy(),
            None => Error::NotFound,
        });
    };
    tx.commit().await?;
    Ok(row)
}

pub(super) fn busy() -> Error {
    Error::Conflict("another change of this instance is under way; try again".to_owned())
}

/// Gives up a claim on an instance that stays as it was.
pub(super) async fn release(cx: &Context, row: &InstanceRow) -> Result<()> {
    let mut tx = cx.begin().await?;
    addon_instances::release(&mut tx, row).await?;
    Ok(tx.commit().await?)
}

/// What the provider is told of it.
pub(crate) fn about(cx: &Context, site: &SiteRow, row: &InstanceRow) -> About {
    About {
        site_id: site.id.clone(),
        site_url: cx.addresses().primary_url(&site.name, site.info.custom_domain.as_deref()),
        instance_id: row.id.clone(),
        uuid: row.uuid.clone(),
        remote_id: row.remote_id.clone(),
    }
}
