//! A site: what is published, its deploys, hooks, build hooks, add-ons, environment variables and
//! settings.

use super::{Answer, digest, go, requests};
use crate::client::{path, with_query};
use crate::problem::Problem;
use crate::view::{self, Values, values};
use crate::visit::{Section, Visit};
use axum::extract::Path;
use futures_util::future::{join3, join5};
use http::StatusCode;
use serde_json::Value;

/// Deploys of one page.
const DEPLOYS_PER_PAGE: usize = 20;

/// `GET /sites/{name}`.
pub(crate) async fn show(visit: Visit, Path(name): Path<String>) -> Answer {
    page(&visit, &name, None).await
}

/// `GET /sites/{name}/deploys`: the table alone, which the page asks for while a deploy is under way.
pub(crate) async fn deploys(visit: Visit, Path(name): Path<String>) -> Answer {
    if !visit.partial {
        return Ok(go(&format!("{}#deploys", path(&["sites", &name]))));
    }
    let site = find(&visit, &name).await?;
    let number = page_number(&visit);
    let deploys = deploy_list(&visit, text(&site, "id"), number).await;
    Ok(view::page(StatusCode::OK, "site/deploys.html", deploy_values(&site, &deploys, number)))
}

/// The page, with the reason why an action on it did not work.
pub(crate) async fn page(visit: &Visit, name: &str, problem: Option<Problem>) -> Answer {
    let site = find(visit, name).await?;
    let number = page_number(visit);
    let (id, account) = (text(&site, "id"), text(&site, "account_slug"));
    let (hooks, types) = (with_query("/hooks", &[("site_id", id)]), "/hooks/types");
    let build_hooks = path(&["sites", id, "build_hooks"]);
    let env = with_query(&path(&["accounts", account, "env"]), &[("site_id", id)]);
    let addons = path(&["sites", id, "service-instances"]);
    let ((deploys, requests, addons), hooks, types, build_hooks, env) = join5(
        join3(deploy_list(visit, id, number), requests::waiting(visit, id), visit.section(&addons)),
        visit.section(&hooks),
        visit.section(types),
        visit.section(&build_hooks),
        visit.section(&env),
    )
    .await;
    let chosen = chosen_type(&types.items, &visit.query("type"));
    let status = problem.as_ref().map_or(StatusCode::OK, |problem| problem.status);
    let notice = view::notice(&visit.query("done"));
    let title = text(&site, "name");
    let mut values =
        values! { title, nav => "sites", problem, notice, hooks, types, chosen, build_hooks, env, requests };
    values.extend(
        values! { gathers => digest::gathers(chosen.as_ref()), windows => digest::windows(), addons },
    );
    values.extend(deploy_values(&site, &deploys, number));
    Ok(view::page(status, "site.html", values))
}

/// The site; a name that is none gives the page that says so.
pub(crate) async fn find(visit: &Visit, name: &str) -> Result<Value, Problem> {
    let found = visit.get(&path(&["sites", name])).await;
    found.map_err(|problem| match problem.status {
        StatusCode::NOT_FOUND => Problem::missing("site"),
        _ => problem,
    })
}

/// After an action: back to a part of the site's page, or the page with the reason why not.
pub(crate) async fn after(
    visit: &Visit,
    name: &str,
    outcome: Result<Value, Problem>,
    (part, done): (&str, &str),
) -> Answer {
    match outcome {
        Ok(_) => Ok(go(&format!("{}?done={done}#{part}", path(&["sites", name])))),
        Err(problem) if problem.status == StatusCode::UNAUTHORIZED => Err(visit.sign(problem)),
        Err(problem) => page(visit, name, Some(problem)).await,
    }
}

/// A text of an object of the API; empty when it has none.
pub(crate) fn text<'a>(object: &'a Value, key: &str) -> &'a str {
    object[key].as_str().unwrap_or_default()
}

fn page_number(visit: &Visit) -> u32 {
    visit.query("page").parse::<u32>().unwrap_or(1).max(1)
}

async fn deploy_list(visit: &Visit, site_id: &str, number: u32) -> Section {
    let list = path(&["sites", site_id, "deploys"]);
    visit.section(&format!("{list}?per_page={DEPLOYS_PER_PAGE}&page={number}")).await
}

fn deploy_values(site: &Value, deploys: &Section, number: u32) -> Values {
    let list = deploys.items.as_array();
    let moving = list.is_some_and(|list| list.iter().any(is_moving));
    let more = list.is_some_and(|list| list.len() == DEPLOYS_PER_PAGE);
    values! { site, deploys, moving, more, number }
}

/// Whether a deploy's state can still change by itself.
pub(crate) fn is_moving(deploy: &Value) -> bool {
    let state = model::DeployState::parse(text(deploy, "state"));
    state.is_some_and(|state| !state.is_final() && state != model::DeployState::New)
}

/// The target whose form is shown: the one asked for, else `url`, else the first.
fn chosen_type(types: &Value, asked: &str) -> Option<Value> {
    let types = types.as_array()?;
    let named = |name: &str| types.iter().find(|kind| text(kind, "name") == name);
    named(asked).or_else(|| named("url")).or_else(|| types.first()).cloned()
}
