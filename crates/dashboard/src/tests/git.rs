//! The page about the site's Git host, over a fake API.

use super::Browser;
use http::StatusCode;
use serde_json::json;

const PAGE: &str = "/sites/blog/git";
const ROTATE: &str = "POST /api/v1/sites/blog/push_hook";

#[tokio::test]
async fn a_drawn_secret_is_shown_once_and_a_wrong_time_is_told() {
    let browser = Browser::logged_in().await;
    let drawn = browser.post(&format!("{PAGE}/secret"), "overlap_hours=2").await;
    assert_eq!(drawn.status, StatusCode::OK);
    assert!(
        drawn.text.contains("bh_fresh_secret") && drawn.text.contains("not shown again"),
        "{}",
        drawn.text
    );
    assert_eq!(browser.asked_for(ROTATE), Some(json!({ "overlap_seconds": 7200 })));
    assert!(!browser.get(PAGE).await.text.contains("bh_fresh_secret"));
    let wrong = browser.post(&format!("{PAGE}/secret"), "overlap_hours=soon").await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    assert!(wrong.text.contains("whole number of hours"), "{}", wrong.text);
}

#[tokio::test]
async fn every_outcome_leads_on() {
    let text = Browser::logged_in().await.get(PAGE).await.text;
    for part in [
        "<span class=\"state held\">held</span>",
        "requests\">Review</a>",
        "this delivery was handled before",
        "of request 7",
        "not signed",
    ] {
        assert!(text.contains(part), "no {part} in {text}");
    }
}
