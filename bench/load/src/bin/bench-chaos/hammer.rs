//! Clients that fire events without end, and again what was not answered, as anyone would.

use crate::scene::{EVENT, Scene};
use anyhow::Result;
use boathook_bench::{Api, POSTERS};
use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinSet;

/// Pause after a request that was not answered.
const PAUSE: Duration = Duration::from_millis(50);
/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(40);

#[derive(Default)]
struct Count {
    answered: Mutex<HashSet<u128>>,
    repeated: AtomicUsize,
    stop: AtomicBool,
}

/// Clients at work.
pub(crate) struct Hammer {
    count: Arc<Count>,
    clients: JoinSet<()>,
}

/// What the clients were told.
pub(crate) struct Told {
    /// Events that were accepted.
    pub(crate) answered: HashSet<u128>,
    /// Requests that were sent again.
    pub(crate) repeated: usize,
}

impl Hammer {
    pub(crate) fn start(scene: &Scene) -> Self {
        let count = Arc::new(Count::default());
        let mut clients = JoinSet::new();
        for _ in 0..POSTERS {
            let (address, token) = (scene.server.address, scene.server.token.clone());
            clients.spawn(post(address, token, scene.site.clone(), Arc::clone(&count)));
        }
        Self { count, clients }
    }

    pub(crate) fn answered(&self) -> usize {
        self.count.answered.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    pub(crate) fn repeated(&self) -> usize {
        self.count.repeated.load(Ordering::Relaxed)
    }

    /// Waits until something is true of the clients; whether it became true in time.
    pub(crate) async fn until(&self, patience: Duration, mut what: impl FnMut(&Self) -> bool) -> bool {
        let wait = async {
            while !what(self) {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(patience, wait).await.is_ok()
    }

    /// Lets every client end with an answer.
    pub(crate) async fn stop(mut self) -> Told {
        self.count.stop.store(true, Ordering::Relaxed);
        while self.clients.join_next().await.is_some() {}
        let answered =
            std::mem::take(&mut *self.count.answered.lock().unwrap_or_else(PoisonError::into_inner));
        Told { answered, repeated: self.count.repeated.load(Ordering::Relaxed) }
    }
}

async fn post(address: SocketAddr, token: String, site: String, count: Arc<Count>) {
    let mut api = None;
    while !count.stop.load(Ordering::Relaxed) {
        match fire(&mut api, address, &token, &site).await {
            Ok(event) => {
                count.answered.lock().unwrap_or_else(PoisonError::into_inner).insert(event);
            }
            Err(_) => {
                api = None;
                count.repeated.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

async fn fire(api: &mut Option<Api>, address: SocketAddr, token: &str, site: &str) -> Result<u128> {
    let api = match api {
        Some(api) => api,
        None => api.insert(Api::open(address, token).await?),
    };
    tokio::time::timeout(PATIENCE, api.fire(site, EVENT)).await?
}
