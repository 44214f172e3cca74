//! At which addresses a site is found, who is sent on from there, and who has to know a password.

use crate::support::{id, live_site, site_now, text};
use boathook::Config;
use http::{Method, Request, header};
use serde_json::{Value, json};
use testkit::{Actor, Answer, Platform, both};

/// Changes settings of a site.
async fn set(owner: &Actor, site: &Value, changes: Value) -> Value {
    owner.patch(&format!("/sites/{}", id(site)), changes).await.expect(200).json()
}

#[track_caller]
fn assert_moved(answer: &Answer, to: &str) {
    assert_eq!((answer.status, answer.header("location")), (301, Some(to)), "{}", answer.shown());
}

/// A visitor's request with headers of its own.
async fn ask(
    p: &Platform,
    method: Method,
    host: &str,
    path: &str,
    more: &[(&str, &str)],
    body: &str,
) -> Answer {
    let mut request = Request::builder().method(method).uri(path).header(header::HOST, host);
    for (name, value) in more {
        request = request.header(*name, *value);
    }
    p.visitor().request(request, body).await
}

both! {
    /// Domains of a site's own lead to the primary one; `www` before it or not makes no difference.
    async fn own_domains_lead_to_the_primary_one(p: Platform) {
        let owner = p.owner();
        let (site, deploy) = live_site(&owner, "shop").await;
        let domains = json!({ "custom_domain": "www.example.org", "domain_aliases": ["example.net"] });
        set(&owner, &site, domains).await;
        let visitor = p.visitor();
        for host in ["example.net", "example.org"] {
            let answer = visitor.get(host, "/a%20b/?q=1&r=%2F").await;
            assert_moved(&answer, "http://www.example.org/a%20b/?q=1&r=%2F");
        }
        assert_moved(&visitor.get("Example.NET:8080", "/").await, "http://www.example.org:8080/");
        let port = p.address().port();
        for host in [
            "www.example.org".to_owned(),
            format!("shop.localhost:{port}"),
            format!("{}--shop.localhost:{port}", id(&deploy)),
        ] {
            assert_eq!(visitor.get(&host, "/").await.expect(200).text(), "hello", "{host}");
        }
        set(&owner, &site, json!({ "custom_domain": "example.net", "domain_aliases": [] })).await;
        assert_eq!(visitor.get("example.net", "/").await.expect(200).text(), "hello");
        assert_moved(&visitor.get("www.example.net", "/").await, "http://example.net/");
        assert_eq!(visitor.get("www.example.org", "/").await.status, 404);
    }
}

both! {
    /// A rule for a host decides what is found there; other aliases still lead to the primary domain.
    async fn a_rule_for_an_alias_goes_before_the_redirect(p: Platform) {
        let owner = p.owner();
        let site = owner.create_site("spoken").await;
        let rule = "http://es.test/* /es/:splat 200!\n";
        let files = [("index.html", "hello"), ("es/index.html", "hola"), ("_redirects", rule)];
        owner.deploy(id(&site), &files).await;
        let domains = json!({ "custom_domain": "main.test", "domain_aliases": ["es.test", "other.test"] });
        set(&owner, &site, domains).await;
        assert_eq!(p.visitor().get("es.test", "/").await.expect(200).text(), "hola");
        assert_moved(&p.visitor().get("other.test", "/").await, "http://main.test/");
        assert_eq!(p.visitor().get("main.test", "/").await.expect(200).text(), "hello");
    }
}

both! {
    /// Domains are names, and not too many.
    async fn domains_are_bounded(p: Platform) {
        let owner = p.owner();
        let site = owner.create_site("many").await;
        let path = format!("/sites/{}", id(&site));
        let aliases = |count: usize| -> Value { (0..count).map(|n| format!("d{n}.test")).collect() };
        owner.patch(&path, json!({ "domain_aliases": aliases(100) })).await.expect(200);
        let message = owner.patch(&path, json!({ "domain_aliases": aliases(101) })).await.refusal(422);
        assert!(message.contains("100"), "{message}");
        for wrong in ["localhost", "other.localhost", "a b.test", "test", "127.0.0.1"] {
            owner.patch(&path, json!({ "custom_domain": wrong })).await.refusal(422);
        }
    }
}

both! {
    /// `www` of a domain is another site's when that says so.
    async fn a_listed_domain_goes_before_a_derived_one(p: Platform) {
        let owner = p.owner();
        let (one, _) = live_site(&owner, "one").await;
        set(&owner, &one, json!({ "custom_domain": "example.org" })).await;
        assert_moved(&p.visitor().get("www.example.org", "/").await, "http://example.org/");
        let two = owner.create_site("two").await;
        owner.deploy(id(&two), &[("index.html", "two")]).await;
        set(&owner, &two, json!({ "custom_domain": "www.example.org" })).await;
        assert_eq!(p.visitor().get("www.example.org", "/").await.expect(200).text(), "two");
        assert_eq!(p.visitor().get("example.org", "/").await.expect(200).text(), "hello");
    }
}

both! {
    /// Branch deploys and deploy previews are found under domains of their own, and stay there.
    async fn branches_and_previews_have_domains(p: Platform) {
        let owner = p.owner();
        let (site, _) = live_site(&owner, "app").await;
        let branch = json!({ "branch": "feat/x", "draft": false });
        owner.deploy_as(id(&site), &[("index.html", "branch")], branch).await;
        let preview = json!({ "branch": "deploy-preview-7", "draft": true });
        owner.deploy_as(id(&site), &[("index.html", "preview")], preview).await;
        let domains = json!({
            "custom_domain": "app.example.org",
            "branch_deploy_custom_domain": "dev.example.org",
            "deploy_preview_custom_domain": "previews.example.org",
            "force_ssl": true,
        });
        let shown = set(&owner, &site, domains).await;
        assert_eq!(shown["branch_deploy_custom_domain"], "dev.example.org");
        let visitor = p.visitor();
        for (host, says) in [
            ("feat-x.dev.example.org", Some("branch")),
            ("deploy-preview-7.previews.example.org", Some("preview")),
            ("none.dev.example.org", None),
            ("deploy-preview-8.previews.example.org", None),
            ("feat-x.previews.example.org", None),
            ("deploy-preview-7.dev.example.org", None),
            ("dev.example.org", None),
            ("a.feat-x.dev.example.org", None),
        ] {
            let answer = visitor.get(host, "/").await;
            match says {
                Some(says) => assert_eq!(answer.expect(200).text(), says, "{host}"),
                None => assert_eq!(answer.status, 404, "{host}"),
            }
        }
        let thief = owner.create_site("thief").await;
        let theft = json!({ "custom_domain": "dev.example.org" });
        owner.patch(&format!("/sites/{}", id(&thief)), theft).await.refusal(422);
        set(&owner, &site, json!({ "branch_deploy_custom_domain": null })).await;
        assert_eq!(visitor.get("feat-x.dev.example.org", "/").await.status, 404);
    }
}

fn behind_a_proxy(config: &mut Config) {
    config.trusted_proxies = vec!["127.0.0.0/8".parse().expect("a block of addresses")];
}

const SAYS_HTTP: (&str, &str) = ("x-forwarded-proto", "http");
const SAYS_HTTPS: (&str, &str) = ("x-forwarded-proto", "https");

both! { with behind_a_proxy;
    /// Plain http is sent on to https when the site asks for it and a proxy that is trusted says
    /// that there is https.
    async fn https_is_forced_behind_a_proxy(p: Platform) {
        let owner = p.owner();
        let (site, deploy) = live_site(&owner, "safe").await;
        set(&owner, &site, json!({ "custom_domain": "www.safe.test", "domain_aliases": ["safe.test"] })).await;
        let get = async |host: &str, said: (&str, &str)| ask(&p, Method::GET, host, "/p?q", &[said], "").await;
        assert_eq!(get("www.safe.test", SAYS_HTTP).await.status, 404, "nobody asked for https yet");
        assert_moved(&get("safe.test", SAYS_HTTPS).await, "https://www.safe.test/p?q");
        set(&owner, &site, json!({ "force_ssl": true })).await;
        assert_moved(&get("www.safe.test", SAYS_HTTP).await, "https://www.safe.test/p?q");
        assert_moved(&get("safe.test:8080", SAYS_HTTP).await, "https://www.safe.test/p?q");
        assert_moved(&get("safe.localhost:8080", SAYS_HTTP).await, "https://safe.localhost/p?q");
        let secure = ask(&p, Method::GET, "www.safe.test", "/", &[SAYS_HTTPS], "").await.expect(200);
        assert_eq!(secure.header("strict-transport-security"), Some("max-age=31536000"));
        let unsaid = ask(&p, Method::GET, "www.safe.test", "/", &[], "").await.expect(200);
        assert_eq!(unsaid.header("strict-transport-security"), None);
        let permalink = format!("{}--safe.localhost", id(&deploy));
        ask(&p, Method::GET, &permalink, "/", &[SAYS_HTTP], "").await.expect(200);
    }
}

both! {
    /// Without TLS and without a proxy whose word counts, forcing https would lock everybody out.
    async fn https_is_not_forced_where_there_is_none(p: Platform) {
        let owner = p.owner();
        let (site, _) = live_site(&owner, "plain").await;
        set(&owner, &site, json!({ "force_ssl": true })).await;
        for said in [SAYS_HTTP, SAYS_HTTPS] {
            let answer = ask(&p, Method::GET, "plain.localhost", "/", &[said], "").await.expect(200);
            assert_eq!(answer.header("strict-transport-security"), None, "{said:?}");
        }
    }
}

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

async fn try_password(p: &Platform, host: &str, path: &str, password: &str) -> Answer {
    ask(p, Method::POST, host, path, &[FORM], &format!("password={password}")).await
}

/// Name and value of the cookie that an answer sets.
fn cookie(answer: &Answer) -> &str {
    let cookie = answer.header("set-cookie").expect("a cookie");
    assert!(cookie.contains("; HttpOnly") && cookie.contains("; SameSite=Lax"), "{cookie}");
    cookie.split(';').next().expect("a cookie has a value")
}

both! {
    /// A password guards every file and every deploy; knowing it is remembered until it changes.
    async fn a_password_guards_a_site(p: Platform) {
        let owner = p.owner();
        let site = owner.create_site("secret").await;
        let files = [("index.html", "hello"), ("app.css", "a{}"), ("404.html", "lost")];
        let deploy = owner.deploy(id(&site), &files).await;
        let shown = set(&owner, &site, json!({ "password": "open sesame" })).await;
        assert_eq!((&shown["has_password"], &shown["password_context"]), (&json!(true), &json!("all")));
        assert!(!shown.to_string().contains("sesame") && !shown.to_string().contains("argon2"), "{shown}");
        let permalink = format!("{}--secret.localhost", id(&deploy));
        for (host, path) in [
            ("secret.localhost", "/"),
            ("secret.localhost", "/app.css"),
            ("secret.localhost", "/none"),
            ("secret.localhost", "/.netlify/functions/x"),
            (permalink.as_str(), "/"),
        ] {
            let page = p.visitor().get(host, path).await.expect(401);
            assert!(page.text().contains("type=\"password\""), "{path}: {}", page.shown());
            assert_eq!(page.header("cache-control"), Some("no-store"), "{path}");
        }
        let endless = "x".repeat(5000);
        assert!(try_password(&p, "secret.localhost", "/", &endless).await.expect(401).header("set-cookie").is_none());
        let wrong = try_password(&p, "secret.localhost", "/app.css?v=1", "open+says+me").await.expect(401);
        assert!(wrong.text().contains("not the password") && wrong.header("set-cookie").is_none());
        let right = try_password(&p, "secret.localhost", "/app.css?v=1", "open+sesame").await.expect(303);
        assert_eq!(right.header("location"), Some("/app.css?v=1"));
        let known = ("cookie", &*format!("a=b; {}", cookie(&right)));
        for (host, path, status) in [
            ("secret.localhost", "/app.css", 200),
            ("secret.localhost", "/none", 404),
            (permalink.as_str(), "/", 200),
        ] {
            ask(&p, Method::GET, host, path, &[known], "").await.expect(status);
        }
        let other = owner.create_site("other").await;
        owner.deploy(id(&other), &[("index.html", "other")]).await;
        set(&owner, &other, json!({ "password": "open sesame" })).await;
        ask(&p, Method::GET, "other.localhost", "/", &[known], "").await.expect(401);
        p.clock().advance(std::time::Duration::from_secs(7 * 24 * 3600));
        ask(&p, Method::GET, "secret.localhost", "/", &[known], "").await.expect(401);
        set(&owner, &site, json!({ "password": "" })).await;
        assert_eq!(site_now(&owner, id(&site)).await["has_password"], false);
        p.visitor().get("secret.localhost", "/").await.expect(200);
    }
}

both! {
    /// A new password ends what the old one opened, and an address that guesses is told to wait.
    async fn passwords_change_and_guesses_are_counted(p: Platform) {
        let owner = p.owner();
        let (site, _) = live_site(&owner, "guess").await;
        set(&owner, &site, json!({ "password": "first" })).await;
        let right = try_password(&p, "guess.localhost", "//evil.test/", "first").await.expect(303);
        assert_eq!(right.header("location"), Some("/"), "it leads to no other host");
        let known = ("cookie", cookie(&right));
        ask(&p, Method::GET, "guess.localhost", "/", &[known], "").await.expect(200);
        set(&owner, &site, json!({ "password": "second" })).await;
        ask(&p, Method::GET, "guess.localhost", "/", &[known], "").await.expect(401);
        let guesses = (0..10).map(|_| try_password(&p, "guess.localhost", "/", "first"));
        for guess in futures_util::future::join_all(guesses).await {
            guess.expect(401);
        }
        let barred = try_password(&p, "guess.localhost", "/", "second").await.expect(429);
        let wait: u64 = barred.header("retry-after").and_then(|wait| wait.parse().ok()).expect("seconds");
        assert!((1..=60).contains(&wait), "{wait}");
        p.clock().advance(std::time::Duration::from_secs(wait));
        try_password(&p, "guess.localhost", "/", "second").await.expect(303);
        let long = "x".repeat(257);
        owner.patch(&format!("/sites/{}", id(&site)), json!({ "password": long })).await.refusal(422);
    }
}

both! {
    /// A password may spare production.
    async fn a_password_may_guard_all_but_production(p: Platform) {
        let owner = p.owner();
        let (site, _) = live_site(&owner, "half").await;
        let draft = owner.deploy_draft(id(&site), &[("index.html", "draft")]).await;
        let password = json!({ "password": "x", "password_context": "non_production" });
        assert_eq!(set(&owner, &site, password).await["password_context"], "non_production");
        p.visitor().get("half.localhost", "/").await.expect(200);
        p.visitor().get(&format!("{}--half.localhost", id(&draft)), "/").await.expect(401);
        let wrong = json!({ "password_context": "sometimes" });
        owner.patch(&format!("/sites/{}", id(&site)), wrong).await.refusal(400);
    }
}

both! {
    /// Purging needs a say in the site, is counted for each tag, and changes nothing that is seen.
    async fn purging_is_accepted_and_counted(p: Platform) {
        let owner = p.owner();
        let (site, _) = live_site(&owner, "cached").await;
        set(&owner, &site, json!({ "custom_domain": "cached.test" })).await;
        let purge = async |body: Value| owner.post("/purge", body).await;
        let tagged = |tag: &str| json!({ "site_id": id(&site), "cache_tags": [tag] });
        for body in [
            json!({ "site_id": id(&site) }),
            json!({ "site_slug": "cached", "deploy_alias": "main" }),
            tagged("a"),
            tagged("a"),
            tagged("b"),
            json!({ "domain": "cached.test", "cache_tags": [] }),
            json!({ "domain": "cached.test", "cache_tags": [] }),
        ] {
            purge(body).await.expect(202);
        }
        for body in [tagged("a"), json!({ "site_id": id(&site) })] {
            let refused = purge(body).await;
            assert!(refused.header("retry-after").is_some(), "{}", refused.shown());
            refused.refusal(429);
        }
        p.clock().advance(std::time::Duration::from_secs(5));
        purge(tagged("a")).await.expect(202);
        purge(json!({})).await.refusal(400);
        for unknown in [json!({ "site_id": "none" }), json!({ "domain": "none.test" })] {
            purge(unknown).await.refusal(404);
        }
        p.outsider().await.post("/purge", tagged("c")).await.refusal(404);
        p.reader().await.post("/purge", tagged("c")).await.refusal(403);
        p.anonymous().post("/purge", tagged("c")).await.refusal(401);
        assert_eq!(p.visitor().site("cached", "/").await.expect(200).text(), "hello");
    }
}

/// An answer as it stands on the wire, with what differs from run to run replaced.
fn whole(answer: &Answer) -> String {
    let mut lines: Vec<String> = answer
        .headers
        .iter()
        .map(|(name, value)| {
            let value = value.to_str().expect("headers are text");
            let value = match name.as_str() {
                "date" | "last-modified" => "<date>",
                "x-nf-request-id" => {
                    assert_eq!(value.len(), 26, "{value}");
                    "<ulid>"
                }
                _ => value,
            };
            format!("{name}: {value}\n")
        })
        .collect();
    lines.sort();
    format!("{}\n{}\n{}", answer.status, lines.concat(), answer.text())
}

#[track_caller]
fn assert_whole(answer: &Answer, expected: &str) {
    let expected: Vec<&str> = expected.trim().lines().map(str::trim).collect();
    assert_eq!(whole(answer).trim(), expected.join("\n"), "{}", answer.asked);
}

both! {
    /// Whole answers of every kind, header by header (contract edge 1.5).
    async fn answers_are_these_to_the_last_header(p: Platform) {
        let owner = p.owner();
        let site = owner.create_site("whole").await;
        owner.deploy(id(&site), &[("index.html", "hello"), ("404.html", "lost")]).await;
        set(&owner, &site, json!({ "custom_domain": "whole.test" })).await;
        let get = async |host: &str, path: &str, more: &[(&str, &str)]| {
            ask(&p, Method::GET, host, path, more, "").await
        };
        let page = get("whole.test", "/", &[]).await;
        let etag = page.header("etag").expect("a page has a tag").to_owned();
        assert!(etag.len() == 34 && etag.starts_with('"'), "{etag}");
        assert_whole(&page, &PAGE.replace("ETAG", &etag));
        let fresh = get("whole.test", "/", &[("if-none-match", &etag)]).await;
        assert_whole(&fresh, &FRESH.replace("ETAG", &etag));
        let range = get("whole.test", "/", &[("range", "bytes=1-2")]).await;
        assert_whole(&range, &RANGE.replace("ETAG", &etag));
        assert_whole(&get("whole.test", "/none", &[]).await, LOST);
        assert_whole(&get("www.whole.test", "/x?y", &[]).await, MOVED);
        let shown = site_now(&owner, id(&site)).await;
        assert_eq!(text(&shown, "custom_domain"), "whole.test");
    }
}

const PAGE: &str = "200
    accept-ranges: bytes
    age: 0
    cache-control: public,max-age=0,must-revalidate
    content-length: 5
    content-type: text/html; charset=UTF-8
    date: <date>
    etag: ETAG
    last-modified: <date>
    server: Netlify
    x-nf-request-id: <ulid>

    hello";

const FRESH: &str = "304
    age: 0
    cache-control: public,max-age=0,must-revalidate
    date: <date>
    etag: ETAG
    last-modified: <date>
    server: Netlify
    x-nf-request-id: <ulid>";

const RANGE: &str = "206
    accept-ranges: bytes
    age: 0
    cache-control: public,max-age=0,must-revalidate
    content-length: 2
    content-range: bytes 1-2/5
    content-type: text/html; charset=UTF-8
    date: <date>
    etag: ETAG
    last-modified: <date>
    server: Netlify
    x-nf-request-id: <ulid>

    el";

const LOST: &str = "404
    age: 0
    cache-control: public,max-age=0,must-revalidate
    content-length: 4
    content-type: text/html; charset=UTF-8
    date: <date>
    server: Netlify
    x-nf-request-id: <ulid>

    lost";

const MOVED: &str = "301
    cache-control: no-cache
    content-length: 37
    content-type: text/plain; charset=utf-8
    date: <date>
    location: http://whole.test/x?y
    server: Netlify
    x-nf-request-id: <ulid>

    Redirecting to http://whole.test/x?y";
