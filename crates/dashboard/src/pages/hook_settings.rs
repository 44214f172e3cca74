//! Changing a hook: the events that it listens to, and the settings of its target.

use super::{Answer, go, hook, site};
use crate::client::path;
use crate::form::Form;
use crate::problem::Problem;
use crate::visit::Visit;
use axum::extract::Path;
use serde_json::{Map, Value, json};

/// `POST /sites/{name}/hooks/{id}/settings`: `events` once for each, settings of the target as
/// `data.<field>`, and as `secret.<field>` where the page cannot show what they are.
pub(crate) async fn save(visit: Visit, Path((name, id)): Path<(String, String)>, form: Form) -> Answer {
    match change(&visit, &name, &id, &form).await {
        Ok(_) => Ok(go(&format!("{}?done=hook-saved", path(&["sites", &name, "hooks", &id])))),
        Err(problem) => hook::page(&visit, (&name, &id), Some(visit.sign(problem)), None).await,
    }
}

async fn change(visit: &Visit, name: &str, id: &str, form: &Form) -> Result<Value, Problem> {
    let body = body(form)?;
    let site = site::find(visit, name).await?;
    hook::find(visit, id, site::text(&site, "id")).await?;
    visit.api().put(&path(&["hooks", id]), body).await
}

/// An empty setting is taken away; an empty secret stays what it is.
fn body(form: &Form) -> Result<Value, Problem> {
    let events = form.all("events");
    if events.is_empty() {
        return Err(Problem::input("A hook listens to one event at least."));
    }
    let settings = form.all_under("data.").map(|(key, value)| (key, Some(value).filter(|v| !v.is_empty())));
    let secrets = form.under("secret.").map(|(key, value)| (key, Some(value)));
    let data: Map<_, _> =
        settings.chain(secrets).map(|(key, value)| (key.to_owned(), json!(value))).collect();
    Ok(json!({ "events": events, "data": data }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_emptied_goes_and_a_secret_stays() {
        for (form, expect) in [
            ("events=a&events=b&data.url=u", Ok(json!({ "events": ["a", "b"], "data": { "url": "u" } }))),
            (
                "events=a&data.channel=&secret.url=",
                Ok(json!({ "events": ["a"], "data": { "channel": null } })),
            ),
            ("events=a&secret.url=u", Ok(json!({ "events": ["a"], "data": { "url": "u" } }))),
            ("data.url=u", Err(())),
        ] {
            assert_eq!(body(&Form::read(form.as_bytes())).map_err(|_| ()), expect, "{form}");
        }
    }
}
