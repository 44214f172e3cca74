//! An add-on of a site: how far it is, what it was given, its configuration, the way into its
//! provider's own pages, and its end.

use super::{Answer, go, site};
use crate::client::{path, with_query};
use crate::config_form;
use crate::form::Form;
use crate::problem::Problem;
use crate::view::{self, values};
use crate::visit::Visit;
use crate::{App, word};
use axum::extract::{Path, State};
use axum::response::Response;
use futures_util::future::join;
use http::StatusCode;
use serde_json::{Value, json};
use std::sync::Arc;

/// Site, add-on and instance of an address.
type Place = Path<(String, String, String)>;

/// `GET /sites/{name}/addons/{slug}/{id}`: as its provider knows it now, or, with its `word` about a
/// creation, as it was just made. Query: `word`.
pub(crate) async fn show(State(app): State<Arc<App>>, visit: Visit, Path((name, slug, id)): Place) -> Answer {
    let word = word::opened(&app, &id, &visit.query("word"));
    let place = (name.as_str(), slug.as_str(), id.as_str());
    let instance = if word.is_some() { stored(&visit, place).await? } else { find(&visit, place).await? };
    page(&visit, &name, instance, Said { word: word.as_deref(), ..Said::default() }).await
}

/// `POST /sites/{name}/addons/{slug}/{id}`: its configuration.
pub(crate) async fn save(visit: Visit, Path((name, slug, id)): Place, form: Form) -> Answer {
    let place = (name.as_str(), slug.as_str(), id.as_str());
    match change(&visit, place, &form).await {
        Ok(_) => Ok(go(&format!("{}?done=addon-changed", path(&["sites", &name, "addons", &slug, &id])))),
        Err(problem) => {
            // as it is kept: its provider was just asked
            let instance = stored(&visit, place).await?;
            let said = Said { typed: Some(&form), problem: Some(visit.sign(problem)), ..Said::default() };
            page(&visit, &name, instance, said).await
        }
    }
}

/// `POST /sites/{name}/addons/{slug}/{id}/remove`; with `force` without the consent of its provider. What
/// the provider does not let go is shown again, with the way to remove it all the same.
pub(crate) async fn remove(visit: Visit, Path((name, slug, id)): Place, form: Form) -> Answer {
    let place = (name.as_str(), slug.as_str(), id.as_str());
    let forced = form.get("force") == "on";
    let force = if forced { "true" } else { "" };
    match visit.api().delete(&with_query(&address(place), &[("force", force)])).await {
        Err(problem) if !forced && is_of_provider(&problem) => {
            let instance = stored(&visit, place).await?;
            let said = Said { problem: Some(problem), stays: true, ..Said::default() };
            page(&visit, &name, instance, said).await
        }
        removed => site::after(&visit, &name, removed, ("addons", "addon-removed")).await,
    }
}

/// Whether something went wrong at the provider, and not here.
fn is_of_provider(problem: &Problem) -> bool {
    let answers = [StatusCode::UNPROCESSABLE_ENTITY, StatusCode::BAD_GATEWAY, StatusCode::GATEWAY_TIMEOUT];
    answers.contains(&problem.status)
}

/// `GET /sites/{name}/addons/{slug}/{id}/open`: into the provider's pages, by a link made this moment;
/// one on a page would have run out when somebody comes back to it.
pub(crate) async fn open(visit: Visit, Path((name, slug, id)): Place) -> Answer {
    let instance = stored(&visit, (&name, &slug, &id)).await?;
    let link = site::text(&instance, "auth_url");
    match link.starts_with("https://") || link.starts_with("http://") {
        true => Ok(go(link)),
        false => Err(Problem::missing("page of the add-on's provider")),
    }
}

/// Leads to the page of an instance that was just made, with a word of its provider.
pub(super) fn welcome(app: &App, name: &str, made: &Value, word: &str) -> Response {
    let (slug, id) = (site::text(made, "service_slug"), site::text(made, "id"));
    let word = word::sealed(app, id, word);
    go(&with_query(&path(&["sites", name, "addons", slug, id]), &[("word", &word)]))
}

async fn change(visit: &Visit, place: (&str, &str, &str), form: &Form) -> Result<Value, Problem> {
    let kept = stored(visit, place).await?;
    let config = config_form::read(visit, place.1, &kept["config"], form).await?;
    visit.api().put(&address(place), json!({ "config": config })).await
}

fn address((name, slug, id): (&str, &str, &str)) -> String {
    path(&["sites", name, "services", slug, "instances", id])
}

fn missing() -> Problem {
    Problem::missing("add-on of this site")
}

async fn find(visit: &Visit, place: (&str, &str, &str)) -> Result<Value, Problem> {
    let found = visit.get(&address(place)).await;
    found.map_err(|problem| if problem.status == StatusCode::NOT_FOUND { missing() } else { problem })
}

/// The instance without a question to its provider.
async fn stored(visit: &Visit, (name, slug, id): (&str, &str, &str)) -> Result<Value, Problem> {
    let site = site::find(visit, name).await?;
    let list = visit.get(&path(&["sites", site::text(&site, "id"), "service-instances"])).await?;
    let mut list = list.as_array().into_iter().flatten();
    let found = list.find(|one| site::text(one, "id") == id && site::text(one, "service_slug") == slug);
    found.cloned().ok_or_else(missing)
}

/// What a page has to say beside the instance.
#[derive(Default)]
struct Said<'a> {
    typed: Option<&'a Form>,
    problem: Option<Problem>,
    word: Option<&'a str>,
    /// Whether it was to be removed, and is not.
    stays: bool,
}

async fn page(visit: &Visit, name: &str, instance: Value, said: Said<'_>) -> Answer {
    let manifest = config_form::manifest(site::text(&instance, "service_slug"));
    let (site, manifest) = join(site::find(visit, name), visit.section(&manifest)).await;
    let site = site?;
    let config = config_form::shown(&manifest.items, Some(&instance["config"]), said.typed);
    let variables: Vec<_> = instance["env"].as_object().into_iter().flatten().map(|(name, _)| name).collect();
    let status = said.problem.as_ref().map_or(StatusCode::OK, |problem| problem.status);
    let notice = view::notice(&visit.query("done"));
    let title = site::text(&instance, "service_name");
    let mut values = values! { title, nav => "sites", site, manifest, config, variables, notice };
    values.extend(values! { problem => said.problem, word => said.word, stays => said.stays, instance });
    Ok(view::page(status, "instance.html", values))
}
