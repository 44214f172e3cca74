//! Writes down how tries ended, many in one transaction, with what follows for their hooks.

use super::pulse::DISABLE_AFTER_MS;
use super::snapshot::Snapshot;
use crate::tell_owner::{HookDetail, HookNews as News, TELL_OWNER_JOB, tell_owner_job};
use crate::view;
use context::{Context, Result};
use events::Event;
use model::Timestamp;
use std::sync::Arc;
use store::hook_health::Health;
use store::hooks::HookRow;
use store::jobs::NewJob;
use store::parcels::{Outcome, Parcel};
use store::{ChangeKind, Tx};

/// A try that ended and is to be written down.
pub(crate) struct Entry {
    pub(crate) parcel: Parcel,
    pub(crate) hook: Arc<Snapshot>,
    pub(crate) outcome: Outcome,
    /// The same of the deliveries that went out with it.
    pub(crate) along: Vec<Outcome>,
    /// Whether it went otherwise than the one before, and how.
    pub(crate) success: Option<bool>,
    /// The hook's health, when it changed.
    pub(crate) health: Option<Health>,
    pub(crate) news: Option<News>,
}

/// How many entries to write in one transaction: about `most` outcomes, and one entry at least.
pub(crate) fn few(entries: &[Entry], most: usize) -> usize {
    let mut outcomes = 0;
    let fits = entries.iter().take_while(|entry| {
        let fits = outcomes < most;
        outcomes += 1 + entry.along.len();
        fits
    });
    fits.count()
}

/// All of it or nothing. Doing it again after it is not known whether it happened changes nothing
/// but that news may be told twice.
pub(crate) async fn write(cx: &Context, entries: &mut [Entry]) -> Result<()> {
    // Transactions about the same hooks meet in the same order and cannot lock each other out.
    entries.sort_by(|a, b| a.parcel.hook_id.cmp(&b.parcel.hook_id));
    let mut tx = cx.begin().await?;
    for entry in entries.iter() {
        hook(&mut tx, cx, entry).await?;
    }
    let outcomes: Vec<&Outcome> =
        entries.iter().flat_map(|entry| std::iter::once(&entry.outcome).chain(&entry.along)).collect();
    store::parcels::settle(&mut tx, &outcomes).await?;
    for entry in entries.iter().filter(|entry| entry.news == Some(News::Disabled)) {
        // of a long queue this is the beginning; the rest is held when the lane reads the hook again
        store::deliveries::hold(&mut tx, &entry.parcel.hook_id).await?;
    }
    tx.commit().await?;
    Ok(())
}

async fn hook(tx: &mut Tx, cx: &Context, entry: &Entry) -> Result<()> {
    let id = &entry.parcel.hook_id;
    if let Some(success) = entry.success {
        store::hooks::set_success(tx, id, success).await?;
    }
    if let Some(health) = &entry.health {
        store::hook_health::put(tx, id, health).await?;
    }
    match entry.news {
        Some(news) => tell(tx, cx, entry, news).await,
        None => Ok(()),
    }
}

/// Records what happened to the hook; disables it once.
async fn tell(tx: &mut Tx, cx: &Context, entry: &Entry, news: News) -> Result<()> {
    let now = cx.now();
    let id = &entry.parcel.hook_id;
    if news == News::Disabled {
        if !store::hooks::set_disabled(tx, id, true, now).await? {
            return Ok(());
        }
        tx.changed(ChangeKind::Hook, id, now).await?;
    }
    let disabled = news == News::Disabled;
    let row = HookRow {
        disabled,
        success: Some(news == News::Recovered),
        updated_at: if disabled { now } else { entry.hook.row.updated_at },
        ..entry.hook.row.clone()
    };
    let hook = Box::new(view::hook(cx, row)?);
    let event = match news {
        News::Failing => Event::HookFailing(hook),
        News::Disabled => Event::HookDisabled(hook),
        News::Recovered => Event::HookRecovered(hook),
    };
    events::record(tx, cx, &entry.parcel.account_id, &entry.parcel.site_id, &event).await?;
    mail_owner(tx, cx, entry, news).await
}

/// Leaves a mail to the owner, where the server can send any.
async fn mail_owner(tx: &mut Tx, cx: &Context, entry: &Entry, news: News) -> Result<()> {
    if cx.settings.mail.is_none() {
        return Ok(());
    }
    let health = entry.health.clone().unwrap_or_default();
    let detail = HookDetail {
        event: Some(entry.parcel.event.clone()),
        failing_since: health.failing_since,
        error: health.reason.or_else(|| entry.outcome.error.clone()),
        next_try_at: entry.outcome.due.map(Timestamp).filter(|_| news == News::Failing),
        disabled_at: health
            .failing_since
            .filter(|_| news == News::Failing)
            .map(|since| since.plus_millis(DISABLE_AFTER_MS)),
    };
    let now = cx.now();
    let payload = tell_owner_job(&entry.parcel.hook_id, news, &detail, now);
    let job = NewJob {
        id: &cx.id(),
        kind: TELL_OWNER_JOB,
        tenant: &entry.parcel.hook_id,
        payload: &payload,
        run_at: now,
        now,
    };
    Ok(store::jobs::insert(tx, &job).await?)
}
