//! `POST /sites/{site_id}/snippets` {title, general, general_position, goal, goal_position}: a new
//! snippet. 201; 422 when a text is too long or the site has too many.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use sites::snippets::{self, Setup};

pub(crate) async fn handle(mut call: Call) -> Outcome {
    let setup: Setup = call.json().await?;
    let row = snippets::create(&call.cx, &call.site()?.id, setup).await?;
    Ok(Reply::created(&snippets::present(&row)))
}
