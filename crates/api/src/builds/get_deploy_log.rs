//! `GET /deploys/{deploy_id}/log`: the log of the build that makes a deploy, in the shape that
//! command line clients print: `[{ts, message, section, level}]`, `ts` in milliseconds. Empty for a
//! deploy that no build makes.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use model::LogLine;
use serde_json::{Value, json};

pub(crate) async fn handle(call: Call) -> Outcome {
    let build = store::builds::by_deploy(&mut call.cx.read().await?, &call.deploy()?.id).await?;
    let mut shown: Vec<Value> = Vec::new();
    if let Some(build) = build {
        let mut next = 0;
        loop {
            let lines = builds::read_log(&call.cx, &build.id, next, builds::LINES_MAX).await?;
            let Some((last, _)) = lines.last() else { break };
            next = last + 1;
            shown.extend(lines.iter().map(|(_, line)| show(line)));
        }
    }
    Ok(Reply::json(&shown))
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
