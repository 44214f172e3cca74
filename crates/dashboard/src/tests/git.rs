//! The page about the site's Git host, over a fake API.

use super::{Browser, check_drawn_secret};
use serde_json::json;

const PAGE: &str = "/sites/blog/git";
const ROTATE: &str = "POST /api/v1/sites/blog/push_hook";

#[tokio::test]
async fn a_drawn_secret_is_shown_once_and_a_wrong_time_is_told() {
    check_drawn_secret(PAGE, &format!("{PAGE}/secret")).await;
    let browser = Browser::logged_in().await;
    browser.post(&format!("{PAGE}/secret"), "overlap_hours=2").await;
    assert_eq!(browser.asked_for(ROTATE), Some(json!({ "overlap_seconds": 7200 })));
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
