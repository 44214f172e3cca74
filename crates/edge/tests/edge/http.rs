//! HTTP beyond the shared cases: encodings, validators, ranges in several parts, hostile targets.

use crate::support::{Answer, Platform};

const HOST: &str = "site.localhost";

async fn platform() -> Platform {
    let p = Platform::start().await;
    let page = "<p>lorem ipsum</p>".repeat(100);
    p.live(
        "site",
        &[
            ("/index.html", &page),
            ("/digits.txt", "0123456789"),
            ("/empty.txt", ""),
            ("/a%2Fb", "x"),
            ("/404.html", &page),
        ],
    )
    .await;
    p
}

#[tokio::test]
async fn each_encoding_has_its_validators() {
    let p = platform().await;
    let mut tags = Vec::new();
    for (accept, encoding) in [("br, gzip", Some("br")), ("gzip", Some("gzip")), ("identity", None)] {
        let answer = p.send("GET", HOST, "/", &[("accept-encoding", accept)]).await;
        assert_eq!((answer.status, answer.header("content-encoding")), (200, encoding));
        assert_eq!(answer.header("vary"), Some("accept-encoding"));
        let tag = answer.header("etag").unwrap().to_owned();
        assert!(tag.starts_with('"') && !tags.contains(&tag), "{tag}");
        let again = p.send("GET", HOST, "/", &[("accept-encoding", accept), ("if-none-match", &tag)]).await;
        assert_eq!((again.status, again.body.len()), (304, 0));
        assert_eq!(again.header("etag"), Some(tag.as_str()));
        assert_eq!(again.header("vary"), Some("accept-encoding"));
        assert_eq!(again.header("content-type"), None);
        tags.push(tag);
    }
    let crossed = p.send("GET", HOST, "/", &[("accept-encoding", "gzip"), ("if-none-match", &tags[0])]).await;
    assert_eq!(crossed.status, 200);
    assert_eq!(p.get(HOST, "/digits.txt").await.header("vary"), None);
}

#[tokio::test]
async fn files_carry_the_defaults_of_the_platform() {
    let p = platform().await;
    let answer = p.get(HOST, "/digits.txt").await;
    for (name, value) in [
        ("cache-control", "public,max-age=0,must-revalidate"),
        ("age", "0"),
        ("accept-ranges", "bytes"),
        ("content-length", "10"),
        ("server", "Netlify"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{name}");
    }
    let id = answer.header("x-nf-request-id").unwrap().to_owned();
    assert_eq!(id.len(), 26);
    assert!(answer.header("date").is_some());
    let modified = answer.header("last-modified").unwrap();
    let fresh = p.send("GET", HOST, "/digits.txt", &[("if-modified-since", modified)]).await;
    assert_eq!(fresh.status, 304);
    assert_ne!(fresh.header("x-nf-request-id"), Some(id.as_str()));
}

/// Preconditions in the order of RFC 9110 section 13.2.2.
#[tokio::test]
async fn preconditions_are_judged_in_their_order() {
    let p = platform().await;
    let answer = p.get(HOST, "/digits.txt").await;
    let own = answer.header("etag").unwrap().to_owned();
    let weak = format!("W/{own}");
    let date = answer.header("last-modified").unwrap().to_owned();
    const EARLIER: &str = "Thu, 01 Jan 1970 00:00:00 GMT";
    const LATER: &str = "Fri, 01 Jan 2100 00:00:00 GMT";
    let (none, match_, since, unless) = ("if-none-match", "if-match", "if-unmodified-since", "if-range");
    for (headers, status) in [
        (&[(match_, own.as_str())][..], 200),
        (&[(match_, "*")], 200),
        (&[(match_, "\"x\"")], 412),
        (&[(match_, &weak)], 412),
        (&[(since, EARLIER)], 412),
        (&[(since, &date)], 200),
        (&[(since, LATER)], 200),
        (&[(since, "nonsense")], 200),
        (&[(match_, &own), (since, EARLIER)], 200),
        (&[(match_, "\"x\""), (since, LATER)], 412),
        (&[(match_, &own), (none, &own)], 304),
        (&[(match_, "\"x\""), (none, &own)], 412),
        (&[(match_, &own), (none, "\"x\"")], 200),
        (&[(since, &date), ("if-modified-since", &date)], 304),
        (&[(since, EARLIER), ("if-modified-since", &date)], 412),
        (&[(match_, &own), ("range", "bytes=0-1")], 206),
        (&[(match_, "\"x\""), ("range", "bytes=0-1")], 412),
        (&[(match_, "\"x\""), ("range", "bytes=99-")], 412),
        (&[(since, &date), ("range", "bytes=0-1")], 206),
        (&[(since, EARLIER), ("range", "bytes=0-1")], 412),
        (&[(match_, &own), ("range", "bytes=0-1"), (unless, "\"x\"")], 200),
        (&[(match_, &own), ("range", "bytes=0-1"), (unless, &own)], 206),
        (&[(match_, "\"x\""), ("range", "bytes=0-1"), (unless, &own)], 412),
        (&[(none, &own), ("range", "bytes=0-1"), (unless, &own)], 304),
    ] {
        for method in ["GET", "HEAD"] {
            let answer = p.send(method, HOST, "/digits.txt", headers).await;
            assert_eq!(answer.status, status, "{method} {headers:?}");
        }
    }
    let failed = p.send("GET", HOST, "/digits.txt", &[(match_, "\"x\"")]).await;
    assert_eq!((failed.header("cache-control"), failed.header("etag")), (Some("no-cache"), None));
    assert!(failed.text().contains("The file has changed."), "{}", failed.text());
    for (method, path, status) in [("GET", "/nope", 404), ("POST", "/digits.txt", 405), ("GET", "/404", 412)]
    {
        assert_eq!(p.send(method, HOST, path, &[(match_, "\"x\"")]).await.status, status, "{method} {path}");
    }
}

async fn range(p: &Platform, path: &str, range: &str) -> Answer {
    p.send("GET", HOST, path, &[("range", range)]).await
}

#[tokio::test]
async fn several_ranges_are_framed() {
    let p = platform().await;
    let answer = range(&p, "/digits.txt", "bytes=0-1, 4-5,-1").await;
    assert_eq!(answer.status, 206);
    let mime = answer.header("content-type").unwrap();
    let boundary = mime.strip_prefix("multipart/byteranges; boundary=").unwrap();
    let part = |bounds: &str, text: &str| {
        format!(
            "--{boundary}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-range: bytes {bounds}/10\r\n\r\n{text}\r\n"
        )
    };
    let expect = part("0-1", "01") + &part("4-5", "45") + &part("9-9", "9") + &format!("--{boundary}--\r\n");
    assert_eq!(answer.text(), expect);
    assert_eq!(answer.header("content-length"), Some(expect.len().to_string().as_str()));
    let head = p.send("HEAD", HOST, "/digits.txt", &[("range", "bytes=0-1, 4-5,-1")]).await;
    assert_eq!((head.header("content-length"), head.body.len()), (answer.header("content-length"), 0));
}

#[tokio::test]
async fn ranges_that_would_be_larger_than_the_file_get_the_file() {
    let p = platform().await;
    for (asked, status, body) in
        [("bytes=0-,0-", 200, "0123456789"), ("bytes=0-0,5-5,99-", 206, ""), ("bytes=3-4,99-", 206, "34")]
    {
        let answer = range(&p, "/digits.txt", asked).await;
        assert_eq!(answer.status, status, "{asked}");
        assert!(answer.text().contains(body), "{asked}: {}", answer.text());
    }
    assert_eq!(range(&p, "/empty.txt", "bytes=0-0").await.header("content-range"), Some("bytes */0"));
}

#[tokio::test]
async fn if_range_takes_the_tag_of_the_encoding() {
    let p = platform().await;
    let plain = p.get(HOST, "/").await.header("etag").unwrap().to_owned();
    for (accept, status) in [("identity", 206), ("br", 200)] {
        let headers = [("accept-encoding", accept), ("range", "bytes=0-2"), ("if-range", plain.as_str())];
        assert_eq!(p.send("GET", HOST, "/", &headers).await.status, status, "{accept}");
    }
}

#[tokio::test]
async fn the_page_for_what_is_missing_is_no_file_of_its_own() {
    let p = platform().await;
    for method in ["GET", "HEAD", "POST"] {
        let answer = p.send(method, HOST, "/nope", &[("if-none-match", "*"), ("range", "bytes=0-1")]).await;
        assert_eq!(answer.status, 404, "{method}");
        assert_eq!((answer.header("etag"), answer.header("accept-ranges")), (None, None));
        assert_eq!(answer.body.is_empty(), method == "HEAD");
    }
    let packed = p.send("GET", HOST, "/nope", &[("accept-encoding", "gzip")]).await;
    assert_eq!((packed.status, packed.header("content-encoding")), (404, Some("gzip")));
    assert_eq!(p.get(HOST, "/404").await.status, 200);
}

#[tokio::test]
async fn files_can_only_be_read() {
    let p = platform().await;
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
        let answer = p.send(method, HOST, "/digits.txt", &[]).await;
        assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, HEAD")), "{method}");
    }
}

#[tokio::test]
async fn hostile_targets_find_nothing() {
    let p = platform().await;
    let long = format!("/{}", "a".repeat(9000));
    let query = format!("/?{}", "a".repeat(17_000));
    for (path, status) in [
        ("/%00", 400),
        ("/digits.txt%00.html", 400),
        ("*", 400),
        ("/../../etc/passwd", 404),
        ("/%2e%2e/%2e%2e/etc/passwd", 404),
        ("/..%2fdigits.txt", 404),
        ("/..%5cdigits.txt", 404),
        ("/%ff", 404),
        ("/a%2Fb", 404),
        ("/a%252Fb", 200),
        ("/x/..//./digits.txt", 200),
        ("/digits.txt/", 404),
        ("/%64igits.txt", 200),
        ("/%2564igits.txt", 404),
        (&long, 414),
        (&query, 414),
    ] {
        assert_eq!(p.get(HOST, path).await.status, status, "{path:.60}");
    }
}
