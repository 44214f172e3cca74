//! `getEnvVars`: variables of an account or, with `site_id`, of one of its sites. Those that the site's
//! add-ons hand out are among them, with `service_slug`; they cannot be changed here.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use accounts::env::with_foreign;

pub(crate) async fn handle(call: Call) -> Outcome {
    let filter = super::filter(&call)?;
    let (account_id, site) = (&call.account()?.id, call.query("site_id"));
    let own = accounts::env::list(&call.cx, account_id, site, &filter).await?;
    let of_addons = super::of_addons(&call, account_id, site).await?;
    let own = own.into_iter().map(|var| super::seen(&call, account_id, var)).collect();
    Ok(Reply::json(&with_foreign(own, of_addons, &filter)))
}
