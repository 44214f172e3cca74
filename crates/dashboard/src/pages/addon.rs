//! An add-on: what is registered of it, its secret, its manifest, and what its provider was asked.

use super::addons::setup;
use super::{Answer, go, site};
use crate::client::path;
use crate::form::Form;
use crate::problem::Problem;
use crate::view::{self, Values, values};
use crate::visit::{Section, Visit};
use axum::extract::Path;
use http::StatusCode;
use serde_json::{Value, json};

/// Calls of one page.
const PER_PAGE: usize = 25;

/// `GET /addons/{slug}`.
pub(crate) async fn show(visit: Visit, Path(slug): Path<String>) -> Answer {
    let addon = find(&visit, &slug).await?;
    page(&visit, addon, None, Values::new()).await
}

/// `POST /addons/{slug}`.
pub(crate) async fn save(visit: Visit, Path(slug): Path<String>, form: Form) -> Answer {
    let saved = match setup(&form) {
        Ok(body) => visit.api().put(&path(&["services", &slug]), body).await,
        Err(problem) => Err(problem),
    };
    match saved {
        Ok(_) => Ok(go(&format!("{}?done=addon-saved", path(&["addons", &slug])))),
        Err(problem) => {
            let addon = find(&visit, &slug).await?;
            page(&visit, addon, Some(visit.sign(problem)), values! { it => form.values() }).await
        }
    }
}

/// `POST /addons/{slug}/rotate`: a new secret, shown on this page alone.
pub(crate) async fn rotate(visit: Visit, Path(slug): Path<String>, form: Form) -> Answer {
    let rotated = match overlap(&form) {
        Ok(body) => visit.api().post(&path(&["services", &slug, "rotate_secret"]), body).await,
        Err(problem) => Err(problem),
    };
    match rotated {
        Ok(made) => fresh(&visit, &made, "rotated").await,
        Err(problem) => refused(&visit, &slug, problem).await,
    }
}

pub(super) fn overlap(form: &Form) -> Result<Value, Problem> {
    match form.get("overlap_hours") {
        "" => Ok(json!({})),
        hours => match hours.parse::<u32>() {
            Ok(hours) => Ok(json!({ "overlap_hours": hours })),
            Err(_) => Err(Problem::input("The time for the old secret is a whole number of hours.")),
        },
    }
}

/// `POST /addons/{slug}/delete`.
pub(crate) async fn delete(visit: Visit, Path(slug): Path<String>) -> Answer {
    match visit.api().delete(&path(&["services", &slug])).await {
        Ok(_) => Ok(go("/addons?done=addon-deleted")),
        Err(problem) => refused(&visit, &slug, problem).await,
    }
}

/// `GET /addons/{slug}/manifest`: on a page of its own, since the provider may have to be asked.
pub(crate) async fn manifest(visit: Visit, Path(slug): Path<String>) -> Answer {
    let addon = find(&visit, &slug).await?;
    let manifest = visit.section(&path(&["services", &slug, "manifest"])).await;
    Ok(manifest_page(&visit, &addon, &manifest))
}

/// `POST /addons/{slug}/manifest`: asks the provider, whatever is remembered.
pub(crate) async fn refresh(visit: Visit, Path(slug): Path<String>) -> Answer {
    match visit.api().post(&path(&["services", &slug, "manifest", "refresh"]), json!({})).await {
        Ok(_) => Ok(go(&format!("{}?done=manifest-read", path(&["addons", &slug, "manifest"])))),
        Err(problem) => {
            let addon = find(&visit, &slug).await?;
            let problem = Some(visit.sign(problem));
            Ok(manifest_page(&visit, &addon, &Section { items: Value::Null, problem }))
        }
    }
}

/// The page of an add-on whose secret was just drawn. `how` it came to be.
pub(super) async fn fresh(visit: &Visit, made: &Value, how: &str) -> Answer {
    let secret = site::text(made, "secret");
    page(visit, made.clone(), None, values! { secret, how }).await
}

async fn refused(visit: &Visit, slug: &str, problem: Problem) -> Answer {
    let addon = find(visit, slug).await?;
    page(visit, addon, Some(visit.sign(problem)), Values::new()).await
}

/// The add-on, when the visitor may use it.
pub(super) async fn find(visit: &Visit, slug: &str) -> Result<Value, Problem> {
    let found = visit.get(&path(&["services", slug])).await;
    found.map_err(|problem| match problem.status {
        StatusCode::NOT_FOUND => Problem::missing("add-on"),
        _ => problem,
    })
}

async fn page(visit: &Visit, addon: Value, problem: Option<Problem>, rest: Values) -> Answer {
    // its own people alone are told where it is
    let own = addon["endpoint"].is_string();
    let number = visit.query("page").parse::<u32>().unwrap_or(1).max(1);
    let calls = match own {
        true => {
            let calls = path(&["services", site::text(&addon, "slug"), "calls"]);
            visit.section(&format!("{calls}?per_page={PER_PAGE}&page={number}")).await
        }
        false => Section { items: Value::Null, problem: None },
    };
    let more = calls.items.as_array().is_some_and(|list| list.len() == PER_PAGE);
    let status = problem.as_ref().map_or(StatusCode::OK, |problem| problem.status);
    let notice = view::notice(&visit.query("done"));
    let (title, it) = (site::text(&addon, "name"), as_form(&addon));
    let mut values = values! { title, nav => "addons", it, own, calls, number, more, problem, notice, addon };
    values.extend(rest);
    Ok(view::page(status, "addon.html", values))
}

/// What the fields of the form hold.
fn as_form(addon: &Value) -> Value {
    let tags: Vec<_> = addon["tags"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut form = addon.clone();
    form["tags"] = tags.join(", ").into();
    form
}

fn manifest_page(visit: &Visit, addon: &Value, manifest: &Section) -> axum::response::Response {
    let status = manifest.problem.as_ref().map_or(StatusCode::OK, |problem| problem.status);
    let (notice, own) = (view::notice(&visit.query("done")), addon["endpoint"].is_string());
    let title = format!("Manifest of {}", site::text(addon, "name"));
    let values = values! { title, nav => "addons", addon, own, manifest, notice };
    view::page(status, "addon_manifest.html", values)
}
