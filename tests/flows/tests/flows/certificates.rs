//! Certificates at both ends: those of origins that sites pass requests on to, and this server's own
//! when they are exchanged while visitors are connected.

use crate::support::id;
use crate::tls_support::{Authority, Caller};
use bytes::Bytes;
use http::{Request, Response, header};
use http_body_util::{BodyExt as _, Empty, Full};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper::server::conn::http1 as server;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::convert::Infallible;
use std::fs::{File, FileTimes};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::SystemTime;
use testkit::{Process, both, until};
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

/// Bytes of every file of a certificate or key, so that one cannot be told from another by its size.
const FILE_BYTES: usize = 4096;

/// An origin that speaks TLS and says what it was asked.
struct Origin {
    port: u16,
    task: JoinHandle<()>,
}

impl Origin {
    /// Starts one with a certificate for this name.
    async fn start(authority: &Authority, folder: &Path, name: &str) -> Self {
        let (certificate, key) = authority.write(folder, &[name]);
        let certificate = CertificateDer::from_pem_file(certificate).expect("a certificate");
        let key = PrivateKeyDer::from_pem_file(key).expect("a key");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("these versions are known")
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .expect("they go together");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("some port is free");
        let port = listener.local_addr().expect("a listener has an address").port();
        let task = tokio::spawn(listen(listener, TlsAcceptor::from(Arc::new(config))));
        Self { port, task }
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn listen(listener: TcpListener, acceptor: TlsAcceptor) {
    let mut open = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let acceptor = acceptor.clone();
        open.spawn(async move {
            // who does not trust it breaks off
            let Ok(stream) = acceptor.accept(stream).await else { return };
            let _ = server::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer)).await;
        });
    }
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let host = request.headers()[header::HOST].to_str().expect("tests send text");
    let text = format!("{} {} at {host}", request.method(), request.uri());
    Ok(Response::new(Full::new(text.into())))
}

both! {
    /// An origin is asked by TLS when it has a certificate for its name of an authority that the machine
    /// trusts; else the visitor gets a page that says what is wrong.
    async fn origins_prove_who_they_are(mut p: Process) {
        let (trusted, unknown) = (Authority::new(), Authority::new());
        let folder = p.folder().to_owned();
        let authorities = folder.join("authorities.pem");
        std::fs::write(&authorities, trusted.pem()).expect("a file can be written");
        let good = Origin::start(&trusted, &folder, "localhost").await;
        let stranger = Origin::start(&unknown, &folder, "localhost").await;
        let other = Origin::start(&trusted, &folder, "elsewhere.test").await;
        p.restart_with(&[("SSL_CERT_FILE", &authorities.to_string_lossy())]).await;
        let owner = p.owner();
        let site = owner.create_site("shop").await;
        let rules = format!(
            "/good/* https://localhost:{}/in/:splat 200\n/stranger https://localhost:{}/ 200\n\
             /other https://localhost:{}/ 200\n",
            good.port, stranger.port, other.port
        );
        owner.deploy(id(&site), &[("index.html", "hello"), ("_redirects", &rules)]).await;
        let visitor = p.visitor();
        let answer = visitor.site("shop", "/good/a/b?c=d").await.expect(200);
        assert_eq!(answer.text(), format!("GET /in/a/b?c=d at localhost:{}", good.port));
        for path in ["/stranger", "/other"] {
            let page = visitor.site("shop", path).await.expect(502).text();
            assert!(page.contains("its certificate is not one that this server trusts"), "{path}: {page}");
        }
        assert_eq!(visitor.site("shop", "/good/").await.expect(200).text(), format!("GET /in/ at localhost:{}", good.port));
    }
}

/// Gives a file a length and a time, so that only its content tells that it changed.
fn disguise(path: &Path) {
    let mut text = std::fs::read(path).expect("it was just written");
    assert!(text.len() < FILE_BYTES, "{}", text.len());
    text.resize(FILE_BYTES, b'\n');
    std::fs::write(path, text).expect("it can be written");
    let file = File::options().write(true).open(path).expect("it is ours");
    file.set_times(FileTimes::new().set_modified(SystemTime::UNIX_EPOCH)).expect("it is ours");
}

/// A certificate for the sites of the server.
fn write(authority: &Authority, folder: &Path) -> (PathBuf, PathBuf) {
    let aside = folder.join("aside");
    std::fs::create_dir_all(&aside).expect("a folder can be made");
    let made = authority.write(&aside, &["safe.localhost"]);
    let paths = (folder.join("server.pem"), folder.join("server.key"));
    for (from, to) in [(&made.0, &paths.0), (&made.1, &paths.1)] {
        disguise(from);
        std::fs::rename(from, to).expect("a file can be renamed");
    }
    paths
}

/// Where the server says that it listens for TLS: it may answer before it has said all.
async fn tls_address(p: &Process) -> SocketAddr {
    let said = async || {
        let log = p.log();
        let line = log.lines().filter_map(|line| line.trim().strip_prefix("TLS ")).next_back();
        line.map(|line| line.trim().to_owned())
    };
    until("the address for TLS", said).await.parse().expect("an address")
}

fn asked(host: &str, full: bool) -> Request<Empty<Bytes>> {
    let target = if full { format!("https://{host}/") } else { "/".to_owned() };
    let head = Request::get(target);
    let head = if full { head } else { head.header(header::HOST, host) };
    head.body(Empty::new()).expect("a request")
}

async fn text(answer: Response<Incoming>) -> Bytes {
    answer.into_body().collect().await.expect("a whole body").to_bytes()
}

both! {
    /// After SIGHUP new connections get the new certificate; those that are open stay and are answered.
    async fn certificates_are_exchanged_under_connections(mut p: Process) {
        let folder = p.folder().to_owned();
        let (old, new) = (Authority::new(), Authority::new());
        let (certificate, key) = write(&old, &folder);
        let text_of = |path: &Path| path.to_string_lossy().into_owned();
        p.restart_with(&[
            ("BOATHOOK_TLS_LISTEN", "127.0.0.1:0"),
            ("BOATHOOK_TLS_CERT", &text_of(&certificate)),
            ("BOATHOOK_TLS_KEY", &text_of(&key)),
        ])
        .await;
        crate::support::live_site(&p.owner(), "safe").await;
        let (at, host) = (tls_address(&p).await, "safe.localhost");
        let (before, after) = (Caller::trusting(&old.pem()), Caller::trusting(&new.pem()));
        let first = before.dial(at, host, &["http/1.1"]).await.expect("the old one is trusted");
        let (mut by_h1, connection) = http1::handshake(TokioIo::new(first)).await.expect("HTTP is spoken");
        tokio::spawn(connection);
        let second = before.dial(at, host, &["h2"]).await.expect("the old one is trusted");
        let shaken = http2::handshake(TokioExecutor::new(), TokioIo::new(second)).await;
        let (mut by_h2, connection) = shaken.expect("HTTP/2 is spoken");
        tokio::spawn(connection);
        assert_eq!(text(by_h1.send_request(asked(host, false)).await.expect("an answer")).await, "hello");
        assert_eq!(text(by_h2.send_request(asked(host, true)).await.expect("an answer")).await, "hello");
        write(&new, &folder);
        assert!(after.dial(at, host, &[]).await.is_err(), "nobody has said yet that there is another");
        let told = Command::new("kill").args(["-HUP", &p.id().to_string()]).status();
        assert!(told.expect("there is a kill").success());
        let answer = until("the new certificate", async || after.get(at, host, "/", &["h2"]).await.ok()).await;
        assert_eq!((answer.1.status, answer.1.text().as_str()), (200, "hello"));
        assert!(before.dial(at, host, &[]).await.is_err(), "the old one is gone");
        assert_eq!(text(by_h1.send_request(asked(host, false)).await.expect("it stayed open")).await, "hello");
        assert_eq!(text(by_h2.send_request(asked(host, true)).await.expect("it stayed open")).await, "hello");
    }
}
