//! `PATCH /sites/{site_id}`: changes settings; absent fields stay, null clears. A `jwt_secret` takes the
//! place of all secrets that counted.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use crate::sites::{show, source};
use sites::Changes;

pub(crate) async fn handle(mut call: Call) -> Outcome {
    let mut changes: Changes = call.json().await?;
    source::say(&call, &mut changes).await?;
    changes.by = Some(call.user()?.user_id.clone());
    let site = sites::update(&call.cx, &call.site()?.id, changes).await?;
    Ok(Reply::json(&show::one(&call, &site).await?))
}
