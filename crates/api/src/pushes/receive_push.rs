//! `POST /hooks/{provider}/{push_id}`: a webhook of GitHub, GitLab, Gitea, Forgejo or Bitbucket; its
//! headers say which, the name in the path is for people. Nobody is asked who they are: the id is known
//! to the host alone, and once the site has a secret the signature counts. 200 with what became of it,
//! also where nothing was to do; 401 for a signature that does not fit, 404 for an unknown id, 400 for
//! what is no webhook, 413 over 25 MiB, 429 for too many.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use builds::pushes::{self, Webhook};

pub(crate) async fn handle(mut call: Call) -> Outcome {
    let id = call.param("push_id").to_owned();
    pushes::check_address(&call.cx, &id).await?;
    let body = call.bytes(pushes::BODY_MAX).await?;
    let address = call.peer.map(|peer| peer.to_string());
    let webhook = Webhook { headers: &call.headers, body: &body, address: address.as_deref() };
    let received = Box::pin(pushes::receive(&call.cx, &call.app.builds, &id, webhook)).await?;
    Ok(Reply::json(&received))
}
