//! The site's Git host: what it is to call, how that is entered there, and what became of what it said.

use super::{Answer, addon, site};
use crate::client::path;
use crate::form::Form;
use crate::problem::Problem;
use crate::view::{self, values};
use crate::visit::Visit;
use axum::extract::Path;
use http::StatusCode;
use serde_json::json;

/// Webhooks of one page.
const PER_PAGE: usize = 25;

/// `GET /sites/{name}/git`.
pub(crate) async fn show(visit: Visit, Path(name): Path<String>) -> Answer {
    page(&visit, &name, None, None).await
}

/// `POST /sites/{name}/git/secret`: draws a secret, which is shown on this page alone.
pub(crate) async fn rotate(visit: Visit, Path(name): Path<String>, form: Form) -> Answer {
    let drawn = match addon::overlap(&form) {
        Ok(asked) => {
            let seconds = asked["overlap_hours"].as_u64().map(|hours| hours * 3600);
            let body = seconds.map_or_else(|| json!({}), |seconds| json!({ "overlap_seconds": seconds }));
            visit.api().post(&path(&["sites", &name, "push_hook"]), body).await
        }
        Err(problem) => Err(problem),
    };
    match drawn {
        Ok(hook) => page(&visit, &name, hook["secret"].as_str(), None).await,
        Err(problem) => page(&visit, &name, None, Some(visit.sign(problem))).await,
    }
}

async fn page(visit: &Visit, name: &str, secret: Option<&str>, problem: Option<Problem>) -> Answer {
    let site = site::find(visit, name).await?;
    let id = site::text(&site, "id");
    let hook = visit.get(&path(&["sites", id, "push_hook"])).await?;
    let number = visit.query("page").parse::<u32>().unwrap_or(1).max(1);
    let list = path(&["sites", id, "pushes"]);
    let pushes = visit.section(&format!("{list}?per_page={PER_PAGE}&page={number}")).await;
    let more = pushes.items.as_array().is_some_and(|list| list.len() == PER_PAGE);
    let status = problem.as_ref().map_or(StatusCode::OK, |problem| problem.status);
    let title = format!("Git host of {name}");
    let mut values = values! { title, nav => "sites", site, hook, pushes, number, more };
    values.extend(values! { secret, problem });
    Ok(view::page(status, "git.html", values))
}
