//! Adding, deleting and enabling hooks of a site.

use super::{Answer, digest, site};
use crate::client::{path, with_query};
use crate::form::Form;
use crate::problem::Problem;
use crate::visit::Visit;
use axum::extract::Path;
use serde_json::{Map, Value, json};

/// `POST /sites/{name}/hooks`: fields of the target are named `data.<field>`.
pub(crate) async fn create(visit: Visit, Path(name): Path<String>, form: Form) -> Answer {
    let outcome = add(&visit, &name, &form).await;
    site::after(&visit, &name, outcome, ("hooks", "hook-created")).await
}

/// `POST /sites/{name}/hooks/{id}/{action}`.
pub(crate) async fn act(visit: Visit, Path((name, id, action)): Path<(String, String, String)>) -> Answer {
    let (outcome, done) = match action.as_str() {
        "delete" => (visit.api().delete(&path(&["hooks", &id])).await, "hook-deleted"),
        "enable" => (visit.api().post(&path(&["hooks", &id, "enable"]), json!({})).await, "hook-enabled"),
        _ => return Err(Problem::missing("action")),
    };
    site::after(&visit, &name, outcome, ("hooks", done)).await
}

async fn add(visit: &Visit, name: &str, form: &Form) -> Result<Value, Problem> {
    let found = site::find(visit, name).await?;
    let operation = with_query("/hooks", &[("site_id", site::text(&found, "id"))]);
    visit.api().post(&operation, body(form)?).await
}

fn body(form: &Form) -> Result<Value, Problem> {
    let data: Map<_, _> = form.under("data.").map(|(key, value)| (key.to_owned(), value.into())).collect();
    let mut body = json!({
        "type": form.need("type", "The target")?,
        "event": form.need("event", "The event")?,
        "data": data,
    });
    if let Some(digest) = digest::read(form)? {
        body["options"] = json!({ "digest": digest });
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_the_target_become_data() {
        let form =
            Form::read(b"type=url&event=deploy_created&data.url=http%3A%2F%2Fh&data.signature_secret=s");
        let expect = json!({"type": "url", "event": "deploy_created",
            "data": {"url": "http://h", "signature_secret": "s"}});
        assert_eq!(body(&form), Ok(expect));
        assert!(body(&Form::read(b"type=url")).is_err());
        let gathering = body(&Form::read(b"type=slack&event=e&every=1d&at=09:00")).unwrap();
        assert_eq!(gathering["options"], json!({"digest": {"every": "1d", "at": "09:00"}}));
    }
}
