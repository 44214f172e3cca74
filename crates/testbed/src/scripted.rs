//! An HTTP server that answers as it is told, badly above all, and keeps every request byte by byte.

use parking_lot::Mutex;
use serde_json::Value;
use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::{JoinHandle, JoinSet};

/// How long a request may take to come on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// Pause between two bytes of a drip.
const DRIP: Duration = Duration::from_millis(20);

/// What to do with a request.
#[derive(Clone, Debug)]
pub enum Turn {
    /// Answer with this status and JSON.
    Json(u16, Value),
    /// Answer with this status, content type and text.
    Text(u16, &'static str, String),
    /// Answer with this status and no body.
    Empty(u16),
    /// Answer with this status, this header and no body.
    With(u16, &'static str, String),
    /// Answer 302 to this address.
    Redirect(String),
    /// Close the connection without an answer.
    Die,
    /// Send status, headers and half of the JSON, and close.
    Half(u16, Value),
    /// Never answer.
    Hang,
    /// Send status and headers, and then one byte after the other without an end.
    Drip(u16),
    /// Send this many bytes of JSON text.
    Flood(u16, usize),
    /// Do this after a while.
    Late(Duration, Box<Self>),
    /// Do this once [`Scripted::release`] was called.
    Held(Box<Self>),
}

/// A request as it came in.
#[derive(Clone, Debug)]
pub struct Came {
    /// Method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Headers in their order and spelling.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
}

impl Came {
    /// The value of a header spelled exactly so.
    #[must_use]
    pub fn header(&self, spelled: &str) -> Option<&str> {
        self.headers.iter().find(|(name, _)| name == spelled).map(|(_, value)| value.as_str())
    }

    /// The value of a header however it is spelled.
    #[must_use]
    pub fn any_case(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(spelled, _)| spelled.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The event that a notification tells of.
    #[must_use]
    pub fn event(&self) -> &str {
        self.header("X-Netlify-Event").unwrap_or_default()
    }

    /// Its id, the same on every try.
    #[must_use]
    pub fn id(&self) -> &str {
        self.any_case("webhook-id").unwrap_or_default()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// When it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// Method and path.
    #[must_use]
    pub fn line(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

/// Decides by the request when nothing was said before.
type Usual = dyn Fn(&Came) -> Turn + Send + Sync;

struct Desk {
    came: Mutex<Vec<Came>>,
    next: Mutex<VecDeque<Turn>>,
    usual: Mutex<Arc<Usual>>,
    arrived: Notify,
    released: Notify,
}

/// The server. Dropping it stops it.
pub struct Scripted {
    /// Where it listens.
    pub address: SocketAddr,
    desk: Arc<Desk>,
    task: JoinHandle<()>,
}

impl Scripted {
    /// Starts one that does the same with every request of a kind until it is told something else.
    ///
    /// # Panics
    /// When the machine has no port left.
    pub async fn start(usual: impl Fn(&Came) -> Turn + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("some port is free");
        let address = listener.local_addr().expect("a listener has an address");
        let desk = Arc::new(Desk {
            came: Mutex::default(),
            next: Mutex::default(),
            usual: Mutex::new(Arc::new(usual)),
            arrived: Notify::new(),
            released: Notify::new(),
        });
        let task = tokio::spawn(listen(listener, Arc::clone(&desk)));
        Self { address, desk, task }
    }

    /// Its address, no slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What to do with the next requests, one each, before the usual.
    pub fn next(&self, turns: impl IntoIterator<Item = Turn>) {
        self.desk.next.lock().extend(turns);
    }

    /// What to do from now on.
    pub fn usually(&self, usual: impl Fn(&Came) -> Turn + Send + Sync + 'static) {
        *self.desk.usual.lock() = Arc::new(usual);
    }

    /// Lets those go on that are held now, and the next one that will be.
    pub fn release(&self) {
        self.desk.released.notify_one();
    }

    /// Everything that came so far.
    #[must_use]
    pub fn came(&self) -> Vec<Came> {
        self.desk.came.lock().clone()
    }

    /// How much came so far.
    #[must_use]
    pub fn count(&self) -> usize {
        self.desk.came.lock().len()
    }

    /// Method and path of everything so far.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.desk.came.lock().iter().map(Came::line).collect()
    }

    /// Forgets what came so far.
    pub fn forget(&self) {
        self.desk.came.lock().clear();
    }

    /// Forgets what to do with the next requests.
    pub fn clear(&self) {
        self.desk.next.lock().clear();
    }

    /// Waits until so many requests came.
    ///
    /// # Panics
    /// When they do not come in time.
    pub async fn wait_for(&self, count: usize) -> Vec<Came> {
        let enough = async {
            while self.count() < count {
                self.desk.arrived.notified().await;
            }
        };
        tokio::time::timeout(PATIENCE, enough).await.expect("the requests come in time");
        self.came()
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn listen(listener: TcpListener, desk: Arc<Desk>) {
    let mut open = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        open.spawn(serve(stream, Arc::clone(&desk)));
        while open.try_join_next().is_some() {}
    }
}

async fn serve(mut stream: TcpStream, desk: Arc<Desk>) {
    let Some(came) = read(&mut stream).await else { return };
    let turn = desk.next.lock().pop_front().unwrap_or_else(|| {
        let usual = Arc::clone(&desk.usual.lock());
        usual(&came)
    });
    desk.came.lock().push(came);
    desk.arrived.notify_one();
    // whoever called may have hung up
    let _ = act(&mut stream, turn, &desk).await;
    let _ = stream.shutdown().await;
}

async fn act(stream: &mut TcpStream, mut turn: Turn, desk: &Desk) -> std::io::Result<()> {
    loop {
        turn = match turn {
            Turn::Late(wait, then) => {
                tokio::time::sleep(wait).await;
                *then
            }
            Turn::Held(then) => {
                desk.released.notified().await;
                *then
            }
            other => return answer(stream, other).await,
        };
    }
}

async fn answer(stream: &mut TcpStream, turn: Turn) -> std::io::Result<()> {
    match turn {
        Turn::Json(status, value) => whole(stream, status, "application/json", &value.to_string()).await,
        Turn::Text(status, kind, text) => whole(stream, status, kind, &text).await,
        Turn::Empty(status) => empty(stream, status, "").await,
        Turn::With(status, name, value) => empty(stream, status, &format!("{name}: {value}\r\n")).await,
        Turn::Redirect(to) => empty(stream, 302, &format!("Location: {to}\r\n")).await,
        Turn::Half(status, value) => {
            let text = value.to_string();
            stream.write_all(head(status, "application/json", text.len()).as_bytes()).await?;
            stream.write_all(&text.as_bytes()[..text.len() / 2]).await
        }
        Turn::Drip(status) => {
            stream.write_all(head(status, "application/json", 1 << 20).as_bytes()).await?;
            loop {
                stream.write_all(b" ").await?;
                tokio::time::sleep(DRIP).await;
            }
        }
        Turn::Flood(status, bytes) => {
            stream.write_all(head(status, "application/json", bytes).as_bytes()).await?;
            let some = vec![b' '; 64 << 10];
            for _ in 0..bytes / some.len() {
                stream.write_all(&some).await?;
            }
            Ok(())
        }
        Turn::Hang => std::future::pending().await,
        Turn::Die | Turn::Late(..) | Turn::Held(_) => Ok(()),
    }
}

async fn empty(stream: &mut TcpStream, status: u16, more: &str) -> std::io::Result<()> {
    let length = if status == 204 { "" } else { "Content-Length: 0\r\n" };
    let head = format!("HTTP/1.1 {status} So\r\n{more}{length}Connection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await
}

async fn whole(stream: &mut TcpStream, status: u16, kind: &str, text: &str) -> std::io::Result<()> {
    let all = format!("{}{text}", head(status, kind, text.len()));
    stream.write_all(all.as_bytes()).await
}

fn head(status: u16, kind: &str, length: usize) -> String {
    format!(
        "HTTP/1.1 {status} So\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    )
}

/// A whole request with a length; none when the sender broke off.
async fn read(stream: &mut TcpStream) -> Option<Came> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        (stream.read_buf(&mut bytes).await.ok()? > 0).then_some(())?;
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let (method, path) = (first.next()?.to_owned(), first.next()?.to_owned());
    let header =
        |line: &str| line.split_once(':').map(|(name, value)| (name.to_owned(), value.trim().to_owned()));
    let headers: Vec<(String, String)> = lines.filter_map(header).collect();
    let length = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length: usize = length.map_or(Some(0), |(_, value)| value.parse().ok())?;
    let mut body = bytes.split_off(end + 4);
    while body.len() < length {
        (stream.read_buf(&mut body).await.ok()? > 0).then_some(())?;
    }
    Some(Came { method, path, headers, body })
}
