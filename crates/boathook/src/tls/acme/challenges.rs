//! Answers to the authority's challenges: in memory, and in the database for the other nodes, since
//! the authority may be led to any of them. They are no secret.

use context::{Context, Result};
use parking_lot::Mutex;
use std::collections::HashMap;
use store::settings;

/// Longest token; the authority's are much shorter.
const TOKEN_MAX: usize = 128;

/// What the authority is to find.
pub(super) struct Challenges {
    cx: Context,
    mine: Mutex<HashMap<String, String>>,
}

impl Challenges {
    pub(super) fn new(cx: Context) -> Self {
        Self { cx, mine: Mutex::default() }
    }

    /// Lets the authority find an answer.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn put_up(&self, token: &str, answer: &str) -> Result<()> {
        self.mine.lock().insert(token.to_owned(), answer.to_owned());
        let mut tx = self.cx.begin().await?;
        settings::put(&mut tx, &key(token), answer).await?;
        Ok(tx.commit().await?)
    }

    /// The order is over.
    pub(super) async fn take_down(&self, token: &str) {
        self.mine.lock().remove(token);
        if let Err(error) = self.remove(token).await {
            tracing::warn!(%error, "the answer to a challenge stays in the database");
        }
    }

    async fn remove(&self, token: &str) -> Result<()> {
        let mut tx = self.cx.begin().await?;
        settings::remove(&mut tx, &key(token)).await?;
        Ok(tx.commit().await?)
    }

    /// The answer that is found at a token's address.
    pub(super) async fn answer(&self, token: &str) -> Option<String> {
        if !is_token(token) {
            return None;
        }
        if let Some(answer) = self.mine.lock().get(token) {
            return Some(answer.clone());
        }
        let mut db = self.cx.read().await.ok()?;
        settings::get(&mut db, &key(token)).await.ok()?
    }
}

fn key(token: &str) -> String {
    format!("acme.challenge.{token}")
}

/// Whether an authority may have made this: base64url of some length.
fn is_token(token: &str) -> bool {
    let letters = token.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    letters && (1..=TOKEN_MAX).contains(&token.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use testbed::both;

    both!(every_node_answers_until_the_order_is_over);

    async fn every_node_answers_until_the_order_is_over(bed: &testbed::Bed) {
        let (one, other) = (Challenges::new(bed.cx.clone()), Challenges::new(bed.cx.clone()));
        one.put_up("to-ken_1", "to-ken_1.thumb").await.expect("the database works");
        for node in [&one, &other] {
            assert_eq!(node.answer("to-ken_1").await.as_deref(), Some("to-ken_1.thumb"));
            for none in ["", "to-ken", "../settings", &"x".repeat(TOKEN_MAX + 1)] {
                assert_eq!(node.answer(none).await, None, "{none}");
            }
        }
        one.take_down("to-ken_1").await;
        for node in [&one, &other] {
            assert_eq!(node.answer("to-ken_1").await, None);
        }
    }

    #[test]
    fn only_base64url_of_some_length_is_a_token() {
        for (token, expect) in [("aZ0-_", true), ("", false), ("a/b", false), ("a%2e", false), ("a.b", false)]
        {
            assert_eq!(is_token(token), expect, "{token}");
        }
        assert!(is_token(&"x".repeat(TOKEN_MAX)) && !is_token(&"x".repeat(TOKEN_MAX + 1)));
    }
}
