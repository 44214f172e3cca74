//! `GET /deploys/{deploy_id}/log`: the log of the build that makes a deploy, in the shape that
//! command line clients print: `[{ts, message, section, level}]`, `ts` in milliseconds. Empty for a
//! deploy that no build makes. It is sent while it is read.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use axum::body::Body;
use context::{Context, Error, Result};
use futures_util::stream::try_unfold;
use model::LogLine;
use serde_json::{Value, json};

/// Lines read at once.
const PIECE: usize = 2000;

pub(crate) async fn handle(call: Call) -> Outcome {
    let build = store::builds::by_deploy(&mut call.cx.read().await?, &call.deploy()?.id).await?;
    Ok(match build {
        Some(build) => Reply::raw("application/json", list(&call.cx, build.id)),
        None => Reply::json(&[(); 0]),
    })
}

/// A JSON list of lines as a stream.
fn list(cx: &Context, build_id: String) -> Body {
    Body::from_stream(try_unfold(Some((cx.clone(), build_id, 0)), |state| async move {
        let Some((cx, build_id, from)) = state else { return Ok(None) };
        let (text, last) = piece(&cx, &build_id, from).await?;
        Ok::<_, Error>(Some((text, last.map(|last| (cx, build_id, last + 1)))))
    }))
}

/// The lines from `from` on with what goes around them, and the number of the last.
async fn piece(cx: &Context, build_id: &str, from: i64) -> Result<(String, Option<i64>)> {
    let lines = builds::read_log(cx, build_id, from, PIECE).await?;
    let mut text = if from == 0 { "[".to_owned() } else { String::new() };
    for (number, line) in &lines {
        text.push_str(if *number == 0 { "" } else { "," });
        text.push_str(&show(line).to_string());
    }
    let last = lines.last().map(|(number, _)| *number);
    if last.is_none() {
        text.push(']');
    }
    Ok((text, last))
}

fn show(line: &LogLine) -> Value {
    let level = if line.error { "error" } else { "info" };
    json!({ "ts": line.ts.0, "message": line.message, "section": line.section, "level": level })
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Timestamp;

    #[test]
    fn lines_have_the_shape_that_clients_print() {
        let line = LogLine { ts: Timestamp(5), section: "build".into(), message: "hi".into(), error: true };
        assert_eq!(show(&line), json!({ "ts": 5, "message": "hi", "section": "build", "level": "error" }));
    }
}
