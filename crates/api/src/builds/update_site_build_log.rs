//! `POST /builds/{build_id}/log` {message, error?, section?}: appends to the log of a build. 204.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use context::Error;
use serde::Deserialize;

/// Longest name of a section, in bytes.
const SECTION_MAX: usize = 64;

#[derive(Deserialize)]
struct Body {
    message: String,
    #[serde(default)]
    error: bool,
    #[serde(default = "building")]
    section: String,
}

fn building() -> String {
    "building".to_owned()
}

pub(crate) async fn handle(mut call: Call) -> Outcome {
    let body: Body = call.json().await?;
    if body.section.len() > SECTION_MAX {
        return Err(Error::Invalid(format!("section has more than {SECTION_MAX} bytes")));
    }
    builds::append_line(&call.cx, call.param("build_id"), &body.message, &body.section, body.error).await?;
    Ok(Reply::no_content())
}
