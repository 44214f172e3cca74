//! `DELETE /sites/{site_id}/identity/previous_secrets`: replaced secrets count no longer, whatever time
//! they were given. 204, also when there are none.

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    ::sites::identity::end_overlap(&call.cx, &call.site()?.id, &call.user()?.user_id).await?;
    Ok(Reply::no_content())
}
