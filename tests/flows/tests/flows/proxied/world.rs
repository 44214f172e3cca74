//! A site with one add-on, whose provider writes down every byte, and a visitor who sends what he likes.

use crate::support::{id, text};
use serde_json::{Value, json};
use testbed::{Came, Scripted, Turn};
use testkit::Platform;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// The secret by which the site knows its visitors.
pub const IDENTITY: &str = "identity secret of the site, long enough";

/// The site `harbour` and its add-on `demo`.
pub struct Demo {
    pub provider: Scripted,
    pub secret: String,
    pub site: Value,
    pub uuid: String,
    /// Path of the instance in the API.
    pub instance: String,
}

/// Does all that the platform asks of it; the people of the site say where it leads and what it is called.
fn provides(came: &Came) -> Turn {
    let config = || came.json()["config"].clone();
    match (came.method.as_str(), came.path.as_str()) {
        ("GET", "/manifest") => Turn::Json(200, json!({ "name": "Demo" })),
        ("POST", "/instances") => {
            let own = config()["config"].clone();
            let remote = own["id"].as_str().unwrap_or("remote-1").to_owned();
            let state = own["state"].clone();
            Turn::Json(201, json!({ "id": remote, "endpoint": own["endpoint"], "state": state }))
        }
        ("PUT", path) if path.starts_with("/instances/") => {
            Turn::Json(200, json!({ "endpoint": config()["endpoint"] }))
        }
        ("DELETE", path) if path.starts_with("/instances/") => Turn::Empty(204),
        _ => Turn::Text(200, "text/plain", format!("the add-on got {}", came.line())),
    }
}

impl Demo {
    /// With an endpoint of this path and query at its provider.
    pub async fn start(p: &Platform, endpoint: &str) -> Self {
        Self::start_as(p, endpoint, "remote-1").await
    }

    /// The same with another id at the provider.
    pub async fn start_as(p: &Platform, endpoint: &str, remote_id: &str) -> Self {
        let (owner, provider) = (p.owner(), Scripted::start(provides).await);
        let secret = register(p, "demo", &provider).await;
        let site = owner.create_site("harbour").await;
        let files = [("index.html", "here"), ("_redirects", "/* /index.html 200\n")];
        owner.deploy(id(&site), &files).await;
        let identity = json!({ "jwt_secret": IDENTITY });
        owner.patch(&format!("/sites/{}", id(&site)), identity).await.expect(200);
        let config = json!({ "endpoint": format!("{}{endpoint}", provider.url()), "id": remote_id });
        let (uuid, instance) = install(p, &site, "demo", config).await;
        provider.forget();
        Self { provider, secret, site, uuid, instance }
    }

    /// The one request that came since this was asked last.
    #[track_caller]
    pub fn came(&self) -> Came {
        let mut came = self.provider.came();
        self.provider.forget();
        assert_eq!(came.len(), 1, "{came:?}");
        came.remove(0)
    }

    /// The claims of the platform's signature on a request.
    #[track_caller]
    pub fn claims(&self, came: &Came) -> Value {
        let token = came.header("X-Nf-Sign").unwrap_or_else(|| panic!("unsigned: {:?}", came.headers));
        signing::verify_hs256(token, self.secret.as_bytes()).expect("it is signed with the add-on's secret")
    }
}

/// Registers an add-on; its secret.
pub async fn register(p: &Platform, slug: &str, provider: &Scripted) -> String {
    let form = json!({ "name": "Demo", "slug": slug, "description": "Shows", "endpoint": provider.url() });
    text(&p.owner().post("/services", form).await.expect(201).json(), "secret").to_owned()
}

/// Gives a site an add-on; the uuid of the instance and its path in the API.
pub async fn install(p: &Platform, site: &Value, slug: &str, config: Value) -> (String, String) {
    let all = format!("/sites/{}/services/{slug}/instances", id(site));
    let made = p.owner().post(&all, json!({ "config": config })).await.expect(201).json();
    (text(&made["external_attributes"], "uuid").to_owned(), format!("{all}/{}", id(&made)))
}

/// An answer as it came over the wire.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    /// The values of a header.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let named = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str()).collect()
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Sends a request for a site to the letter and reads until the server closes. `line` is method and target.
pub async fn ask(p: &Platform, site: &str, line: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
    let host = format!("{site}.localhost:{}", p.address().port());
    ask_host(p, &host, line, headers, body).await
}

/// The same for a host.
pub async fn ask_host(p: &Platform, host: &str, line: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
    let mut head = format!("{line} HTTP/1.1\r\nHost: {host}\r\n");
    if !headers.iter().any(|(name, _)| *name == "Connection") {
        head += "Connection: close\r\n";
    }
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    if !body.is_empty() {
        head += &format!("Content-Length: {}\r\n", body.len());
    }
    let mut socket = TcpStream::connect(p.address()).await.expect("the server listens");
    socket.write_all(format!("{head}\r\n").as_bytes()).await.expect("it is read");
    socket.write_all(body).await.expect("it is read");
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(std::time::Duration::from_secs(60), socket.read_to_end(&mut bytes)).await;
    read.expect("the server answers and closes").expect("the answer comes to its end");
    parse(&bytes)
}

fn parse(bytes: &[u8]) -> Reply {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("an answer has a head");
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).expect("a status");
    let headers = lines.filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Reply { status, headers, body: bytes[end + 4..].to_vec() }
}
