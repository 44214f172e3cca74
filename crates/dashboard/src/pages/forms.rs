//! Forms of a site and what visitors sent: a list of both, what is spam and what is not, and a table for
//! a spreadsheet.

use super::{Answer, go, site};
use crate::client::{path, with_query};
use crate::problem::Problem;
use crate::view::{self, values};
use crate::visit::Visit;
use axum::extract::Path;
use axum::response::IntoResponse as _;
use futures_util::future::join;
use http::StatusCode;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use serde_json::json;

/// Submissions of one page.
const PER_PAGE: usize = 25;

/// `GET /sites/{name}/forms`. Query: `form`, `state`, `page`.
pub(crate) async fn show(visit: Visit, Path(name): Path<String>) -> Answer {
    page(&visit, &name, None).await
}

/// `POST /sites/{name}/forms/{id}/{action}`: a submission is `spam`, or `ham` after all, or goes for good.
pub(crate) async fn act(visit: Visit, Path((name, id, action)): Path<(String, String, String)>) -> Answer {
    let outcome = match action.as_str() {
        "spam" | "ham" => visit.api().put(&path(&["submissions", &id, &action]), json!({})).await,
        "delete" => visit.api().delete(&path(&["submissions", &id])).await,
        _ => return Err(Problem::missing("action")),
    };
    match outcome {
        Ok(_) => Ok(go(&format!("{}?done=submission-{action}", path(&["sites", &name, "forms"])))),
        Err(problem) => page(&visit, &name, Some(visit.sign(problem))).await,
    }
}

/// `GET /sites/{name}/forms/{id}/submissions.csv`: everything that came through one form.
pub(crate) async fn table(visit: Visit, Path((_, id)): Path<(String, String)>) -> Answer {
    let operation = path(&["forms", &id, "submissions.csv"]);
    let answer = visit.api().open(&operation, "text/csv").await.map_err(|problem| visit.sign(problem))?;
    let kind = (CONTENT_TYPE, "text/csv; charset=utf-8");
    let name = (CONTENT_DISPOSITION, "attachment; filename=\"submissions.csv\"");
    Ok(([kind, name], answer.into_body()).into_response())
}

async fn page(visit: &Visit, name: &str, problem: Option<Problem>) -> Answer {
    let site = site::find(visit, name).await?;
    let (form, state) = (visit.query("form"), visit.query("state"));
    let number = visit.query("page").parse::<u32>().unwrap_or(1).max(1);
    let id = site::text(&site, "id");
    let list = if form.is_empty() { ["sites", id, "submissions"] } else { ["forms", &form, "submissions"] };
    let (size, at) = (PER_PAGE.to_string(), number.to_string());
    let list = with_query(&path(&list), &[("state", &state), ("per_page", &size), ("page", &at)]);
    let forms = path(&["sites", id, "forms"]);
    let (forms, submissions) = join(visit.section(&forms), visit.section(&list)).await;
    let more = submissions.items.as_array().is_some_and(|list| list.len() == PER_PAGE);
    let status = problem.as_ref().map_or(StatusCode::OK, |problem| problem.status);
    let notice = view::notice(&visit.query("done"));
    let pages = with_query("?", &[("form", &form), ("state", &state)]).replacen("??", "?", 1);
    let title = format!("Forms of {name}");
    let mut values = values! { title, nav => "sites", site, forms, submissions, form, state };
    values.extend(values! { number, more, pages, problem, notice });
    Ok(view::page(status, "forms.html", values))
}
