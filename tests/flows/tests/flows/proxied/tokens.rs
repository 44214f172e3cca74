//! Visitors' tokens on their way to a provider (T1 to T12).

use super::world::{Demo, IDENTITY, ask, install};
use crate::support::id;
use model::Clock as _;
use serde_json::json;
use signing::{JwsError, sign_hs256, verify_hs256};
use testkit::both;

/// Claims with everything that is easily lost: order, spelling, letters, numbers.
fn claims(exp: i64) -> String {
    format!(
        r#"{{ "exp":{exp},"sub":"7","email":"zoë@example.org","app_metadata":{{"roles":["admin"]}}, "user_metadata":{{"name":"Ж\u00e9 🦆"}},"n":1.50 }}"#
    )
}

both! {
    /// A token that counts on the site goes on with the same claims, to the byte, and another signature.
    async fn a_visitors_token_is_signed_for_the_provider(p: Platform) {
        let demo = Demo::start(&p, "").await;
        let text = claims(p.clock().now().seconds() + 900);
        let token = sign_hs256(&text, IDENTITY.as_bytes());
        for scheme in ["Bearer", "bearer", "BEARER", "Bearer  "] {
            let sent = [("Authorization", format!("{scheme} {token}"))];
            let sent = sent.each_ref().map(|(name, value)| (*name, value.as_str()));
            assert_eq!(ask(&p, "harbour", "GET /.netlify/demo/", &sent, b"").await.status, 200);
            let came = demo.came();
            let got = came.header("Authorization").and_then(|value| value.strip_prefix("Bearer "));
            let got = got.unwrap_or_else(|| panic!("{scheme}: {:?}", came.headers));
            assert_eq!(got.split('.').nth(1), token.split('.').nth(1), "the claims are the same bytes");
            assert!(verify_hs256(got, demo.secret.as_bytes()).is_ok());
            assert_eq!(verify_hs256(got, IDENTITY.as_bytes()), Err(JwsError::Signature));
            assert!(!came.headers.iter().any(|(_, value)| value.contains(&token)), "{:?}", came.headers);
        }
        // the provider was given this secret for it when the instance was made
        let second = p.owner().create_site("second").await;
        demo.provider.forget();
        install(&p, &second, "demo", json!({})).await;
        let posted = demo.provider.came().into_iter().find(|came| came.method == "POST").expect("it was asked");
        assert_eq!(posted.json()["config"]["jwt"]["secret"], demo.secret.as_str());
    }
}

both! {
    /// What the site cannot vouch for goes on as it is: it is the provider's to refuse.
    async fn other_credentials_pass_as_they_are(p: Platform) {
        let demo = Demo::start(&p, "").await;
        let now = p.clock().now().seconds();
        let signed = |claims: serde_json::Value, secret: &str| format!("Bearer {}", sign_hs256(&claims.to_string(), secret.as_bytes()));
        let good = signed(json!({ "exp": now + 900 }), IDENTITY);
        let unsigned = {
            let claims = good.split('.').nth(1).expect("a token has claims");
            format!("Bearer eyJhbGciOiJub25lIn0.{claims}.")
        };
        for value in [
            signed(json!({ "exp": now + 900 }), "another secret"),
            signed(json!({ "exp": now + 900 }), &demo.secret),
            signed(json!({ "exp": now }), IDENTITY),
            signed(json!({ "exp": "2100-01-01" }), IDENTITY),
            signed(json!({ "exp": now + 900, "nbf": now + 60 }), IDENTITY),
            unsigned,
            format!("{good}x"),
            good.replace("Bearer", "Token"),
            "Bearer opaque-token".to_owned(),
            "Bearer".to_owned(),
            "Basic YW5uOm9uZQ==".to_owned(),
            "Digest username=\"ann\"".to_owned(),
        ] {
            ask(&p, "harbour", "GET /.netlify/demo/", &[("Authorization", &value)], b"").await;
            assert_eq!(demo.came().header("Authorization"), Some(value.as_str()));
        }
        ask(&p, "harbour", "GET /.netlify/demo/", &[], b"").await;
        assert_eq!(demo.came().any_case("authorization"), None);
        let two = [("Authorization", good.as_str()), ("Authorization", "Bearer other")];
        assert_eq!(ask(&p, "harbour", "GET /.netlify/demo/", &two, b"").await.status, 400);
        assert_eq!(demo.provider.lines(), [""; 0]);
    }
}

both! {
    /// Another secret of the site counts at once; without one nothing is signed anew.
    async fn the_secret_of_the_site_decides(p: Platform) {
        let (demo, owner) = (Demo::start(&p, "").await, p.owner());
        let site = format!("/sites/{}", id(&demo.site));
        let claims = claims(p.clock().now().seconds() + 900);
        let token = sign_hs256(&claims, b"the next secret");
        let value = format!("Bearer {token}");
        for (secret, resigned) in [(None, false), (Some("the next secret"), true), (Some(""), false)] {
            if let Some(secret) = secret {
                owner.patch(&site, json!({ "jwt_secret": secret })).await.expect(200);
            }
            ask(&p, "harbour", "GET /.netlify/demo/", &[("Authorization", &value)], b"").await;
            let came = demo.came();
            let got = came.header("Authorization").expect("it is there");
            assert_eq!(got != value, resigned, "{secret:?}");
        }
    }
}

both! {
    /// A page that the site guards by itself is opened by what never reaches a provider.
    async fn what_opens_the_site_stays_here(p: Platform) {
        let (demo, owner) = (Demo::start(&p, "").await, p.owner());
        let files = [("index.html", "here"), ("_headers", "/.netlify/demo/*\n  Basic-Auth: ann:one\n")];
        owner.deploy(id(&demo.site), &files).await;
        assert_eq!(ask(&p, "harbour", "GET /.netlify/demo/a", &[], b"").await.status, 401);
        let known = [("Authorization", "Basic YW5uOm9uZQ==")];
        assert_eq!(ask(&p, "harbour", "GET /.netlify/demo/a", &known, b"").await.status, 200);
        let came = demo.came();
        assert_eq!((came.line(), came.any_case("authorization")), ("GET /a".to_owned(), None));

        owner.patch(&format!("/sites/{}", id(&demo.site)), json!({ "password": "open sesame" })).await.expect(200);
        let asked = ask(&p, "harbour", "GET /.netlify/demo/a", &known, b"").await;
        assert!(asked.status == 401 && asked.text().contains("password"), "{asked:?}");
        let form = [("Content-Type", "application/x-www-form-urlencoded")];
        let opened = ask(&p, "harbour", "POST /.netlify/demo/a", &form, b"password=open+sesame").await;
        let cookie = opened.all("set-cookie")[0].split(';').next().unwrap_or_default().to_owned();
        let both = [known[0], ("Cookie", cookie.as_str())];
        assert_eq!(ask(&p, "harbour", "GET /.netlify/demo/a", &both, b"").await.status, 200);
        assert_eq!(demo.came().any_case("cookie"), None);
    }
}
