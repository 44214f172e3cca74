//! Giving a site an add-on: choosing one, and the form that its manifest asks for.

use super::{Answer, addon, go, instance, site};
use crate::App;
use crate::client::{path, with_query};
use crate::config_form;
use crate::form::Form;
use crate::problem::Problem;
use crate::view::{self, values};
use crate::visit::Visit;
use axum::extract::{Path, State};
use futures_util::future::join;
use http::StatusCode;
use serde_json::{Value, json};
use std::sync::Arc;

/// Add-ons that are offered at once; a search narrows them.
const OFFERED: usize = 100;

/// `GET /sites/{name}/addons`. Query: `search`.
pub(crate) async fn choose(visit: Visit, Path(name): Path<String>) -> Answer {
    let site = site::find(&visit, &name).await?;
    let search = visit.query("search");
    let list = with_query("/services", &[("search", search.as_str()), ("per_page", &OFFERED.to_string())]);
    let had = path(&["sites", site::text(&site, "id"), "service-instances"]);
    let (mut addons, had) = join(visit.section(&list), visit.section(&had)).await;
    let is_had = |addon: &Value| {
        let mut had = had.items.as_array().into_iter().flatten();
        had.any(|instance| instance["service_slug"] == addon["slug"])
    };
    if let Some(list) = addons.items.as_array_mut() {
        list.retain(|addon| !is_had(addon));
    }
    let title = format!("Add-ons for {name}");
    let values = values! { title, nav => "sites", site, addons, search };
    Ok(view::page(StatusCode::OK, "addon_choice.html", values))
}

/// `GET /sites/{name}/addons/{slug}`.
pub(crate) async fn show(visit: Visit, Path((name, slug)): Path<(String, String)>) -> Answer {
    page(&visit, (&name, &slug), None, None).await
}

/// `POST /sites/{name}/addons/{slug}`: what its provider has to say to it is shown on the page of the
/// instance.
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    visit: Visit,
    Path((name, slug)): Path<(String, String)>,
    form: Form,
) -> Answer {
    match add(&visit, (&name, &slug), &form).await {
        Ok(made) => match made["config"]["message"].as_str().filter(|word| !word.is_empty()) {
            Some(word) => Ok(instance::welcome(&app, &name, &made, word)),
            None => Ok(go(&format!("{}?done=addon-added#addons", path(&["sites", &name])))),
        },
        Err(problem) => page(&visit, (&name, &slug), Some(&form), Some(visit.sign(problem))).await,
    }
}

async fn add(visit: &Visit, (name, slug): (&str, &str), form: &Form) -> Result<Value, Problem> {
    let config = config_form::read(visit, slug, &Value::Null, form).await?;
    let all = path(&["sites", name, "services", slug, "instances"]);
    visit.api().post(&all, json!({ "config": config })).await
}

async fn page(
    visit: &Visit,
    (name, slug): (&str, &str),
    typed: Option<&Form>,
    problem: Option<Problem>,
) -> Answer {
    let site = site::find(visit, name).await?;
    let addon = addon::find(visit, slug).await?;
    let manifest = visit.section(&config_form::manifest(slug)).await;
    let config = config_form::shown(&manifest.items, None, typed);
    let status = problem.as_ref().map_or(StatusCode::OK, |problem| problem.status);
    let title = format!("Add {}", site::text(&addon, "name"));
    let values = values! { title, nav => "sites", site, addon, manifest, config, problem };
    Ok(view::page(status, "addon_new.html", values))
}
