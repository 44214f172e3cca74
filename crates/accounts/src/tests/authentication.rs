//! Who comes in, and what is noted of it.

use super::{Refusal, World, refusal};
use crate::authenticate::note_finished;
use crate::tokens::{self, NewToken};
use crate::{BEARER_MAX, Principal, authenticate};
use model::Timestamp;
use testbed::both;

both!(
    tokens_that_are_not_known_are_refused,
    a_token_is_refused_from_its_end_on,
    a_use_is_noted_once_a_minute,
);

async fn last_used(w: &World, who: &Principal) -> Option<Timestamp> {
    let list = tokens::list(&w.cx, who).await.unwrap();
    list.into_iter().find(|token| token.info.id == who.token_id).unwrap().info.last_used_at
}

/// Comes in until the use is noted: another test of this process may hold the one place for notes.
async fn come_in_until(w: &World, token: &str, expect: Timestamp) {
    loop {
        let who = w.who(token).await;
        note_finished().await;
        if last_used(w, &who).await == Some(expect) {
            return;
        }
    }
}

async fn tokens_that_are_not_known_are_refused(w: &World) {
    let made = w.first_start().await;
    let long = "x".repeat(BEARER_MAX + 1);
    for bad in ["", "bh_unknown", &made.token.to_uppercase(), &format!("{} ", made.token), &long] {
        assert_eq!(refusal(authenticate(&w.cx, bad).await), Refusal::Unauthorized, "{bad}");
    }
    w.who(&made.token).await;
}

async fn a_token_is_refused_from_its_end_on(w: &World) {
    let owner = w.owner().await;
    let new = NewToken { name: "short".into(), expires_in: Some(60), ..NewToken::default() };
    let token = tokens::create(&w.cx, &owner, &new).await.unwrap();
    assert_eq!(token.token.info.expires_at, Some(w.cx.now().plus_millis(60_000)));
    w.pass(59_999);
    w.who(&token.access_token).await;
    w.pass(1);
    let error = authenticate(&w.cx, &token.access_token).await.unwrap_err();
    assert_eq!(error.to_string(), "Access Denied: this token has expired");
}

async fn a_use_is_noted_once_a_minute(w: &World) {
    let token = w.first_start().await.token;
    let first = w.cx.now();
    come_in_until(w, &token, first).await;
    w.pass(59_999);
    let who = w.who(&token).await;
    note_finished().await;
    assert_eq!(last_used(w, &who).await, Some(first), "within the minute nothing is written");
    w.pass(1);
    come_in_until(w, &token, w.cx.now()).await;
}
