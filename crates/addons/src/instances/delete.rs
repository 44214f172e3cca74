//! Removing an instance: the provider first, then here. A dead provider's can be removed by force.

use super::claim::{about, claim, release};
use super::{of_site, site_changes};
use crate::provider::{self, Answer, Ask, Operation, Provider};
use crate::removal;
use context::{Context, Error, Result};
use http::StatusCode;
use store::Tx;
use store::addon_instances;
use store::addons::AddonRow;
use store::sites::SiteRow;

/// Removes an instance, with its build hook. By force it is gone here at once, and the provider is told
/// in the background.
///
/// # Errors
/// `NotFound`; `Conflict` while another change is under way; `Unprocessable`, `BadGateway` or
/// `GatewayTimeout` when the provider does not agree: then the instance stays.
pub async fn delete(
    cx: &Context,
    provider: &Provider,
    site: &SiteRow,
    addon: &AddonRow,
    id: &str,
    force: bool,
) -> Result<()> {
    let row = of_site(cx, site, addon, id).await?;
    if force {
        let mut tx = cx.begin().await?;
        if !gone(&mut tx, cx, site, id).await? {
            return Err(Error::NotFound);
        }
        let remote = row.remote_id.clone().unwrap_or_default();
        removal::insert(&mut tx, site, &row, remote).await?;
        return Ok(tx.commit().await?);
    }
    let row = claim(cx, id).await?;
    let ask = Ask::of(Operation::Delete, Some(about(cx, site, &row)));
    let agreed = provider.ask(cx, addon, &ask).await.and_then(|answer| agreed(&answer));
    if let Err(error) = agreed {
        release(cx, &row).await?;
        return Err(error);
    }
    let mut tx = cx.begin().await?;
    gone(&mut tx, cx, site, id).await?;
    Ok(tx.commit().await?)
}

async fn gone(tx: &mut Tx, cx: &Context, site: &SiteRow, id: &str) -> Result<bool> {
    site_changes(tx, cx, &site.id).await?;
    Ok(addon_instances::delete(tx, id).await?)
}

/// 204 is the provider's yes; what it does not know is gone as well.
pub(crate) fn agreed(answer: &Answer) -> Result<()> {
    let yes = [StatusCode::NO_CONTENT, StatusCode::NOT_FOUND, StatusCode::GONE];
    provider::agreed(answer, &yes, "removes an instance")
}
