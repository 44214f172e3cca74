//! `POST /deploys/{deploy_id}/accept` {with_secrets?}: lets the build of a deploy request begin. 200
//! with the deploy; another yes changes nothing. Secret variables stay withheld unless
//! `with_secrets` is true, which takes admin rights in the account.

use crate::call::{Call, Outcome};
use crate::deploys::show;
use crate::reply::Reply;
use accounts::Access;
use builds::requests::{Accept, accept};
use context::Error;
use model::Scope;
use serde::Deserialize;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    with_secrets: bool,
}

pub(crate) async fn handle(mut call: Call) -> Outcome {
    let Body { with_secrets } = call.json().await?;
    let (user, deploy) = (call.user()?, call.deploy()?);
    if with_secrets && user.may(&deploy.account_id, Scope::Admin) != Access::Granted {
        let why = "letting untrusted code have secret variables takes admin rights in the account";
        return Err(Error::Forbidden(why.to_owned()));
    }
    let yes = Accept { user_id: Some(user.user_id.clone()), with_secrets };
    let deploy = accept(&call.cx, &deploy.id, yes).await?;
    Ok(Reply::json(&show::one(&call.cx, &deploy).await?))
}
