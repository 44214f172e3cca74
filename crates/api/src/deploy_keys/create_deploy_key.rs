//! `createDeployKey`: draws a key pair for reading a repository.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use accounts::deploy_keys::NewDeployKey;

pub(crate) async fn handle(mut call: Call) -> Outcome {
    let new: NewDeployKey = call.json().await?;
    Ok(Reply::created(&accounts::deploy_keys::create(&call.cx, call.user()?, &new).await?))
}
