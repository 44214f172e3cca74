//! `GET /openapi.json`: the operations of this server as an OpenAPI 3.1 document.

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    Ok(Reply::json(&crate::openapi::document(&call.cx.addresses().control_url())))
}
