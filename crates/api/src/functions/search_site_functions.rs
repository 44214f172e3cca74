//! `GET /sites/{site_id}/functions`: functions of the published deploy, in the short keys that clients read.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use serde_json::json;

pub(crate) async fn handle(call: Call) -> Outcome {
    let site = call.site()?;
    let mut db = call.cx.read().await?;
    let deploy = match &site.published_deploy_id {
        Some(id) => store::deploys::find(&mut db, id).await?,
        None => None,
    };
    let Some(deploy) = deploy else { return Ok(Reply::json(&json!({ "functions": [] }))) };
    let functions: Vec<_> = deploy.info.functions.iter().map(|f| entry(f, &deploy)).collect();
    let answer = json!({
        "id": deploy.id, "provider": "boathook", "log_type": "socketeer", "branch": deploy.branch,
        "created_at": deploy.created_at, "functions": functions,
    });
    Ok(Reply::json(&answer))
}

fn entry(function: &model::FunctionInfo, deploy: &store::deploys::DeployRow) -> serde_json::Value {
    let mut entry = json!(function);
    entry["a"] = json!(deploy.account_id);
    entry["id"] = json!(function.oid);
    entry["branch"] = json!(deploy.branch);
    entry
}
