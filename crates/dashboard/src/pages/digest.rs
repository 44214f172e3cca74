//! Whether a hook gathers events and sends them as one message: in the form of a new hook, and on
//! the page of one that is there.

use super::{Answer, go, hook, site};
use crate::client::path;
use crate::form::Form;
use crate::problem::Problem;
use crate::visit::Visit;
use axum::extract::Path;
use serde_json::{Map, Value, json};

/// Windows that the forms offer, with their names.
const WINDOWS: [(&str, &str); 7] = [
    ("5m", "5 minutes"),
    ("15m", "15 minutes"),
    ("30m", "30 minutes"),
    ("1h", "hour"),
    ("6h", "6 hours"),
    ("12h", "12 hours"),
    ("1d", "day"),
];

/// The same for a template, in their order.
pub(super) fn windows() -> Map<String, Value> {
    WINDOWS.into_iter().map(|(window, name)| (window.to_owned(), name.into())).collect()
}

/// `POST /sites/{name}/hooks/{id}/digest`.
pub(crate) async fn save(visit: Visit, Path((name, id)): Path<(String, String)>, form: Form) -> Answer {
    match change(&visit, &name, &id, &form).await {
        Ok(_) => Ok(go(&format!("{}?done=hook-digest", path(&["sites", &name, "hooks", &id])))),
        Err(problem) => hook::page(&visit, (&name, &id), Some(visit.sign(problem)), None).await,
    }
}

/// The other options of the hook are sent back as they are: the API takes them as a whole.
async fn change(visit: &Visit, name: &str, id: &str, form: &Form) -> Result<Value, Problem> {
    let digest = read(form)?;
    let site = site::find(visit, name).await?;
    let mut options = hook::find(visit, id, site::text(&site, "id")).await?["options"].take();
    if !options.is_object() {
        options = json!({});
    }
    options["digest"] = json!(digest);
    visit.api().put(&path(&["hooks", id]), json!({ "options": options })).await
}

/// Whether hooks of a type can gather; `GET /hooks/types` says so.
pub(super) fn gathers(kind: Option<&Value>) -> bool {
    let mut options = kind.and_then(|kind| kind["options"].as_array()).into_iter().flatten();
    options.any(|option| site::text(option, "name") == "digest")
}

/// What a form says; none when each event goes out by itself.
pub(super) fn read(form: &Form) -> Result<Option<Value>, Problem> {
    match (form.get("every"), form.get("at")) {
        ("", "") => Ok(None),
        ("", _) => {
            Err(Problem::input("A time of the day is for a message a day; choose how long to gather."))
        }
        (every, "") => Ok(Some(json!({ "every": every }))),
        (every, at) => Ok(Some(json!({ "every": every, "at": at }))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_ones_that_the_server_takes() {
        for (every, _) in WINDOWS {
            let digest = model::Digest { every: every.to_owned(), at: None };
            assert_eq!(digest.check(), Ok(()), "{every}");
        }
    }

    #[test]
    fn only_what_was_chosen_is_gathered() {
        for (form, expect) in [
            ("", Ok(None)),
            ("every=&at=", Ok(None)),
            ("every=15m&at=", Ok(Some(json!({ "every": "15m" })))),
            ("every=1d&at=09:00", Ok(Some(json!({ "every": "1d", "at": "09:00" })))),
            ("every=&at=09:00", Err(())),
        ] {
            assert_eq!(read(&Form::read(form.as_bytes())).map_err(|_| ()), expect, "{form}");
        }
    }

    #[test]
    fn types_say_whether_they_can_gather() {
        let kind = |options: Value| json!({ "name": "x", "options": options });
        assert!(gathers(Some(&kind(json!([{ "name": "ordered" }, { "name": "digest" }])))));
        assert!(!gathers(Some(&kind(json!([{ "name": "ordered" }])))));
        assert!(!gathers(Some(&json!({ "name": "x" }))) && !gathers(None));
    }
}
