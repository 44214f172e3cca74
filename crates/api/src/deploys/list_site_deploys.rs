//! `GET /sites/{site_id}/deploys`: newest first. Query: `branch`, `state`, `production`, `latest-published`, `page`, `per_page`.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use store::deploys::Filter;

pub(crate) async fn handle(call: Call) -> Outcome {
    let site = call.site()?;
    let mut db = call.cx.read().await?;
    let rows = if call.flag("latest-published") {
        match &site.published_deploy_id {
            Some(id) => store::deploys::find(&mut db, id).await?.into_iter().collect(),
            None => Vec::new(),
        }
    } else {
        let filter = Filter {
            site_id: site.id.clone(),
            branch: call.query("branch").map(ToOwned::to_owned),
            state: call.query("state").map(ToOwned::to_owned),
            production: call.query("production").map(|text| text == "true"),
        };
        store::deploys::list(&mut db, &filter, call.page()).await?
    };
    let deploys = deploys::present_all(&mut db, &call.cx, site, &rows).await?;
    Ok(Reply::list(&deploys, call.page(), &call))
}
