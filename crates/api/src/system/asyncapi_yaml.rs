//! `GET /asyncapi.yaml`: the same as YAML.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use context::Error;

pub(crate) async fn handle(call: Call) -> Outcome {
    let document = events::asyncapi(&call.cx.addresses().control_url());
    let yaml = serde_yaml_ng::to_string(&document).map_err(Error::internal)?;
    Ok(Reply::raw("application/yaml", yaml))
}
