//! `GET /builds/{build_id}/log/stream`: the log as server-sent events while it grows. One event a
//! line, whose id is the line's number; an event `section` with name and first line before each part
//! of the build; at last an event `end` with the build's state and its sections with their times.
//! `?from=` names the first line; `Last-Event-ID` the last one that a client has, and counts first.

use super::log_format::Numbered;
use crate::call::{Call, Outcome};
use crate::reply::Reply;
use axum::body::Body;
use builds::Step;
use context::{Context, Result};
use futures_util::StreamExt as _;
use futures_util::stream::{BoxStream, unfold};
use http::header::CACHE_CONTROL;
use model::{BuildState, LogLine, LogSection};
use serde_json::json;
use std::time::Duration;

/// How often a silent stream shows that it is alive: below the patience of common proxies.
const BEAT: Duration = Duration::from_secs(15);

pub(crate) async fn handle(call: Call) -> Outcome {
    let from = first_line(call.header("last-event-id"), call.query("from"));
    let build_id = call.param("build_id").to_owned();
    let steps = call.app.builds.follow(&build_id, from);
    let state = Following { cx: call.cx.clone(), build_id, steps, section: None };
    let body = Body::from_stream(unfold(state, next));
    Ok(Reply::raw("text/event-stream", body).header(CACHE_CONTROL, "no-cache"))
}

fn first_line(last_event: Option<&str>, from: Option<&str>) -> i64 {
    let number = |text: Option<&str>| text.and_then(|text| text.trim().parse::<i64>().ok());
    number(last_event).map(|last| last.saturating_add(1)).or_else(|| number(from)).unwrap_or(0)
}

struct Following {
    cx: Context,
    build_id: String,
    steps: BoxStream<'static, Result<Step>>,
    /// Name of the part that the last line belonged to.
    section: Option<String>,
}

async fn next(mut state: Following) -> Option<(Result<String>, Following)> {
    let event = match tokio::time::timeout(BEAT, state.steps.next()).await {
        Ok(step) => match step? {
            Ok(Step::Line(number, line)) => Ok(state.line(number, &line)),
            Ok(Step::End(end)) => ending(state.cx.clone(), state.build_id.clone(), end).await,
            Err(error) => Err(error),
        },
        Err(_) => Ok(": still there\n\n".to_owned()),
    };
    Some((event, state))
}

impl Following {
    fn line(&mut self, number: i64, line: &LogLine) -> String {
        let begins = self.section.as_deref() != Some(line.section.as_str());
        self.section = Some(line.section.clone());
        let before = if begins { section_event(number, line) } else { String::new() };
        before + &line_event(number, line)
    }
}

async fn ending(cx: Context, build_id: String, state: BuildState) -> Result<String> {
    let build = store::builds::find(&mut cx.read().await?, &build_id).await?;
    let sections = match &build {
        Some(build) => builds::sections(&cx, build).await?,
        None => Vec::new(),
    };
    Ok(end_event(state, &sections))
}

/// It has no id: a client that breaks off behind it asks for its first line again.
fn section_event(number: i64, line: &LogLine) -> String {
    let data = json!({ "name": line.section, "first_line": number, "started_at": line.ts });
    format!("event: section\ndata: {data}\n\n")
}

fn line_event(number: i64, line: &LogLine) -> String {
    format!("id: {number}\ndata: {}\n\n", json!(Numbered { line: number, text: line }))
}

fn end_event(state: BuildState, sections: &[LogSection]) -> String {
    format!("event: end\ndata: {}\n\n", json!({ "state": state, "sections": sections }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Timestamp;

    #[test]
    fn a_stream_goes_on_where_it_broke_off() {
        for (last, from, expect) in [
            (None, None, 0),
            (None, Some("7"), 7),
            (Some("7"), None, 8),
            (Some("7"), Some("3"), 8),
            (Some("x"), Some("3"), 3),
            (Some("x"), Some("y"), 0),
            (Some("9223372036854775807"), None, i64::MAX),
        ] {
            assert_eq!(first_line(last, from), expect, "{last:?} {from:?}");
        }
    }

    #[test]
    fn events_carry_the_number_of_their_line() {
        let line =
            LogLine { ts: Timestamp(0), section: "build".into(), message: "a\"b".into(), error: false };
        let text = "id: 4\ndata: {\"line\":4,\"ts\":\"1970-01-01T00:00:00.000Z\",\"section\":\"build\",\"message\":\"a\\\"b\",\"error\":false}\n\n";
        assert_eq!(line_event(4, &line), text);
        let text = "event: section\ndata: {\"name\":\"build\",\"first_line\":4,\"started_at\":\"1970-01-01T00:00:00.000Z\"}\n\n";
        assert_eq!(section_event(4, &line), text);
        assert_eq!(
            end_event(BuildState::Done, &[]),
            "event: end\ndata: {\"state\":\"done\",\"sections\":[]}\n\n"
        );
    }
}
