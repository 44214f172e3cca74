//! Certificates ordered from an ACME authority (RFC 8555) when somebody asks for a name that this
//! server answers for: kept for all nodes, looked up once however many ask, renewed while the old
//! one still holds. A name that cannot be had is left alone for a while.

mod allowed;
mod authority;
mod challenges;
mod kept;
mod pace;

pub(crate) use authority::Authority;

use challenges::Challenges;
use context::Context;
use kept::Kept;
use pace::Pace;
use parking_lot::{Mutex, RwLock};
use rustls::sign::CertifiedKey;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::{Semaphore, watch};

/// Names being looked up or ordered at once; who comes on top goes without.
const MAX_FLIGHTS: usize = 256;
/// Orders at once.
const MAX_ORDERS: usize = 4;
/// Look-ups in the database at once: fewer than it has connections, so that strangers asking for
/// names that do not exist never keep others from it.
const MAX_LOOK_UPS: usize = 4;
/// Certificates in memory; all are dropped at once when there are more, and read again when asked
/// for.
const MAX_KEPT: usize = 20_000;

/// The certificates of one authority. Cloning is cheap; clones are one.
#[derive(Clone)]
pub(crate) struct Acme(Arc<Inner>);

struct Inner {
    cx: Context,
    authority: Authority,
    challenges: Challenges,
    kept: RwLock<HashMap<Box<str>, Kept>>,
    flights: Mutex<HashMap<Box<str>, watch::Receiver<bool>>>,
    pace: Mutex<Pace>,
    look_ups: Semaphore,
    orders: Semaphore,
}

impl Acme {
    pub(crate) fn new(cx: Context, authority: Authority) -> Self {
        Self(Arc::new(Inner {
            challenges: Challenges::new(cx.clone()),
            cx,
            authority,
            kept: RwLock::default(),
            flights: Mutex::default(),
            pace: Mutex::default(),
            look_ups: Semaphore::new(MAX_LOOK_UPS),
            orders: Semaphore::new(MAX_ORDERS),
        }))
    }

    /// The certificate of a name, when it is in memory and holds.
    pub(crate) fn at_hand(&self, name: &str) -> Option<Arc<CertifiedKey>> {
        let now = self.0.cx.now();
        let kept = self.0.kept.read();
        kept.get(name).filter(|kept| kept.holds(now)).map(|kept| Arc::clone(&kept.key))
    }

    /// What the authority finds at the address of a challenge, when this server made it so.
    pub(crate) async fn answer(&self, token: &str) -> Option<String> {
        self.0.challenges.answer(token).await
    }

    /// Waits until the certificate of a name is at hand or it is clear that it cannot be had now.
    /// One that is about to end is renewed meanwhile, and nobody waits for that.
    pub(crate) async fn prepare(&self, name: &str) {
        if self.at_hand(name).is_some() {
            self.want(name);
        } else if let Some(mut flight) = self.board(name) {
            let _ = flight.wait_for(|landed| *landed).await;
        }
    }

    /// Sees to it in the background that there is a fresh certificate for a name.
    pub(crate) fn want(&self, name: &str) {
        let now = self.0.cx.now();
        let is_fresh = self.0.kept.read().get(name).is_some_and(|kept| !kept.is_due(now));
        if !is_fresh {
            self.board(name);
        }
    }

    /// Joins the order of this name or begins one; none when it must wait.
    fn board(&self, name: &str) -> Option<watch::Receiver<bool>> {
        let inner = &*self.0;
        let mut flights = inner.flights.lock();
        if let Some(flight) = flights.get(name) {
            return Some(flight.clone());
        }
        if flights.len() >= MAX_FLIGHTS || !inner.pace.lock().may_try(name, inner.cx.now()) {
            return None;
        }
        let (landing, flight) = watch::channel(false);
        flights.insert(name.into(), flight.clone());
        let (acme, name) = (self.clone(), Box::<str>::from(name));
        tokio::spawn(async move {
            let _down = Down { acme: &acme, name: &name, landing };
            acme.fetch(&name).await;
        });
        Some(flight)
    }

    async fn fetch(&self, name: &str) {
        if let Err(error) = self.fetch_or_order(name).await {
            let wait = self.0.pace.lock().failed(name, self.0.cx.now());
            tracing::warn!(name, seconds = wait, "no certificate was issued: {error:#}");
        }
    }

    async fn fetch_or_order(&self, name: &str) -> anyhow::Result<()> {
        let inner = &*self.0;
        let Some(owner) = self.who_lacks(name).await? else { return Ok(()) };
        let _turn = inner.orders.acquire().await?;
        inner.pace.lock().order(&owner, inner.cx.now())?;
        let issued = inner.authority.order(&inner.cx, &inner.challenges, name).await?;
        let new = kept::write(&inner.cx, name, &issued).await?;
        tracing::info!(name, until = %new.ends_at, "a certificate was issued");
        self.keep(name, new);
        inner.pace.lock().succeeded(name);
        Ok(())
    }

    /// For whom a certificate is to be ordered. What another node ordered is taken; who asks for a
    /// foreign name is turned away for a while.
    async fn who_lacks(&self, name: &str) -> anyhow::Result<Option<String>> {
        let inner = &*self.0;
        let _turn = inner.look_ups.acquire().await?;
        let now = inner.cx.now();
        if let Some(stored) = kept::read(&inner.cx, name).await? {
            let due = stored.is_due(now);
            self.keep(name, stored);
            if !due {
                return Ok(None);
            }
        }
        let owner = allowed::owner(&inner.cx, name).await?;
        if owner.is_none() {
            inner.pace.lock().is_foreign(name, now);
        }
        Ok(owner)
    }

    fn keep(&self, name: &str, new: Kept) {
        let mut kept = self.0.kept.write();
        if kept.len() >= MAX_KEPT {
            kept.clear();
        }
        kept.insert(name.into(), new);
    }
}

/// Tells those who wait that it is over, also when it panicked.
struct Down<'a> {
    acme: &'a Acme,
    name: &'a str,
    landing: watch::Sender<bool>,
}

impl Drop for Down<'_> {
    fn drop(&mut self) {
        self.acme.0.flights.lock().remove(self.name);
        self.landing.send_replace(true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use testbed::Bed;
    use tokio::sync::OnceCell;

    fn acme(bed: &Bed) -> Acme {
        let directory = "https://127.0.0.1:1/dir".to_owned();
        Acme::new(bed.cx.clone(), Authority { directory, email: None, ca: None, account: OnceCell::new() })
    }

    #[tokio::test]
    async fn a_name_is_looked_up_once_for_all_and_no_more_than_so_many_at_a_time() {
        let bed = Bed::sqlite().await;
        let acme = acme(&bed);
        let turns = acme.0.look_ups.acquire_many(MAX_LOOK_UPS as u32).await.expect("never closed");
        let mut flights: Vec<_> =
            (0..MAX_FLIGHTS).map(|n| acme.board(&format!("n{n}.test")).expect("there is room")).collect();
        assert!(acme.board("late.test").is_none());
        let again = acme.board("n0.test").expect("it is under way");
        assert!(again.same_channel(&flights[0]));
        drop(turns);
        for flight in &mut flights {
            flight.wait_for(|landed| *landed).await.expect("each lands");
        }
        assert!(acme.0.flights.lock().is_empty());
        assert!(acme.board("n0.test").is_none(), "a foreign name waits");
        acme.prepare("late.test").await;
        assert!(acme.at_hand("late.test").is_none());
    }
}
