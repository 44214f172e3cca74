//! How a site verifies its visitors: the secret of its identity provider, how long those before it still
//! count, and what a token must say.

use super::addon::overlap;
use super::{Answer, go, site};
use crate::client::path;
use crate::form::Form;
use crate::problem::Problem;
use crate::view::{self, values};
use crate::visit::Visit;
use axum::extract::Path;
use http::StatusCode;
use serde_json::{Value, json};

/// Claims that the form asks for, as the API names them.
const SETTINGS: [&str; 3] = ["jwt_roles_path", "jwt_issuer", "jwt_audience"];

/// `GET /sites/{name}/identity`.
pub(crate) async fn show(visit: Visit, Path(name): Path<String>) -> Answer {
    page(&visit, &name, Said::default()).await
}

/// `POST /sites/{name}/identity`: what a token must say.
pub(crate) async fn save(visit: Visit, Path(name): Path<String>, form: Form) -> Answer {
    let body: Value = SETTINGS.iter().map(|field| ((*field).to_owned(), json!(form.get(field)))).collect();
    match visit.api().patch(&path(&["sites", &name]), body).await {
        Ok(_) => Ok(back(&name, "identity-saved")),
        Err(problem) => refused(&visit, &name, problem, Some(&form)).await,
    }
}

/// `POST /sites/{name}/identity/rotate`: a secret of the visitor's own, or one that is drawn and shown on
/// this page alone.
pub(crate) async fn rotate(visit: Visit, Path(name): Path<String>, form: Form) -> Answer {
    let rotated = match overlap(&form) {
        Ok(mut body) => {
            let own = Some(form.get("jwt_secret")).filter(|secret| !secret.is_empty());
            if let Some(own) = own {
                body["jwt_secret"] = own.into();
            }
            visit.api().post(&path(&["sites", &name, "identity", "rotate_secret"]), body).await
        }
        Err(problem) => Err(problem),
    };
    match rotated {
        Ok(made) => match made["jwt_secret"].as_str() {
            Some(secret) => page(&visit, &name, Said { secret: Some(secret), ..Said::default() }).await,
            None => Ok(back(&name, "identity-rotated")),
        },
        Err(problem) => refused(&visit, &name, problem, None).await,
    }
}

/// `POST /sites/{name}/identity/end`: the secrets before count no longer.
pub(crate) async fn end(visit: Visit, Path(name): Path<String>) -> Answer {
    match visit.api().delete(&path(&["sites", &name, "identity", "previous_secrets"])).await {
        Ok(_) => Ok(back(&name, "identity-ended")),
        Err(problem) => refused(&visit, &name, problem, None).await,
    }
}

/// `POST /sites/{name}/identity/off`: no token counts any more.
pub(crate) async fn off(visit: Visit, Path(name): Path<String>) -> Answer {
    match visit.api().patch(&path(&["sites", &name]), json!({ "jwt_secret": "" })).await {
        Ok(_) => Ok(back(&name, "identity-off")),
        Err(problem) => refused(&visit, &name, problem, None).await,
    }
}

fn back(name: &str, done: &str) -> axum::response::Response {
    go(&format!("{}?done={done}", path(&["sites", name, "identity"])))
}

/// What a page has to say beside the settings.
#[derive(Default)]
struct Said<'a> {
    secret: Option<&'a str>,
    typed: Option<&'a Form>,
    problem: Option<Problem>,
}

async fn refused(visit: &Visit, name: &str, problem: Problem, typed: Option<&Form>) -> Answer {
    page(visit, name, Said { problem: Some(visit.sign(problem)), typed, ..Said::default() }).await
}

async fn page(visit: &Visit, name: &str, said: Said<'_>) -> Answer {
    let site = site::find(visit, name).await?;
    let identity = visit.get(&path(&["sites", site::text(&site, "id"), "identity"])).await?;
    let it = said.typed.map_or_else(|| identity.clone(), |typed| json!(typed.values()));
    let status = said.problem.as_ref().map_or(StatusCode::OK, |problem| problem.status);
    let notice = view::notice(&visit.query("done"));
    let title = format!("Visitors of {name}");
    let mut values = values! { title, nav => "sites", site, identity, it, notice };
    values.extend(values! { problem => said.problem, secret => said.secret });
    Ok(view::page(status, "identity.html", values))
}
