//! `POST /sites/{site_id}/build_hooks` {title, branch?, debounce_ms?, max_wait_ms?, verify?,
//! per_minute?, allow?, filter?, clear_cache?}: a new build hook. 201; 422 without a title, for
//! options that make no sense, or with more hooks than a site may have.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use builds::hooks::{self, Setup};

pub(crate) async fn handle(mut call: Call) -> Outcome {
    let setup: Setup = call.json().await?;
    let row = hooks::create(&call.cx, call.site()?, &setup).await?;
    Ok(Reply::created(&hooks::present(&call.cx, &row).await?))
}
