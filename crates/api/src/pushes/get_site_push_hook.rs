//! `GET /sites/{site_id}/push_hook`: the URL that the site's Git host is to call, and whether its calls
//! must be signed. The secret is not in it.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use builds::pushes;

pub(crate) async fn handle(call: Call) -> Outcome {
    Ok(Reply::json(&pushes::show(&call.cx, call.site()?).await?))
}
