//! A hook: how it is doing, its deliveries, and what can be done with it.

use super::{Answer, digest, go, site};
use crate::client::{path, with_query};
use crate::form::Form;
use crate::problem::Problem;
use crate::view::{self, values};
use crate::visit::Visit;
use axum::extract::Path;
use futures_util::future::join;
use http::StatusCode;
use model::DeliveryState;
use serde_json::{Value, json};

/// Deliveries of one page.
const PER_PAGE: usize = 25;

/// `GET /sites/{name}/hooks/{id}`. Query: `state`, `event`, `page`.
pub(crate) async fn show(visit: Visit, Path((name, id)): Path<(String, String)>) -> Answer {
    page(&visit, (&name, &id), None, None).await
}

/// `POST /sites/{name}/hooks/{id}/fire`: a sample of one event for this hook.
pub(crate) async fn fire(visit: Visit, Path((name, id)): Path<(String, String)>, form: Form) -> Answer {
    let operation = path(&["sites", &name, "events", form.need("event", "The event")?, "fire"]);
    match visit.api().post(&operation, json!({ "hook_id": id })).await {
        Ok(_) => Ok(go(&format!("{}?done=hook-fired#deliveries", path(&["sites", &name, "hooks", &id])))),
        Err(problem) => page(&visit, (&name, &id), Some(visit.sign(problem)), None).await,
    }
}

/// `POST /sites/{name}/hooks/{id}/rotate`: a new signing secret, shown on this page alone.
pub(crate) async fn rotate(visit: Visit, Path((name, id)): Path<(String, String)>) -> Answer {
    match visit.api().post(&path(&["hooks", &id, "rotate"]), json!({})).await {
        Ok(rotated) => {
            let secret = site::text(&rotated, "signature_secret").to_owned();
            page(&visit, (&name, &id), None, Some(secret)).await
        }
        Err(problem) => page(&visit, (&name, &id), Some(visit.sign(problem)), None).await,
    }
}

pub(super) async fn page(
    visit: &Visit,
    (name, id): (&str, &str),
    problem: Option<Problem>,
    secret: Option<String>,
) -> Answer {
    let site = site::find(visit, name).await?;
    let hook = find(visit, id, site::text(&site, "id")).await?;
    let number = visit.query("page").parse::<u32>().unwrap_or(1).max(1);
    let (state, event) = (visit.query("state"), visit.query("event"));
    let (size, at) = (PER_PAGE.to_string(), number.to_string());
    let filter = [("state", state.as_str()), ("event", &event), ("per_page", &size), ("page", &at)];
    let deliveries = with_query(&path(&["hooks", id, "deliveries"]), &filter);
    let (deliveries, types) = join(visit.section(&deliveries), visit.section("/hooks/types")).await;
    let missed = missed(visit, id, site::text(&hook, "created_at")).await;
    let mut kinds = types.items.as_array().into_iter().flatten();
    let kind = kinds.find(|kind| kind["name"] == hook["type"]);
    let gathers = digest::gathers(kind);
    let more = deliveries.items.as_array().is_some_and(|list| list.len() == PER_PAGE);
    let status = problem.as_ref().map_or(StatusCode::OK, |problem| problem.status);
    let notice = view::notice(&visit.query("done"));
    let states: Vec<_> = DeliveryState::ALL.into_iter().map(DeliveryState::as_str).collect();
    let pages = with_query("?", &[("state", &state), ("event", &event)]).replacen("??", "?", 1);
    let mut values = values! { title => "Hook", nav => "sites", site, hook, deliveries, number, more };
    values.extend(values! { kind, gathers, windows => digest::windows() });
    values.extend(values! { problem, notice, states, state, event, missed, secret, pages });
    Ok(view::page(status, "hook.html", values))
}

/// The hook, when it is one of this site.
pub(crate) async fn find(visit: &Visit, id: &str, site_id: &str) -> Result<Value, Problem> {
    let found = visit.get(&path(&["hooks", id])).await;
    let hook = found.map_err(|problem| match problem.status {
        StatusCode::NOT_FOUND => Problem::missing("hook"),
        _ => problem,
    })?;
    if site::text(&hook, "site_id") == site_id { Ok(hook) } else { Err(Problem::missing("hook")) }
}

/// How many deliveries never arrived; none for people who may not send them again.
async fn missed(visit: &Visit, id: &str, since: &str) -> Option<u64> {
    let count = json!({ "since": since, "dry_run": true });
    let counted = visit.api().post(&path(&["hooks", id, "resend"]), count).await.ok()?;
    counted["count"].as_u64().filter(|count| *count > 0)
}
