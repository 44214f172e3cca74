//! `GET /sites/{site_id}/service-instances`: the add-ons of a site. No add-on can be provisioned on
//! this server; command line clients of release 17 and their `dev` in release 27 fall back to an
//! offline mode without this answer (contract clients 4 and 5).

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(_call: Call) -> Outcome {
    let instances: [(); 0] = [];
    Ok(Reply::json(&instances))
}
