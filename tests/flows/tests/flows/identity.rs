//! Whose word about a visitor counts: tokens of an identity provider of the owner's choice, through the
//! front door, while its secret is set, rotated and taken away.

use crate::support::{id, text};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Method;
use model::Clock as _;
use serde_json::{Value, json};
use std::time::Duration;
use testkit::{Actor, Platform, both};

const FILES: [(&str, &str); 3] = [
    ("members/page.html", "for members"),
    ("login.html", "log in"),
    ("_redirects", "/members/* 200! Role=member\n/members/* /login.html 401!\n"),
];

/// A site with a page for members.
async fn guarded(owner: &Actor, name: &str, settings: Value) -> Value {
    let site = owner.create_site(name).await;
    owner.deploy(id(&site), &FILES).await;
    owner.patch(&format!("/sites/{}", id(&site)), settings).await.expect(200).json()
}

/// Whether a token opens the page for members.
async fn opens(p: &Platform, site: &str, token: &str) -> bool {
    let cookie = format!("nf_jwt={token}");
    let answer = p.visitor().ask(site, Method::GET, "/members/page", &[("cookie", &cookie)], "").await;
    match (answer.status, answer.text().as_str()) {
        (200, "for members") => true,
        (401, "log in") => false,
        _ => panic!("{}", answer.shown()),
    }
}

/// The claims of a member with some more.
fn member(more: &Value) -> Value {
    let mut claims = json!({ "sub": "1", "app_metadata": { "roles": ["member"] } });
    for (name, value) in more.as_object().into_iter().flatten() {
        claims[name] = value.clone();
    }
    claims
}

fn signed(claims: &Value, secret: &str) -> String {
    signing::sign_hs256(&claims.to_string(), secret.as_bytes())
}

both! {
    /// Only a token that this site's provider signed with HS256, for this moment, says anything.
    async fn tokens_of_others_never_count(p: Platform) {
        let owner = p.owner();
        guarded(&owner, "club", json!({ "jwt_secret": "club-secret" })).await;
        guarded(&owner, "other", json!({ "jwt_secret": "other-secret" })).await;
        let now = p.clock().now().seconds();
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let unsigned = |alg: &str| format!("{}.{}.", part(&json!({ "alg": alg })), part(&member(&json!({}))));
        let good = signed(&member(&json!({ "exp": now + 600 })), "club-secret");
        assert!(opens(&p, "club", &good).await);
        let signature = good.rsplit('.').next().expect("three parts");
        for (what, token) in [
            ("another site's", signed(&member(&json!({ "exp": now + 600 })), "other-secret")),
            ("expired", signed(&member(&json!({ "exp": now - 1 })), "club-secret")),
            ("too early", signed(&member(&json!({ "nbf": now + 600 })), "club-secret")),
            ("no time", signed(&member(&json!({ "exp": "tomorrow" })), "club-secret")),
            ("alg none", unsigned("none")),
            ("alg None", unsigned("None")),
            ("alg none, signed", format!("{}{signature}", unsigned("none"))),
            ("an empty secret", signed(&member(&json!({})), "")),
            ("cut", good[..good.len() - 3].to_owned()),
            ("no member", signed(&json!({ "app_metadata": { "roles": ["guest"] } }), "club-secret")),
        ] {
            assert!(!opens(&p, "club", &token).await, "{what}");
        }
        assert!(!opens(&p, "other", &good).await);
    }
}

both! {
    /// A rotation logs nobody out before its time; the time can be cut short.
    async fn a_rotated_secret_counts_for_its_time(p: Platform) {
        let owner = p.owner();
        let site = guarded(&owner, "club", json!({ "jwt_secret": "first-secret" })).await;
        let own = format!("/sites/{}/identity", id(&site));
        let first = signed(&member(&json!({})), "first-secret");
        assert!(opens(&p, "club", &first).await);

        let rotated = owner.post(&format!("{own}/rotate_secret"), json!({})).await.expect(200);
        assert_eq!(rotated.header("cache-control"), Some("no-store"));
        let rotated = rotated.json();
        let drawn = text(&rotated, "jwt_secret").to_owned();
        assert!(drawn.len() >= 32, "RFC 7518 asks for as many bytes");
        assert_eq!(rotated["previous"].as_array().map(Vec::len), Some(1));
        let second = signed(&member(&json!({})), &drawn);
        assert!(opens(&p, "club", &second).await && opens(&p, "club", &first).await);
        p.clock().advance(Duration::from_secs(23 * 3600));
        assert!(opens(&p, "club", &first).await, "within a day");
        p.clock().advance(Duration::from_secs(2 * 3600));
        assert!(!opens(&p, "club", &first).await, "after a day");
        assert!(opens(&p, "club", &second).await);
        assert_eq!(owner.get(&own).await.expect(200).json()["previous"], json!([]));

        let chosen = json!({ "jwt_secret": "third-secret", "overlap_hours": 720 });
        let rotated = owner.post(&format!("{own}/rotate_secret"), chosen).await.expect(200);
        assert!(!rotated.text().contains("third-secret"), "who sent it knows it");
        assert!(opens(&p, "club", &second).await);
        owner.delete(&format!("{own}/previous_secrets")).await.expect(204);
        assert!(!opens(&p, "club", &second).await, "cut short");
        assert!(opens(&p, "club", &signed(&member(&json!({})), "third-secret")).await);
        owner.delete(&format!("{own}/previous_secrets")).await.expect(204);

        owner.post(&format!("{own}/rotate_secret"), json!({ "overlap_hours": 721 })).await.refusal(422);
        owner.post(&format!("{own}/rotate_secret"), json!({ "jwt_secret": "" })).await.refusal(422);
        assert!(opens(&p, "club", &signed(&member(&json!({})), "third-secret")).await);
        owner.patch(&format!("/sites/{}", id(&site)), json!({ "jwt_secret": "" })).await.expect(200);
        assert!(!opens(&p, "club", &signed(&member(&json!({})), "third-secret")).await);
        assert_eq!(owner.get(&own).await.expect(200).json()["has_secret"], false);
    }
}

both! {
    /// Claims that a provider puts elsewhere, and tokens that it makes for others.
    async fn providers_are_told_apart_by_their_claims(p: Platform) {
        let owner = p.owner();
        let settings = json!({
            "jwt_secret": "club-secret", "jwt_roles_path": "https://id.example/roles",
            "jwt_issuer": "https://id.example/", "jwt_audience": "club",
        });
        let site = guarded(&owner, "club", settings.clone()).await;
        for field in ["jwt_roles_path", "jwt_issuer", "jwt_audience"] {
            assert_eq!(site[field], settings[field]);
        }
        let claims = |aud: Value, iss: &str| json!({ "https://id.example/roles": ["member"], "aud": aud, "iss": iss });
        for (claims, expect) in [
            (claims(json!("club"), "https://id.example/"), true),
            (claims(json!(["a", "club"]), "https://id.example/"), true),
            (claims(json!("shop"), "https://id.example/"), false),
            (claims(json!("club"), "https://evil.example/"), false),
            (member(&json!({ "aud": "club", "iss": "https://id.example/" })), false),
        ] {
            assert_eq!(opens(&p, "club", &signed(&claims, "club-secret")).await, expect, "{claims}");
        }
        let path = format!("/sites/{}", id(&site));
        for wrong in [json!({ "jwt_issuer": "x".repeat(513) }), json!({ "jwt_audience": "x".repeat(513) })] {
            owner.patch(&path, wrong).await.refusal(422);
        }
        owner.patch(&path, json!({ "jwt_roles_path": null, "jwt_issuer": null, "jwt_audience": "" })).await.expect(200);
        assert!(opens(&p, "club", &signed(&member(&json!({})), "club-secret")).await);
    }
}

both! {
    /// Secrets are in no answer, event or log of what was done; that they were changed is, and by whom.
    async fn secrets_are_told_of_and_not_shown(p: Platform) {
        let owner = p.owner();
        let site = guarded(&owner, "club", json!({ "jwt_secret": "first-secret" })).await;
        let own = format!("/sites/{}/identity", id(&site));
        let rotated = owner.post(&format!("{own}/rotate_secret"), json!({})).await.expect(200).json();
        owner.delete(&format!("{own}/previous_secrets")).await.expect(204);
        let account = text(&site, "account_slug").to_owned();
        let secrets = ["first-secret", text(&rotated, "jwt_secret")];
        for path in [
            format!("/sites/{}", id(&site)),
            "/sites".to_owned(),
            own,
            format!("/events?site_id={}", id(&site)),
            format!("/accounts/{account}/audit"),
        ] {
            let shown = owner.get(&path).await.expect(200).text();
            assert!(!secrets.iter().any(|secret| shown.contains(secret)), "{path}: {shown}");
        }
        let audit = owner.get(&format!("/accounts/{account}/audit")).await.json();
        let person = owner.get("/user").await.expect(200).json();
        let mut told: Vec<_> = audit.as_array().expect("a list").iter().map(|one| &one["payload"]).collect();
        told.retain(|one| text(one, "action").starts_with("identity_"));
        let actions: Vec<_> = told.iter().rev().map(|one| text(one, "action")).collect();
        assert_eq!(actions, ["identity_secret_set", "identity_secret_rotated", "identity_overlap_ended"]);
        assert!(told.iter().all(|one| one["actor_id"] == person["id"]), "{audit}");
        let reader = p.reader().await;
        reader.get(&format!("/sites/{}/identity", id(&site))).await.expect(200);
        reader.post(&format!("/sites/{}/identity/rotate_secret", id(&site)), json!({})).await.refusal(403);
    }
}

both! {
    /// Whatever shows a secret says so in the audit log, names who has it now, and lets no cache keep it.
    async fn secrets_that_are_shown_are_told_of(p: Platform) {
        let (owner, site) = (p.owner(), p.owner().create_site("club").await);
        let (own, account) = (format!("/sites/{}", id(&site)), text(&site, "account_slug").to_owned());
        let hook = owner.hook(id(&site), &["deploy_created"], "https://hooks.example/", Some("first")).await;
        let build_hook = owner.post(&format!("{own}/build_hooks"), json!({ "title": "t" })).await.expect(201).json();
        let addon = json!({ "name": "D", "slug": "demo", "description": "d", "endpoint": "https://e.example" });
        let person = owner.get("/user").await.expect(200).json();
        for (path, body, field, action) in [
            ("/services".to_owned(), addon, "secret", "addon_registered"),
            ("/services/demo/rotate_secret".into(), json!({}), "secret", "addon_secret_rotated"),
            (format!("/hooks/{}/rotate", id(&hook)), json!({}), "signature_secret", "hook_secret_rotated"),
            (format!("{own}/build_hooks/{}/rotate", id(&build_hook)), json!({}), "url", "build_hook_rotated"),
            (format!("{own}/push_hook"), json!({}), "secret", "push_hook_secret_rotated"),
            (format!("{own}/identity/rotate_secret"), json!({}), "jwt_secret", "identity_secret_rotated"),
            ("/tokens".into(), json!({ "name": "t" }), "access_token", "token_created"),
        ] {
            let shown = owner.post(&path, body).await;
            assert!(shown.is_success(), "{path}: {}", shown.shown());
            assert!(field == "url" || shown.header("cache-control") == Some("no-store"), "{path}");
            let audit = owner.get(&format!("/accounts/{account}/audit?query={action}")).await.expect(200);
            let newest = &audit.json()[0]["payload"];
            assert_eq!((&newest["action"], &newest["actor_id"]), (&json!(action), &person["id"]), "{path}");
            assert!(!audit.text().contains(text(&shown.json(), field)), "{path}");
        }
    }
}
