//! What callers send to make or change a hook, and what may be in it.

use crate::engine::IN_FLIGHT_PER_HOOK;
use crate::secrets::{self, Secrets};
use crate::targets::{self, DEFAULT, Target};
use context::{Context, Error, Result};
use serde::Deserialize;
use serde_json::{Map, Value};
use store::Conn;
use store::hooks::{Filters, HookRow, Options};

/// Bytes of a hook's settings as JSON.
pub const DATA_MAX: usize = 16 << 10;
/// Bytes of an address to notify.
pub const URL_MAX: usize = 2048;
/// Entries of each filter, and fields of a projection.
const FILTER_MAX: usize = 50;
/// Tries in a hook's own schedule.
pub const SCHEDULE_MAX: usize = 20;
/// Longest wait in it.
pub const WAIT_MAX_SECONDS: u64 = 7 * 86_400;
/// Most tries a minute that a hook can ask for.
pub const PER_MINUTE_MAX: u32 = 60_000;
/// Bytes of a field's name with its dots.
pub const FIELD_MAX: usize = 200;

/// Body of createHookBySiteId and updateHook. Clients send back whole hooks, so that fields which
/// cannot be changed are let by.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct HookInput {
    /// The site, when the query does not name it.
    #[serde(default)]
    pub site_id: Option<String>,
    /// Target; `url` when a new hook names none.
    #[serde(default, rename = "type")]
    pub kind: Option<String>,
    /// An event.
    #[serde(default)]
    pub event: Option<String>,
    /// More events.
    #[serde(default)]
    pub events: Option<Vec<String>>,
    /// The target's settings.
    #[serde(default)]
    pub data: Option<Map<String, Value>>,
    /// Only submissions of this form.
    #[serde(default)]
    pub form_id: Option<String>,
    /// Only these deploy contexts and branches.
    #[serde(default)]
    pub filters: Option<Filters>,
    /// How its deliveries are made.
    #[serde(default)]
    pub options: Option<Options>,
}

impl HookInput {
    /// Puts what was sent over the row and judges the outcome.
    ///
    /// # Errors
    /// `Unprocessable`, with the values that would do.
    pub(crate) fn apply(self, cx: &Context, row: &mut HookRow) -> Result<()> {
        if let Some(kind) = self.kind.filter(|kind| *kind != row.kind) {
            // Settings belong to their target: the next may show what this one keeps secret.
            row.kind = kind;
            row.data.clear();
            row.sealed.clear();
        }
        let target = targets::find(&row.kind)?;
        row.events = chosen_events(self.event, self.events, &row.events)?;
        let mut secrets = secrets::open(cx, &row.id, &row.sealed)?;
        if let Some(data) = self.data {
            secrets = apply_data(target, row, data, secrets)?;
            row.sealed = secrets::seal(cx, &row.id, &secrets);
        }
        let mut settings = row.data.clone();
        settings.extend(secrets);
        (target.check)(&settings)?;
        if let Some(form_id) = self.form_id {
            row.form_id = Some(form_id).filter(|id| !id.is_empty());
        }
        if let Some(filters) = self.filters {
            row.filters = checked_filters(filters)?;
        }
        if let Some(options) = self.options {
            row.options = checked_options(options)?;
        }
        if row.kind != DEFAULT && !row.options.fields.is_empty() {
            let what = "options.fields is for hooks of type url: other targets write their own messages";
            return Err(Error::Unprocessable(what.to_owned()));
        }
        if row.options.digest.is_some() && !target.digests {
            let what = format!(
                "options.digest is not for hooks of type {}: each event goes out by itself",
                row.kind
            );
            return Err(Error::Unprocessable(what));
        }
        row.follows = target.follows;
        Ok(())
    }
}

/// A secret that is sent to the receiver, and the setting that says where that is.
const TOKEN: &str = "access_token";
const TOKEN_GOES_TO: &str = "api_url";

/// Settings that are not sent stay as they are, save that a token goes nowhere else than where it
/// was meant for by whoever knew it: one client changes a hook with its token alone.
fn apply_data(
    target: &Target,
    row: &mut HookRow,
    mut data: Map<String, Value>,
    known: Secrets,
) -> Result<Secrets> {
    let kept = known.contains_key(TOKEN) && !secrets::sent(&data, TOKEN);
    let secrets = secrets::take(target, &mut data, known)?;
    let old_address = row.data.get(TOKEN_GOES_TO).cloned();
    row.data.extend(data);
    row.data.retain(|_, value| !value.is_null());
    if kept && row.data.get(TOKEN_GOES_TO) != old_address.as_ref() {
        let what =
            format!("data.{TOKEN_GOES_TO} changes where data.{TOKEN} is sent: send the token again with it");
        return Err(Error::Unprocessable(what));
    }
    if Value::Object(row.data.clone()).to_string().len() > DATA_MAX {
        return Err(Error::Unprocessable(format!("data may have at most {DATA_MAX} bytes")));
    }
    Ok(secrets)
}

/// Refuses a form that is newly named and none of the site: no submission would ever be its. One that is
/// gone by now stays named until another is, since clients send back whole hooks.
pub(crate) async fn check_form(db: &mut Conn, row: &HookRow, before: Option<&str>) -> Result<()> {
    let named = row.form_id.as_deref().filter(|id| Some(*id) != before);
    let Some(id) = named else { return Ok(()) };
    match store::forms::find(db, id).await? {
        Some(form) if form.site_id == row.site_id => Ok(()),
        _ => Err(Error::Unprocessable("form_id names no form of the site".to_owned())),
    }
}

fn checked_filters(filters: Filters) -> Result<Filters> {
    if filters.contexts.len() > FILTER_MAX || filters.branches.len() > FILTER_MAX {
        return Err(Error::Unprocessable(format!("a filter may have at most {FILTER_MAX} entries")));
    }
    Ok(filters)
}

fn checked_options(options: Options) -> Result<Options> {
    let refused = |what: String| Err(Error::Unprocessable(what));
    let most = u32::try_from(IN_FLIGHT_PER_HOOK).unwrap_or(u32::MAX);
    if let Some(waits) = &options.schedule
        && (waits.is_empty()
            || waits.len() > SCHEDULE_MAX
            || waits.iter().any(|wait| *wait > WAIT_MAX_SECONDS))
    {
        return refused(format!(
            "options.schedule has 1 to {SCHEDULE_MAX} waits of at most {WAIT_MAX_SECONDS} seconds"
        ));
    }
    if options.in_flight.is_some_and(|n| n == 0 || n > most) {
        return refused(format!("options.in_flight is 1 to {most}"));
    }
    if let Some(digest) = &options.digest {
        digest.check().map_err(|why| Error::Unprocessable(format!("options.digest: {why}")))?;
        if options.ordered {
            return refused("options.digest and options.ordered exclude each other".to_owned());
        }
    }
    if options.per_minute.is_some_and(|n| n == 0 || n > PER_MINUTE_MAX) {
        return refused(format!("options.per_minute is 1 to {PER_MINUTE_MAX}"));
    }
    if options.fields.len() > FILTER_MAX || options.fields.iter().any(|f| f.is_empty() || f.len() > FIELD_MAX)
    {
        return refused(format!("options.fields has at most {FILTER_MAX} names of 1 to {FIELD_MAX} bytes"));
    }
    Ok(options)
}

/// The events of a hook after `event` and `events` came in. A client that knows only `event` may
/// change it and send the old list back beside it: then the list counts for nothing.
fn chosen_events(event: Option<String>, events: Option<Vec<String>>, old: &[String]) -> Result<Vec<String>> {
    let list = events
        .filter(|list| event.is_none() || old.is_empty() || list != old || event.as_ref() == old.first());
    if event.is_none() && list.is_none() {
        return if old.is_empty() { Err(unknown_event("no event is named")) } else { Ok(old.to_vec()) };
    }
    let mut chosen: Vec<String> = Vec::new();
    for name in event.into_iter().chain(list.unwrap_or_default()) {
        if events::entry(&name).is_none() {
            return Err(unknown_event(&format!("event \"{name}\" is not known")));
        }
        if !chosen.contains(&name) {
            chosen.push(name);
        }
    }
    if chosen.is_empty() { Err(unknown_event("no event is named")) } else { Ok(chosen) }
}

fn unknown_event(what: &str) -> Error {
    let known: Vec<_> = event_names().collect();
    Error::Unprocessable(format!("{what}; there are: {}", known.join(", ")))
}

/// Every name that a hook may be subscribed to.
pub(crate) fn event_names() -> impl Iterator<Item = &'static str> {
    events::CATALOG.iter().map(|entry| entry.name).chain(events::ALIASES.iter().map(|(alias, _)| *alias))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(event: Option<&str>, events: Option<&[&str]>, old: &[&str], expect: Option<&[&str]>) {
        let own = |list: &[&str]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
        let got = chosen_events(event.map(str::to_owned), events.map(own), &own(old));
        assert_eq!(got.ok(), expect.map(own), "{event:?} {events:?} {old:?}");
    }

    #[test]
    fn events_are_chosen_from_both_fields() {
        let (a, b, c) = ("deploy_created", "deploy_failed", "form_submission");
        check(Some(a), None, &[], Some(&[a]));
        check(None, Some(&[a, b]), &[], Some(&[a, b]));
        check(Some(b), Some(&[a, b, a]), &[], Some(&[b, a]));
        check(Some(c), None, &[a, b], Some(&[c]));
        check(None, None, &[a, b], Some(&[a, b]));
        check(Some(a), Some(&[a, b]), &[a, b], Some(&[a, b]));
        check(Some(c), Some(&[a]), &[a], Some(&[c]));
        check(Some(a), Some(&[a, c]), &[a, b], Some(&[a, c]));
    }

    #[test]
    fn unknown_and_missing_events_are_refused_with_the_list() {
        check(Some("deploy_exploded"), None, &[], None);
        check(None, Some(&[]), &["deploy_created"], None);
        check(None, None, &[], None);
        let message = chosen_events(Some("x".into()), None, &[]).expect_err("x is no event").to_string();
        assert!(
            message.contains("\"x\"")
                && message.contains("deploy_created, ")
                && message.contains("form_submission")
        );
    }

    #[test]
    fn filters_have_a_limit() {
        let filters = |n| Filters { contexts: vec![String::new(); n], branches: Vec::new() };
        assert!(checked_filters(filters(FILTER_MAX)).is_ok());
        assert!(checked_filters(filters(FILTER_MAX + 1)).is_err());
    }

    #[test]
    fn options_have_limits() {
        let ok = |options: Options| checked_options(options).is_ok();
        let digest = |every: &str| Some(model::Digest { every: every.to_owned(), at: None });
        let base = Options::default;
        for (options, expect) in [
            (base(), true),
            (Options { schedule: Some(vec![0, 5]), ..base() }, true),
            (Options { schedule: Some(vec![]), ..base() }, false),
            (Options { schedule: Some(vec![0; SCHEDULE_MAX + 1]), ..base() }, false),
            (Options { schedule: Some(vec![WAIT_MAX_SECONDS + 1]), ..base() }, false),
            (Options { in_flight: Some(1), ..base() }, true),
            (Options { in_flight: Some(0), ..base() }, false),
            (Options { in_flight: Some(33), ..base() }, false),
            (Options { per_minute: Some(PER_MINUTE_MAX), ..base() }, true),
            (Options { per_minute: Some(PER_MINUTE_MAX + 1), ..base() }, false),
            (Options { per_minute: Some(0), ..base() }, false),
            (Options { digest: digest("15m"), ..base() }, true),
            (Options { digest: digest("1s"), ..base() }, false),
            (Options { digest: digest("15m"), ordered: true, ..base() }, false),
            (Options { fields: vec!["id".into()], ..base() }, true),
            (Options { fields: vec![String::new()], ..base() }, false),
            (Options { fields: vec!["x".repeat(FIELD_MAX + 1)], ..base() }, false),
            (Options { fields: vec!["x".into(); FILTER_MAX + 1], ..base() }, false),
        ] {
            assert_eq!(ok(options.clone()), expect, "{options:?}");
        }
    }
}
