//! The short way and the general server give the same answers, on one connection and on two.

use crate::support::{Answer, GENERAL, Platform};
use boathook_edge::{Opening, Patience};
use model::DeployContext;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

const HOST: &str = "site.localhost";

const HEADERS: &str = "/empty.txt
  X-One: 1
  Cache-Control: no-store
/ruled.html
  Cache-Control: max-age=9
  Content-Type: text/x
  ETag: mine
  Server: mine
  Vary: cookie
  X-One: 1
/unclear.html
  Age: 7
";

async fn platform() -> Platform {
    let p = Platform::start().await;
    let page = "<p>lorem ipsum</p>".repeat(100);
    let large = "0123456789abcdef".repeat(20_000);
    let files = [
        ("/index.html", page.as_str()),
        ("/large.txt", &large),
        ("/empty.txt", ""),
        ("/404.html", "<h1>nothing</h1>"),
        ("/ruled.html", &page),
        ("/unclear.html", &page),
        ("/forced.html", &page),
        ("/_redirects", "/old /index.html 301\n/inside /large.txt 200\n/forced.html /empty.txt 200!"),
        ("/_headers", HEADERS),
    ];
    let site = p.live("site", &files).await;
    let draft = p.deploy_in(DeployContext::DeployPreview, &site, &files).await;
    p.alias(&site, "draft", &draft).await;
    p
}

const PATIENCE: Patience = Patience { idle: Duration::from_secs(60), stalled: Duration::from_secs(60) };

/// Most that a connection may take beside its socket, in bytes: ten thousand of them may be idle.
const CONNECTION_BYTES: usize = 4096;

#[tokio::test]
async fn an_idle_connection_takes_little_memory() {
    let p = platform().await;
    let edge = boathook_edge::Edge::new(p.cx.clone());
    let stop = CancellationToken::new();
    let connection = edge.serve_directly(p.connect().await, Opening::default(), PATIENCE, &stop, |_| None);
    let size = size_of_val(&connection);
    assert!(size <= CONNECTION_BYTES, "{size} bytes");
    drop(connection);
}

/// Both ends of a connection.
async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    let client = TcpStream::connect(address).await.expect("somebody listens");
    (client, listener.accept().await.expect("somebody has come").0)
}

/// Method, path and headers.
type Question<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)]);

/// What two answers to one question have in common: all but the time and their names.
fn shown(answer: Answer) -> (u16, BTreeMap<String, String>, Vec<u8>) {
    let mut headers: BTreeMap<_, _> = answer.headers.into_iter().collect();
    for name in ["date", "x-nf-request-id"] {
        assert!(headers.remove(name).is_some(), "{name}");
    }
    (answer.status, headers, answer.body)
}

#[tokio::test]
async fn both_ways_answer_alike() {
    let p = platform().await;
    let large = p.get(HOST, "/large.txt").await;
    let tag = large.header("etag").expect("files have tags").to_owned();
    let date = large.header("last-modified").expect("files have dates").to_owned();
    let questions: [Question<'_>; 27] = [
        ("GET", "/", &[]),
        ("GET", "/", &[("accept-encoding", "gzip")]),
        ("GET", "/", &[("accept-encoding", "br;q=1, gzip;q=0.5")]),
        ("HEAD", "/", &[]),
        ("GET", "/large.txt", &[]),
        ("HEAD", "/large.txt", &[]),
        ("GET", "/large.txt", &[("if-none-match", &tag)]),
        ("GET", "/", &[("if-none-match", "W/\"x\", *")]),
        ("GET", "/index.html?a=b", &[("if-modified-since", &date)]),
        ("GET", "/large.txt", &[("if-match", &tag)]),
        ("GET", "/large.txt", &[("if-match", "\"x\"")]),
        ("HEAD", "/large.txt", &[("if-match", "\"x\"")]),
        ("GET", "/ruled.html", &[("if-unmodified-since", "Thu, 01 Jan 1970 00:00:00 GMT")]),
        ("GET", "/ruled.html", &[("if-unmodified-since", &date)]),
        ("GET", "/large.txt", &[("if-match", &tag), ("if-none-match", &tag)]),
        ("GET", "/ruled.html", &[]),
        ("GET", "/ruled.html", &[("if-none-match", "*"), ("accept-encoding", "gzip")]),
        ("GET", "/unclear.html", &[]),
        ("GET", "/forced.html", &[]),
        ("GET", "/large.txt", &[("range", "bytes=100000-200000")]),
        ("GET", "/large.txt", &[("range", "bytes=0-9,300000-")]),
        ("GET", "/large.txt", &[("range", "bytes=999999-")]),
        ("GET", "/empty.txt", &[]),
        ("GET", "/nothing", &[]),
        ("HEAD", "/nothing", &[]),
        ("GET", "/old?a=b", &[]),
        ("GET", "/inside", &[]),
    ];
    for (method, path, headers) in questions {
        let mut answers = Vec::new();
        // The first brings the file into memory, the second may be answered from there at once. The
        // third spells the host so that it is not understood at a glance.
        for (host, way) in [(HOST, &[][..]), (HOST, &[]), ("Site.localhost", &[]), (HOST, &[(GENERAL, "1")])]
        {
            answers.push(shown(p.send(method, host, path, &[headers, way].concat()).await));
        }
        let general = answers.pop();
        assert!(answers.into_iter().all(|answer| Some(answer) == general), "{method} {path} {headers:?}");
    }
    for host in ["nobody.localhost", "x--site.localhost", "draft--site.localhost"] {
        for path in ["/", "/ruled.html", "/unclear.html", "/nothing"] {
            p.get(host, path).await;
            let straight = shown(p.get(host, path).await);
            let general = shown(p.send("GET", host, path, &[(GENERAL, "1")]).await);
            assert_eq!(straight, general, "{host}{path}");
        }
    }
}

#[tokio::test]
async fn what_is_in_memory_is_answered_at_once() {
    let p = platform().await;
    let edge = boathook_edge::Edge::new(p.cx.clone());
    let request = format!("GET /ruled.html HTTP/1.1\r\nhost: {HOST}\r\nconnection: close\r\n\r\n");
    let stop = CancellationToken::new();
    let mut known = Vec::new();
    for _ in 0..2 {
        let (mut client, server) = pair().await;
        client.write_all(request.as_bytes()).await.expect("the connection is open");
        server.readable().await.expect("the connection is open");
        let server = server.into_std().expect("a socket is one everywhere");
        let opening = edge.greet(&server, &stop);
        known.push(opening.is_none());
        if let Some(opening) = opening {
            let server = TcpStream::from_std(server).expect("a socket is one everywhere");
            let admit = |_: &_| Some(SocketAddr::from(([127, 0, 0, 1], 1)).into());
            edge.serve_directly(server, opening, PATIENCE, &stop, admit).await;
        } else {
            drop(server);
        }
        let mut all = String::new();
        client.read_to_string(&mut all).await.expect("text, and then the end");
        assert!(all.starts_with("HTTP/1.1 200 OK\r\n") && all.contains("\r\nx-one: 1\r\n"), "{all}");
    }
    assert_eq!(known, [false, true]);
}

#[tokio::test]
async fn a_connection_stays_whichever_way_its_requests_go() {
    let p = platform().await;
    let mut socket = p.connect().await;
    let simple = format!("GET /empty.txt HTTP/1.1\r\nhost: {HOST}\r\n\r\n");
    let requests = [
        simple.clone(),
        simple.clone(),
        format!("GET /empty.txt HTTP/1.1\r\nhost: {HOST}\r\ncontent-length: 0\r\n\r\n"),
        simple.clone(),
        format!("{simple}{simple}GET /empty.txt HTTP/1.1\r\nhost: {HOST}\r\nconnection: close\r\n\r\n"),
    ];
    for request in &requests {
        socket.write_all(request.as_bytes()).await.expect("the connection is open");
    }
    let mut all = String::new();
    socket.read_to_string(&mut all).await.expect("text, and then the end");
    assert_eq!(all.matches("HTTP/1.1 200 OK\r\n").count(), 7, "{all}");
    assert_eq!(all.matches("x-one: 1\r\n").count(), 7, "{all}");
}

#[tokio::test]
async fn a_head_that_comes_in_pieces_is_read_to_its_end() {
    let p = platform().await;
    let mut socket = p.connect().await;
    let request = format!("GET /empty.txt HTTP/1.1\r\nhost: {HOST}\r\nconnection: close\r\n\r\n");
    for piece in request.as_bytes().chunks(7) {
        socket.write_all(piece).await.expect("the connection is open");
        tokio::task::yield_now().await;
    }
    let mut all = String::new();
    socket.read_to_string(&mut all).await.expect("text, and then the end");
    assert!(all.starts_with("HTTP/1.1 200 OK\r\n"), "{all}");
}
