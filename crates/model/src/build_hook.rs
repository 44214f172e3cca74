//! Build hooks as the API shows them: the hook of seed 004, how its calls are taken, and what came
//! of each.

use crate::{BuildState, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// An incoming URL that starts a build (seed 004 `BuildHook`).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct BuildHook {
    /// 24 hex digits, the same for ever; the secret part of the URL until that is first rotated.
    pub id: String,
    /// What its owner calls it.
    pub title: String,
    /// Branch it builds; empty for the production branch.
    pub branch: String,
    /// What to POST to.
    pub url: String,
    /// The site.
    pub site_id: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when the URLs that rotations replaced count too; the last of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_until: Option<Timestamp>,
    /// How its calls are taken.
    #[serde(flatten)]
    pub options: BuildHookOptions,
}

/// How the calls of a build hook are taken. Where all of it is absent, each call is a build.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct BuildHookOptions {
    /// Milliseconds without a further call after which the calls since become one build.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub debounce_ms: Option<i64>,
    /// Milliseconds after the first of them at which that build starts in any case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_wait_ms: Option<i64>,
    /// How callers show that they may call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verify: Option<Verify>,
    /// Calls that are taken in any minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_minute: Option<i64>,
    /// Addresses that may call, or blocks of them; all when empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allow: Vec<String>,
    /// What the body must say for a call to count; all of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub filter: Vec<Condition>,
    /// Whether every build goes without the cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clear_cache: Option<bool>,
}

/// How callers show that they may call.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Verify {
    /// In whose manner.
    pub kind: VerifyKind,
    /// What is shared with them; shown as a mask.
    pub secret: String,
}

impl std::fmt::Debug for Verify {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verify").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// A manner of showing that one may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum VerifyKind {
    /// `X-Hub-Signature-256: sha256=<hex>`, as GitHub and many others sign.
    Github,
    /// `webhook-id`, `webhook-timestamp`, `webhook-signature` of the Standard Webhooks specification.
    StandardWebhooks,
    /// `Authorization: Bearer <secret>`.
    Bearer,
}

/// What a field of a JSON body must be. With neither `equals` nor `in` it must be there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// Where the field is: a JSON pointer (RFC 6901), `/ref` say.
    pub path: String,
    /// It must be this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub equals: Option<Value>,
    /// It must be one of these.
    #[serde(default, rename = "in", skip_serializing_if = "Option::is_none")]
    pub any_of: Option<Vec<Value>>,
    /// Whether it must be there, or must not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exists: Option<bool>,
}

/// Who called a build hook, and with what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct BuildHookRequest {
    /// Address it came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// What the caller says it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// HTTP method.
    pub method: String,
    /// Parameters of the query; of those that build hooks do not know, the names alone.
    pub query: BTreeMap<String, String>,
    /// The beginning of the body, as text.
    pub body: String,
    /// Bytes of the whole body.
    pub body_size: usize,
    /// Whether it came by a URL that was replaced.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub former_url: bool,
}

/// A call of a build hook and what came of it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct BuildHookCall {
    /// 24 hex digits.
    pub id: String,
    /// When it came.
    pub at: Timestamp,
    /// `started`, `debounced` (the first of those that become one build), `merged` (into them),
    /// `filtered`, `repeated` (a signed message that came before), `dry_run`, `refused`,
    /// `rate_limited`.
    pub outcome: String,
    /// Why it was turned away, or led to no build.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Branch it asked for; empty for the production branch.
    pub branch: String,
    /// The build it led to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build_id: Option<String>,
    /// The deploy of that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deploy_id: Option<String>,
    /// Who called, and with what.
    #[serde(flatten)]
    pub request: BuildHookRequest,
}

/// Where a call of a build hook stands, as whoever knows the hook's URL may see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BuildHookStatus {
    /// The call.
    pub call_id: String,
    /// What came of it: see [`BuildHookCall::outcome`].
    pub outcome: String,
    /// State of its build, once there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<BuildState>,
    /// Whether nothing more will happen.
    pub done: bool,
    /// Why there is no build.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When its build will start, unless another call comes before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// The build.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build_id: Option<String>,
    /// Its deploy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deploy_id: Option<String>,
    /// When the build ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_hook_without_options_is_what_the_seed_says() {
        let hook = BuildHook {
            id: "1".into(),
            title: "t".into(),
            branch: String::new(),
            url: "u".into(),
            site_id: "s".into(),
            created_at: Timestamp(0),
            previous_until: None,
            options: BuildHookOptions::default(),
        };
        let shown = serde_json::to_value(hook).unwrap();
        let at = "1970-01-01T00:00:00.000Z";
        let expect =
            json!({ "id": "1", "title": "t", "branch": "", "url": "u", "site_id": "s", "created_at": at });
        assert_eq!(shown, expect);
    }

    #[test]
    fn a_secret_does_not_show_in_debug() {
        let verify = Verify { kind: VerifyKind::Bearer, secret: "hunter2".into() };
        assert_eq!(format!("{verify:?}"), "Verify { kind: Bearer, .. }");
    }
}
