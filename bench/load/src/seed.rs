//! Fills a database that no server uses with what events leave there, through the store's own
//! functions: the backlog to work off, and how quickly the store alone takes events in.

use crate::{Noise, Server};
use anyhow::{Context as _, Result};
use model::{DeliveryState, Timestamp};
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Instant, SystemTime};
use store::deliveries::{self, NewDelivery};
use store::events::NewEvent;
use store::{Store, Tx};

/// Events written in one transaction of a seed.
const GROUP: usize = 200;

/// What seeded events are copies of.
#[derive(Clone, Debug)]
pub struct Template {
    event: NewEvent,
    hooks: Vec<String>,
}

impl Template {
    /// From an event as the API shows it, for these hooks.
    ///
    /// # Errors
    /// When it is no event.
    pub fn of(record: &Value, hooks: Vec<String>) -> Result<Self> {
        let text = |key: &str| {
            record[key].as_str().map(ToOwned::to_owned).with_context(|| format!("the event has no {key}"))
        };
        let event = NewEvent {
            id: text("id")?,
            event: text("event")?,
            account_id: text("account_id")?,
            site_id: text("site_id")?,
            resource_id: text("resource_id")?,
            at: now(),
            body: record["payload"].to_string(),
            fired: false,
        };
        Ok(Self { event, hooks })
    }

    /// The same for other hooks.
    #[must_use]
    pub fn with_hooks(self, hooks: Vec<String>) -> Self {
        Self { hooks, ..self }
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.event.body
    }

    /// Writes one event and its deliveries, as recording it does.
    async fn write(&self, tx: &mut Tx, noise: &mut Noise) -> Result<()> {
        let at = now();
        let event = NewEvent { id: format!("msg_{}", id(noise)), at, ..self.event.clone() };
        let body = Arc::from(event.body.as_str());
        let deliveries = self.hooks.iter().map(|hook| NewDelivery {
            id: id(noise),
            event_id: &event.id,
            event: &event.event,
            hook_id: hook,
            account_id: &event.account_id,
            site_id: &event.site_id,
            order_key: None,
            state: DeliveryState::Waiting,
            own_body: None,
            event_body: Arc::clone(&body),
            due: at,
            digest: None,
            now: at,
        });
        let deliveries: Vec<_> = deliveries.collect();
        deliveries::insert_all(tx, &event, &deliveries).await?;
        Ok(())
    }
}

fn id(noise: &mut Noise) -> String {
    format!("{:016x}{:08x}", noise.draw(), noise.draw() >> 32)
}

fn now() -> Timestamp {
    let since = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Opens the database of a server that does not run.
///
/// # Errors
/// When it cannot be opened.
pub async fn open_store(server: &Server) -> Result<Store> {
    Ok(match server.database_url() {
        Some(url) => Store::open_postgres(url).await?,
        None => Store::open_sqlite(&server.data().join("boathook.sqlite")).await?,
    })
}

/// Writes `count` events with their deliveries, in large transactions.
///
/// # Errors
/// When the database fails.
pub async fn seed(store: &Store, template: &Template, count: usize) -> Result<()> {
    write_all(store, template, count, 4, GROUP).await
}

/// Events a second that the store takes in durably when `writers` write one after the other, each in
/// a transaction of its own.
///
/// # Errors
/// When the database fails.
pub async fn insert_rate(store: &Store, template: &Template, count: usize, writers: usize) -> Result<f64> {
    let began = Instant::now();
    write_all(store, template, count, writers, 1).await?;
    Ok(count as f64 / began.elapsed().as_secs_f64())
}

async fn write_all(
    store: &Store,
    template: &Template,
    count: usize,
    writers: usize,
    group: usize,
) -> Result<()> {
    let left = Arc::new(AtomicUsize::new(count));
    let mut tasks = Vec::new();
    for _ in 0..writers {
        let (store, template, left) = (store.clone(), template.clone(), Arc::clone(&left));
        tasks.push(tokio::spawn(write_some(store, template, left, group, Noise::drawn()?)));
    }
    for task in tasks {
        task.await??;
    }
    Ok(())
}

async fn write_some(
    store: Store,
    template: Template,
    left: Arc<AtomicUsize>,
    group: usize,
    mut noise: Noise,
) -> Result<()> {
    loop {
        let take = |n: usize| Some(n.saturating_sub(group));
        let before = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).unwrap_or(0);
        if before == 0 {
            return Ok(());
        }
        let mut tx = store.begin().await?;
        for _ in 0..before.min(group) {
            template.write(&mut tx, &mut noise).await?;
        }
        tx.commit().await?;
    }
}
