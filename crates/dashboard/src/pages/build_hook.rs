//! A build hook: its address, what it builds, its calls, and a new address for it.

use super::{Answer, build_hook_options as options, go, site};
use crate::client::path;
use crate::form::Form;
use crate::problem::Problem;
use crate::view::{self, values};
use crate::visit::Visit;
use axum::extract::Path;
use http::StatusCode;
use serde_json::{Value, json};

/// Calls of one page.
const PER_PAGE: usize = 25;

/// `GET /sites/{name}/build-hooks/{id}`.
pub(crate) async fn show(visit: Visit, Path((name, id)): Path<(String, String)>) -> Answer {
    page(&visit, &name, &id, None, None).await
}

/// `POST /sites/{name}/build-hooks/{id}`: its name and branch, and how its calls are taken.
pub(crate) async fn save(visit: Visit, Path((name, id)): Path<(String, String)>, form: Form) -> Answer {
    let saved = match setup(&form) {
        Ok(body) => visit.api().put(&path(&["sites", &name, "build_hooks", &id]), body).await,
        Err(problem) => Err(problem),
    };
    after(&visit, (&name, &id), saved, ("build-hook-saved", Some(&form))).await
}

/// `POST /sites/{name}/build-hooks/{id}/rotate`.
pub(crate) async fn rotate(visit: Visit, Path((name, id)): Path<(String, String)>) -> Answer {
    let rotated = visit.api().post(&path(&["sites", &name, "build_hooks", &id, "rotate"]), json!({})).await;
    after(&visit, (&name, &id), rotated, ("build-hook-rotated", None)).await
}

fn setup(form: &Form) -> Result<Value, Problem> {
    let title = form.need("title", "The name of the build hook")?;
    let mut body = json!({ "title": title, "branch": form.get("branch") });
    options::add(&mut body, form)?;
    Ok(body)
}

async fn after(
    visit: &Visit,
    (name, id): (&str, &str),
    outcome: Result<Value, Problem>,
    (done, typed): (&str, Option<&Form>),
) -> Answer {
    match outcome {
        Ok(_) => Ok(go(&format!("{}?done={done}", path(&["sites", name, "build-hooks", id])))),
        Err(problem) => page(visit, name, id, typed, Some(visit.sign(problem))).await,
    }
}

async fn page(visit: &Visit, name: &str, id: &str, typed: Option<&Form>, problem: Option<Problem>) -> Answer {
    let site = site::find(visit, name).await?;
    let own = ["sites", site::text(&site, "id"), "build_hooks", id];
    let found = visit.get(&path(&own)).await;
    let hook = found.map_err(|problem| match problem.status {
        StatusCode::NOT_FOUND => Problem::missing("build hook"),
        _ => problem,
    })?;
    let number = visit.query("page").parse::<u32>().unwrap_or(1).max(1);
    let calls = path(&[&own[..], &["calls"]].concat());
    let calls = visit.section(&format!("{calls}?per_page={PER_PAGE}&page={number}")).await;
    let more = calls.items.as_array().is_some_and(|list| list.len() == PER_PAGE);
    let status = problem.as_ref().map_or(StatusCode::OK, |problem| problem.status);
    let notice = view::notice(&visit.query("done"));
    let mut it = options::shown(&hook);
    if let (Some(it), Some(form)) = (it.as_object_mut(), typed.filter(|form| form.has("options"))) {
        it.insert("clear_cache".to_owned(), (form.get("clear_cache") == "on").into());
        it.extend(form.values().into_iter().filter(|(name, _)| name != "secret"));
    }
    let mut values = values! { title => "Build hook", nav => "sites", site, hook, calls, number, more };
    values.extend(values! { it, problem, notice });
    Ok(view::page(status, "build_hook.html", values))
}
