//! Personal access tokens: listed, made (shown once, on the page that answers the post) and revoked.

use super::{Answer, go};
use crate::client::path;
use crate::form::Form;
use crate::problem::Problem;
use crate::view::{self, values};
use crate::visit::Visit;
use axum::extract::Path;
use http::StatusCode;
use model::Scope;
use serde_json::{Value, json};

/// `GET /tokens`.
pub(crate) async fn show(visit: Visit) -> Answer {
    page(&visit, None, None).await
}

/// `POST /tokens`.
pub(crate) async fn create(visit: Visit, form: Form) -> Answer {
    match add(&visit, &form).await {
        Ok(made) => page(&visit, None, secret(&made)).await,
        Err(problem) => page(&visit, Some(visit.sign(problem)), None).await,
    }
}

/// `POST /tokens/{id}/revoke`.
pub(crate) async fn revoke(visit: Visit, Path(id): Path<String>) -> Answer {
    match visit.api().delete(&path(&["tokens", &id])).await {
        Ok(_) => Ok(go("/tokens?done=token-revoked")),
        Err(problem) => page(&visit, Some(visit.sign(problem)), None).await,
    }
}

async fn add(visit: &Visit, form: &Form) -> Result<Value, Problem> {
    let name = form.need("name", "The name of the token")?;
    let scope =
        Scope::parse(form.get("scope")).ok_or_else(|| Problem::input("Choose what the token may do."))?;
    visit.api().post("/tokens", json!({ "name": name, "scope": scope })).await
}

/// The new token itself, which no later answer has.
fn secret(made: &Value) -> Option<String> {
    made["access_token"].as_str().map(str::to_owned)
}

async fn page(visit: &Visit, problem: Option<Problem>, secret: Option<String>) -> Answer {
    let tokens = visit.get("/tokens").await?;
    let status = problem.as_ref().map_or(StatusCode::OK, |problem| problem.status);
    let notice = view::notice(&visit.query("done"));
    let values = values! { title => "Access tokens", nav => "tokens", tokens, secret, problem, notice };
    Ok(view::page(status, "tokens.html", values))
}
