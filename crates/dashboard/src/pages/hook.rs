//! A hook: its deliveries, the attempts of one, and sending one again.

use super::{Answer, go, site};
use crate::client::path;
use crate::problem::Problem;
use crate::view::{self, values};
use crate::visit::Visit;
use axum::extract::Path;
use http::StatusCode;
use serde_json::{Value, json};

/// Deliveries of one page.
const PER_PAGE: usize = 25;

/// `GET /sites/{name}/hooks/{id}`.
pub(crate) async fn show(visit: Visit, Path((name, id)): Path<(String, String)>) -> Answer {
    page(&visit, (&name, &id), None, None).await
}

/// `GET /sites/{name}/hooks/{id}/deliveries/{delivery}`: the same page with one delivery opened.
pub(crate) async fn delivery(
    visit: Visit,
    Path((name, id, delivery)): Path<(String, String, String)>,
) -> Answer {
    page(&visit, (&name, &id), Some(&delivery), None).await
}

/// `POST /sites/{name}/hooks/{id}/deliveries/{delivery}`: sends it again.
pub(crate) async fn resend(
    visit: Visit,
    Path((name, id, delivery)): Path<(String, String, String)>,
) -> Answer {
    match visit.api().post(&path(&["hooks", &id, "deliveries", &delivery, "resend"]), json!({})).await {
        Ok(_) => {
            let back = path(&["sites", &name, "hooks", &id, "deliveries", &delivery]);
            Ok(go(&format!("{back}?done=resent")))
        }
        Err(problem) => page(&visit, (&name, &id), Some(&delivery), Some(visit.sign(problem))).await,
    }
}

async fn page(
    visit: &Visit,
    (name, id): (&str, &str),
    opened: Option<&str>,
    problem: Option<Problem>,
) -> Answer {
    let site = site::find(visit, name).await?;
    let hook = find(visit, id, site::text(&site, "id")).await?;
    let number = visit.query("page").parse::<u32>().unwrap_or(1).max(1);
    let list = path(&["hooks", id, "deliveries"]);
    let deliveries = visit.section(&format!("{list}?per_page={PER_PAGE}&page={number}")).await;
    let detail = match opened {
        Some(delivery) => Some(visit.section(&path(&["hooks", id, "deliveries", delivery])).await),
        None => None,
    };
    let more = deliveries.items.as_array().is_some_and(|list| list.len() == PER_PAGE);
    let status = problem.as_ref().map_or(StatusCode::OK, |problem| problem.status);
    let notice = view::notice(&visit.query("done"));
    let values = values! {
        title => "Hook", nav => "sites", site, hook, deliveries, detail, opened, number, more, problem, notice
    };
    Ok(view::page(status, "hook.html", values))
}

/// The hook, when it is one of this site.
async fn find(visit: &Visit, id: &str, site_id: &str) -> Result<Value, Problem> {
    let found = visit.get(&path(&["hooks", id])).await;
    let hook = found.map_err(|problem| match problem.status {
        StatusCode::NOT_FOUND => Problem::missing("hook"),
        _ => problem,
    })?;
    if site::text(&hook, "site_id") == site_id { Ok(hook) } else { Err(Problem::missing("hook")) }
}
