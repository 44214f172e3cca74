//! A client that speaks TLS, an authority that signs in a moment, the real Pebble, and a name server
//! that leads every name to this machine.

use bytes::Bytes;
use http::{Request, header};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use testkit::{Answer, until};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// How long one request may take; an order of a certificate may be part of it.
const LIMIT: Duration = Duration::from_secs(60);

/// Signs certificates.
pub struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// A new one.
    pub fn new() -> Self {
        let key = KeyPair::generate().expect("a key can be made");
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "An authority of the tests");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).expect("a certificate can be made").pem();
        Self { pem, issuer: Issuer::new(params, key) }
    }

    /// Its own certificate.
    pub fn pem(&self) -> String {
        self.pem.clone()
    }

    /// Writes a certificate for these names and its key; the files are called after the first one.
    pub fn write(&self, folder: &Path, names: &[&str]) -> (PathBuf, PathBuf) {
        let key = KeyPair::generate().expect("a key can be made");
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let file = names[0].replace('*', "any");
        let params = CertificateParams::new(names).expect("these are names");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate can be made");
        let paths = (folder.join(format!("{file}.pem")), folder.join(format!("{file}.key")));
        // Renamed into place, so that nobody reads half of it.
        for (path, text) in [(&paths.0, certificate.pem()), (&paths.1, key.serialize_pem())] {
            let new = path.with_extension("new");
            std::fs::write(&new, text).expect("a file can be written");
            std::fs::rename(&new, path).expect("a file can be renamed");
        }
        paths
    }
}

/// Speaks TLS to who is known by a certificate.
pub struct Caller(RootCertStore);

impl Caller {
    /// Trusts who this authority vouches for.
    pub fn trusting(pem: &str) -> Self {
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_slice(pem.as_bytes()).expect("a certificate"))
            .expect("of an authority");
        Self(roots)
    }

    /// A connection to who shows a certificate for this name, by the first of the protocols that both
    /// know.
    pub async fn dial(
        &self,
        at: SocketAddr,
        name: &str,
        offer: &[&str],
    ) -> Result<TlsStream<TcpStream>, String> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("these versions are known")
            .with_root_certificates(self.0.clone())
            .with_no_client_auth();
        config.alpn_protocols = offer.iter().map(|name| name.as_bytes().to_vec()).collect();
        let name = ServerName::try_from(name.to_owned()).expect("a name");
        let stream = TcpStream::connect(at).await.map_err(|error| error.to_string())?;
        let agreed = TlsConnector::from(Arc::new(config)).connect(name, stream);
        tokio::time::timeout(LIMIT, agreed)
            .await
            .expect("in time")
            .map_err(|error| format!("{error} {error:?}"))
    }

    /// `GET`; the protocol that was agreed on, and the answer.
    pub async fn get(
        &self,
        at: SocketAddr,
        host: &str,
        path: &str,
        offer: &[&str],
    ) -> Result<(String, Answer), String> {
        let stream = self.dial(at, host, offer).await?;
        let agreed = stream.get_ref().1.alpn_protocol().map(String::from_utf8_lossy).unwrap_or_default();
        let agreed = agreed.into_owned();
        let answer = match agreed.as_str() {
            "h2" => by_h2(stream, "https", host, path).await,
            _ => by_h1(stream, Request::get(path).header(header::HOST, host), "").await,
        };
        Ok((agreed, answer))
    }

    /// `POST` of a form by HTTP/1.1.
    pub async fn post_form(
        &self,
        at: SocketAddr,
        host: &str,
        path: &str,
        body: &str,
    ) -> Result<Answer, String> {
        let stream = self.dial(at, host, &["http/1.1"]).await?;
        let head = Request::post(path)
            .header(header::HOST, host)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        Ok(by_h1(stream, head, body).await)
    }

    /// The certificate that a name gets.
    pub async fn certificate(&self, at: SocketAddr, name: &str) -> Result<Vec<u8>, String> {
        let stream = self.dial(at, name, &[]).await?;
        let chain = stream.get_ref().1.peer_certificates().expect("a server shows its certificate");
        Ok(chain[0].to_vec())
    }

    /// `GET` by HTTP/2 without TLS.
    pub async fn clear_h2(at: SocketAddr, host: &str, path: &str) -> Answer {
        by_h2(TcpStream::connect(at).await.expect("the port is open"), "http", host, path).await
    }
}

async fn by_h1<S>(stream: S, head: http::request::Builder, body: &str) -> Answer
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.expect("HTTP is spoken");
    let connection = tokio::spawn(connection);
    let request = head.body(Full::new(Bytes::copy_from_slice(body.as_bytes()))).expect("a request");
    let answer = whole(sender.send_request(request).await.expect("an answer")).await;
    connection.abort();
    answer
}

async fn by_h2<S>(stream: S, scheme: &str, host: &str, path: &str) -> Answer
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let io = TokioIo::new(stream);
    let (mut sender, connection) =
        http2::handshake(TokioExecutor::new(), io).await.expect("HTTP/2 is spoken");
    let connection = tokio::spawn(connection);
    let request = Request::get(format!("{scheme}://{host}{path}")).body(Full::<Bytes>::default());
    let answer = whole(sender.send_request(request.expect("a request")).await.expect("an answer")).await;
    connection.abort();
    answer
}

async fn whole(response: http::Response<hyper::body::Incoming>) -> Answer {
    let (head, body) = response.into_parts();
    let body = body.collect().await.expect("a whole body").to_bytes();
    Answer { status: head.status.as_u16(), headers: head.headers, body, asked: "by TLS".to_owned() }
}

/// A name server for the authority: every name is this machine, but `bad.` names, which do not exist.
pub struct Zone {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Zone {
    /// Starts it.
    pub async fn start() -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("some port is free");
        let address = socket.local_addr().expect("a socket has an address");
        let task = tokio::spawn(async move {
            let mut query = [0; 1500];
            while let Ok((length, from)) = socket.recv_from(&mut query).await {
                if let Some(answer) = resolve(&query[..length]) {
                    let _ = socket.send_to(&answer, from).await;
                }
            }
        });
        Self { address, task }
    }

    /// Where it answers.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Zone {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// An answer to the one question of a query (RFC 1035): an address of four bytes, or nothing.
fn resolve(query: &[u8]) -> Option<Vec<u8>> {
    const HEADER: usize = 12;
    let mut end = HEADER;
    while *query.get(end)? != 0 {
        end += usize::from(query[end]) + 1;
    }
    end += 5;
    let (question, is_bad) = (query.get(HEADER..end)?, query[HEADER..].starts_with(b"\x03bad"));
    let is_address = question.ends_with(&[0, 1, 0, 1]) && !is_bad;
    let mut answer = query[..2].to_vec();
    answer.extend([0x81, if is_bad { 0x83 } else { 0x80 }, 0, 1, 0, u8::from(is_address), 0, 0, 0, 0]);
    answer.extend(question);
    if is_address {
        answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 127, 0, 0, 1]);
    }
    Some(answer)
}

/// The real authority for tests, on ports of its own.
pub struct Pebble {
    folder: TempDir,
    port: u16,
    management: u16,
    ca: PathBuf,
    child: Option<Child>,
}

impl Pebble {
    /// Settles where it will be, so that a server can be told.
    pub async fn prepare() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let authority = Authority::new();
        authority.write(folder.path(), &["127.0.0.1"]);
        let ca = folder.path().join("ca.pem");
        std::fs::write(&ca, authority.pem()).expect("a file can be written");
        Self { folder, port: free_port().await, management: free_port().await, ca, child: None }
    }

    /// Address of its directory.
    pub fn directory(&self) -> String {
        format!("https://127.0.0.1:{}/dir", self.port)
    }

    /// The certificate it is known by itself.
    pub fn ca(&self) -> PathBuf {
        self.ca.clone()
    }

    /// Starts it; it will look for answers to its challenges at `http_port` of this machine.
    pub async fn start(&mut self, http_port: u16, names: SocketAddr) {
        let program = std::env::var("BOATHOOK_TEST_PEBBLE").unwrap_or_else(|_| {
            panic!("BOATHOOK_TEST_PEBBLE is not set: run through `make test` or `cargo xtask services`")
        });
        let file = |name: &str| self.folder.path().join(name);
        let config = serde_json::json!({ "pebble": {
            "listenAddress": format!("127.0.0.1:{}", self.port),
            "managementListenAddress": format!("127.0.0.1:{}", self.management),
            "certificate": file("127.0.0.1.pem"),
            "privateKey": file("127.0.0.1.key"),
            "httpPort": http_port,
            "tlsPort": 1,
            "ocspResponderURL": "",
            "externalAccountBindingRequired": false,
        }});
        std::fs::write(file("config.json"), config.to_string()).expect("a file can be written");
        let log = std::fs::File::create(file("log")).expect("a file can be made");
        let mut command = Command::new(program);
        command.arg("-config").arg(file("config.json")).args(["-dnsserver", &names.to_string()]);
        command.env("PEBBLE_VA_NOSLEEP", "1").kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(log.try_clone().expect("a second handle")).stderr(log);
        self.child = Some(command.spawn().expect("Pebble can be started"));
        let port = self.port;
        until("Pebble to listen", async || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.ok()).await;
    }

    /// The root of the certificates that it signs, which it draws at each start.
    pub async fn root(&self) -> String {
        let known = std::fs::read_to_string(&self.ca).expect("it was written");
        let caller = Caller::trusting(&known);
        let at = (Ipv4Addr::LOCALHOST, self.management).into();
        let answer =
            until("the root", async || caller.get(at, "127.0.0.1", "/roots/0", &[]).await.ok()).await;
        answer.1.expect(200).text()
    }
}

/// A port that was free a moment ago.
async fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("some port is free");
    listener.local_addr().expect("a listener has an address").port()
}
