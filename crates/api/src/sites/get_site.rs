//! `GET /sites/{site_id}`: one site, by id, name or domain.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use crate::sites::show;

pub(crate) async fn handle(call: Call) -> Outcome {
    Ok(Reply::json(&show::one(&call, call.site()?).await?))
}
