//! `getSiteEnvVars`: variables of a site, those that its add-ons hand out among them. Real clients ask at a doubled path (contract clients 3).

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use accounts::env::with_foreign;

pub(crate) async fn handle(call: Call) -> Outcome {
    let filter = super::filter(&call)?;
    let site = call.site()?;
    let own = accounts::env::list(&call.cx, &site.account_id, Some(&site.id), &filter).await?;
    let of_addons = super::of_addons(&call, &site.account_id, Some(&site.id)).await?;
    let own = own.into_iter().map(|var| super::seen(&call, &site.account_id, var)).collect();
    Ok(Reply::json(&with_foreign(own, of_addons, &filter)))
}
