//! `GET /sites/{site_id}/deployed-branches`: every label that leads to a deploy of a branch.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use serde_json::json;

pub(crate) async fn handle(call: Call) -> Outcome {
    let site = call.site()?;
    let mut db = call.cx.read().await?;
    let aliases = store::deploys::aliases(&mut db, &site.id).await?;
    let branches: Vec<_> = aliases
        .iter()
        .map(|(slug, deploy)| {
            let url = call.cx.addresses().deploy_url(slug, &site.name);
            let name = deploy.branch.as_deref().unwrap_or(slug);
            json!({"id": slug, "deploy_id": deploy.id, "name": name, "slug": slug, "url": url, "ssl_url": url})
        })
        .collect();
    Ok(Reply::json(&branches))
}
