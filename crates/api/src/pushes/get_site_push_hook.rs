//! `GET /sites/{site_id}/push_hook`: the URL that the site's Git host is to call, and whether its calls
//! must be signed. The secret is not in it, nor is the URL for those who may not change the site.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use builds::pushes;

pub(crate) async fn handle(call: Call) -> Outcome {
    let site = call.site()?;
    let mut hook = pushes::show(&call.cx, site).await?;
    hook.url = hook.url.filter(|_| call.may_write(&site.account_id));
    Ok(Reply::json(&hook))
}
