//! A hook as callers see it.

use crate::secrets;
use context::{Context, Result};
use model::{Hook, Timestamp};
use serde::Serialize;
use store::hook_health::Health;
use store::hooks::{Filters, HookRow, Options};

/// A hook with what is Boathook's own: filters, options, health.
#[derive(Clone, Debug, Serialize)]
pub struct HookView {
    /// The hook, as Netlify's clients know it.
    #[serde(flatten)]
    pub hook: Hook,
    /// Deploy contexts and branches; empty lists let everything through.
    pub filters: Filters,
    /// How its deliveries are made, where it differs from the server's ways.
    pub options: Options,
    /// How they have gone lately.
    pub health: HealthView,
}

/// How deliveries of a hook have gone lately.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HealthView {
    /// `ok`, `failing`, `paused` or `disabled`.
    pub state: &'static str,
    /// First try that failed since the last that did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failing_since: Option<Timestamp>,
    /// Tries that failed since then.
    pub failures: i64,
    /// Warnings given since then; a hook is disabled only after two.
    pub warnings: i64,
    /// Nothing is sent before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused_until: Option<Timestamp>,
    /// Why it was disabled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

fn health(disabled: bool, health: Health, now: Timestamp) -> HealthView {
    let paused_until = health.paused_until.filter(|until| *until > now && !disabled);
    let state = match (disabled, paused_until, health.failing_since) {
        (true, ..) => "disabled",
        (_, Some(_), _) => "paused",
        (_, _, Some(_)) => "failing",
        _ => "ok",
    };
    HealthView {
        state,
        failing_since: health.failing_since,
        failures: health.failures,
        warnings: health.warnings,
        paused_until,
        reason: health.reason.filter(|_| disabled),
    }
}

/// The wire shape of a hook. Secret settings are masked where they are set.
pub(crate) fn hook(cx: &Context, row: HookRow) -> Result<Hook> {
    let mut data = row.data;
    secrets::mask(&mut data, &secrets::open(cx, &row.id, &row.sealed)?);
    let first = row.events.first().cloned().unwrap_or_default();
    let actor = events::entry(&first).map_or("", |entry| entry.subject.as_str());
    Ok(Hook {
        id: row.id,
        site_id: row.site_id,
        kind: row.kind,
        event: first,
        events: row.events,
        data,
        created_at: row.created_at,
        updated_at: row.updated_at,
        disabled: row.disabled,
        form_id: row.form_id,
        form_name: None,
        user_id: row.user_id,
        success: row.success,
        actor: actor.to_owned(),
        restricted: false,
    })
}

pub(crate) fn view(cx: &Context, row: HookRow, known: Health) -> Result<HookView> {
    let (filters, options) = (row.filters.clone(), row.options.clone());
    let health = health(row.disabled, known, cx.now());
    Ok(HookView { hook: hook(cx, row)?, filters, options, health })
}
