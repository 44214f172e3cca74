//! Deploys that take turns while visitors read by both versions of HTTP: every answer is of one deploy.
//! The edge's own tests do the same 10,000 times, straight in the store.

use crate::support::id;
use bytes::Bytes;
use http::response::Parts;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt as _, Empty, Full};
use hyper::body::{Body, Incoming};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::json;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use testkit::{OWNER_TOKEN, Platform, both};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Switches of the live deploy.
const SWITCHES: usize = 1000;
/// Deploys that take turns.
const DEPLOYS: usize = 3;
/// Connections that ask again and again by HTTP/1.1, and requests that do by one of HTTP/2.
const READERS: usize = 3;
/// Switches after which somebody looks whether the last one counts.
const LOOK: usize = 100;

/// The pages of a deploy, each of another length, and the rule that names it.
fn files(number: usize) -> [(&'static str, String); 3] {
    let page = |what: &str| format!("{what} of {number}\n").repeat(10 + 1000 * number);
    [
        ("index.html", page("page")),
        ("404.html", page("nothing")),
        ("_headers", format!("/*\n X-Deploy: {number}\n")),
    ]
}

/// What is told by each answer, by its ETag: the deploy it is of.
type Tags = HashMap<String, usize>;

/// The deploy that an answer is of, when all its parts are of one.
fn deploy_of(answer: &Parts, body: &[u8], tags: &Tags) -> usize {
    let headers = &answer.headers;
    let text = |name: &str| headers[name].to_str().expect("tests send text").to_owned();
    let number: usize = text("x-deploy").parse().expect("a number");
    let [page, nothing, _] = files(number);
    let expected = if answer.status == StatusCode::OK { page.1 } else { nothing.1 };
    assert!(
        *body == *expected.as_bytes(),
        "the header is of {number}: {:.40}",
        String::from_utf8_lossy(body)
    );
    assert_eq!(text("content-length"), body.len().to_string());
    if answer.status == StatusCode::OK {
        assert_eq!(tags.get(&text("etag")), Some(&number), "the page is of {number}");
    }
    number
}

/// Somebody who can send a request on a connection that stays open.
trait Line {
    async fn ask(&mut self, request: Request<Empty<Bytes>>) -> (Parts, Bytes);
}

impl Line for http1::SendRequest<Empty<Bytes>> {
    async fn ask(&mut self, request: Request<Empty<Bytes>>) -> (Parts, Bytes) {
        self.ready().await.expect("the connection stays open");
        whole(self.send_request(request).await.expect("an answer")).await
    }
}

impl Line for http2::SendRequest<Empty<Bytes>> {
    async fn ask(&mut self, request: Request<Empty<Bytes>>) -> (Parts, Bytes) {
        self.ready().await.expect("the connection stays open");
        whole(self.send_request(request).await.expect("an answer")).await
    }
}

async fn whole(answer: http::Response<Incoming>) -> (Parts, Bytes) {
    let (head, body) = answer.into_parts();
    (head, body.collect().await.expect("a whole body").to_bytes())
}

async fn by_h1<B>(at: SocketAddr) -> http1::SendRequest<B>
where
    B: Body<Data = Bytes, Error: std::error::Error + Send + Sync> + Send + 'static,
{
    let stream = TcpStream::connect(at).await.expect("the server listens");
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.expect("it needs no answer");
    tokio::spawn(connection);
    sender
}

async fn by_h2(at: SocketAddr) -> http2::SendRequest<Empty<Bytes>> {
    let stream = TcpStream::connect(at).await.expect("the server listens");
    let shaken = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await;
    let (sender, connection) = shaken.expect("HTTP/2 is spoken");
    tokio::spawn(connection);
    sender
}

/// Asks after every switch, while the next one is made, by turns for a page and for one that is not
/// there; the answers of each deploy.
async fn read(
    mut line: impl Line,
    host: String,
    full: bool,
    tags: Arc<Tags>,
    mut switches: watch::Receiver<usize>,
) -> [usize; DEPLOYS] {
    let mut seen = [0; DEPLOYS];
    for path in ["/", "/none", "/index.html"].into_iter().cycle() {
        // HTTP/2 names the host in the target
        let target = if full { format!("http://{host}{path}") } else { path.to_owned() };
        let request = Request::get(target);
        let request = if full { request } else { request.header(header::HOST, &host) };
        let (head, body) = line.ask(request.body(Empty::new()).expect("a request")).await;
        seen[deploy_of(&head, &body, &tags)] += 1;
        if switches.changed().await.is_err() {
            break;
        }
    }
    seen
}

/// Switches to each deploy in turn, on one connection.
async fn switch(p: &Platform, site: &str, deploys: &[String], switched: watch::Sender<usize>) {
    let mut line = by_h1::<Full<Bytes>>(p.address()).await;
    for number in 0..SWITCHES {
        let deploy = number % DEPLOYS;
        let request = Request::post(format!("/api/v1/sites/{site}/deploys/{}/restore", deploys[deploy]))
            .header(header::HOST, p.address().to_string())
            .header(header::AUTHORIZATION, format!("Bearer {OWNER_TOKEN}"))
            .body(Full::default())
            .expect("a request");
        line.ready().await.expect("the connection stays open");
        let answer = line.send_request(request).await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::CREATED);
        whole(answer).await;
        switched.send_replace(number);
        if number % LOOK == 0 {
            let page = p.visitor().site("turns", "/").await.expect(200);
            assert_eq!(page.header("x-deploy"), Some(deploy.to_string().as_str()));
        }
    }
    drop(switched);
}

both! {
    /// Body, ETag, length and header rule of every answer are of one deploy.
    async fn no_answer_mixes_two_deploys(p: Platform) {
        let owner = p.owner();
        let site = owner.create_site("turns").await;
        let (mut deploys, mut tags) = (Vec::new(), Tags::new());
        for number in 0..DEPLOYS {
            let files = files(number);
            let files: Vec<_> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
            let deploy = owner.deploy_as(id(&site), &files, json!({ "draft": false })).await;
            let page = p.visitor().site(&format!("{}--turns", id(&deploy)), "/").await.expect(200);
            tags.insert(page.header("etag").expect("pages have one").to_owned(), number);
            deploys.push(id(&deploy).to_owned());
        }
        assert_eq!(tags.len(), DEPLOYS);
        let (tags, (switched, switches)) = (Arc::new(tags), watch::channel(0));
        let host = format!("turns.localhost:{}", p.address().port());
        let h2 = by_h2(p.address()).await;
        let mut readers = JoinSet::new();
        for _ in 0..READERS {
            let line = by_h1::<Empty<Bytes>>(p.address()).await;
            readers.spawn(read(line, host.clone(), false, Arc::clone(&tags), switches.clone()));
            readers.spawn(read(h2.clone(), host.clone(), true, Arc::clone(&tags), switches.clone()));
        }
        switch(&p, id(&site), &deploys, switched).await;
        for seen in readers.join_all().await {
            assert!(seen.iter().all(|answers| *answers > 0), "{seen:?}");
        }
    }
}
