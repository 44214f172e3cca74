//! A deploy: its facts, its files, what can be done with it, and the log of its build.

use super::{Answer, site};
use crate::client::path;
use crate::log_stream::{Row, Shape, finished, reshape};
use crate::problem::Problem;
use crate::steps;
use crate::view::{self, Values, values};
use crate::visit::Visit;
use axum::body::Body;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use futures_util::future::join;
use http::header::{CONTENT_TYPE, HeaderMap};
use http::{Method, StatusCode};
use serde_json::{Value, json};

/// Files that are listed; of a longer list the page says how long it is.
const FILES_SHOWN: usize = 100;
/// Last lines of a finished build's log that the page shows; all of them are there as text.
const LINES_SHOWN: usize = 1000;

/// `GET /sites/{name}/deploys/{id}`.
pub(crate) async fn show(visit: Visit, Path((name, id)): Path<(String, String)>) -> Answer {
    page(&visit, &name, &id).await
}

/// `POST /sites/{name}/deploys/{id}/{action}`.
pub(crate) async fn act(visit: Visit, Path((name, id, action)): Path<(String, String, String)>) -> Answer {
    let (method, operation, done) = match action.as_str() {
        "publish" => (Method::POST, path(&["sites", &name, "deploys", &id, "restore"]), "publish"),
        "lock" => (Method::POST, path(&["deploys", &id, "lock"]), "lock"),
        "unlock" => (Method::POST, path(&["deploys", &id, "unlock"]), "unlock"),
        "cancel" => (Method::POST, path(&["deploys", &id, "cancel"]), "cancel"),
        "delete" => (Method::DELETE, path(&["sites", &name, "deploys", &id]), "deploy-deleted"),
        _ => return Err(Problem::missing("action")),
    };
    let outcome = match method {
        Method::DELETE => visit.api().delete(&operation).await,
        _ => visit.api().post(&operation, json!({})).await,
    };
    site::after(&visit, &name, outcome, ("deploys", done)).await
}

/// `GET /sites/{name}/deploys/{id}/log`: the live log as pieces of HTML for the page's script.
pub(crate) async fn log(
    visit: Visit,
    Path((name, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Answer {
    let known = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    let body = reshape(stream(&visit, &name, &id).await?, Shape::Events(known.unwrap_or(0)));
    Ok(([(CONTENT_TYPE, "text/event-stream")], body).into_response())
}

/// `GET /sites/{name}/deploys/{id}/log.txt`: the same as text, open until the build ends.
pub(crate) async fn log_text(visit: Visit, Path((name, id)): Path<(String, String)>) -> Answer {
    let body = reshape(stream(&visit, &name, &id).await?, Shape::Text);
    Ok(([(CONTENT_TYPE, "text/plain; charset=utf-8")], body).into_response())
}

async fn stream(visit: &Visit, name: &str, id: &str) -> Result<Body, Problem> {
    let deploy = find(visit, name, id).await?;
    let build = deploy["build_id"].as_str().ok_or_else(|| Problem::missing("build"))?;
    let operation = path(&["builds", build, "log", "stream"]);
    let answer = visit.api().open(&operation, "text/event-stream").await;
    answer.map(Response::into_body).map_err(|problem| visit.sign(problem))
}

async fn find(visit: &Visit, name: &str, id: &str) -> Result<Value, Problem> {
    let found = visit.get(&path(&["sites", name, "deploys", id])).await;
    found.map_err(|problem| match problem.status {
        StatusCode::NOT_FOUND => Problem::missing("deploy"),
        _ => problem,
    })
}

async fn page(visit: &Visit, name: &str, id: &str) -> Answer {
    let site = site::find(visit, name).await?;
    let deploy = find(visit, name, id).await?;
    let published = site["published_deploy"]["id"] == deploy["id"];
    let mut files = if published { files(visit, name).await } else { Vec::new() };
    let count = files.len();
    files.truncate(FILES_SHOWN);
    let notice = view::notice(&visit.query("done"));
    let moving = site::is_moving(&deploy);
    let (log, left_out) = if moving { (Vec::new(), 0) } else { log_rows(visit, &deploy).await };
    let built = build_values(visit, &deploy).await;
    let mut values = values! { title => format!("Deploy of {name}"), nav => "sites", notice, site, deploy };
    values.extend(built);
    values.extend(values! { moving, files, count, published, log, left_out });
    Ok(view::page(StatusCode::OK, "deploy.html", values))
}

/// What the build of a deploy spent its time on, and what its plugins said.
async fn build_values(visit: &Visit, deploy: &Value) -> Values {
    let Some(id) = deploy["build_id"].as_str() else { return Values::new() };
    let (build, runs) = (path(&["builds", id]), path(&["deploys", site::text(deploy, "id"), "plugin_runs"]));
    let (build, runs) = join(visit.section(&build), visit.section(&runs)).await;
    let steps = steps::of(&build.items);
    values! { longest => steps::longest(&steps), steps, build => build.items, runs => runs.items }
}

/// The last rows of a finished build's log, and how many are before them.
async fn log_rows(visit: &Visit, deploy: &Value) -> (Vec<Row>, usize) {
    if deploy["build_id"].is_null() {
        return (Vec::new(), 0);
    }
    let lines = visit.section(&path(&["deploys", site::text(deploy, "id"), "log"])).await.items;
    let lines = lines.as_array().map(Vec::as_slice).unwrap_or_default();
    let left_out = lines.len().saturating_sub(LINES_SHOWN);
    (finished(&lines[left_out..]), left_out)
}

/// Files of the published deploy, the one whose files the API lists.
async fn files(visit: &Visit, name: &str) -> Vec<Value> {
    match visit.section(&path(&["sites", name, "files"])).await.items {
        Value::Array(files) => files,
        _ => Vec::new(),
    }
}
