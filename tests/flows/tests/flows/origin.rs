//! An origin that sites pass requests on to: it streams, redirects, hangs, changes the protocol, and
//! tells what it was asked. And a visitor who sends and reads bit by bit.

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, Request, Response, StatusCode, header};
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
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};

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
