//! `GET /asyncapi.json`: the events of this server as an AsyncAPI 2.6.0 document.

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    Ok(Reply::json(&events::asyncapi(&call.cx.addresses().control_url())))
}
