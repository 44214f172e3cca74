//! Events of split tests in words.

use super::{Line, Notice, Severity, Thing};
use serde_json::Value;

pub(super) fn activated(test: &Thing<'_>) -> Notice {
    told(test, Severity::Good, " began on ")
}

pub(super) fn deactivated(test: &Thing<'_>) -> Notice {
    told(test, Severity::Neutral, " ended on ")
}

pub(super) fn modified(test: &Thing<'_>) -> Notice {
    told(test, Severity::Neutral, " was changed on ")
}

fn told(test: &Thing<'_>, severity: Severity, verb: &str) -> Notice {
    let name = test.text("name").unwrap_or("without a name");
    let headline = Line::of("Split test ").strong(name).plain_text(verb).strong(&test.site.name);
    let mut notice = Notice::new(severity, headline).leading("Visit the site", Some(&test.site.url));
    let branches = test.body.get("branches").and_then(Value::as_array);
    for branch in branches.into_iter().flatten() {
        let name = branch.get("branch").and_then(Value::as_str).unwrap_or_default();
        let share = branch.get("percentage").and_then(Value::as_f64).unwrap_or_default();
        notice = notice.with_field(name, Line::of(&format!("{share} % of visitors")));
    }
    if let Some(path) = test.text("path").filter(|path| *path != "/") {
        notice = notice.saying(Line::of(&format!("It covers what lies under {path}.")));
    }
    notice.at = test.time("updated_at");
    notice
}
