//! What every test here stands on: a server, sites put straight into the store, and a client.

use boathook_edge::{Edge, End, Equipment, Patience, Prefixed};
use bytes::Bytes;
use context::Context;
use flate2::write::GzEncoder;
use http::request::Parts;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use model::{DeployContext, DeployState, FunctionInfo, Timestamp};
use rules::deploy::{DeployRules, Sources};
use std::collections::HashMap;
use std::convert::Infallible;
use std::io::Write as _;
use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;
use store::accounts::AccountRow;
use store::deploy_files::{Manifest, Served, ServedFile, Variant};
use store::deploys::{DeployInfo, DeployRow};
use store::sites::{SiteInfo, SiteRow};
use store::{ChangeKind, Tx};
use testbed::{Bed, Setup};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

pub const ACCOUNT: &str = "aaaaaaaaaaaaaaaaaaaaaaaa";
/// A header of requests that the general server is to answer: it stands in the first bytes of a
/// connection.
pub const GENERAL: &str = "x-general";

/// A server and what it stands on. Clones are one.
#[derive(Clone)]
pub struct Platform {
    bed: Arc<Bed>,
    addr: SocketAddr,
}

impl Setup for Platform {
    async fn on(bed: Bed) -> Self {
        Self::with(bed, Equipment::default()).await
    }
}

impl Deref for Platform {
    type Target = Bed;

    fn deref(&self) -> &Bed {
        &self.bed
    }
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HashMap<String, String>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Platform {
    /// An edge with more than the context.
    pub async fn with(bed: Bed, equipment: Equipment) -> Self {
        insert_account(&bed.cx).await;
        let addr = serve(Edge::with(bed.cx.clone(), equipment)).await;
        Self { bed: Arc::new(bed), addr }
    }

    /// For tests of what is no business of the database.
    pub async fn start() -> Self {
        Self::on(Bed::sqlite().await).await
    }

    pub async fn get(&self, host: &str, path: &str) -> Answer {
        self.send("GET", host, path, &[]).await
    }

    pub async fn send(&self, method: &str, host: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send_body(method, host, path, headers, "").await
    }

    pub async fn send_body(
        &self,
        method: &str,
        host: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let mut request = format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n");
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        if !body.is_empty() {
            request += &format!("content-length: {}\r\n", body.len());
        }
        self.raw(&format!("{request}\r\n{body}")).await
    }

    /// A connection of one's own.
    pub async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.addr).await.unwrap()
    }

    /// Sends these bytes and reads until the server closes.
    pub async fn raw(&self, request: &str) -> Answer {
        let mut socket = self.connect().await;
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        let read = tokio::time::timeout(Duration::from_secs(60), socket.read_to_end(&mut bytes)).await;
        read.expect("the server answers and closes").unwrap();
        parse(&bytes)
    }

    /// A site of this name, with nothing live; its id.
    pub async fn site(&self, name: &str) -> String {
        self.site_with(name, SiteInfo::default()).await
    }

    pub async fn site_with(&self, name: &str, info: SiteInfo) -> String {
        let id = self.cx.uuid();
        let row = SiteRow { info, ..SiteRow::new(&id, ACCOUNT, name, self.cx.now()) };
        let mut tx = self.cx.begin().await.unwrap();
        store::sites::insert(&mut tx, &row).await.unwrap();
        self.changed(tx, &id).await;
        id
    }

    /// A site of this name with these files live; its id.
    pub async fn live(&self, name: &str, files: &[(&str, &str)]) -> String {
        let site = self.site(name).await;
        let deploy = self.deploy(&site, files).await;
        self.publish(&site, &deploy).await;
        site
    }

    /// A ready deploy; its id. Texts of 1,000 bytes and more get compressed forms; rule files become
    /// rules.
    pub async fn deploy(&self, site: &str, files: &[(&str, &str)]) -> String {
        self.deploy_in(DeployContext::Production, site, files).await
    }

    /// The same in this context.
    pub async fn deploy_in(&self, context: DeployContext, site: &str, files: &[(&str, &str)]) -> String {
        let mut served = Served { rules: rules_of(files), ..Served::default() };
        for (path, content) in files.iter().filter(|(path, _)| !rules::deploy::FILES.contains(path)) {
            served.files.push(self.file(path, content.as_bytes()).await);
        }
        self.put_deploy(context, site, &served, &[]).await
    }

    pub async fn deploy_of(&self, site: &str, served: &Served, functions: &[&str]) -> String {
        self.put_deploy(DeployContext::Production, site, served, functions).await
    }

    async fn put_deploy(
        &self,
        context: DeployContext,
        site: &str,
        served: &Served,
        functions: &[&str],
    ) -> String {
        let id = self.cx.id();
        let functions = functions.iter().map(|name| function(name)).collect();
        let info = DeployInfo { functions, ready_at: Some(self.cx.now()), ..DeployInfo::default() };
        let row = DeployRow {
            id: id.clone(),
            site_id: site.into(),
            account_id: ACCOUNT.into(),
            build_id: None,
            state: DeployState::Ready,
            context,
            branch: None,
            draft: false,
            pending: 0,
            created_at: self.cx.now(),
            updated_at: self.cx.now(),
            published_at: None,
            info,
        };
        let mut tx = self.cx.begin().await.unwrap();
        store::deploys::insert(&mut tx, &row).await.unwrap();
        store::deploy_files::put_manifest(&mut tx, &id, &Manifest::default()).await.unwrap();
        store::deploy_files::put_served(&mut tx, &id, served).await.unwrap();
        self.changed(tx, site).await;
        id
    }

    pub async fn publish(&self, site: &str, deploy: &str) {
        let mut tx = self.cx.begin().await.unwrap();
        store::sites::set_published(&mut tx, site, Some(deploy), self.cx.now()).await.unwrap();
        self.changed(tx, site).await;
    }

    pub async fn alias(&self, site: &str, alias: &str, deploy: &str) {
        let mut tx = self.cx.begin().await.unwrap();
        store::deploys::set_alias(&mut tx, site, alias, deploy).await.unwrap();
        self.changed(tx, site).await;
    }

    pub async fn disable(&self, site: &str, disabled: bool) {
        let mut tx = self.cx.begin().await.unwrap();
        let row = store::sites::find(&mut tx, site).await.unwrap().unwrap();
        store::sites::update(&mut tx, &SiteRow { disabled, ..row }).await.unwrap();
        self.changed(tx, site).await;
    }

    async fn changed(&self, mut tx: Tx, site: &str) {
        tx.changed(ChangeKind::Site, site, self.cx.now()).await.unwrap();
        tx.commit().await.unwrap();
    }

    pub async fn file(&self, path: &str, content: &[u8]) -> ServedFile {
        let mime = mime(path);
        let pays = content.len() >= 1000 && mime.starts_with("text/html");
        let digests = self.cx.blobs.put(content).await.unwrap();
        ServedFile {
            path: path.into(),
            blob: digests.sha256,
            sha1: digests.sha1,
            size: digests.size,
            mime: mime.into(),
            gzip: if pays { Some(self.variant(&gzip(content)).await) } else { None },
            br: if pays { Some(self.variant(&br(content)).await) } else { None },
        }
    }

    async fn variant(&self, bytes: &[u8]) -> Variant {
        let digests = self.cx.blobs.put(bytes).await.unwrap();
        Variant { blob: digests.sha256, size: digests.size }
    }
}

/// The rules of a deploy, as they are kept with it.
fn rules_of(files: &[(&str, &str)]) -> String {
    let text = |path: &str| files.iter().find(|(name, _)| *name == path).map(|(_, text)| (*text).to_owned());
    let [redirects, headers, config] = rules::deploy::FILES.map(text);
    let (rules, _) = DeployRules::read(&Sources { redirects, headers, config });
    serde_json::to_string(&rules).unwrap()
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn br(content: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    brotli::BrotliCompress(&mut &*content, &mut out, &brotli::enc::BrotliEncoderParams::default()).unwrap();
    out
}

async fn insert_account(cx: &Context) {
    let row = AccountRow::new(ACCOUNT, "team", "Team", cx.now());
    let mut tx = cx.begin().await.unwrap();
    store::accounts::insert(&mut tx, &row).await.unwrap();
    tx.commit().await.unwrap();
}

/// Serves as the program does: straight from the socket, then by the general server.
async fn serve(edge: Edge) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((socket, peer)) = listener.accept().await {
            tokio::spawn(talk(edge.clone(), socket, peer));
        }
    });
    addr
}

async fn talk(edge: Edge, socket: TcpStream, peer: SocketAddr) {
    if let End::HandOver(socket, read) = talk_directly(&edge, socket, peer).await {
        let service = service_fn(move |request| {
            let edge = edge.clone();
            async move { Ok::<_, Infallible>(edge.handle(request, peer).await) }
        });
        let socket = TokioIo::new(Prefixed::new(read, socket));
        let _ = http1::Builder::new().serve_connection(socket, service).await;
    }
}

async fn talk_directly(edge: &Edge, socket: TcpStream, peer: SocketAddr) -> End {
    let mut first = [0; 1024];
    let count = socket.peek(&mut first).await.unwrap_or(0);
    if String::from_utf8_lossy(&first[..count]).contains(GENERAL) {
        return End::HandOver(socket, Bytes::new());
    }
    let patience = Patience { idle: Duration::from_secs(60), stalled: Duration::from_secs(60) };
    let stop = CancellationToken::new();
    let socket = socket.into_std().expect("a socket is one everywhere");
    let Some(opening) = edge.greet(&socket, &stop) else { return End::Over };
    let socket = TcpStream::from_std(socket).expect("a socket is one everywhere");
    edge.serve_directly(socket, opening, patience, &stop, |_: &Parts| Some(peer.into())).await
}

/// An answer from its bytes; what follows its head is its body.
pub fn parse(bytes: &[u8]) -> Answer {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("an answer has a head");
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).expect("a status line");
    let headers = lines.filter_map(|line| line.split_once(": "));
    Answer {
        status: status.parse().expect("a status is a number"),
        headers: headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect(),
        body: bytes[end + 4..].to_vec(),
    }
}

fn function(name: &str) -> FunctionInfo {
    FunctionInfo {
        n: name.into(),
        d: "0".repeat(64),
        r: Some("js".into()),
        s: 1,
        im: None,
        oid: "1".into(),
        c: Timestamp(0),
    }
}

fn mime(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html" | "htm") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("json") => "application/json; charset=utf-8",
        Some("txt") => "text/plain; charset=utf-8",
        Some("xml") => "application/xml",
        Some("png") => "image/png",
        Some("pdf") => "application/pdf",
        Some("wasm") => "application/wasm",
        Some("webmanifest") => "application/manifest+json; charset=utf-8",
        _ => "application/octet-stream",
    }
}
