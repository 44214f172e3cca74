//! Which site and deploy a host stands for: kept in memory, looked up once however many ask, and
//! forgotten the moment the store announces a change. A site that is kept is served without the
//! database.

mod access;
mod addons;
mod forms;
mod load;
mod ready;
mod rules;
mod signer;
mod snippets;
mod splits;
mod table;
mod view;
mod visitors;

pub(crate) use self::forms::FormView;
pub(crate) use self::rules::Block;
pub(crate) use access::{Access, Guard};
pub(crate) use addons::{AddonView, Lead, token};
pub(crate) use ready::Ready;
pub(crate) use signer::Signer;
pub(crate) use snippets::SnippetsView;
pub(crate) use view::{FileView, Form, Hit, SiteView};
pub(crate) use visitors::Visitors;

use context::Context;
use futures_util::FutureExt as _;
use parking_lot::Mutex;
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use store::ChangeKind;
use table::Table;
use tokio::sync::{Semaphore, watch};

/// Look-ups in the database at once: fewer than it has connections, so that strangers asking for
/// hosts that do not exist never keep the API from its work.
pub(crate) const MAX_LOADS: usize = 6;
/// Hosts being looked up or waiting for it; who comes on top is asked to come back.
pub(crate) const MAX_FLIGHTS: usize = 1024;
/// Longest host name that can be one, in bytes (RFC 1035), with a port.
pub(crate) const MAX_HOST_BYTES: usize = 253 + ":65535".len();
/// How long one look-up may take, waiting for its turn included.
const LOAD_DEADLINE: Duration = Duration::from_secs(10);

/// What a host stands for.
#[derive(Clone)]
pub(crate) enum Found {
    /// This deploy of this site.
    Site(Arc<SiteView>),
    /// Nothing.
    Nothing(Absent),
}

/// What is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Absent {
    /// No site has this address.
    Site,
    /// The site has no such deploy, or none that is live.
    Deploy,
}

/// Why a host could not be looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unavailable {
    /// Too many others are being looked up.
    Busy,
    /// The database did not answer.
    Failed,
}

/// The sites of this server as the edge knows them. Cloning is cheap.
#[derive(Clone)]
pub(crate) struct Sites(Arc<Inner>);

struct Inner {
    cx: Context,
    table: Arc<Table>,
    flights: Mutex<HashMap<Box<str>, watch::Receiver<Option<Landed>>>>,
    loads: Semaphore,
}

/// The end of one look-up.
#[derive(Clone)]
struct Landed {
    /// Number of changes that it has certainly seen. Later ones may have come before it was heard of.
    seen: u64,
    outcome: Result<Found, Unavailable>,
}

impl Landed {
    /// Whether it is an answer for who came after `arrived` changes. A failure always is: asking
    /// a database in trouble again makes it worse.
    fn serves(&self, arrived: u64) -> bool {
        self.seen >= arrived || self.outcome.is_err()
    }
}

impl Sites {
    pub(crate) fn new(cx: Context) -> Self {
        let table = Arc::new(Table::default());
        let listener = Arc::clone(&table);
        cx.store.on_change(move |change| match change.kind {
            ChangeKind::Site => listener.forget(&change.key),
            ChangeKind::Addon => listener.forget_addon(&change.key),
            _ => {}
        });
        let loads = Semaphore::new(MAX_LOADS);
        Self(Arc::new(Inner { cx, table, flights: Mutex::default(), loads }))
    }

    /// What `host`, as the client wrote it, stands for. No change that was announced before the
    /// call is missed.
    ///
    /// # Errors
    /// When it is not known and cannot be looked up now.
    pub(crate) async fn find(&self, host: &str) -> Result<Found, Unavailable> {
        if host.is_empty() || host.len() > MAX_HOST_BYTES {
            return Ok(Found::Nothing(Absent::Site));
        }
        let host = bare(host);
        match self.0.table.get(&host) {
            Some(found) => Ok(found),
            None => self.look_up(&host).await,
        }
    }

    /// The site of a host in its bare form, when it is in memory.
    pub(crate) fn known(&self, host: &str) -> Option<Arc<SiteView>> {
        match self.0.table.get(host)? {
            Found::Site(site) => Some(site),
            Found::Nothing(_) => None,
        }
    }

    /// Waits for the look-up that is under way, and for another one if a change came in between.
    async fn look_up(&self, host: &str) -> Result<Found, Unavailable> {
        let arrived = self.0.table.changes();
        loop {
            if let Some(found) = self.0.table.get(host) {
                return Ok(found);
            }
            let mut flight = self.board(host)?;
            let landed = flight.wait_for(Option::is_some).await.map_or(None, |landed| landed.clone());
            match landed {
                Some(landed) if landed.serves(arrived) => return landed.outcome,
                Some(_) => {}
                None => return Err(Unavailable::Failed),
            }
        }
    }

    /// Joins the look-up of this host, or begins one. It runs in a task of its own, so that it ends
    /// for the others when the first who asked goes away.
    fn board(&self, host: &str) -> Result<watch::Receiver<Option<Landed>>, Unavailable> {
        let mut flights = self.0.flights.lock();
        if let Some(flight) = flights.get(host) {
            return Ok(flight.clone());
        }
        if flights.len() >= MAX_FLIGHTS {
            return Err(Unavailable::Busy);
        }
        let (landing, flight) = watch::channel(None);
        flights.insert(host.into(), flight.clone());
        let (sites, host) = (self.clone(), Box::<str>::from(host));
        tokio::spawn(async move {
            let load = std::panic::AssertUnwindSafe(sites.load(&host)).catch_unwind().await;
            sites.0.flights.lock().remove(&host);
            landing.send_replace(load.ok());
        });
        Ok(flight)
    }

    async fn load(&self, host: &str) -> Landed {
        let landed = tokio::time::timeout(LOAD_DEADLINE, self.load_in_turn(host)).await;
        landed.unwrap_or_else(|_| {
            tracing::error!(host, "looking up a site takes too long");
            Landed { seen: 0, outcome: Err(Unavailable::Failed) }
        })
    }

    async fn load_in_turn(&self, host: &str) -> Landed {
        let inner = &*self.0;
        let _turn = inner.loads.acquire().await;
        let began = inner.table.changes();
        match load::load(&inner.cx, host).await {
            Ok(found) => Landed { seen: inner.table.keep(host, &found, began), outcome: Ok(found) },
            Err(error) => {
                tracing::error!(host, error = &error as &dyn std::error::Error, "a site cannot be looked up");
                Landed { seen: began, outcome: Err(Unavailable::Failed) }
            }
        }
    }
}

/// A host as it is looked up: lower case, without port and final dot.
fn bare(host: &str) -> Cow<'_, str> {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let name = name.trim_end_matches('.');
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

#[cfg(test)]
mod tests;
