//! What the buttons and forms of the pages ask the API for, and where they lead.

use super::Browser;
use super::fake::{ASKING, BUILD_HOOK, BUILDING, DELIVERY, HOOK, LIVE, SITE};
use http::StatusCode;
use serde_json::json;

/// An action asks the API for an operation, and leads on.
pub(super) async fn check_action(path: &str, form: &str, operation: &str, to: &str) {
    let browser = Browser::logged_in().await;
    let page = browser.post(path, form).await;
    assert!(browser.asked_for(operation).is_some(), "{path} asked {:?}", browser.asked.lock().unwrap());
    assert_eq!((page.status, page.to()), (StatusCode::SEE_OTHER, to), "{path}: {}", page.text);
}

#[tokio::test]
async fn actions_call_their_operation_and_come_back() {
    let deploy = format!("/sites/blog/deploys/{LIVE}");
    let hook = format!("/sites/blog/hooks/{HOOK}");
    let api = "/api/v1";
    for (path, form, operation, to) in [
        (format!("{deploy}/publish"), "", format!("POST {api}{deploy}/restore"), "?done=publish#deploys"),
        (format!("{deploy}/lock"), "", format!("POST {api}/deploys/{LIVE}/lock"), "?done=lock#deploys"),
        (format!("{deploy}/unlock"), "", format!("POST {api}/deploys/{LIVE}/unlock"), "?done=unlock#deploys"),
        (format!("{deploy}/cancel"), "", format!("POST {api}/deploys/{LIVE}/cancel"), "?done=cancel#deploys"),
        (format!("{deploy}/delete"), "", format!("DELETE {api}{deploy}"), "?done=deploy-deleted#deploys"),
        (format!("{hook}/delete"), "", format!("DELETE {api}/hooks/{HOOK}"), "?done=hook-deleted#hooks"),
        (format!("{hook}/enable"), "", format!("POST {api}/hooks/{HOOK}/enable"), "?done=hook-enabled#hooks"),
        (
            "/sites/blog/hooks".into(),
            "type=url&event=deploy_created&data.url=http://h",
            format!("POST {api}/hooks?site_id={SITE}"),
            "?done=hook-created#hooks",
        ),
        (
            "/sites/blog/build-hooks".into(),
            "title=t",
            format!("POST {api}/sites/blog/build_hooks"),
            "?done=build-hook-created#build-hooks",
        ),
        (
            "/sites/blog/build-hooks/b1/delete".into(),
            "",
            format!("DELETE {api}/sites/blog/build_hooks/b1"),
            "?done=build-hook-deleted#build-hooks",
        ),
        (
            "/sites/blog/settings".into(),
            "name=blog&cmd=make",
            format!("PATCH {api}/sites/blog"),
            "?done=site-saved#settings",
        ),
    ] {
        check_action(&path, form, &operation, &format!("/sites/blog{to}")).await;
    }
    let resend = format!("{hook}/deliveries/{DELIVERY}");
    check_action(
        &resend,
        "",
        &format!("POST {api}/hooks/{HOOK}/deliveries/{DELIVERY}/resend"),
        &format!("{resend}?done=resent"),
    )
    .await;
    check_action(
        "/sites/blog/builds",
        "",
        &format!("POST {api}/sites/blog/builds"),
        &format!("/sites/blog/deploys/{BUILDING}?done=build"),
    )
    .await;
    check_action("/tokens/t1/revoke", "", "DELETE /api/v1/tokens/t1", "/tokens?done=token-revoked").await;
}

#[tokio::test]
async fn actions_on_hooks_requests_and_builds_call_their_operation() {
    let (site, api) = ("/sites/blog", "/api/v1");
    let (hook, build_hook) = (format!("{site}/hooks/{HOOK}"), format!("{site}/build-hooks/{BUILD_HOOK}"));
    let of_hook = format!("{api}/sites/blog/build_hooks/{BUILD_HOOK}");
    for (path, form, operation, to) in [
        (
            format!("{hook}/fire"),
            "event=deploy_succeeded",
            format!("POST {api}{site}/events/deploy_succeeded/fire"),
            format!("{hook}?done=hook-fired#deliveries"),
        ),
        (
            format!("{hook}/settings"),
            "events=deploy_created&events=deploy_failed&data.url=http://h",
            format!("PUT {api}/hooks/{HOOK}"),
            format!("{hook}?done=hook-saved"),
        ),
        (
            format!("{hook}/replay"),
            "since=2026-01-02T03:04&per_minute=60",
            format!("POST {api}/hooks/{HOOK}/resend"),
            format!("{hook}?done=replayed#deliveries"),
        ),
        (
            format!("{site}/requests/{ASKING}/accept"),
            "with_secrets=on",
            format!("POST {api}/deploys/{ASKING}/accept"),
            format!("{site}/deploys/{ASKING}?done=accepted"),
        ),
        (
            format!("{site}/requests/{ASKING}/reject"),
            "reason=spam",
            format!("POST {api}/deploys/{ASKING}/reject"),
            format!("{site}/requests?done=rejected"),
        ),
        (
            format!("{site}/forms/s1/spam"),
            "",
            format!("PUT {api}/submissions/s1/spam"),
            format!("{site}/forms?done=submission-spam"),
        ),
        (
            format!("{site}/forms/s1/delete"),
            "",
            format!("DELETE {api}/submissions/s1"),
            format!("{site}/forms?done=submission-delete"),
        ),
        (
            format!("{site}/builds/b2/cancel"),
            "",
            format!("POST {api}/builds/b2/cancel"),
            format!("{site}/builds?done=build-cancelled"),
        ),
        (
            format!("{site}/builds/b1/retry"),
            "",
            format!("POST {api}/builds/b1/retry"),
            format!("{site}/deploys/{BUILDING}?done=build"),
        ),
        (
            build_hook.clone(),
            "title=t&branch=main",
            format!("PUT {of_hook}"),
            format!("{build_hook}?done=build-hook-saved"),
        ),
        (
            format!("{build_hook}/rotate"),
            "",
            format!("POST {of_hook}/rotate"),
            format!("{build_hook}?done=build-hook-rotated"),
        ),
    ] {
        check_action(&path, form, &operation, &to).await;
    }
}

#[tokio::test]
async fn forms_say_what_was_typed() {
    let browser = Browser::logged_in().await;
    browser.post(&format!("/sites/blog/requests/{ASKING}/accept"), "").await;
    browser.post(&format!("/sites/blog/requests/{ASKING}/reject"), "reason=spam").await;
    browser.post("/sites/blog/builds", "branch=fix&clear_cache=on").await;
    browser.post("/sites/blog/builds/b1/retry", "clear_cache=on").await;
    browser.post("/sites/blog/settings", "name=blog&untrusted_flow=redact").await;
    browser.post(&format!("/sites/blog/hooks/{HOOK}/replay"), "since=2026-01-02T03:04&state=held").await;
    let resend = json!({"dry_run": false, "since": "2026-01-02T03:04:00Z", "state": "held"});
    for (operation, expect) in [
        (format!("deploys/{ASKING}/accept"), json!({"with_secrets": false})),
        (format!("deploys/{ASKING}/reject"), json!({"reason": "spam"})),
        ("builds/b1/retry".into(), json!({"clear_cache": true})),
        ("sites/blog/builds".into(), json!({"branch": "fix", "clear_cache": true})),
        (format!("hooks/{HOOK}/resend"), resend),
    ] {
        assert_eq!(browser.asked_for(&format!("POST /api/v1/{operation}")), Some(expect), "{operation}");
    }
    let saved = browser.asked_for("PATCH /api/v1/sites/blog").unwrap();
    assert_eq!(saved["build_settings"]["untrusted_flow"], "redact");
}
