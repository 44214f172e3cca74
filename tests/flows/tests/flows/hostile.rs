//! What clients send who mean no good, or are broken: each gets a clear refusal or a closed
//! connection, never two answers to what it says is one request, and others are served meanwhile.

use crate::support::{id, live_site};
use boathook::Config;
use serde_json::json;
use std::net::SocketAddr;
use testkit::{LIMIT, Platform, both};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Clients that hold a connection open without finishing a request.
const SLOW_CLIENTS: usize = 200;
/// Rules of a site that has many.
const RULES: usize = 10_000;

fn impatient(config: &mut Config) {
    config.head_timeout = 1;
}

/// Sends bytes and returns all that comes back until the server closes.
async fn raw(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.expect("the server listens");
    let (mut read, mut write) = stream.split();
    let mut answer = Vec::new();
    let sending = async {
        // a server that has seen enough may close before it has read all
        let _ = write.write_all(request).await;
    };
    let reading = async {
        let _ = read.read_to_end(&mut answer).await;
    };
    let both = async { tokio::join!(sending, reading) };
    let shown = String::from_utf8_lossy(&request[..request.len().min(200)]).into_owned();
    timeout(LIMIT, both).await.unwrap_or_else(|_| panic!("still open: {shown:?}"));
    String::from_utf8_lossy(&answer).into_owned()
}

/// The statuses of all answers on a connection.
fn statuses(answer: &str) -> Vec<u16> {
    let lines = answer.split("HTTP/1.1 ").skip(1);
    lines.map(|line| line[..3].parse().expect("a status line")).collect()
}

/// Sends a request, with `HOST` for a host that is served, and expects one of these statuses and
/// nothing after it, or nothing at all.
async fn refused(p: &Platform, request: &str, expected: &[u16]) {
    let host = format!("site.localhost:{}", p.address().port());
    let answer = raw(p.address(), request.replace("HOST", &host).as_bytes()).await;
    let statuses = statuses(&answer);
    let fine = statuses.is_empty() || matches!(statuses[..], [one] if expected.contains(&one));
    assert!(fine, "{:?}: {statuses:?} {answer}", &request[..request.len().min(200)]);
}

/// The page of the site, asked for by somebody who means well.
async fn served(p: &Platform) {
    let answer = p.visitor().site("site", "/").await.expect(200);
    assert_eq!(answer.text(), "hello");
}

both! {
    /// Requests whose length two readers could take for two things.
    async fn smuggling_is_refused(p: Platform) {
        live_site(&p.owner(), "site").await;
        let second = "GET /second HTTP/1.1\r\nHost: HOST\r\n\r\n";
        for framing in [
            "Content-Length: 4\r\nContent-Length: 5",
            "Content-Length: 4, 5",
            "Content-Length: +4",
            "Content-Length: -1",
            "Content-Length: 0x4",
            "Content-Length: 99999999999999999999",
            "Transfer-Encoding: identity",
            "Transfer-Encoding: xchunked",
            "Transfer-Encoding: chunked, identity",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
            "Transfer-Encoding : chunked",
            "Transfer-Encoding:\r\n chunked",
            "X: a\r\n folded",
            "X: a\rContent-Length: 4",
            "X: a\0b",
            "X Y: a",
            ": a",
        ] {
            let request = format!("POST / HTTP/1.1\r\nHost: HOST\r\n{framing}\r\n\r\n0\r\n\r\n{second}");
            refused(&p, &request, &[400, 413]).await;
        }
        let old = format!("POST / HTTP/1.0\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{second}");
        refused(&p, &old, &[400]).await;
        served(&p).await;
    }
}

both! {
    /// Where both lengths are given the chunks count, as the standard says, and what follows on the
    /// connection is believed no more.
    async fn nothing_follows_a_request_of_two_lengths(p: Platform) {
        live_site(&p.owner(), "site").await;
        let second = "GET /second HTTP/1.1\r\nHost: HOST\r\n\r\n";
        for (first, then) in [
            ("Content-Length: 4", "Transfer-Encoding: chunked"),
            ("Transfer-Encoding: chunked", "Content-Length: 4"),
            ("Content-Length: 4", "X: a\nTransfer-Encoding: chunked"),
        ] {
            let request = format!("POST / HTTP/1.1\r\nHost: HOST\r\n{first}\r\n{then}\r\n\r\n0\r\n\r\n{second}");
            refused(&p, &request, &[400, 405]).await;
        }
        for chunks in [
            "0x1\r\na\r\n0\r\n\r\n",
            "-1\r\na\r\n0\r\n\r\n",
            "1 1\r\na\r\n0\r\n\r\n",
            "FFFFFFFFFFFFFFFFF\r\na\r\n0\r\n\r\n",
            "1;x=\ny\r\na\r\n0\r\n\r\n",
            "1\na\n0\n\n",
            "1\r\nabc\r\n0\r\n\r\n",
            "\r\na\r\n0\r\n\r\n",
        ] {
            let head = "POST / HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n";
            refused(&p, &format!("{head}{chunks}{second}"), &[400, 405]).await;
        }
        served(&p).await;
    }
}

both! {
    /// Requests that do not say clearly whom they are for.
    async fn confused_hosts_are_refused(p: Platform) {
        live_site(&p.owner(), "site").await;
        let port = p.address().port();
        for head in [
            "GET / HTTP/1.1\r\n".to_owned(),
            "GET / HTTP/1.1\r\nHost:\r\n".to_owned(),
            "GET / HTTP/1.1\r\nHost: HOST\r\nHost: HOST\r\n".to_owned(),
            format!("GET / HTTP/1.1\r\nHost: HOST\r\nHost: localhost:{port}\r\n"),
            format!("GET /api/v1/user HTTP/1.1\r\nHost: localhost:{port}\r\nHost: HOST\r\n"),
            "GET / HTTP/1.1\r\nHost: HOST\r\nX: a\nHost: other.localhost\r\n".to_owned(),
            "GET / HTTP/1.1\r\nHost: HOST, other.localhost\r\n".to_owned(),
            "GET / HTTP/1.1\r\nHost: HOST/..\r\n".to_owned(),
            "GET / HTTP/1.1\r\nHost: user@HOST\r\n".to_owned(),
            "GET http://other.localhost/ HTTP/1.1\r\nHost: HOST\r\n".to_owned(),
            format!("GET http://localhost:{port}/api/v1/user HTTP/1.1\r\nHost: HOST\r\n"),
            "GET http://user@HOST/ HTTP/1.1\r\nHost: user@HOST\r\n".to_owned(),
        ] {
            refused(&p, &format!("{head}\r\n"), &[400]).await;
        }
        let twice = "GET http://HOST/ HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n";
        refused(&p, twice, &[200]).await;
        served(&p).await;
    }
}

both! {
    /// Targets and request lines that mean nothing here.
    async fn odd_targets_are_refused(p: Platform) {
        live_site(&p.owner(), "site").await;
        for (line, status) in [
            ("GET /../../etc/passwd HTTP/1.1", 404),
            ("GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1", 404),
            ("GET /..%2f..%2fetc/passwd HTTP/1.1", 404),
            ("GET /..\\..\\etc\\passwd HTTP/1.1", 404),
            ("GET /%00 HTTP/1.1", 400),
            ("GET /%ff HTTP/1.1", 404),
            ("GET /a b HTTP/1.1", 400),
            ("GET /a\tb HTTP/1.1", 400),
            ("GET no-slash HTTP/1.1", 400),
            ("GET * HTTP/1.1", 400),
            ("GET / HTTP/9.9", 400),
            ("GET / HTTP/2.0", 400),
            ("GET /", 400),
            ("GE\0T / HTTP/1.1", 400),
            ("G(T / HTTP/1.1", 400),
            ("get / HTTP/1.1", 405),
            ("TRACE / HTTP/1.1", 405),
        ] {
            let request = format!("{line}\r\nHost: HOST\r\nConnection: close\r\n\r\n");
            refused(&p, &request, &[status]).await;
        }
        refused(&p, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nnonsense that is no frame at all", &[400]).await;
        refused(&p, "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}\u{fc}\u{3}\u{3} a TLS greeting", &[400]).await;
        served(&p).await;
    }
}

both! {
    /// Heads that are too large are refused before they are read to their end.
    async fn heads_are_bounded(p: Platform) {
        live_site(&p.owner(), "site").await;
        let megabyte = "x".repeat(1 << 20);
        let many = "X: 1\r\n".repeat(1 << 17);
        let some = "X: 1\r\n".repeat(200);
        for (head, status) in [
            (format!("X: {megabyte}\r\n"), 431),
            (format!("{megabyte}: x\r\n"), 431),
            (many, 431),
            (some, 431),
        ] {
            refused(&p, &format!("GET / HTTP/1.1\r\nHost: HOST\r\n{head}\r\n"), &[status]).await;
        }
        refused(&p, &format!("GET /{megabyte} HTTP/1.1\r\nHost: HOST\r\n\r\n"), &[414, 431]).await;
        let long = format!("GET /{} HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n", "x".repeat(30_000));
        refused(&p, &long, &[414]).await;
        refused(&p, &megabyte, &[400, 431]).await;
        served(&p).await;
    }
}

both! { with impatient;
    /// Clients that never finish a request are dropped, and keep nobody waiting until then.
    async fn slow_clients_are_dropped(p: Platform) {
        live_site(&p.owner(), "site").await;
        let mut slow = Vec::new();
        for number in 0..SLOW_CLIENTS {
            let begun = ["", "G", "PRI * HT", "GET / HTTP/1.1\r\nHost: site.localhost\r\nX: "][number % 4];
            let mut stream = TcpStream::connect(p.address()).await.expect("the server listens");
            stream.write_all(begun.as_bytes()).await.expect("it was just opened");
            slow.push(stream);
        }
        served(&p).await;
        for mut stream in slow {
            let mut answer = Vec::new();
            let closed = timeout(LIMIT, stream.read_to_end(&mut answer)).await;
            assert!(closed.is_ok(), "the server closes");
            assert!(!String::from_utf8_lossy(&answer).contains(" 200 "));
        }
        served(&p).await;
    }
}

both! {
    /// A site with very many rules is one like any other.
    async fn many_rules_are_judged(p: Platform) {
        let owner = p.owner();
        let site = owner.create_site("site").await;
        let rule = |number| format!("/old/{number}/* /new/{number}/:splat 301\n");
        let rules: String = (0..RULES).map(rule).collect();
        owner.deploy(id(&site), &[("index.html", "hello"), ("_redirects", &rules)]).await;
        for number in [0, RULES / 2, RULES - 1] {
            let answer = p.visitor().site("site", &format!("/old/{number}/x")).await.expect(301);
            assert_eq!(answer.header("location"), Some(format!("/new/{number}/x").as_str()));
        }
        p.visitor().site("site", "/old/none").await.expect(404);
        served(&p).await;
    }
}

both! {
    /// A NUL is no text for every database: what has one in it is refused, and is nobody's fault but the
    /// sender's.
    async fn no_text_has_a_nul(p: Platform) {
        let owner = p.owner();
        let site = owner.create_site("site").await;
        let own = format!("/sites/{}", id(&site));
        for path in ["/sites/%00", "/services/a%00", "/accounts/%00", "/hooks/%00", "/deploys/a%00b"] {
            owner.get(path).await.refusal(404);
        }
        owner.get("/services/?search=a%00").await.refusal(400);
        owner.get("/sites?name=%00").await.refusal(400);
        for (path, body) in [
            (format!("{own}/build_hooks"), json!({ "title": "a\0b" })),
            (format!("{own}/snippets"), json!({ "title": "a\0b", "general": "<b>", "general_position": "head" })),
            ("/tokens".to_owned(), json!({ "name": "a\0b" })),
            ("/services".into(), json!({ "name": "D", "slug": "d", "description": "d", "endpoint": "http://e/\0" })),
        ] {
            let answer = owner.post(&path, body).await;
            assert!(answer.status < 500, "{path}: {}", answer.shown());
        }
        owner.get(&own).await.expect(200);
    }
}
