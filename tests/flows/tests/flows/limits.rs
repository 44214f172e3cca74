//! Bounds on what one caller may send, and how often.

use crate::support::id;
use boathook::Config;
use bytes::Bytes;
use http::Method;
use serde_json::json;
use std::time::Duration;
use testkit::both;

/// Calls of one minute.
const RATE: u32 = 5;

fn slow(config: &mut Config) {
    config.rate_limit = RATE;
}

both! { with slow;
    /// The headers say what is left and when it is renewed; 429 says when to come back.
    async fn calls_are_counted(p: Platform) {
        let owner = p.owner();
        for left in (0..RATE).rev() {
            let answer = owner.get("/user").await.expect(200);
            let number = |name: &str| answer.header(name).and_then(|value| value.parse::<u64>().ok());
            assert_eq!(number("x-ratelimit-limit"), Some(u64::from(RATE)));
            assert_eq!(number("x-ratelimit-remaining"), Some(u64::from(left)));
            assert!(number("x-ratelimit-reset").is_some_and(|at| at > 1_700_000_000), "seconds since 1970");
        }
        let over = owner.get("/user").await.expect(429);
        let wait: u64 =
            over.header("retry-after").and_then(|value| value.parse().ok()).expect("seconds to wait");
        assert!((1..=60).contains(&wait), "{wait}");
        over.refusal(429);
        assert_eq!(
            p.anonymous().get("/user").await.status,
            401,
            "another caller has an allowance of its own"
        );
        p.clock().advance(Duration::from_secs(60));
        owner.get("/user").await.expect(200);
    }
}

both! {
    /// Bodies over the limit are refused, whatever they hold.
    async fn bodies_are_bounded(p: Platform) {
        let owner = p.owner();
        let site = owner.create_site("heavy").await;
        let deploy = owner.new_deploy(id(&site), json!({})).await;
        let digest = format!("/api/v1/sites/{}/deploys/{}", id(&site), id(&deploy));
        for (method, path, size) in
            [(Method::POST, "/api/v1/sites", 2 << 20), (Method::PUT, digest.as_str(), 25 << 20)]
        {
            let body = Bytes::from(format!("{{\"name\": \"{}\"}}", "x".repeat(size)));
            owner.send(method, path, "application/json", body).await.refusal(413);
        }
        assert_eq!(owner.get(&format!("/deploys/{}", id(&deploy))).await.json()["state"], "new");
    }
}
