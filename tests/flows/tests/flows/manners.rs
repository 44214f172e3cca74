//! Manners of the API that show at its edges: pages of other origins, paths that are no text, bodies of
//! the wrong shape, callers without a token, and what is not for everybody on a server of many.

use crate::support::{id, repository};
use boathook::Config;
use bytes::Bytes;
use http::{Method, Request, header};
use serde_json::json;
use std::net::Ipv4Addr;
use testkit::{Actor, Answer, OWNER_TOKEN, Platform, both};

/// A request as a script of a page sends it.
async fn from_page(p: &Platform, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
    let host = format!("localhost:{}", p.address().port());
    let mut head = Request::builder().method(method).uri(path).header(header::HOST, host);
    for (name, value) in headers.iter().chain(&[("origin", "https://tools.example")]) {
        head = head.header(*name, *value);
    }
    p.visitor().request(head, "").await
}

both! {
    /// Browsers let scripts of any page call operations, read what they answer and what they refuse.
    async fn pages_of_any_origin_may_call(p: Platform) {
        for path in ["/api/v1/sites", "/api/v1/deploys/x/files/a%20b", "/build_hooks/x", "/api/v1/no/such/thing"] {
            let asks = [
                ("access-control-request-method", "PUT"),
                ("access-control-request-headers", "authorization,content-type"),
            ];
            let answer = from_page(&p, Method::OPTIONS, path, &asks).await.expect(204);
            assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{}", answer.shown());
            assert_eq!(answer.header("access-control-allow-headers"), Some("authorization,content-type"));
            let methods = answer.header("access-control-allow-methods").unwrap_or_default();
            assert!(["POST", "PUT", "PATCH", "DELETE"].iter().all(|method| methods.contains(method)), "{methods}");
            assert_eq!(answer.header("access-control-allow-credentials"), None, "cookies open nothing");
        }
        let bearer = format!("Bearer {OWNER_TOKEN}");
        for (path, token, status) in [
            ("/api/v1/user", bearer.as_str(), 200),
            ("/api/v1/user", "Bearer none", 401),
            ("/api/v1/sites/none", bearer.as_str(), 404),
        ] {
            let answer = from_page(&p, Method::GET, path, &[("authorization", token)]).await.expect(status);
            assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{}", answer.shown());
            let shown = answer.header("access-control-expose-headers").unwrap_or_default();
            assert!(shown.contains("Link") && shown.contains("X-Ratelimit-Reset"), "{shown}");
        }
        let plain = from_page(&p, Method::OPTIONS, "/api/v1/sites", &[]).await;
        assert_eq!(plain.refusal(404), "Not Found", "who asks nothing is told nothing");
    }
}

both! {
    /// A page of the dashboard is no operation: no other origin may read it.
    async fn pages_of_the_dashboard_stay_closed(p: Platform) {
        for (method, path) in [(Method::GET, "/login"), (Method::OPTIONS, "/tokens")] {
            let asks = [("access-control-request-method", "POST")];
            let answer = from_page(&p, method, path, &asks).await;
            assert_eq!(answer.header("access-control-allow-origin"), None, "{}", answer.shown());
        }
    }
}

both! {
    /// Whatever is wrong with a request is said as `{code, message}`.
    async fn refusals_are_json_in_plain_words(p: Platform) {
        let owner = p.owner();
        for path in ["/api/v1/deploys/%ff", "/api/v1/sites/%c3%28/deploys"] {
            let answer = owner.send(Method::GET, path, "", Bytes::new()).await;
            assert!(answer.refusal(400).contains("UTF-8"));
        }
        for body in ["[]", "\"x\"", "null"] {
            let message = owner.send(Method::POST, "/api/v1/sites", "application/json", body.into()).await.refusal(400);
            assert!(message.contains("expected an object") && !message.contains("struct"), "{message}");
        }
        let far = owner.get("/sites?page=99999999999999999999").await.expect(200).json();
        assert_eq!(far, json!([]), "a page behind the last is empty");
    }
}

both! {
    /// Who is refused for want of a token is told what kind is wanted, and its name has no case.
    async fn tokens_are_asked_for(p: Platform) {
        let refused = p.anonymous().get("/user").await;
        assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
        refused.refusal(401);
        for (scheme, status) in [("Bearer", 200), ("bearer", 200), ("BEARER", 200), ("Basic", 401), ("Token", 401)] {
            let sent = format!("{scheme} {OWNER_TOKEN}");
            from_page(&p, Method::GET, "/api/v1/user", &[("authorization", &sent)]).await.expect(status);
        }
    }
}

both! {
    /// Netlify's documents call sites by their address under its domain: wherever a site is named, that will do.
    async fn a_site_is_called_by_its_address(p: Platform) {
        let owner = p.owner();
        let site = owner.create_site("addressed").await;
        let account = owner.get("/accounts").await.expect(200).json()[0]["slug"].clone();
        let account = account.as_str().expect("accounts have a slug");
        for key in ["addressed.localhost".to_owned(), format!("Addressed.localhost:{}", p.address().port())] {
            assert_eq!(id(&owner.get(&format!("/sites/{key}")).await.expect(200).json()), id(&site), "{key}");
            owner.post(&format!("/sites/{key}/deploys"), json!({})).await.expect(200);
            owner.get(&format!("/hooks?site_id={key}")).await.expect(200);
            owner.get(&format!("/events?site_id={key}")).await.expect(200);
            owner.get(&format!("/accounts/{account}/env?site_id={key}")).await.expect(200);
            let hook = json!({ "site_id": key, "type": "url", "event": "deploy_failed", "data": { "url": "http://e.org/" } });
            assert_eq!(owner.post("/hooks", hook).await.expect(201).json()["site_id"], site["id"], "{key}");
        }
        for key in ["addressed.example", "localhost", "other.localhost", "addressed.localhost.example", "127.0.0.1"] {
            owner.get(&format!("/sites/{key}")).await.refusal(404);
        }
        p.outsider().await.get("/sites/addressed.localhost").await.refusal(404);
    }
}

/// A policy as people write it, over several lines.
const POLICY: &str = "[[headers]]
for = '/*'
[headers.values]
Content-Security-Policy = '''
  default-src 'self';
  img-src 'self' https://img.example;
'''
";

both! {
    /// A header cannot hold the ends of lines; what is written over several is sent as one, not dropped.
    async fn a_policy_of_several_lines_is_sent(p: Platform) {
        let owner = p.owner();
        let site = owner.create_site("strict").await;
        owner.deploy(id(&site), &[("index.html", "x"), ("netlify.toml", POLICY)]).await;
        let answer = p.visitor().site("strict", "/").await.expect(200);
        let policy = answer.header("content-security-policy");
        assert_eq!(policy, Some("default-src 'self'; img-src 'self' https://img.example;"));
    }
}

/// A server that the network reaches.
fn public(config: &mut Config) {
    config.listen = (Ipv4Addr::UNSPECIFIED, 0).into();
}

/// The same, for people who share a machine.
fn shared(config: &mut Config) {
    public(config);
    config.local_repositories = true;
}

/// Tries to link a folder of this machine in every way that a site can be told of it; the statuses.
async fn link(caller: &Actor, site: &str, folder: &str) -> Vec<u16> {
    let file = format!("file://{folder}");
    let mut statuses = Vec::new();
    for repo in [
        json!({ "provider": "manual", "repo_path": folder }),
        json!({ "provider": "manual", "repo_url": file }),
        json!({ "provider": "github", "repo_path": "o/r", "repo_url": folder }),
        json!({ "repo": folder }),
    ] {
        for field in ["repo", "build_settings"] {
            let sent = json!({ field: repo.clone() });
            statuses.push(caller.patch(&format!("/sites/{site}"), sent.clone()).await.status);
            statuses.push(caller.post("/sites", sent).await.status);
        }
        caller.put(&format!("/sites/{site}/unlink_repo"), json!({})).await.expect(200);
    }
    statuses
}

both! { with public;
    /// Git reads the disk with the server's rights: on a server that the network reaches, repositories on
    /// it are for whoever runs it. What was linked once stays, and other settings beside it can be changed.
    async fn the_disk_is_for_the_operator(p: Platform) {
        let folder = repository(&[("index.html", "theirs")]);
        let folder = folder.path().to_str().expect("a path of this test");
        let outsider = p.outsider().await;
        let site = outsider.create_site("foreign").await;
        let refused = link(&outsider, id(&site), folder).await;
        assert!(refused.iter().all(|status| *status == 422), "{refused:?}");
        let remote = json!({ "repo": { "provider": "manual", "repo_path": "https://git.example/o/r" } });
        outsider.patch(&format!("/sites/{}", id(&site)), remote).await.expect(200);
        let owner = p.owner();
        let own = owner.create_site("own").await;
        let taken = link(&owner, id(&own), folder).await;
        assert!(taken.iter().all(|status| matches!(status, 200 | 201)), "{taken:?}");
        let member = p.issue(json!({ "name": "member", "scope": "write" })).await;
        let local = json!({ "repo": { "provider": "manual", "repo_path": folder } });
        owner.patch(&format!("/sites/{}", id(&own)), local.clone()).await.expect(200);
        let command = json!({ "repo": { "provider": "manual", "repo_path": folder, "cmd": "make" } });
        member.patch(&format!("/sites/{}", id(&own)), command).await.expect(200);
        let elsewhere = json!({ "repo": { "provider": "manual", "repo_path": "/srv" } });
        let message = member.patch(&format!("/sites/{}", id(&own)), elsewhere).await.refusal(422);
        assert!(message.contains("--local-repositories"), "{message}");
    }
}

both! { with shared;
    /// The operator can open it to everybody.
    async fn the_disk_can_be_for_everybody(p: Platform) {
        let outsider = p.outsider().await;
        let site = outsider.create_site("foreign").await;
        let taken = link(&outsider, id(&site), "/srv/anything").await;
        assert!(taken.iter().all(|status| matches!(status, 200 | 201)), "{taken:?}");
    }
}
