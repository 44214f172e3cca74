//! Adding and deleting build hooks of a site.

use super::{Answer, site};
use crate::client::path;
use crate::form::Form;
use crate::visit::Visit;
use axum::extract::Path;
use serde_json::json;

/// `POST /sites/{name}/build-hooks`.
pub(crate) async fn create(visit: Visit, Path(name): Path<String>, form: Form) -> Answer {
    let outcome = match form.need("title", "The name of the build hook") {
        Ok(title) => {
            let body = json!({ "title": title, "branch": form.get("branch") });
            visit.api().post(&path(&["sites", &name, "build_hooks"]), body).await
        }
        Err(problem) => Err(problem),
    };
    site::after(&visit, &name, outcome, ("build-hooks", "build-hook-created")).await
}

/// `POST /sites/{name}/build-hooks/{id}/delete`.
pub(crate) async fn delete(visit: Visit, Path((name, id)): Path<(String, String)>) -> Answer {
    let outcome = visit.api().delete(&path(&["sites", &name, "build_hooks", &id])).await;
    site::after(&visit, &name, outcome, ("build-hooks", "build-hook-deleted")).await
}
