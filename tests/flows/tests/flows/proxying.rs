//! Requests that a site passes on to another origin (contract edge 1.3, "Proxy" and "Signed proxy").

use crate::origin::{Answer, Origin, assert_streams, assert_upgrades, fed, full, read_json, send, values};
use crate::support::{id, text};
use boathook::Config;
use bytes::Bytes;
use http::{Method, StatusCode};
use http_body_util::BodyExt as _;
use model::Clock as _;
use serde_json::{Value, json};
use std::net::Ipv4Addr;
use std::time::Duration;
use testkit::{Platform, both};
use tokio::net::TcpListener;

/// Bytes that go to the origin and back.
const LARGE: usize = 20 << 20;

fn impatient(config: &mut Config) {
    config.proxy_timeout = 1;
}

/// A site with these redirect rules; its id.
async fn site(p: &Platform, name: &str, rules: &str) -> String {
    let owner = p.owner();
    let site = owner.create_site(name).await;
    owner.deploy(id(&site), &[("index.html", "hello"), ("_redirects", rules)]).await;
    id(&site).to_owned()
}

/// `GET` of a path of a site.
async fn get(p: &Platform, name: &str, path: &str) -> Answer {
    let request = p.visitor().head(name, Method::GET, path).body(full("")).expect("a request of this test");
    send(p.address(), request).await
}

/// An address at which nobody listens.
async fn nobody() -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("some port is free");
    format!("http://{}", listener.local_addr().expect("a listener has an address"))
}

both! {
    /// Method, path, query, headers and body arrive; what is about the connection or belongs to the
    /// platform does not; the origin learns who asks.
    async fn a_request_arrives(p: Platform) {
        let origin = Origin::start().await;
        site(&p, "shop", &format!("/api/* {}/v1/:splat 200\n", origin.url())).await;
        let asked = p.visitor().head("shop", Method::PATCH, "/api/a/b%20c?d=1&d=2")
            .header("x-mine", "1")
            .header("authorization", "Bearer t")
            .header("connection", "keep-alive, x-hop")
            .header("x-hop", "1")
            .header("x-nf-sign", "forged")
            .header("x-forwarded-for", "192.0.2.1")
            .body(full("body"))
            .expect("a request of this test");
        let told = read_json(send(p.address(), asked).await).await;
        assert_eq!((&told["method"], &told["target"]), (&json!("PATCH"), &json!("/v1/a/b%20c?d=1&d=2")));
        let headers = &told["headers"];
        let own = origin.url().replace("http://", "");
        for (name, expect) in [
            ("host", own.as_str()),
            ("x-mine", "1"),
            ("authorization", "Bearer t"),
            ("content-length", "4"),
            ("x-forwarded-for", "192.0.2.1, 127.0.0.1"),
            ("x-forwarded-proto", "http"),
            ("x-forwarded-host", &format!("shop.localhost:{}", p.address().port())),
        ] {
            assert_eq!(headers[name], expect, "{name}");
        }
        for name in ["x-nf-sign", "x-hop", "user-agent"] {
            assert_eq!(headers[name], Value::Null, "{name}");
        }
        for _ in 0..3 {
            get(&p, "shop", "/api/again").await.into_body().collect().await.expect("it comes to its end");
        }
        assert_eq!(origin.connections(), 1, "connections are used again");
    }
}

both! {
    /// Whatever the origin says is the answer: redirects are not followed, its 404 is not the site's.
    async fn the_answer_is_the_origins(p: Platform) {
        let origin = Origin::start().await;
        site(&p, "shop", &format!("/api/* {}/:splat 200\n", origin.url())).await;
        let moved = get(&p, "shop", "/api/moved").await;
        assert_eq!(moved.status(), StatusCode::FOUND);
        assert_eq!(values(moved.headers(), "location"), ["/elsewhere?x=1"]);
        assert_eq!(values(moved.headers(), "set-cookie"), ["a=1", "b=2"]);
        assert_eq!(values(moved.headers(), "x-public"), ["1"]);
        assert!(values(moved.headers(), "x-private").is_empty());
        let missing = p.visitor().site("shop", "/api/missing").await.expect(404);
        assert_eq!(missing.text(), "not at the origin");
        let head = p.visitor().head("shop", Method::HEAD, "/api/missing").body(full("")).expect("a request");
        let head = send(p.address(), head).await;
        assert_eq!(head.status(), StatusCode::NOT_FOUND);
        assert_eq!(values(head.headers(), "content-length"), ["17"]);
    }
}

both! {
    /// 20 MB go to the origin and come back while they are still being sent.
    async fn bodies_stream_both_ways(p: Platform) {
        let origin = Origin::start().await;
        site(&p, "shop", &format!("/api/* {}/:splat 200\n", origin.url())).await;
        assert_streams(&p, "shop", "/api/echo", LARGE).await;
    }
}

both! {
    /// A change of protocol goes through to the origin and back.
    async fn upgraded_connections_are_joined(p: Platform) {
        let origin = Origin::start().await;
        site(&p, "chat", &format!("/live {}/upgrade 200\n", origin.url())).await;
        assert_upgrades(&p, "chat", "/live").await;
    }
}

both! {
    /// A signed request says which site sends it, proven by the variable's value, for five minutes.
    async fn requests_are_signed(p: Platform) {
        let (origin, owner) = (Origin::start().await, p.owner());
        let made = owner.create_site("shop").await;
        let account = text(&made, "account_slug");
        let variable = json!([{ "key": "API_KEY", "values": [
            { "context": "production", "value": "hunter2" },
            { "context": "dev", "value": "other" },
        ] }]);
        owner.post(&format!("/accounts/{account}/env?site_id={}", id(&made)), variable).await.expect(201);
        let rules = format!(
            "[[redirects]]\nfrom = \"/signed\"\nto = \"{0}/x\"\nstatus = 200\nsigned = \"API_KEY\"\n\
             headers = {{ X-From = \"the rule\" }}\n\
             [[redirects]]\nfrom = \"/unknown\"\nto = \"{0}/x\"\nstatus = 200\nsigned = \"NO_SUCH_KEY\"\n",
            origin.url()
        );
        owner.deploy(id(&made), &[("index.html", "hello"), ("netlify.toml", &rules)]).await;
        for minutes in [0, 60] {
            p.clock().advance(Duration::from_secs(60 * minutes));
            let told = read_json(get(&p, "shop", "/signed").await).await;
            assert_eq!(told["headers"]["x-from"], "the rule");
            let mut claims = signing::verify_hs256(text(&told["headers"], "x-nf-sign"), b"hunter2")
                .expect("it is signed with the value for production");
            let left = claims["exp"].as_i64().expect("a time") - p.clock().now().seconds();
            assert!((290..=300).contains(&left), "{left}");
            claims.as_object_mut().expect("claims are an object").remove("exp");
            let expect = json!({ "iss": "netlify", "deploy_context": "production",
                "netlify_id": id(&made), "site_url": made["url"] });
            assert_eq!(claims, expect);
        }
        let told = read_json(get(&p, "shop", "/unknown").await).await;
        assert_eq!(told["headers"]["x-nf-sign"], Value::Null);
    }
}

both! { with impatient;
    /// An origin that is not there, does not answer or may not be called costs a page and nothing
    /// else.
    async fn failures_have_their_status(p: Platform) {
        let origin = Origin::start().await;
        let rules = format!(
            "/gone {0}/ 200\n/late {1}/hang 200\n/private http://10.0.0.1/ 200\n\
             /metadata http://169.254.169.254/latest 200\n/mapped http://[::ffff:10.0.0.1]/ 200\n\
             /whole {1}/whole 200\n",
            nobody().await,
            origin.url()
        );
        site(&p, "shop", &rules).await;
        let visitor = p.visitor();
        for (path, status, word) in [
            ("/gone", 502, "nobody answers"),
            ("/late", 504, "in time"),
            ("/private", 502, "does not call"),
            ("/metadata", 502, "does not call"),
            ("/mapped", 502, "does not call"),
        ] {
            let answer = visitor.site("shop", path).await.expect(status);
            assert!(answer.text().contains(word), "{path}: {}", answer.text());
            assert!(!answer.text().contains("10.0.0.1"), "{path}");
        }
        let (feed, body) = fed();
        feed.send(Bytes::from("a part")).await.expect("there is room");
        let slow = p.visitor().head("shop", Method::POST, "/whole").body(body).expect("a request");
        assert_eq!(send(p.address(), slow).await.status(), StatusCode::REQUEST_TIMEOUT);
        visitor.site("shop", "/").await.expect(200);
    }
}

both! {
    /// A site may lead to another one of this server, and not back to itself for ever.
    async fn sites_lead_to_sites(p: Platform) {
        let port = p.address().port();
        site(&p, "target", "").await;
        site(&p, "door", &format!("/through/* http://target.localhost:{port}/:splat 200\n")).await;
        site(&p, "round", &format!("/more/* http://round.localhost:{port}/more/:splat 200\n")).await;
        let answer = p.visitor().site("door", "/through/").await.expect(200);
        assert_eq!(answer.text(), "hello");
        p.visitor().site("round", "/more/").await.expect(508);
    }
}
