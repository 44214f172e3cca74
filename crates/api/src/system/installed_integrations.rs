//! What clients ask the vendor's integration host (contract clients 2a): the integrations that are installed on a site. None can be installed on this server, and clients fall back to an offline mode without an answer.

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(_call: Call) -> Outcome {
    let installed: [(); 0] = [];
    Ok(Reply::json(&installed))
}
