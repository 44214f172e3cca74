//! `POST /services/{addonName}/manifest/refresh`: asks the provider of an add-on of one's own for its
//! manifest, whatever is remembered, and shows it.

use super::own;
use crate::call::{Call, Outcome};
use crate::reply::Reply;
use model::Scope;

pub(crate) async fn handle(call: Call) -> Outcome {
    let addon = own(&call, Scope::Write).await?;
    Ok(Reply::raw("application/json", addons::refresh(&call.cx, &call.app.providers, &addon).await?))
}
