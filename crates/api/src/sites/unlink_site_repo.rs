//! `PUT /sites/{site_id}/unlink_repo`: lets go of the linked repository.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use crate::sites::show;

pub(crate) async fn handle(call: Call) -> Outcome {
    let site = sites::unlink_repo(&call.cx, &call.site()?.id).await?;
    Ok(Reply::json(&show::one(&call, &site).await?))
}
