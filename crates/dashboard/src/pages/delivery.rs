//! One delivery of a hook: what was sent, every try of it with the answer, and sending it again.

use super::{Answer, go, hook, site};
use crate::client::path;
use crate::problem::Problem;
use crate::view::{self, values};
use crate::visit::Visit;
use axum::extract::Path;
use http::StatusCode;
use serde_json::{Value, json};

/// The names of a delivery's address: site, hook, delivery.
type Names = (String, String, String);

/// `GET /sites/{name}/hooks/{id}/deliveries/{delivery}`.
pub(crate) async fn show(visit: Visit, Path(names): Path<Names>) -> Answer {
    page(&visit, &names, None).await
}

/// `POST /sites/{name}/hooks/{id}/deliveries/{delivery}`: sends it again.
pub(crate) async fn resend(visit: Visit, Path(names): Path<Names>) -> Answer {
    let (name, id, delivery) = &names;
    match visit.api().post(&path(&["hooks", id, "deliveries", delivery, "resend"]), json!({})).await {
        Ok(_) => {
            let back = path(&["sites", name, "hooks", id, "deliveries", delivery]);
            Ok(go(&format!("{back}?done=resent")))
        }
        Err(problem) => page(&visit, &names, Some(visit.sign(problem))).await,
    }
}

async fn page(visit: &Visit, (name, id, delivery): &Names, problem: Option<Problem>) -> Answer {
    let site = site::find(visit, name).await?;
    let hook = hook::find(visit, id, site::text(&site, "id")).await?;
    let found = visit.get(&path(&["hooks", id, "deliveries", delivery])).await;
    let delivery = found.map_err(|problem| match problem.status {
        StatusCode::NOT_FOUND => Problem::missing("delivery"),
        _ => problem,
    })?;
    // the bytes themselves; JSON is laid out for the eye
    let body = site::text(&delivery, "body");
    let body = serde_json::from_str::<Value>(body).unwrap_or_else(|_| body.into());
    let moving = delivery["state"] == "waiting";
    let status = problem.as_ref().map_or(StatusCode::OK, |problem| problem.status);
    let notice = view::notice(&visit.query("done"));
    let title = "Delivery";
    let values = values! { title, nav => "sites", site, hook, delivery, body, moving, problem, notice };
    Ok(view::page(status, "delivery.html", values))
}
