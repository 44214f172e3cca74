//! One instance, as its provider knows it now.

use super::claim::about;
use super::document::take_over;
use super::{Instance, of_site, present, site_changes};
use crate::polling;
use crate::provider::{Ask, Operation, Provider};
use context::{Context, Error, Result};
use http::StatusCode;
use store::addon_instances::{self, InstanceRow};
use store::addons::AddonRow;
use store::sites::SiteRow;

/// Asks the provider for the instance and takes over what it says; without a good answer, what is
/// stored is shown. See [`present`] for `whole`.
///
/// # Errors
/// `NotFound` when the site has no such instance.
pub async fn show(
    cx: &Context,
    provider: &Provider,
    site: &SiteRow,
    addon: &AddonRow,
    id: &str,
    whole: bool,
) -> Result<Instance> {
    let row = of_site(cx, site, addon, id).await?;
    match refresh(cx, provider, site, addon, &row).await {
        Ok(()) | Err(Error::BadGateway(_) | Error::GatewayTimeout(_) | Error::TooMany { .. }) => {}
        Err(error) => return Err(error),
    }
    let now = of_site(cx, site, addon, id).await?;
    present(cx, site, addon, &now, whole)
}

/// Writes down what the provider says, unless somebody changed the instance while it was asked.
pub(crate) async fn refresh(
    cx: &Context,
    provider: &Provider,
    site: &SiteRow,
    addon: &AddonRow,
    row: &InstanceRow,
) -> Result<()> {
    let ask = Ask::of(Operation::Read, Some(about(cx, site, row)));
    let answer = provider.ask(cx, addon, &ask).await?;
    if answer.status != StatusCode::OK || row.busy_until.is_some_and(|until| until > cx.now()) {
        return Ok(());
    }
    let Ok(said) = answer.said() else { return Ok(()) };
    let mut changed = row.clone();
    polling::advance(&mut changed, &said);
    take_over(cx, &mut changed, said, None)?;
    if same(cx, row, &changed)? {
        return Ok(());
    }
    let mut tx = cx.begin().await?;
    site_changes(&mut tx, cx, &site.id).await?;
    if addon_instances::settle(&mut tx, &changed).await? {
        tx.commit().await?;
    }
    Ok(())
}

fn same(cx: &Context, old: &InstanceRow, new: &InstanceRow) -> Result<bool> {
    let plain = (old.state, &old.note, &old.endpoint, &old.snippets)
        == (new.state, &new.note, &new.endpoint, &new.snippets);
    Ok(plain && super::Document::of(cx, old)? == super::Document::of(cx, new)?)
}
