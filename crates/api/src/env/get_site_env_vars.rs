//! `getSiteEnvVars`: variables of a site. Real clients ask at a doubled path (contract clients 3).

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    let filter = super::filter(&call)?;
    let site = call.site()?;
    Ok(Reply::json(&accounts::env::list(&call.cx, &site.account_id, Some(&site.id), &filter).await?))
}
