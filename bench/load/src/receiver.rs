//! A receiver of notifications that notes the instant each request comes in. It has a thread and an
//! event loop of its own, so that nothing else in this process delays the note.

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;

/// Between two looks at what has arrived.
const POLL: Duration = Duration::from_millis(20);

/// A request that came in.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// When its head was read.
    pub at: Instant,
    /// Path it was sent to.
    pub path: String,
    /// Header `webhook-id`: the event.
    pub event: String,
    /// Its body.
    pub body: Bytes,
}

type Arrivals = Arc<Mutex<Vec<Arrival>>>;

/// A receiver that runs until the process ends.
pub struct Receiver {
    /// Where it listens.
    pub address: SocketAddr,
    arrivals: Arrivals,
}

impl Receiver {
    /// Starts to listen.
    ///
    /// # Errors
    /// When there is no port.
    pub fn start() -> Result<Self> {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let arrivals = Arrivals::default();
        let noted = Arc::clone(&arrivals);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::spawn(move || runtime.block_on(accept(listener, noted)));
        Ok(Self { address, arrivals })
    }

    /// What has arrived so far.
    #[must_use]
    pub fn arrivals(&self) -> Vec<Arrival> {
        self.arrivals.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Forgets what has arrived.
    pub fn clear(&self) {
        self.arrivals.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn count(&self) -> usize {
        self.arrivals.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Waits until `count` requests have arrived.
    ///
    /// # Errors
    /// When they do not arrive in time.
    pub async fn wait(&self, count: usize, patience: Duration) -> Result<()> {
        let began = Instant::now();
        while self.count() < count {
            if began.elapsed() > patience {
                bail!("only {} of {count} notifications arrived within {patience:?}", self.count());
            }
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    }
}

async fn accept(listener: std::net::TcpListener, arrivals: Arrivals) -> Result<()> {
    let listener = TcpListener::from_std(listener).context("cannot listen")?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let arrivals = Arc::clone(&arrivals);
        let service = service_fn(move |request| note(request, Arc::clone(&arrivals)));
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

async fn note(request: Request<Incoming>, arrivals: Arrivals) -> hyper::Result<Response<Empty<Bytes>>> {
    let at = Instant::now();
    let (head, body) = request.into_parts();
    let event =
        head.headers.get("webhook-id").and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let body = body.collect().await?.to_bytes();
    let arrival = Arrival { at, path: head.uri.path().to_owned(), event, body };
    arrivals.lock().unwrap_or_else(PoisonError::into_inner).push(arrival);
    Ok(Response::new(Empty::new()))
}
