//! The record of a call: kept for the people of the add-on, bounded, without secrets.

use super::masks;
use super::request::{About, Ask};
use context::Context;
use model::Timestamp;
use outbound::{Failure, Request, Sent};
use serde_json::{Value, json};
use store::addon_calls::{self, CallRow};

/// Calls of one add-on that are kept: the newest.
pub const CALLS_KEPT: i64 = 500;
/// Bytes of a body that are kept.
pub const BODY_SHOWN: usize = 16 << 10;

/// The request part of a record.
pub(super) fn asked(request: &Request, secrets: &[&str]) -> Value {
    json!({
        "method": request.method.as_str(),
        "url": request.url.as_str(),
        "headers": masks::headers(&request.headers, secrets),
        "body": masks::body(&request.body, secrets, BODY_SHOWN),
    })
}

/// What came of it.
pub(super) fn outcome(result: &Result<Sent, Failure>, secrets: &[&str]) -> (i64, Value) {
    match result {
        Ok(sent) => {
            let body = masks::body(&sent.body, secrets, BODY_SHOWN);
            let doc = json!({
                "response": {
                    "status": sent.status.as_u16(),
                    "headers": masks::headers(&sent.headers, secrets),
                    "truncated": sent.truncated || body.len() + 4 > BODY_SHOWN,
                    "body": body,
                },
                "timing": { "head_ms": sent.timing.head_ms, "total_ms": sent.timing.total_ms },
            });
            (i64::from(sent.status.as_u16()), doc)
        }
        Err(failure) => {
            let doc = json!({
                "error": { "class": failure.class.as_str(), "message": failure.message },
                "timing": { "total_ms": failure.total_ms },
            });
            (0, doc)
        }
    }
}

/// Writes a call down. That it could not be is no reason to fail what it was for.
pub(super) async fn keep(cx: &Context, addon_id: &str, ask: &Ask, at: Timestamp, call: (i64, Value)) {
    let (status, doc) = call;
    let about = ask.about.as_ref();
    let row = CallRow {
        seq: 0,
        addon_id: addon_id.to_owned(),
        site_id: about.map(|about: &About| about.site_id.clone()),
        instance_id: about.map(|about| about.instance_id.clone()),
        operation: ask.operation.as_str().to_owned(),
        status,
        at,
        doc,
    };
    let kept = async {
        let mut tx = cx.begin().await?;
        addon_calls::insert(&mut tx, &row, CALLS_KEPT).await?;
        context::Result::Ok(tx.commit().await?)
    };
    if let Err(error) = kept.await {
        tracing::warn!(addon = addon_id, cause = ?error, "a call of a provider could not be recorded");
    }
}
