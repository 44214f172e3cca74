//! `GET /forms/{form_id}/submissions`: newest first. Query: `state` (`verified`, `spam`), `page`, `per_page`.

use super::listed;
use crate::call::{Call, Outcome};

pub(crate) async fn handle(call: Call) -> Outcome {
    let form_id = call.param("form_id").to_owned();
    listed(call, Some(&form_id)).await
}
