//! A deploy as every operation on deploys answers it.

use context::{Context, Result};
use model::Deploy;
use store::deploys::DeployRow;

/// The deploy with its addresses and what it still needs.
pub(crate) async fn one(cx: &Context, deploy: &DeployRow) -> Result<Deploy> {
    let mut db = cx.read().await?;
    deploys::present(&mut db, cx, deploy).await
}
