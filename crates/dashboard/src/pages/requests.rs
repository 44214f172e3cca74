//! Deploy requests of a site: what waits for a person, and the answers.

use super::{Answer, go, site};
use crate::client::path;
use crate::form::Form;
use crate::problem::Problem;
use crate::view::{self, values};
use crate::visit::{Section, Visit};
use axum::extract::Path;
use http::StatusCode;
use serde_json::json;

/// Requests that are listed: as many as the server lets wait.
const SHOWN: usize = 100;

/// `GET /sites/{name}/requests`.
pub(crate) async fn show(visit: Visit, Path(name): Path<String>) -> Answer {
    page(&visit, &name, None).await
}

/// `POST /sites/{name}/requests/{id}/{answer}`: `accept`, with secrets when that is ticked, or
/// `reject`, with a reason when one was written.
pub(crate) async fn answer(
    visit: Visit,
    Path((name, id, answer)): Path<(String, String, String)>,
    form: Form,
) -> Answer {
    let (body, to) = match answer.as_str() {
        "accept" => {
            let to = format!("{}?done=accepted", path(&["sites", &name, "deploys", &id]));
            (json!({ "with_secrets": form.get("with_secrets") == "on" }), to)
        }
        "reject" => {
            let to = format!("{}?done=rejected", path(&["sites", &name, "requests"]));
            (json!({ "reason": form.get("reason") }), to)
        }
        _ => return Err(Problem::missing("action")),
    };
    match visit.api().post(&path(&["deploys", &id, &answer]), body).await {
        Ok(_) => Ok(go(&to)),
        Err(problem) => page(&visit, &name, Some(visit.sign(problem))).await,
    }
}

/// What waits, newest first.
pub(crate) async fn waiting(visit: &Visit, site_id: &str) -> Section {
    let list = path(&["sites", site_id, "deploys"]);
    visit.section(&format!("{list}?state=pending_review&per_page={SHOWN}")).await
}

async fn page(visit: &Visit, name: &str, problem: Option<Problem>) -> Answer {
    let site = site::find(visit, name).await?;
    let requests = waiting(visit, site::text(&site, "id")).await;
    let status = problem.as_ref().map_or(StatusCode::OK, |problem| problem.status);
    let notice = view::notice(&visit.query("done"));
    let title = format!("Deploy requests of {name}");
    let values = values! { title, nav => "sites", site, requests, problem, notice };
    Ok(view::page(status, "requests.html", values))
}
