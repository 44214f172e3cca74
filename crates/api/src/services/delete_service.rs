//! `DELETE /services/{addonName}`: takes an add-on of one's own off the server. 204; 409 while it has
//! instances, or removals that its provider must still be told of.

use super::own;
use crate::call::{Call, Outcome};
use crate::reply::Reply;
use addons::registry;
use model::Scope;

pub(crate) async fn handle(call: Call) -> Outcome {
    let addon = own(&call, Scope::Write).await?;
    registry::delete(&call.cx, &addon).await?;
    Ok(Reply::no_content())
}
