//! The builds of a site: a list of them, starting one, stopping one.

use super::{Answer, go, site};
use crate::client::path;
use crate::form::Form;
use crate::problem::Problem;
use crate::view::{self, values};
use crate::visit::Visit;
use axum::extract::Path;
use futures_util::future::join4;
use http::StatusCode;
use serde_json::{Value, json};

/// Builds of one page.
const PER_PAGE: usize = 25;
/// Newest deploys in which the titles and branches of those builds are looked up.
const DEPLOYS_READ: usize = 100;

/// `GET /sites/{name}/builds`.
pub(crate) async fn show(visit: Visit, Path(name): Path<String>) -> Answer {
    page(&visit, &name, None).await
}

/// `POST /sites/{name}/builds`: of a branch, or of the production branch.
pub(crate) async fn start(visit: Visit, Path(name): Path<String>, form: Form) -> Answer {
    let body = json!({ "branch": form.get("branch"), "clear_cache": form.get("clear_cache") == "on" });
    let started = visit.api().post(&path(&["sites", &name, "builds"]), body).await;
    began(&visit, &name, started).await
}

/// `POST /sites/{name}/builds/{id}/{action}`.
pub(crate) async fn act(
    visit: Visit,
    Path((name, id, action)): Path<(String, String, String)>,
    form: Form,
) -> Answer {
    let operation = path(&["builds", &id, &action]);
    match action.as_str() {
        "cancel" => match visit.api().post(&operation, json!({})).await {
            Ok(_) => Ok(go(&format!("{}?done=build-cancelled", path(&["sites", &name, "builds"])))),
            Err(problem) => page(&visit, &name, Some(visit.sign(problem))).await,
        },
        "retry" => {
            let body = json!({ "clear_cache": form.get("clear_cache") == "on" });
            began(&visit, &name, visit.api().post(&operation, body).await).await
        }
        _ => Err(Problem::missing("action")),
    }
}

/// To the deploy that a new build makes, where its log is.
async fn began(visit: &Visit, name: &str, started: Result<Value, Problem>) -> Answer {
    match started {
        Ok(build) => {
            let deploy = path(&["sites", name, "deploys", site::text(&build, "deploy_id")]);
            Ok(go(&format!("{deploy}?done=build")))
        }
        Err(problem) if problem.status == StatusCode::UNAUTHORIZED => Err(visit.sign(problem)),
        Err(problem) => page(visit, name, Some(problem)).await,
    }
}

async fn page(visit: &Visit, name: &str, problem: Option<Problem>) -> Answer {
    let site = site::find(visit, name).await?;
    let id = site::text(&site, "id");
    let number = visit.query("page").parse::<u32>().unwrap_or(1).max(1);
    let builds = format!("{}?per_page={PER_PAGE}&page={number}", path(&["sites", id, "builds"]));
    let deploys = format!("{}?per_page={DEPLOYS_READ}", path(&["sites", id, "deploys"]));
    let of_site = path(&["sites", id, "builds", "status"]);
    let of_account = path(&[site::text(&site, "account_slug"), "builds", "status"]);
    let (mut builds, deploys, of_site, of_account) = join4(
        visit.section(&builds),
        visit.section(&deploys),
        visit.section(&of_site),
        visit.section(&of_account),
    )
    .await;
    let more = builds.items.as_array().is_some_and(|list| list.len() == PER_PAGE);
    put_beside(&mut builds.items, &deploys.items);
    let moving = builds.items.as_array().is_some_and(|list| list.iter().any(|build| build["done"] == false));
    let status = problem.as_ref().map_or(StatusCode::OK, |problem| problem.status);
    let notice = view::notice(&visit.query("done"));
    let title = format!("Builds of {name}");
    let used = [("This site", of_site), ("The account", of_account)]
        .map(|(name, said)| json!({ "name": name, "status": said.items[0] }));
    let values = values! { title, nav => "sites", site, builds, moving, number, more, problem, notice, used };
    Ok(view::page(status, "builds.html", values))
}

/// Puts each build's deploy beside it, where it is known.
fn put_beside(builds: &mut Value, deploys: &Value) {
    let deploys = deploys.as_array().map(Vec::as_slice).unwrap_or_default();
    for build in builds.as_array_mut().into_iter().flatten() {
        let deploy = deploys.iter().find(|deploy| deploy["id"] == build["deploy_id"]);
        build["deploy"] = deploy.cloned().unwrap_or_default();
    }
}
