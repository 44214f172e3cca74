//! `POST /telemetry`: where `boathook env` sends the usage reports of command lines, so that they
//! reach nobody. Nothing of them is kept. 204.

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(_call: Call) -> Outcome {
    Ok(Reply::no_content())
}
