//! An origin that sites pass requests on to: it streams, redirects, hangs, changes the protocol, and
//! tells what it was asked. And a visitor who sends and reads bit by bit.

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Empty, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::client::conn::http1 as client;
use hyper::server::conn::http1 as server;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Map, Value, json};
use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use testkit::Platform;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};

/// Bytes of one piece of a large body.
const PIECE: usize = 64 << 10;

/// The body of anything here.
pub type Body = BoxBody<Bytes, hyper::Error>;

/// Listens until dropped.
pub struct Origin {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Origin {
    /// Starts one.
    pub async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("some port is free");
        let address = listener.local_addr().expect("a listener has an address");
        let connections = Arc::new(AtomicUsize::new(0));
        let task = tokio::spawn(listen(listener, Arc::clone(&connections)));
        Self { address, connections, task }
    }

    /// Its root, no slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How often somebody connected.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn listen(listener: TcpListener, connections: Arc<AtomicUsize>) {
    let mut open = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.fetch_add(1, Ordering::SeqCst);
        let serving = server::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer));
        open.spawn(serving.with_upgrades());
    }
}

async fn answer(mut request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    let response = Response::builder();
    let made = match request.uri().path() {
        "/echo" => response.body(request.into_body().boxed()),
        "/moved" => response
            .status(StatusCode::FOUND)
            .header(header::LOCATION, "/elsewhere?x=1")
            .header(header::SET_COOKIE, "a=1")
            .header(header::SET_COOKIE, "b=2")
            .header(header::CONNECTION, "x-private")
            .header("x-private", "of this connection")
            .header("x-public", "1")
            .body(full("moved")),
        "/missing" => response.status(StatusCode::NOT_FOUND).body(full("not at the origin")),
        "/whole" => {
            let whole = request.into_body().collect().await.map(|body| body.to_bytes().len());
            response.body(full(&format!("{whole:?}")))
        }
        "/hang" => std::future::pending().await,
        "/upgrade" => {
            let upgrade = hyper::upgrade::on(&mut request);
            tokio::spawn(async move {
                let mut wire = TokioIo::new(upgrade.await.expect("the client upgrades"));
                let mut bytes = [0; 1024];
                while let Ok(count @ 1..) = wire.read(&mut bytes).await {
                    wire.write_all(&bytes[..count]).await.expect("the client reads");
                }
            });
            let protocol = request.headers()[header::UPGRADE].clone();
            response
                .status(StatusCode::SWITCHING_PROTOCOLS)
                .header(header::CONNECTION, "Upgrade")
                .header(header::UPGRADE, protocol)
                .header("sec-websocket-accept", "accepted")
                .body(Empty::new().map_err(|never| match never {}).boxed())
        }
        _ => {
            response.header(header::CONTENT_TYPE, "application/json").body(full(&told(&request).to_string()))
        }
    };
    Ok(made.expect("the answers of this test are well formed"))
}

fn told(request: &Request<Incoming>) -> Value {
    let headers: Map<String, Value> =
        request.headers().iter().map(|(name, value)| (name.to_string(), text(value).into())).collect();
    json!({ "method": request.method().as_str(), "target": request.uri().to_string(), "headers": headers })
}

fn text(value: &http::HeaderValue) -> &str {
    value.to_str().expect("tests send text")
}

/// These bytes as a body.
pub fn full(text: &str) -> Body {
    Full::new(Bytes::copy_from_slice(text.as_bytes())).map_err(|never| match never {}).boxed()
}

/// A body of unknown length that is fed from outside, and what feeds it. Nothing is sent before it
/// can be passed on.
pub fn fed() -> (mpsc::Sender<Bytes>, Body) {
    let (feed, pieces) = mpsc::channel(1);
    let pieces = stream::unfold(pieces, async |mut pieces: mpsc::Receiver<Bytes>| {
        Some((Ok(Frame::data(pieces.recv().await?)), pieces))
    });
    (feed, http_body_util::BodyExt::boxed(StreamBody::new(pieces)))
}

/// An answer whose body is still to be read.
pub type Answer = Response<Incoming>;

/// Sends a request to a server on a connection of its own and returns when the head of the answer is
/// there.
pub async fn send(address: SocketAddr, request: Request<Body>) -> Answer {
    let stream = TcpStream::connect(address).await.expect("the server listens");
    let (mut sender, connection) =
        client::handshake(TokioIo::new(stream)).await.expect("a handshake needs no answer");
    tokio::spawn(connection.with_upgrades());
    sender.send_request(request).await.expect("an answer")
}

/// The whole body of an answer, as JSON.
pub async fn read_json(answer: Answer) -> Value {
    let body = answer.into_body().collect().await.expect("the body comes to its end").to_bytes();
    serde_json::from_slice(&body).unwrap_or_else(|error| panic!("{error}: {body:?}"))
}

/// The values of a header.
pub fn values<'a>(headers: &'a HeaderMap, name: &str) -> Vec<&'a str> {
    headers.get_all(name).iter().map(text).collect()
}

/// Sends so many bytes to where an origin sends them back. The first come back before the rest is sent.
pub async fn assert_streams(p: &Platform, site: &str, path: &str, bytes: usize) {
    let (feed, body) = fed();
    let asked = p.visitor().head(site, Method::POST, path).body(body).expect("a request");
    let piece = |number: usize| Bytes::from(vec![(number % 251) as u8; PIECE]);
    feed.send(piece(0)).await.expect("it is read");
    let mut answer = send(p.address(), asked).await;
    let first = answer.body_mut().frame().await.expect("something came back").expect("it is whole");
    let mut back = first.into_data().expect("no trailer").to_vec();
    let feeding = tokio::spawn(async move {
        for number in 1..bytes / PIECE {
            feed.send(piece(number)).await.expect("it is read");
        }
    });
    back.extend(answer.into_body().collect().await.expect("it comes to its end").to_bytes());
    feeding.await.expect("all was sent");
    assert_eq!(back.len(), bytes);
    assert!(back.chunks(PIECE).enumerate().all(|(number, bytes)| *bytes == *piece(number)));
}

/// Changes the protocol with an origin behind this path, which then sends back what it gets.
pub async fn assert_upgrades(p: &Platform, site: &str, path: &str) {
    let asked = p
        .visitor()
        .head(site, Method::GET, path)
        .header("connection", "keep-alive, Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
        .header("sec-websocket-version", "13")
        .body(full(""))
        .expect("a request of this test");
    let answer = send(p.address(), asked).await;
    assert_eq!(answer.status(), StatusCode::SWITCHING_PROTOCOLS);
    assert_eq!(values(answer.headers(), "upgrade"), ["websocket"]);
    assert_eq!(values(answer.headers(), "sec-websocket-accept"), ["accepted"]);
    let upgraded = hyper::upgrade::on(answer).await.expect("the connection is handed over");
    let mut wire = TokioIo::new(upgraded);
    for message in ["one", "two and more"] {
        wire.write_all(message.as_bytes()).await.expect("it is read");
        let mut back = vec![0; message.len()];
        wire.read_exact(&mut back).await.expect("an echo");
        assert_eq!(back, message.as_bytes());
    }
}
