//! Target `gitlab_commit_status`: the state of a commit as an external job of its pipeline
//! (seed 003).

use super::git_host::Stage;
use super::git_host::status::{Dialect, Status, Statuses};
use super::gitlab::{Gitlab, HOST, SCOPE};
use http::StatusCode;
use serde_json::{Value, json};

/// Characters of a branch's name, and of an address, that GitLab takes.
const TEXT_MAX: usize = 255;

impl Statuses for Gitlab {
    const DIALECT: Dialect = Dialect {
        host: HOST,
        scope: SCOPE,
        path: |repo, sha| vec!["projects", repo, "statuses", sha],
        body,
        has_it_already,
    };
}

fn body(status: &Status) -> Value {
    let mut body = json!({
        "state": state(status.stage),
        "name": status.context,
        "description": status.description,
    });
    // half an address leads nowhere, and another branch is another pipeline
    let given = [("target_url", Some(&status.target_url)), ("ref", status.branch.as_ref())];
    for (name, text) in given {
        if let Some(text) = text.filter(|text| text.chars().count() <= TEXT_MAX) {
            body[name] = text.as_str().into();
        }
    }
    body
}

fn state(stage: Stage) -> &'static str {
    match stage {
        Stage::Queued | Stage::Review => "pending",
        Stage::Building => "running",
        Stage::Ready => "success",
        Stage::Failed => "failed",
        Stage::Canceled | Stage::Rejected => "canceled",
    }
}

/// GitLab refuses a state that the job is in, where others take it again.
fn has_it_already(status: StatusCode, body: &Value) -> bool {
    let message = match &body["message"] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    status == StatusCode::BAD_REQUEST && message.contains("Cannot transition status")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(status: u16, body: &Value, expect: bool) {
        let status = StatusCode::from_u16(status).expect("a status");
        assert_eq!(has_it_already(status, body), expect, "{status} {body}");
    }

    #[test]
    fn a_state_that_is_there_already_is_no_failure() {
        let said = "Cannot transition status via :enqueue from :pending (Reason(s): Status cannot transition via \"enqueue\")";
        check(400, &json!({"message": said}), true);
        check(400, &json!({"message": {"status": [said]}}), true);
        check(400, &json!({"message": "name is too long"}), false);
        check(403, &json!({"message": said}), false);
        check(400, &Value::Null, false);
    }
}
