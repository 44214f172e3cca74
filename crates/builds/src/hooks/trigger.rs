//! A call of a build hook's URL.

use super::setup::url;
use crate::{Cause, Incoming};
use context::{Context, Error, Result};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use store::build_hooks::{self, BuildHookRow};
use store::builds::BuildRow;
use store::deploys::DeployRow;
use store::sites;

/// What `encodeURIComponent` escapes, and the few more that RFC 3986 reserves.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// What a call of a build hook may say. Empty texts count as absent.
#[derive(Clone, Debug, Default)]
pub struct Trigger {
    /// `trigger_branch`: branch to build instead of the hook's.
    pub branch: Option<String>,
    /// `trigger_title`: title of the deploy instead of the default.
    pub title: Option<String>,
    /// `clear_cache=true`.
    pub clear_cache: bool,
    /// The body, whatever it is.
    pub body: Vec<u8>,
}

/// Starts the build that a hook stands for.
///
/// # Errors
/// `NotFound` when there is no such hook; `Unprocessable` and the rest as [`crate::start`] says,
/// also for a site without a repository.
pub async fn trigger(cx: &Context, hook_id: &str, call: Trigger) -> Result<(BuildRow, DeployRow)> {
    let mut db = cx.read().await?;
    let hook = build_hooks::find(&mut db, hook_id).await?.ok_or(Error::NotFound)?;
    let site = sites::find(&mut db, &hook.site_id).await?.ok_or(Error::NotFound)?;
    drop(db);
    let cause = cause(&hook, url(cx, &hook.id), call);
    crate::start(cx, &site, cause).await
}

fn cause(hook: &BuildHookRow, url: String, call: Trigger) -> Cause {
    let given =
        |text: Option<String>| text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let title = given(call.title).unwrap_or_else(|| format!("Deploy triggered by hook: {}", hook.title));
    Cause {
        branch: given(call.branch).or_else(|| given(Some(hook.branch.clone()))),
        title: Some(shortened(&title)),
        clear_cache: call.clear_cache,
        user_id: None,
        hook: Some(Incoming {
            title: hook.title.clone(),
            url,
            body: percent_encode(&call.body, ESCAPED).to_string(),
        }),
    }
}

/// A long title is no reason to lose a build that a program asked for.
fn shortened(title: &str) -> String {
    title.chars().take(super::TITLE_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Timestamp;

    fn check(hook_branch: &str, call: Trigger, branch: Option<&str>, title: &str) {
        let hook = BuildHookRow {
            id: "h".into(),
            site_id: "s".into(),
            title: "Daily cron".into(),
            branch: hook_branch.into(),
            created_at: Timestamp(0),
        };
        let cause = cause(&hook, "http://x/build_hooks/h".into(), call);
        assert_eq!((cause.branch.as_deref(), cause.title.as_deref()), (branch, Some(title)));
    }

    #[test]
    fn a_call_overrides_what_the_hook_says() {
        let call = |branch: Option<&str>, title: Option<&str>| Trigger {
            branch: branch.map(Into::into),
            title: title.map(Into::into),
            ..Trigger::default()
        };
        let default = "Deploy triggered by hook: Daily cron";
        check("", call(None, None), None, default);
        check("feat", call(None, Some("")), Some("feat"), default);
        check("feat", call(Some("fix"), Some("Nightly")), Some("fix"), "Nightly");
        check("feat", call(Some(" "), None), Some("feat"), default);
        check("", call(None, Some(&"t".repeat(900))), None, &"t".repeat(super::super::TITLE_MAX));
    }

    #[test]
    fn bodies_are_percent_encoded() {
        for (body, expect) in [
            (&b""[..], ""),
            (b"{\"a\": 1}", "%7B%22a%22%3A%201%7D"),
            (b"a=b&c=d+e", "a%3Db%26c%3Dd%2Be"),
            ("ä-_.~".as_bytes(), "%C3%A4-_.~"),
            (b"\xff\0", "%FF%00"),
        ] {
            assert_eq!(percent_encode(body, ESCAPED).to_string(), expect);
        }
    }
}
