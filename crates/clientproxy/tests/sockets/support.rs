//! A running proxy on port 0, and a CONNECT written by hand.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use boathook_clientproxy::{
    Authorise, ClientProxy, Limits, LocalCa, ResponseBody, TunnelPolicy, VendorOrigin, VendorService,
};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The only token that the proxies of these tests take.
pub const TOKEN: &str = "nfp_right";

/// A proxy and, where the test brought none, the folder of its authority.
pub struct Running {
    pub address: SocketAddr,
    pub proxy: Arc<ClientProxy>,
    dir: Option<tempfile::TempDir>,
}

impl Running {
    /// Starts a proxy that tunnels to loopback only.
    pub async fn start(limits: Limits) -> Self {
        Self::start_with(limits, loopback_only()).await
    }

    pub async fn start_with(limits: Limits, policy: TunnelPolicy) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut running = Self::start_in(dir.path(), limits, policy).await;
        running.dir = Some(dir);
        running
    }

    /// Starts a proxy whose authority lives in a folder of the caller's.
    pub async fn start_in(dir: &Path, limits: Limits, policy: TunnelPolicy) -> Self {
        let ca = LocalCa::load_or_create(dir, now_ms()).unwrap();
        let proxy = ClientProxy::new(ca, vendor_service(), authorise(), policy);
        let proxy = Arc::new(proxy.with_limits(limits));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(serve(listener, Arc::clone(&proxy)));
        Self { address, proxy, dir: None }
    }

    pub fn proxy_url(&self, token: &str) -> String {
        format!("http://boathook:{token}@{}", self.address)
    }
}

pub fn loopback_only() -> TunnelPolicy {
    Arc::new(|_, _, ip| ip.is_loopback())
}

/// Clients compare certificates with the real time, so these tests have to as well.
fn now_ms() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    u64::try_from(now.unwrap().as_millis()).unwrap()
}

fn authorise() -> Authorise {
    Arc::new(|token| Box::pin(async move { token == TOKEN }))
}

/// Answers with what it was told, so that a test can see it.
fn vendor_service() -> VendorService {
    Arc::new(|request| Box::pin(async move { describe(&request) }))
}

fn describe(request: &Request<Incoming>) -> Response<ResponseBody> {
    let origin = request.extensions().get::<VendorOrigin>().unwrap();
    let named = request.headers()["host"].to_str().unwrap();
    let text = format!(
        r#"[{{"path":"{}","host":"{}","header":"{named}","known":{}}}]"#,
        request.uri(),
        origin.host,
        origin.token.expose() == TOKEN,
    );
    let body = Full::new(Bytes::from(text)).map_err(|never: Infallible| match never {});
    let mut response = Response::new(body.boxed_unsync());
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}

async fn serve(listener: TcpListener, proxy: Arc<ClientProxy>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let proxy = Arc::clone(&proxy);
        let answer = service_fn(move |request| {
            let proxy = Arc::clone(&proxy);
            async move { Ok::<_, Infallible>(proxy.connect(request).await) }
        });
        let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), answer);
        tokio::spawn(connection.with_upgrades());
    }
}

/// The value of `Proxy-Authorization` for a token.
pub fn basic(token: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("boathook:{token}")))
}

/// Sends a request line with the right token; gives the connection and the head of the answer.
pub async fn ask(proxy: SocketAddr, request_line: &str) -> (TcpStream, String) {
    let authorization = format!("Proxy-Authorization: {}\r\n", basic(TOKEN));
    ask_with(proxy, request_line, &authorization).await
}

/// The same with header lines of the caller's choice, each ended by CRLF.
pub async fn ask_with(proxy: SocketAddr, request_line: &str, header_lines: &str) -> (TcpStream, String) {
    let mut stream = TcpStream::connect(proxy).await.unwrap();
    let text = format!("{request_line} HTTP/1.1\r\nHost: proxy.test\r\n{header_lines}\r\n");
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    (stream, String::from_utf8(head).unwrap())
}

/// The status of an answer's head.
pub fn status(head: &str) -> u16 {
    head.split(' ').nth(1).unwrap().parse().unwrap()
}

/// A server that sends back what it gets, one connection after the other.
pub async fn echo_server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let (mut from, mut to) = stream.split();
                let _ = tokio::io::copy(&mut from, &mut to).await;
                let _ = to.shutdown().await;
            });
        }
    });
    address
}
