//! Files beyond the shared cases: large ones, broken ones, and what is reserved.

use crate::support::Platform;
use store::deploy_files::{Served, ServedFile};

const HOST: &str = "site.localhost";

fn large() -> Vec<u8> {
    (0..300_007_u32).map(|place| (place % 251) as u8).collect()
}

async fn with_files(files: Vec<ServedFile>, p: &Platform) {
    let site = p.site("site").await;
    let deploy = p.deploy_of(&site, &Served { files, ..Served::default() }, &["hello"]).await;
    p.publish(&site, &deploy).await;
}

#[tokio::test]
async fn large_files_are_streamed_whole_and_in_parts() {
    let p = Platform::start().await;
    let content = large();
    with_files(vec![p.file("/large.bin", &content).await], &p).await;
    let whole = p.get(HOST, "/large.bin").await;
    assert!(whole.body == content);
    assert_eq!(whole.header("content-length"), Some("300007"));
    let head = p.send("HEAD", HOST, "/large.bin", &[]).await;
    assert_eq!((head.header("content-length"), head.body.len()), (Some("300007"), 0));
    let part = p.send("GET", HOST, "/large.bin", &[("range", "bytes=65530-200000")]).await;
    assert!(part.body == content[65_530..=200_000]);
    let parts = p.send("GET", HOST, "/large.bin", &[("range", "bytes=0-69999,-5")]).await;
    let found = |needle: &[u8]| parts.body.windows(needle.len()).any(|window| window == needle);
    assert_eq!(parts.status, 206);
    assert!(found(&content[..70_000]) && found(b"bytes 300002-300006/300007"));
}

#[tokio::test]
async fn an_empty_file_is_a_file() {
    let p = Platform::start().await;
    with_files(vec![p.file("/empty.txt", b"").await], &p).await;
    let answer = p.get(HOST, "/empty.txt").await;
    assert_eq!((answer.status, answer.header("content-length"), answer.body.len()), (200, Some("0"), 0));
}

#[tokio::test]
async fn a_blob_that_is_gone_is_a_failure_with_an_id() {
    let p = Platform::start().await;
    let small = p.file("/small.txt", b"small").await;
    let big = p.file("/big.bin", &large()).await;
    let wrong = ServedFile { size: 4, ..p.file("/wrong.txt", b"not four").await };
    for file in [&small, &big] {
        std::fs::remove_file(p.cx.blobs.path(&file.blob).unwrap()).unwrap();
    }
    with_files(vec![small, big, wrong], &p).await;
    for path in ["/small.txt", "/big.bin", "/wrong.txt"] {
        let answer = p.get(HOST, path).await;
        assert_eq!(answer.status, 500, "{path}");
        assert!(answer.header("x-nf-request-id").is_some());
        assert_eq!((answer.header("etag"), answer.header("cache-control")), (None, Some("no-cache")));
    }
}

#[tokio::test]
async fn the_platform_keeps_its_corner() {
    let p = Platform::start().await;
    let hidden = p.file("/.netlify/state.json", b"{}").await;
    let neighbour = p.file("/.netlifyx.html", b"mine").await;
    with_files(vec![hidden, neighbour], &p).await;
    for (path, status) in [
        ("/.netlify/functions/hello", 501),
        ("/.netlify/functions/hello/more", 501),
        ("/.netlify/functions/hell", 404),
        ("/.netlify/functions/", 404),
        ("/.netlify", 404),
        ("/.netlify/state.json", 404),
        ("/%2enetlify/state.json", 404),
        ("/x/../.netlify/functions/hello", 501),
        ("/.netlifyx", 200),
    ] {
        assert_eq!(p.get(HOST, path).await.status, status, "{path}");
    }
    let function = p.send("POST", HOST, "/.netlify/functions/hello", &[]).await;
    assert_eq!(function.header("content-type"), Some("application/json; charset=utf-8"));
    assert!(function.text().contains("\"code\":501"));
}
