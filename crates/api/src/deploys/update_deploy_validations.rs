//! `PATCH /deploys/{deploy_id}/validations_report`: keeps a client's report with the deploy, and answers it.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use serde_json::Value;

pub(crate) async fn handle(mut call: Call) -> Outcome {
    let report: Value = call.json().await?;
    deploys::set_validations(&call.cx, &call.deploy()?.id, report.clone()).await?;
    Ok(Reply::json(&report))
}
