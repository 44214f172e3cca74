//! Where command lines send people for the logs of a site's functions. None run here, so that there is
//! nothing to read; the page says so.

use super::{Answer, site};
use crate::problem::Problem;
use crate::view::{self, values};
use crate::visit::Visit;
use axum::extract::Path;
use http::StatusCode;

/// `GET /sites/{name}/logs/{what}`: `functions` or `edge-functions`.
pub(crate) async fn show(visit: Visit, Path((name, what)): Path<(String, String)>) -> Answer {
    let (kind, why) = match what.as_str() {
        "functions" => ("functions", "keeps functions but does not run them"),
        "edge-functions" => ("edge functions", "takes no edge functions"),
        _ => return Err(Problem::missing("log")),
    };
    let site = site::find(&visit, &name).await?;
    let values = values! { title => format!("Logs of {name}"), nav => "sites", site, kind, why };
    Ok(view::page(StatusCode::OK, "logs.html", values))
}
