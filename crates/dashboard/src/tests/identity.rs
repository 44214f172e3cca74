//! The page about visitors' tokens, over a fake API.

use super::actions::check_action;
use super::{Browser, check_drawn_secret};
use serde_json::{Value, json};

const PAGE: &str = "/sites/blog/identity";
const ROTATE: &str = "POST /api/v1/sites/blog/identity/rotate_secret";

#[tokio::test]
async fn actions_on_the_identity_of_a_site_call_their_operation() {
    let site = "/api/v1/sites/blog";
    for (path, operation, done) in [
        ("", format!("PATCH {site}"), "identity-saved"),
        ("/off", format!("PATCH {site}"), "identity-off"),
        ("/end", format!("DELETE {site}/identity/previous_secrets"), "identity-ended"),
    ] {
        check_action(&format!("{PAGE}{path}"), "", &operation, &format!("{PAGE}?done={done}")).await;
    }
}

/// What a form says, as the API is asked.
async fn check_body(path: &str, form: &str, operation: &str, expect: Value) {
    let browser = Browser::logged_in().await;
    let page = browser.post(&format!("{PAGE}{path}"), form).await;
    assert_eq!(browser.asked_for(operation), Some(expect), "{path} {form}: {}", page.text);
}

#[tokio::test]
async fn forms_of_the_identity_say_what_was_typed() {
    check_body("/rotate", "jwt_secret=&overlap_hours=2", ROTATE, json!({"overlap_hours": 2})).await;
    let chosen = json!({"overlap_hours": 0, "jwt_secret": "s3 cret"});
    check_body("/rotate", "jwt_secret=s3+cret&overlap_hours=0", ROTATE, chosen).await;
    let settings = json!({"jwt_roles_path": "a.b", "jwt_issuer": "https://id.example/", "jwt_audience": ""});
    let typed = "jwt_roles_path=a.b&jwt_issuer=https://id.example/&jwt_audience=&jwt_secret=not-from-here";
    check_body("", typed, "PATCH /api/v1/sites/blog", settings).await;
    check_body("/off", "", "PATCH /api/v1/sites/blog", json!({"jwt_secret": ""})).await;
}

#[tokio::test]
async fn a_drawn_secret_is_shown_once_and_a_wrong_time_is_told() {
    check_drawn_secret(PAGE, &format!("{PAGE}/rotate")).await;
}
