//! `DELETE /sites/{site_id}`: deletes a site with all that belongs to it. 204.

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    sites::delete(&call.cx, &call.site()?.id).await?;
    Ok(Reply::no_content())
}
