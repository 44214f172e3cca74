//! `GET /client-ca.pem`: the certificate that clients must trust to reach this server under the vendor's host names.

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    Ok(Reply::raw("application/x-pem-file", call.app.client_ca.clone()))
}
