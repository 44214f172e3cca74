//! A form submission in words: every field as the visitor sent it, in the form's order.

use super::{Line, Notice, Severity, Thing};
use serde_json::Value;

pub(super) fn created(sent: &Thing<'_>) -> Notice {
    let form = sent.text("form_name").unwrap_or("a form");
    let headline = Line::of("New submission of ").strong(form).plain_text(" on ").strong(&sent.site.name);
    let number = sent.body.get("number").and_then(Value::as_i64);
    let number = number.map_or_else(|| "Submission".to_owned(), |number| format!("Submission {number}"));
    let title = match sent.text("name").or(sent.text("email")) {
        Some(who) => format!("{number} from {who}"),
        None => number,
    };
    let mut notice = Notice::new(Severity::Neutral, headline);
    let page = format!("{}/forms", sent.site.admin_url);
    notice = notice.leading(&Line::of(&title).plain().replace('\n', " "), Some(&page));
    for (title, value) in fields(sent) {
        notice = notice.with_field(&Line::of(&title).plain().replace('\n', " "), Line::of(&value));
    }
    notice.footer = Line::of(&format!("Sent on {}", sent.text("site_url").unwrap_or(&sent.site.url)));
    notice.at = sent.time("created_at");
    notice
}

/// Titles and values.
fn fields(sent: &Thing<'_>) -> Vec<(String, String)> {
    let ordered = sent.body.get("ordered_human_fields").and_then(Value::as_array);
    let one = |field: &Value| {
        let title = field.get("title").or(field.get("name"))?.as_str()?;
        Some((title.to_owned(), field.get("value").map(shown).unwrap_or_default()))
    };
    ordered.into_iter().flatten().filter_map(one).collect()
}

/// A value as people read it: several in a list, texts as they are.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(shown).collect::<Vec<_>>().join(", "),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_shown_as_people_read_them() {
        for (value, expect) in [
            (json!("a\nb"), "a\nb"),
            (json!(["red", "blue"]), "red, blue"),
            (json!(null), ""),
            (json!(7), "7"),
            (json!({"a": 1}), "{\"a\":1}"),
        ] {
            assert_eq!(shown(&value), expect);
        }
    }
}
