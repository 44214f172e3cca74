//! `listAccountTypesForUser`: the one kind of account there is.

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(_call: Call) -> Outcome {
    Ok(Reply::json(&accounts::account::types()))
}
