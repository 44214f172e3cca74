//! The log of a build hook's calls: what is kept of each, and how it is shown. Signatures and tokens
//! are never part of it.

use super::get::of_site;
use super::options::MASK;
use super::trigger::Trigger;
use context::{Context, Error, Result};
use model::{BuildHookCall, BuildHookRequest, Page};
use std::collections::BTreeMap;
use store::build_hook_calls::{self as calls, CallRow};

/// Calls of one hook that are kept, the newest.
pub const CALLS_KEPT: i64 = 500;
/// How long they are kept.
pub const CALLS_KEPT_MS: i64 = 30 * 24 * 3_600_000;
/// Bytes of a body that are kept.
pub const BODY_KEPT: usize = 16 * 1024;
/// Refused calls of a hook that are listed in any minute, so that a flood of them does not push the
/// others out.
pub const REFUSALS_LISTED: i64 = 10;
/// Parameters of a query that are kept.
const QUERY_KEPT: usize = 20;
/// Characters of a name, a value or a user agent that are kept.
const TEXT_KEPT: usize = 256;

/// Parameters of the query that build hooks know. Values of others could be anybody's secrets.
const KNOWN: [&str; 5] = ["trigger_branch", "trigger_title", "clear_cache", "wait", "dry_run"];

/// What came of a call.
pub(super) mod outcome {
    pub(crate) const STARTED: &str = "started";
    pub(crate) const DEBOUNCED: &str = "debounced";
    pub(crate) const MERGED: &str = "merged";
    pub(crate) const FILTERED: &str = "filtered";
    pub(crate) const REPEATED: &str = "repeated";
    pub(crate) const DRY_RUN: &str = "dry_run";
    pub(crate) const REFUSED: &str = "refused";
    pub(crate) const RATE_LIMITED: &str = "rate_limited";
}

/// A page of the calls of a hook, newest first.
///
/// # Errors
/// `NotFound` when the site has no such hook.
pub async fn calls(cx: &Context, site_id: &str, id: &str, page: Page) -> Result<Vec<BuildHookCall>> {
    let mut db = cx.read().await?;
    let hook = of_site(&mut db, site_id, id).await?;
    let rows = calls::list(&mut db, &hook.id, page).await?;
    rows.into_iter().map(shown).collect()
}

fn shown(row: CallRow) -> Result<BuildHookCall> {
    Ok(BuildHookCall {
        id: row.id,
        at: row.at,
        outcome: row.outcome,
        reason: row.reason,
        branch: row.branch,
        build_id: row.build_id,
        deploy_id: row.deploy_id,
        request: serde_json::from_value(row.request).map_err(Error::internal)?,
    })
}

/// What is kept of a call.
pub(super) fn request(call: &Trigger, former_url: bool) -> BuildHookRequest {
    let beginning = &call.body[..call.body.len().min(BODY_KEPT)];
    BuildHookRequest {
        address: call.address.map(|address| address.to_canonical().to_string()),
        user_agent: call.user_agent.as_deref().map(shortened),
        method: "POST".to_owned(),
        query: query(&call.query),
        body: String::from_utf8_lossy(beginning).into_owned(),
        body_size: call.body.len(),
        former_url,
    }
}

fn query(pairs: &[(String, String)]) -> BTreeMap<String, String> {
    let pair = |(name, value): &(String, String)| {
        let value = if KNOWN.contains(&name.as_str()) { shortened(value) } else { MASK.to_owned() };
        (shortened(name), value)
    };
    pairs.iter().take(QUERY_KEPT).map(pair).collect()
}

fn shortened(text: &str) -> String {
    text.chars().take(TEXT_KEPT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hooks::Credentials;

    #[test]
    fn only_so_much_is_kept_and_no_secret() {
        let text = |text: &str| text.to_owned();
        let mut pairs =
            vec![(text("trigger_branch"), "b".repeat(TEXT_KEPT + 1)), (text("token"), text("hunter2"))];
        pairs.extend((0..QUERY_KEPT).map(|n| (format!("q{n:02}"), text("hunter2"))));
        let call = Trigger {
            address: "::ffff:192.0.2.7".parse().ok(),
            user_agent: Some("u".repeat(TEXT_KEPT + 1)),
            query: pairs,
            body: vec![b'x'; BODY_KEPT + 1],
            credentials: Credentials {
                authorization: Some(text("Bearer hunter2")),
                ..Credentials::default()
            },
            ..Trigger::default()
        };
        let kept = request(&call, true);
        assert_eq!((kept.body.len(), kept.body_size), (BODY_KEPT, BODY_KEPT + 1));
        assert_eq!((kept.address.as_deref(), kept.former_url), (Some("192.0.2.7"), true));
        assert_eq!((kept.query.len(), kept.query["trigger_branch"].len()), (QUERY_KEPT, TEXT_KEPT));
        assert_eq!(
            (kept.query["token"].as_str(), kept.user_agent.map_or(0, |agent| agent.len())),
            (MASK, TEXT_KEPT)
        );
        let json = serde_json::to_string(&request(&call, true)).expect("JSON");
        assert!(!json.contains("hunter2") && !format!("{call:?}").contains("Bearer"), "{json}");
    }

    #[test]
    fn bodies_that_are_no_text_are_shown_as_far_as_they_are() {
        let call = Trigger { body: b"a\0\xffb".to_vec(), ..Trigger::default() };
        assert_eq!(request(&call, false).body, "a\0\u{fffd}b");
    }
}
