//! `GET /builds/{build_id}/log/stream`: the log as server-sent events while it grows. One event a
//! line, whose id is the line's number; at last an event `end` with the build's state. `?from=`
//! names the first line; `Last-Event-ID` the last one that a client has, and counts first.

use super::get_build_log::Numbered;
use crate::call::{Call, Outcome};
use crate::reply::Reply;
use axum::body::Body;
use builds::Step;
use context::Result;
use futures_util::StreamExt as _;
use futures_util::stream::{BoxStream, unfold};
use http::header::CACHE_CONTROL;
use serde_json::json;
use std::time::Duration;

/// How often a silent stream shows that it is alive: below the patience of common proxies.
const BEAT: Duration = Duration::from_secs(15);

pub(crate) async fn handle(call: Call) -> Outcome {
    let from = first_line(call.header("last-event-id"), call.query("from"));
    let steps = call.app.builds.follow(call.param("build_id"), from);
    let body = Body::from_stream(unfold(steps, next));
    Ok(Reply::raw("text/event-stream", body).header(CACHE_CONTROL, "no-cache"))
}

fn first_line(last_event: Option<&str>, from: Option<&str>) -> i64 {
    let number = |text: Option<&str>| text.and_then(|text| text.trim().parse::<i64>().ok());
    number(last_event).map(|last| last.saturating_add(1)).or_else(|| number(from)).unwrap_or(0)
}

type Steps = BoxStream<'static, Result<Step>>;

async fn next(mut steps: Steps) -> Option<(Result<String>, Steps)> {
    let event = match tokio::time::timeout(BEAT, steps.next()).await {
        Ok(step) => step?.map(|step| event(&step)),
        Err(_) => Ok(": still there\n\n".to_owned()),
    };
    Some((event, steps))
}

fn event(step: &Step) -> String {
    match step {
        Step::Line(line, text) => format!("id: {line}\ndata: {}\n\n", json!(Numbered { line: *line, text })),
        Step::End(state) => format!("event: end\ndata: {}\n\n", json!({ "state": state })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{BuildState, LogLine, Timestamp};

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
        assert_eq!(event(&Step::Line(4, line)), text);
        assert_eq!(event(&Step::End(BuildState::Done)), "event: end\ndata: {\"state\":\"done\"}\n\n");
    }
}
