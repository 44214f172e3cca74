//! A hook as callers see it.

use crate::secrets;
use context::{Context, Result};
use model::Hook;
use serde::Serialize;
use store::hooks::{Filters, HookRow};

/// A hook with what it lets through beside its events.
#[derive(Clone, Debug, Serialize)]
pub struct HookView {
    /// The hook, as Netlify's clients know it.
    #[serde(flatten)]
    pub hook: Hook,
    /// Deploy contexts and branches; empty lists let everything through.
    pub filters: Filters,
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

pub(crate) fn view(cx: &Context, row: HookRow) -> Result<HookView> {
    let filters = row.filters.clone();
    Ok(HookView { hook: hook(cx, row)?, filters })
}
