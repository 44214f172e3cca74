//! The first page: the visitor's sites, and a form for another one.

use super::{Answer, go};
use crate::client::path;
use crate::form::Form;
use crate::problem::Problem;
use crate::view::{self, values};
use crate::visit::Visit;
use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};

/// Sites of one page.
const PER_PAGE: usize = 50;

/// `GET /`.
pub(crate) async fn show(visit: Visit) -> Answer {
    page(&visit, None).await
}

/// `POST /`: makes a site; without a name the server chooses one.
pub(crate) async fn create(visit: Visit, form: Form) -> Answer {
    let body = match form.get("name") {
        "" => json!({}),
        name => json!({ "name": name }),
    };
    match visit.api().post("/sites", body).await {
        Ok(site) => Ok(go(&created(&site))),
        Err(problem) => page(&visit, Some(visit.sign(problem))).await,
    }
}

fn created(site: &Value) -> String {
    let name = site["name"].as_str().unwrap_or_default();
    format!("{}?done=site-created", path(&["sites", name]))
}

async fn page(visit: &Visit, problem: Option<Problem>) -> Result<Response, Problem> {
    let number = visit.query("page").parse::<u32>().unwrap_or(1).max(1);
    let sites = visit.get(&format!("/sites?filter=all&per_page={PER_PAGE}&page={number}")).await?;
    let more = sites.as_array().is_some_and(|sites| sites.len() == PER_PAGE);
    let status = problem.as_ref().map_or(StatusCode::OK, |problem| problem.status);
    let notice = view::notice(&visit.query("done"));
    let values = values! { title => "Sites", nav => "sites", sites, number, more, problem, notice };
    Ok(view::page(status, "sites.html", values))
}
