//! `GET /sites/{site_id}/plugin_runs/latest`: the newest report of each asked package. Query:
//! `packages`, several times or with commas, and `state`.

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    let asked = call.query_all("packages[]").into_iter().chain(call.query_all("packages"));
    let packages: Vec<&str> =
        asked.flat_map(|text| text.split(',')).filter(|name| !name.is_empty()).collect();
    let site = &call.site()?.id;
    let runs = builds::plugin_runs::latest(&call.cx, site, &packages, call.query("state")).await?;
    Ok(Reply::json(&runs))
}
