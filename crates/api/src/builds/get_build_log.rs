//! `GET /builds/{build_id}/log`: the log of a build. `format` is `json` (the rule: one object a line,
//! each with its number), `ansi` (time, section and message as printed) or `text` (the same without
//! colours). JSON comes in pieces: `from` is the first number, `limit` the most lines, and the header
//! `X-Next-Line` what to ask for next. The other two come whole, from `from` on, and are sent while
//! they are read; `download=true` has browsers save them.

use super::log_format::Format;
use crate::call::{Call, Outcome};
use crate::reply::Reply;
use axum::body::Body;
use builds::{LINES_MAX, read_log};
use context::{Context, Error, Result};
use futures_util::stream::try_unfold;
use http::HeaderName;
use http::header::CONTENT_DISPOSITION;

/// Lines read at once while a log is sent as a whole.
const PIECE: usize = 2000;

pub(crate) async fn handle(call: Call) -> Outcome {
    let format = call.query("format").unwrap_or("json");
    let format = Format::parse(format)
        .ok_or_else(|| Error::Invalid("format must be json, ansi or text".to_owned()))?;
    let from = call.query("from").and_then(|text| text.parse().ok()).unwrap_or(0);
    let build_id = call.param("build_id");
    let reply = match (format, call.query("limit"), call.flag("download")) {
        (Format::Json, limit, false) => piece(&call, from, limit).await?,
        _ => Reply::raw(format.media_type(), whole(&call.cx, build_id, from, format)),
    };
    if !call.flag("download") {
        return Ok(reply);
    }
    let name = format!("attachment; filename=\"build-{build_id}.{}\"", format.ending());
    Ok(reply.header(CONTENT_DISPOSITION, &name))
}

async fn piece(call: &Call, from: i64, limit: Option<&str>) -> Result<Reply> {
    let limit = limit.and_then(|text| text.parse().ok()).unwrap_or(LINES_MAX);
    let lines = read_log(&call.cx, call.param("build_id"), from, limit).await?;
    let next = lines.last().map_or(from, |(number, _)| number + 1);
    let body: String = lines.iter().map(|(line, text)| Format::Json.write(*line, text)).collect();
    let next_line = HeaderName::from_static("x-next-line");
    Ok(Reply::raw(Format::Json.media_type(), body).header(next_line, &next.to_string()))
}

/// The log as a stream that holds one piece of it at a time.
fn whole(cx: &Context, build_id: &str, from: i64, format: Format) -> Body {
    let start = (cx.clone(), build_id.to_owned(), from);
    Body::from_stream(try_unfold(start, move |(cx, build_id, from)| async move {
        let lines = read_log(&cx, &build_id, from, PIECE).await?;
        let Some((last, _)) = lines.last() else { return Ok::<_, Error>(None) };
        let next = last + 1;
        let text: String = lines.iter().map(|(line, text)| format.write(*line, text)).collect();
        Ok(Some((text, (cx, build_id, next))))
    }))
}
