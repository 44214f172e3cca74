//! Changing a site's name, domain and build settings, and deleting it.

use super::{Answer, go, site};
use crate::client::path;
use crate::form::Form;
use crate::problem::Problem;
use crate::visit::Visit;
use axum::extract::Path;
use serde_json::{Value, json};

/// `POST /sites/{name}/settings`.
pub(crate) async fn save(visit: Visit, Path(name): Path<String>, form: Form) -> Answer {
    let saved = visit.api().patch(&path(&["sites", &name]), body(&form)).await;
    let new_name = saved.as_ref().ok().and_then(|site| site["name"].as_str()).unwrap_or(&name).to_owned();
    let shown = if saved.is_ok() { &new_name } else { &name };
    site::after(&visit, shown, saved, ("settings", "site-saved")).await
}

/// `POST /sites/{name}/delete`: the name must be typed, since nothing brings a site back.
pub(crate) async fn delete(visit: Visit, Path(name): Path<String>, form: Form) -> Answer {
    if form.get("confirm") != name {
        let problem = Problem::input("The name that was typed is not this site's; nothing was deleted.");
        return site::page(&visit, &name, Some(problem)).await;
    }
    match visit.api().delete(&path(&["sites", &name])).await {
        Ok(_) => Ok(go("/?done=site-deleted")),
        refused => site::after(&visit, &name, refused, ("settings", "")).await,
    }
}

fn body(form: &Form) -> Value {
    json!({
        "name": form.get("name"),
        "custom_domain": form.get("custom_domain"),
        "build_settings": {
            "cmd": form.get("cmd"),
            "dir": form.get("dir"),
            "untrusted_flow": Some(form.get("untrusted_flow")).filter(|flow| !flow.is_empty()),
        },
    })
}
