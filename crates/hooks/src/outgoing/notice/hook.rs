//! Events of hooks in words, for those who watch over other hooks.

use super::{Line, Notice, Severity, Thing};
use serde_json::Value;

pub(super) fn failing(hook: &Thing<'_>) -> Notice {
    let text = "Deliveries are tried again; if they keep failing, the hook is disabled.";
    told(hook, Severity::Bad, " keeps failing", text)
}

pub(super) fn disabled(hook: &Thing<'_>) -> Notice {
    let text = "What it misses is kept, and can be sent once it is enabled again.";
    told(hook, Severity::Bad, " was disabled", text)
}

pub(super) fn recovered(hook: &Thing<'_>) -> Notice {
    told(hook, Severity::Good, " works again", "Its deliveries arrive.")
}

fn told(hook: &Thing<'_>, severity: Severity, verb: &str, text: &str) -> Notice {
    let kind = hook.text("type").unwrap_or("unknown");
    let headline = Line::of("A hook of ").strong(&hook.site.name).plain_text(verb);
    let page = format!("{}/hooks/{}", hook.site.admin_url, hook.text("id").unwrap_or_default());
    let events: Vec<&str> = hook.body.get("events").and_then(Value::as_array).map_or_else(
        || hook.text("event").into_iter().collect(),
        |events| events.iter().filter_map(Value::as_str).collect(),
    );
    let mut notice = Notice::new(severity, headline)
        .leading("Visit the hook's deliveries", Some(&page))
        .saying(Line::of(text))
        .with_field("Target", Line::of(kind))
        .with_field("Events", Line::of(&events.join(", ")));
    notice.at = hook.time("updated_at");
    notice
}
