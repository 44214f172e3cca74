//! `GET /builds/{build_id}/log`: the log as JSON lines, each with its number. Query: `from` (the
//! first number, 0 where absent), `limit`. The header `X-Next-Line` is what to ask for next.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use builds::LINES_MAX;
use http::HeaderName;
use model::LogLine;
use serde::Serialize;

/// A line and its number.
#[derive(Serialize)]
pub(super) struct Numbered<'a> {
    pub(super) line: i64,
    #[serde(flatten)]
    pub(super) text: &'a LogLine,
}

pub(crate) async fn handle(call: Call) -> Outcome {
    let from = call.query("from").and_then(|text| text.parse().ok()).unwrap_or(0);
    let limit = call.query("limit").and_then(|text| text.parse().ok()).unwrap_or(LINES_MAX);
    let lines = builds::read_log(&call.cx, call.param("build_id"), from, limit).await?;
    let next = lines.last().map_or(from, |(number, _)| number + 1);
    let text =
        lines.iter().filter_map(|(line, text)| serde_json::to_string(&Numbered { line: *line, text }).ok());
    let body: String = text.map(|line| line + "\n").collect();
    Ok(Reply::raw("application/x-ndjson", body)
        .header(HeaderName::from_static("x-next-line"), &next.to_string()))
}
