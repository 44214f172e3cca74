//! `POST /{account_slug}/sites`: a site in that account. 201; 422 when the name is taken.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use crate::sites::{show, source};
use sites::Changes;

pub(crate) async fn handle(mut call: Call) -> Outcome {
    let mut changes: Changes = call.json().await?;
    source::say(&call, &mut changes).await?;
    let account_id = call.account()?.id.clone();
    let user_id = call.user()?.user_id.clone();
    let site = sites::create(&call.cx, &account_id, Some(&user_id), changes).await?;
    Ok(Reply::created(&show::one(&call, &site).await?))
}
