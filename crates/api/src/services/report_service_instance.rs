//! `POST /services/{addonName}/instances/{uuid}` {state, message?, config?, env?, snippets?, endpoint?}:
//! the provider tells how far an instance is that it could not finish at once. `X-Nf-Sign` holds a JWS of
//! HS256 with `exp`, `netlify_id` (the UUID) and `sha256` (of the body, in hex). 204, also when it was told
//! before; 401 for anything that the provider has not signed.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use addons::instances;
use addons::provider::SIGN_HEADER;

pub(crate) async fn handle(mut call: Call) -> Outcome {
    let body = call.bytes(instances::CALLBACK_MAX).await?;
    let token = call.header(SIGN_HEADER.as_str());
    instances::callback(&call.cx, call.param("addonName"), call.param("uuid"), token, &body).await?;
    Ok(Reply::no_content())
}
