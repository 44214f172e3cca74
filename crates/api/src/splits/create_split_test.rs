//! `POST /sites/{site_id}/traffic_splits` {branch_tests, name?}: a new split test, not yet active.
//! 201; 422 unless the percentages add up to 100 and every branch has a ready deploy.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use splits::Setup;

pub(crate) async fn handle(mut call: Call) -> Outcome {
    let setup: Setup = call.json().await?;
    let row = splits::create(&call.cx, &call.site()?.id, &setup).await?;
    Ok(Reply::created(&splits::present(&row)))
}
