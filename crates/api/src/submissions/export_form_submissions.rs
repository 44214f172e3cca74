//! `GET /forms/{form_id}/submissions.csv`: every submission of a form as a table, oldest first. Query:
//! `state` (`verified`, `spam`).

use super::state;
use crate::call::{Call, Outcome};
use crate::reply::Reply;
use axum::body::Body;
use http::header::{CONTENT_DISPOSITION, X_CONTENT_TYPE_OPTIONS};

pub(crate) async fn handle(call: Call) -> Outcome {
    let table = ::forms::export(&call.cx, call.param("form_id"), state(&call)?).await?;
    Ok(Reply::raw("text/csv; charset=utf-8", Body::from_stream(table))
        .header(CONTENT_DISPOSITION, "attachment; filename=\"submissions.csv\"")
        .header(X_CONTENT_TYPE_OPTIONS, "nosniff"))
}
