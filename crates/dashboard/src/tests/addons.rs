//! The pages of add-ons, and the options of hooks and build hooks, over a fake API.

use super::Browser;
use super::actions::check_action;
use super::fake::{BUILD_HOOK, GATHERING, INSTANCE, SITE};
use http::StatusCode;
use serde_json::{Value, json};

#[tokio::test]
async fn actions_on_addons_call_their_operation() {
    let (api, of_site) = ("/api/v1", format!("/sites/blog/addons/demo/{INSTANCE}"));
    let instance = format!("{api}/sites/blog/services/demo/instances/{INSTANCE}");
    let setup = "name=n&description=d&endpoint=https://e.example";
    for (path, form, operation, to) in [
        (
            "/addons/demo".to_owned(),
            setup,
            format!("PUT {api}/services/demo"),
            "/addons/demo?done=addon-saved".to_owned(),
        ),
        (
            "/addons/demo/manifest".into(),
            "",
            format!("POST {api}/services/demo/manifest/refresh"),
            "/addons/demo/manifest?done=manifest-read".into(),
        ),
        (
            "/addons/demo/delete".into(),
            "",
            format!("DELETE {api}/services/demo"),
            "/addons?done=addon-deleted".into(),
        ),
        (
            "/sites/blog/addons/demo".into(),
            "whole={}",
            format!("POST {api}/sites/blog/services/demo/instances"),
            "/sites/blog?done=addon-added#addons".into(),
        ),
        (
            of_site.clone(),
            "config.title=t",
            format!("PUT {instance}"),
            format!("{of_site}?done=addon-changed"),
        ),
        (
            format!("{of_site}/remove"),
            "",
            format!("DELETE {instance}"),
            "/sites/blog?done=addon-removed#addons".into(),
        ),
        (
            format!("{of_site}/remove"),
            "force=on",
            format!("DELETE {instance}?force=true"),
            "/sites/blog?done=addon-removed#addons".into(),
        ),
    ] {
        check_action(&path, form, &operation, &to).await;
    }
}

/// What a form says, as the API is asked.
async fn check_body(path: &str, form: &str, operation: &str, expect: Value) {
    let browser = Browser::logged_in().await;
    let page = browser.post(path, form).await;
    assert_eq!(browser.asked_for(operation), Some(expect), "{path} {form}: {}", page.text);
}

#[tokio::test]
async fn forms_of_addons_say_what_was_typed() {
    let registered =
        "name=N&slug=n&description=D&endpoint=https://e.example&tags=a,+b&icon=&account=work&public=on";
    let register = json!({"name": "N", "description": "D", "endpoint": "https://e.example", "long_description": "",
        "icon": "", "tags": ["a", "b"], "public": true, "slug": "n", "account_slug": "work"});
    check_body("/addons", registered, "POST /api/v1/services", register).await;
    let rotate = "POST /api/v1/services/demo/rotate_secret";
    check_body("/addons/demo/rotate", "overlap_hours=0", rotate, json!({"overlap_hours": 0})).await;
    check_body("/addons/demo/rotate", "", rotate, json!({})).await;
    let create = "POST /api/v1/sites/blog/services/extra/instances";
    let typed =
        "config.title=t&config.count=2.5&config.loud=true&config.plan=small&config.more={}&config.unasked=1";
    let config = json!({"title": "t", "count": 2.5, "loud": true, "plan": "small", "more": {}});
    check_body("/sites/blog/addons/extra", typed, create, json!({"config": config})).await;
    check_body("/sites/blog/addons/extra", "whole=", create, json!({"config": {}})).await;
    let change = format!("PUT /api/v1/sites/blog/services/demo/instances/{INSTANCE}");
    let kept = json!({"config": {"other": [1], "title": "t"}});
    check_body(&format!("/sites/blog/addons/demo/{INSTANCE}"), "config.title=t&config.count=", &change, kept)
        .await;
}

#[tokio::test]
async fn a_secret_of_an_addon_is_shown_once() {
    let browser = Browser::logged_in().await;
    let setup = "name=n&slug=demo&description=d&endpoint=https://e.example";
    for (path, form) in [("/addons", setup), ("/addons/demo/rotate", "overlap_hours=1")] {
        let page = browser.post(path, form).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(
            page.text.contains("bh_fresh_secret") && page.text.contains("not shown again"),
            "{}",
            page.text
        );
    }
    assert!(!browser.get("/addons/demo").await.text.contains("bh_fresh_secret"));
}

#[tokio::test]
async fn what_was_typed_is_still_there_when_it_was_refused() {
    let browser = Browser::logged_in().await;
    for (path, form, status, shown) in [
        ("/addons".to_owned(), "name=N&description=typed-before", StatusCode::BAD_REQUEST, "typed-before"),
        ("/addons/demo".into(), "name=N&description=typed-before", StatusCode::BAD_REQUEST, "typed-before"),
        ("/addons/demo/rotate".into(), "overlap_hours=x", StatusCode::BAD_REQUEST, "whole number of hours"),
        (
            "/sites/blog/addons/extra".into(),
            "config.title=typed&config.count=many",
            StatusCode::BAD_REQUEST,
            "value=\"many\"",
        ),
        (
            "/sites/blog/addons/plain".into(),
            "whole={\"a\":1}",
            StatusCode::UNPROCESSABLE_ENTITY,
            "the add-on refused: &lt;script&gt;",
        ),
        (
            format!("/sites/blog/addons/demo/{INSTANCE}"),
            "config.count=many",
            StatusCode::BAD_REQUEST,
            "value=\"many\"",
        ),
        (
            format!("/sites/blog/build-hooks/{BUILD_HOOK}"),
            "options=on&title=t&debounce=soon&allow=typed",
            StatusCode::BAD_REQUEST,
            ">typed</textarea>",
        ),
    ] {
        let page = browser.post(&path, form).await;
        assert_eq!(page.status, status, "{path}: {}", page.text);
        assert!(page.text.contains("role=\"alert\"") && page.text.contains(shown), "{path}: {}", page.text);
    }
}

#[tokio::test]
async fn a_word_of_the_provider_is_shown_as_text() {
    let browser = Browser::logged_in().await;
    let made = browser.post("/sites/blog/addons/extra", "config.title=t").await;
    assert_eq!(made.status, StatusCode::SEE_OTHER);
    let to = made.headers["location"].to_str().unwrap();
    let (_, word) = to.split_once("?word=").expect("a word goes along");
    for (word, shown) in [(word, true), ("Welcome", false)] {
        let page = browser.get(&format!("/sites/blog/addons/demo/{INSTANCE}?word={word}")).await;
        assert_eq!(page.status, StatusCode::OK);
        assert_eq!(page.text.contains("Welcome &lt;script&gt;"), shown, "{}", page.text);
    }
}

#[tokio::test]
async fn what_a_provider_does_not_let_go_can_be_removed_all_the_same() {
    let browser = Browser::logged_in().await;
    let remove = format!("/sites/blog/addons/plain/{INSTANCE}/remove");
    let page = browser.post(&remove, "").await;
    assert_eq!(page.status, StatusCode::BAD_GATEWAY);
    for shown in [
        "role=\"alert\">the add-on&#x27;s server answered &lt;script&gt;",
        "It stays on the site",
        "<details class=\"ask\" open>",
    ] {
        assert!(page.text.contains(shown), "{shown}: {}", page.text);
    }
    let forced = browser.post(&remove, "force=on").await;
    assert_eq!(forced.status, StatusCode::BAD_GATEWAY);
    assert!(!forced.text.contains("It stays on the site"), "{}", forced.text);
}

#[tokio::test]
async fn the_way_into_the_providers_pages_leads_by_http_alone() {
    let browser = Browser::logged_in().await;
    let page = browser.get(&format!("/sites/blog/addons/demo/{INSTANCE}/open")).await;
    assert_eq!((page.status, page.to()), (StatusCode::SEE_OTHER, "https://admin.example/#token"));
    assert_eq!(page.headers["cache-control"], "no-store");
    for place in [format!("plain/{INSTANCE}"), format!("extra/{INSTANCE}"), "demo/none".to_owned()] {
        let none = browser.get(&format!("/sites/blog/addons/{place}/open")).await;
        assert_eq!((none.status, none.to()), (StatusCode::NOT_FOUND, ""), "{place}");
    }
}

#[tokio::test]
async fn addons_of_others_are_shown_without_what_is_not_theirs_to_change() {
    let browser = Browser::logged_in().await;
    let page = browser.get("/addons/theirs").await.text;
    for absent in ["/rotate", "/delete", "id=\"calls\"", "name=\"endpoint\""] {
        assert!(!page.contains(absent), "{absent}");
    }
    assert_eq!(browser.asked_for("GET /api/v1/services/theirs/calls?per_page=25&page=1"), None);
    assert_eq!(browser.get("/addons/none").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn only_what_a_site_has_not_is_offered_to_it() {
    let page = Browser::logged_in().await.get("/sites/blog/addons").await.text;
    for (slug, offered) in [("extra", true), ("theirs", true), ("demo", false), ("plain", false)] {
        assert_eq!(page.contains(&format!("blog/addons/{slug}\"")), offered, "{slug}: {page}");
    }
}

#[tokio::test]
async fn a_provider_is_not_asked_where_nobody_waits_for_it() {
    let browser = Browser::logged_in().await;
    for path in ["/sites/blog", "/addons", "/addons/demo", "/sites/blog/addons"] {
        browser.get(path).await;
    }
    let asked = browser.asked.lock().unwrap();
    assert!(asked.iter().any(|(operation, _)| operation.contains(&format!("{SITE}/service-instances"))));
    let waits = asked
        .iter()
        .find(|(operation, _)| operation.contains("manifest") || operation.contains("/instances/"));
    assert_eq!(waits, None);
}

#[tokio::test]
async fn hooks_gather_only_where_their_type_can() {
    let browser = Browser::logged_in().await;
    for (path, gathers) in [("?type=url", false), ("?type=slack", true), ("?type=email", true)] {
        let page = browser.get(&format!("/sites/blog{path}")).await.text;
        assert_eq!(page.contains("name=\"every\""), gathers, "{path}");
    }
    let of_url = browser.get(&format!("/sites/blog/hooks/{}", super::HOOK)).await.text;
    assert!(!of_url.contains("name=\"every\""), "{of_url}");
    let create = format!("POST /api/v1/hooks?site_id={SITE}");
    let made = json!({"type": "slack", "event": "e", "data": {}, "options": {"digest": {"every": "1d", "at": "09:00"}}});
    check_body("/sites/blog/hooks", "type=slack&event=e&every=1d&at=09:00", &create, made).await;
    let (hook, change) =
        (format!("/sites/blog/hooks/{GATHERING}/digest"), format!("PUT /api/v1/hooks/{GATHERING}"));
    for (form, digest) in [("every=1h&at=", json!({"every": "1h"})), ("every=&at=", Value::Null)] {
        let options = json!({"options": {"per_minute": 5, "digest": digest}});
        check_body(&hook, form, &change, options).await;
    }
    assert_eq!(browser.post(&hook, "every=&at=09:00").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_build_hook_is_given_its_options() {
    let browser = Browser::logged_in().await;
    let own = format!("/sites/blog/build-hooks/{BUILD_HOOK}");
    let page = browser.get(&own).await.text;
    assert!(
        page.contains("name=\"debounce\" value=\"5\"") && page.contains(">10.0.0.0&#x2f;8</textarea>"),
        "{page}"
    );
    assert!(page.contains("name=\"max_wait\" value=\"\"") && !page.contains("value=\"********\""), "{page}");
    let form = "options=on&title=t&branch=&debounce=2.5&max_wait=60&per_minute=6&verify=github&secret=s3cret&allow=::1";
    let expect = json!({"title": "t", "branch": "", "debounce_ms": 2500, "max_wait_ms": 60000, "per_minute": 6,
        "allow": ["::1"], "clear_cache": null, "verify": {"kind": "github", "secret": "s3cret"}});
    let change = format!("PUT /api/v1/sites/blog/build_hooks/{BUILD_HOOK}");
    check_body(&own, form, &change, expect).await;
    check_body(&own, "title=t&branch=b", &change, json!({"title": "t", "branch": "b"})).await;
}
