//! Clients that fire events, each over a connection of its own that is kept open.

use crate::{Api, Server};
use anyhow::Result;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Clients that fire at once.
pub const POSTERS: usize = 32;

/// An event that was accepted.
#[derive(Clone, Copy, Debug)]
pub struct Fired {
    /// The event.
    pub event: u128,
    /// When it was asked for.
    pub asked: Instant,
    /// When the answer came.
    pub accepted: Instant,
}

/// What is fired.
#[derive(Clone, Debug)]
pub struct Volley {
    /// The site.
    pub site: String,
    /// The event.
    pub event: &'static str,
    /// How often.
    pub count: usize,
    /// Times a second; as often as it goes when absent.
    pub rate: Option<u32>,
}

/// A sign to the posters to stop before their time.
pub type Stop = Arc<AtomicBool>;

struct Turn {
    volley: Volley,
    next: AtomicUsize,
    began: Instant,
    stop: Stop,
}

impl Turn {
    /// Whether there is something left to fire, when its moment has come.
    async fn comes(&self) -> bool {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        if number >= self.volley.count {
            return false;
        }
        if let Some(rate) = self.volley.rate {
            let at = Duration::from_secs_f64(number as f64 / f64::from(rate.max(1)));
            tokio::time::sleep_until((self.began + at).into()).await;
        }
        !self.stop.load(Ordering::Relaxed)
    }
}

/// Fires events by [`POSTERS`] clients; those that were accepted, in the order of the answers.
///
/// # Errors
/// When one is not accepted.
pub async fn fire(server: &Server, volley: Volley, stop: Stop) -> Result<Vec<Fired>> {
    let mut clients = Vec::new();
    for _ in 0..POSTERS {
        clients.push(Api::open(server.address, &server.token).await?);
    }
    let turn = Arc::new(Turn { volley, next: AtomicUsize::new(0), began: Instant::now(), stop });
    let tasks: Vec<_> = clients.into_iter().map(|api| tokio::spawn(post(api, Arc::clone(&turn)))).collect();
    let mut fired = Vec::with_capacity(turn.volley.count.min(1 << 20));
    for task in tasks {
        fired.extend(task.await??);
    }
    fired.sort_by_key(|one: &Fired| one.accepted);
    Ok(fired)
}

async fn post(mut api: Api, turn: Arc<Turn>) -> Result<Vec<Fired>> {
    let mut fired = Vec::new();
    while turn.comes().await {
        let asked = Instant::now();
        let event = api.fire(&turn.volley.site, turn.volley.event).await?;
        fired.push(Fired { event, asked, accepted: Instant::now() });
    }
    Ok(fired)
}
