//! Rules beyond the shared cases: what holds for answers that are no plain page, and ways around a
//! rule that must not be ways around.

use crate::support::{Answer, Platform};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::collections::HashSet;

const HOST: &str = "site.localhost";

async fn platform(files: &[(&str, &str)]) -> Platform {
    let p = Platform::start().await;
    p.live("site", files).await;
    p
}

fn leads(answer: &Answer) -> (u16, Option<&str>) {
    (answer.status, answer.header("location"))
}

#[tokio::test]
async fn header_rules_hold_for_every_answer_that_shows_a_file() {
    let headers = "/*\n X-Rule: all\n Vary: Cookie\n Cache-Control: max-age=9\n/page\n X-Rule: page\n";
    let page = "<p>lorem ipsum</p>".repeat(100);
    let p = platform(&[
        ("/page.html", &page),
        ("/404.html", "lost"),
        ("/_headers", headers),
        ("/_redirects", "/r /page 302\n/w /page 200\n/m /page 503\n"),
    ])
    .await;
    let whole = p.send("GET", HOST, "/page", &[("accept-encoding", "gzip")]).await;
    assert_eq!((whole.header("x-rule"), whole.header("cache-control")), (Some("page"), Some("max-age=9")));
    let tag = whole.header("etag").unwrap().to_owned();
    for (path, ask, status, rule, cache) in [
        (
            "/page",
            vec![("accept-encoding", "gzip"), ("if-none-match", &*tag)],
            304,
            Some("page"),
            Some("max-age=9"),
        ),
        ("/page", vec![("range", "bytes=0-9")], 206, Some("page"), Some("max-age=9")),
        ("/page.html", vec![], 200, Some("all"), Some("max-age=9")),
        ("/w", vec![], 200, Some("page"), Some("max-age=9")),
        ("/m", vec![], 503, Some("page"), Some("public,max-age=0,must-revalidate")),
        ("/none", vec![], 404, Some("all"), Some("public,max-age=0,must-revalidate")),
        ("/r", vec![], 302, None, Some("no-cache")),
        ("/.netlify/x", vec![], 404, None, Some("no-cache")),
    ] {
        let answer = p.send("GET", HOST, path, &ask).await;
        let found = (answer.status, answer.header("x-rule"), answer.header("cache-control"));
        assert_eq!(found, (status, rule, cache), "{path} {ask:?}");
        let head = p.send("HEAD", HOST, path, &ask).await;
        assert_eq!((head.status, head.header("x-rule")), (status, rule), "{path} {ask:?}");
    }
}

#[tokio::test]
async fn a_password_cannot_be_walked_around() {
    let p = platform(&[
        ("/open.html", "open"),
        ("/private/a.html", "private"),
        ("/both/index.html", "guarded too"),
        ("/_headers", "/private/*\n Basic-Auth: ann:one\n/both\n Basic-Auth: ann:one\n"),
        ("/_redirects", "/in/* /private/:splat 200\n/out/* /open 302\n/private/out /open 302\n"),
    ])
    .await;
    let right = format!("Basic {}", STANDARD.encode("ann:one"));
    for path in [
        "/private/a",
        "/private/a.html",
        "/PRIVATE/a",
        "/private//a",
        "/x/../private/a",
        "/%70rivate/a",
        "/private/a%2Fb",
        "/private/out",
        "/private/none",
        "/in/a",
        "/both",
        "/both/",
        "/both/index.html",
    ] {
        for method in ["GET", "HEAD", "POST"] {
            assert_eq!(p.send(method, HOST, path, &[]).await.status, 401, "{method} {path}");
        }
        assert_ne!(p.send("GET", HOST, path, &[("authorization", &right)]).await.status, 401, "{path}");
    }
    assert_eq!(leads(&p.get(HOST, "/out/x").await), (302, Some("/open")));
    let shown = p.send("GET", HOST, "/in/a", &[("authorization", &right)]).await;
    assert_eq!((shown.status, shown.text().as_str()), (200, "private"));
    assert_eq!(shown.header("cache-control"), Some("private,max-age=0,must-revalidate"));
    assert_eq!(p.get(HOST, "/open").await.header("cache-control"), Some("public,max-age=0,must-revalidate"));
}

#[tokio::test]
async fn a_rewrite_may_lead_to_a_function_and_nowhere_else_of_the_platform() {
    let p = Platform::start().await;
    let site = p.site("site").await;
    let rules = r#"{"redirects":[RULE]}"#.replace(
        "RULE",
        &[("/f/*", "/.netlify/functions/hello"), ("/n", "/.netlify/functions/none"), ("/s", "/.netlify/state.json")]
            .map(|(from, to)| {
                format!(r#"{{"from":"{from}","query":{{}},"to":"{to}","status":200,"force":false,"conditions":{{}},"signed":null,"headers":{{}}}}"#)
            })
            .join(","),
    );
    let hidden = p.file("/.netlify/state.json", b"{}").await;
    let served = store::deploy_files::Served { files: vec![hidden], rules };
    let deploy = p.deploy_of(&site, &served, &["hello"]).await;
    p.publish(&site, &deploy).await;
    for (path, status) in [("/f/x", 501), ("/n", 404), ("/s", 404)] {
        assert_eq!(p.send("POST", HOST, path, &[]).await.status, status, "{path}");
    }
}

#[tokio::test]
async fn files_hide_unforced_rules_whatever_the_method() {
    let p = platform(&[
        ("/page.html", "page"),
        ("/_redirects", "/page /x 302\n/none /x 302\n/forced /x 302!\n/* /page 200\n"),
        ("/forced.html", "never seen"),
    ])
    .await;
    for (method, path, expect) in [
        ("GET", "/page", (200, None)),
        ("POST", "/page", (405, None)),
        ("POST", "/none", (302, Some("/x"))),
        ("GET", "/forced", (302, Some("/x"))),
        ("GET", "/forced.html", (200, None)),
        ("HEAD", "/deep/link", (200, None)),
        ("GET", "/a%2Fb", (200, None)),
        ("GET", "/a%ff", (404, None)),
    ] {
        assert_eq!(leads(&p.send(method, HOST, path, &[]).await), expect, "{method} {path}");
    }
}

#[tokio::test]
async fn rules_follow_the_deploy_that_is_live() {
    let p = Platform::start().await;
    let site = p.live("site", &[("/_redirects", "/a /one 302")]).await;
    assert_eq!(leads(&p.get(HOST, "/a").await), (302, Some("/one")));
    let next = p.deploy(&site, &[("/_redirects", "/a /two 302")]).await;
    assert_eq!(leads(&p.get(HOST, "/a").await), (302, Some("/one")));
    p.publish(&site, &next).await;
    assert_eq!(leads(&p.get(HOST, "/a").await), (302, Some("/two")));
}

#[tokio::test]
async fn very_many_rules_are_found_and_bounded() {
    let rules: String = (0..100_000).map(|n| format!("/old/{n} /new/{n} 302\n")).collect();
    let headers: String = (0..5_000).map(|n| format!("/*\n X{}: {n}\n", n % 500)).collect();
    let p = platform(&[("/a.txt", "a"), ("/_redirects", &rules), ("/_headers", &headers)]).await;
    assert_eq!(leads(&p.get(HOST, "/old/99999").await), (302, Some("/new/99999")));
    assert_eq!(leads(&p.get(HOST, "/old/100000").await), (404, None));
    let answer = p.get(HOST, "/a.txt").await;
    let own: HashSet<_> = answer.headers.keys().filter(|name| name.starts_with('x')).collect();
    assert_eq!((answer.status, own.len()), (200, rules::headers::MAX_PATH_HEADERS + 1));
}
