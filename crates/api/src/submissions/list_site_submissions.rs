//! `GET /sites/{site_id}/submissions`: newest first. Query: `state` (`verified`, `spam`), `page`, `per_page`.

use super::listed;
use crate::call::{Call, Outcome};

pub(crate) async fn handle(call: Call) -> Outcome {
    listed(call, None).await
}
