//! The log-in of a command line, approved by a person: the program made a ticket and waits for it.

use super::Answer;
use crate::client::path;
use crate::form::Form;
use crate::problem::Problem;
use crate::view::{self, values};
use crate::visit::Visit;
use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};

/// `GET /authorize?response_type=ticket&ticket=ID`.
pub(crate) async fn show(visit: Visit) -> Answer {
    let id = visit.query("ticket");
    match find(&visit, &id).await? {
        Some(ticket) if ticket["authorized"] == json!(true) => {
            Ok(page(StatusCode::OK, values! { outcome => "approved" }))
        }
        Some(ticket) => {
            let user = visit.get("/user").await?;
            Ok(page(StatusCode::OK, values! { outcome => "ask", ticket, user }))
        }
        None => Ok(gone()),
    }
}

/// `POST /authorize` with `ticket` and `decision`.
pub(crate) async fn decide(visit: Visit, form: Form) -> Answer {
    let (verb, outcome) = match form.get("decision") {
        "approve" => ("authorize", "approved"),
        "deny" => ("deny", "denied"),
        _ => return Err(Problem::input("Approve or deny: the form said neither.")),
    };
    let operation = path(&["oauth", "tickets", form.need("ticket", "The ticket")?, verb]);
    match visit.api().post(&operation, json!({})).await {
        Ok(_) => Ok(page(StatusCode::OK, values! { outcome })),
        Err(problem) if problem.status == StatusCode::NOT_FOUND => Ok(gone()),
        Err(problem) => Err(visit.sign(problem)),
    }
}

/// The ticket; none when it is unknown or has ended.
async fn find(visit: &Visit, id: &str) -> Result<Option<Value>, Problem> {
    if id.is_empty() {
        return Ok(None);
    }
    match visit.get(&path(&["oauth", "tickets", id])).await {
        Ok(ticket) => Ok(Some(ticket)),
        Err(problem) if matches!(problem.status, StatusCode::NOT_FOUND | StatusCode::GONE) => Ok(None),
        Err(problem) => Err(problem),
    }
}

fn gone() -> Response {
    page(StatusCode::NOT_FOUND, values! { outcome => "gone" })
}

fn page(status: StatusCode, mut values: view::Values) -> Response {
    values.insert("title".to_owned(), "Log in from the command line".into());
    view::page(status, "authorize.html", values)
}
