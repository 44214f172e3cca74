//! `POST /build_hooks/{id}`, at the root and under `/api/v1`: starts a build, whoever asks: the end of
//! the URL is the secret, unless the hook's options ask for more (401, 403, 429). Query:
//! `trigger_branch`, `trigger_title`, `clear_cache`, `wait`, `dry_run`; any body up to the limit becomes
//! `INCOMING_HOOK_BODY`. 200 at once with an empty body and headers that lead to what was started; with
//! `wait=true` at the end of the build with its state (202 if that takes too long), with `dry_run=true`
//! what would happen. 404 for an unknown URL, 413, 422 for a site without a repository.

use super::waiting;
use crate::call::{Call, Outcome};
use crate::reply::Reply;
use builds::hooks::{self, Called, Credentials, Trigger};
use http::HeaderName;
use http::header::{AUTHORIZATION, LOCATION, USER_AGENT};
use serde_json::{Map, Value, json};

pub(crate) async fn handle(mut call: Call) -> Outcome {
    let body = call.bytes(call.cx.settings.limits.build_hook_body).await?;
    let trigger = trigger(&call, body.to_vec());
    let dry_run = trigger.dry_run;
    let called = hooks::trigger(&call.cx, call.param("id"), trigger).await?;
    if dry_run {
        return Ok(Reply::json(&forecast(&called)));
    }
    let reply = if call.flag("wait") {
        let status = waiting::end(&call, &called.id).await?;
        if status.done { Reply::json(&status) } else { Reply::accepted(&status) }
    } else {
        Reply::raw("text/plain; charset=utf-8", "")
    };
    Ok(labelled(reply, &call, &called))
}

fn trigger(call: &Call, body: Vec<u8>) -> Trigger {
    let header = |name: &str| call.header(name).map(ToOwned::to_owned);
    Trigger {
        branch: call.query("trigger_branch").map(ToOwned::to_owned),
        title: call.query("trigger_title").map(ToOwned::to_owned),
        clear_cache: call.flag("clear_cache"),
        dry_run: call.flag("dry_run"),
        body,
        query: call.query.clone(),
        address: call.peer,
        user_agent: header(USER_AGENT.as_str()),
        credentials: Credentials {
            hub_signature: header("x-hub-signature-256"),
            webhook_id: header("webhook-id"),
            webhook_timestamp: header("webhook-timestamp"),
            webhook_signature: header("webhook-signature"),
            authorization: header(AUTHORIZATION.as_str()),
        },
    }
}

/// The answer with headers that lead to what was started.
fn labelled(reply: Reply, call: &Call, called: &Called) -> Reply {
    let status = hooks::status_url(&call.cx, call.param("id"), &called.id);
    let place = called.build_id.as_ref().map(|id| format!("{}/builds/{id}", call.cx.addresses().api_url()));
    let due = called.due.map(|due| due.to_string());
    let optional = [
        (HeaderName::from_static("x-build-id"), &called.build_id),
        (HeaderName::from_static("x-deploy-id"), &called.deploy_id),
        (LOCATION, &place),
        (HeaderName::from_static("x-boathook-build-hook-due"), &due),
        (HeaderName::from_static("x-boathook-queued-build-id"), &called.queued_build),
    ];
    let reply = reply
        .header(HeaderName::from_static("x-boathook-build-hook-state"), called.outcome)
        .header(HeaderName::from_static("x-boathook-build-hook-status"), &status);
    let present = optional.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
    present.fold(reply, |reply, (name, value)| reply.header(name, value))
}

/// What would come of a call.
fn forecast(called: &Called) -> Value {
    let mut shown = Map::from_iter([
        ("dry_run".to_owned(), json!(true)),
        ("outcome".to_owned(), json!(called.outcome)),
        ("branch".to_owned(), json!(called.branch)),
        ("title".to_owned(), json!(called.title)),
    ]);
    let due = called.due.map(|due| due.to_string());
    for (name, value) in
        [("reason", &called.reason), ("due_at", &due), ("queued_build_id", &called.queued_build)]
    {
        if let Some(value) = value {
            shown.insert(name.to_owned(), json!(value));
        }
    }
    Value::Object(shown)
}
