//! `PUT /deploys/{deploy_id}/functions/{name}`: one function's zip. Query: `runtime`, `invocation_mode`, `timeout`.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use deploys::FunctionUpload;
use serde_json::json;

pub(crate) async fn handle(mut call: Call) -> Outcome {
    let name = call.param("name").to_owned();
    let deploy = call.deploy()?.clone();
    let about = FunctionUpload {
        runtime: call.query("runtime").map(ToOwned::to_owned),
        invocation_mode: call.query("invocation_mode").map(ToOwned::to_owned),
        timeout: call.query("timeout").and_then(|text| text.parse().ok()),
    };
    let body = call.stream();
    let got = deploys::upload_function(&call.cx, &deploy, &name, about, body).await?;
    Ok(Reply::json(&json!({ "id": name, "name": name, "sha": got.sha256 })))
}
