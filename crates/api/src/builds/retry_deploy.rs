//! `POST /deploys/{deploy_id}/retry`: builds the commit of a deploy once more, as the button of the hosted
//! service does. Query or JSON body: `clear_cache`. 200 with the new deploy; 422 for a deploy that no
//! build made, 409 while its build is not over.

use super::retry_build::asked;
use crate::call::{Call, Outcome};
use crate::reply::Reply;
use context::Error;

pub(crate) async fn handle(mut call: Call) -> Outcome {
    let retry = asked(&mut call).await?;
    let build = store::builds::by_deploy(&mut call.cx.read().await?, &call.deploy()?.id).await?;
    let none = || Error::Unprocessable("no build made this deploy; upload it again".to_owned());
    let (_, deploy) = builds::retry(&call.cx, &build.ok_or_else(none)?.id, retry).await?;
    let shown = deploys::present(&mut call.cx.read().await?, &call.cx, &deploy).await?;
    Ok(Reply::json(&shown))
}
