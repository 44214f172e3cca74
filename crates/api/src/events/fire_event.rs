//! `POST /sites/{site_id}/events/{event}/fire` with `{hook_id?, context?, branch?}`: sends a sample of
//! the event, made of what the site has, to the hooks that listen or to the one that is named. Answers
//! `{event, event_id, deliveries}`.

use super::real::{Wanted, sample};
use crate::call::{Call, Outcome};
use crate::reply::Reply;
use ::events::{CATALOG, Entry, To};
use context::{Error, Result};
use model::DeployContext;
use serde::Deserialize;
use serde_json::json;

/// Who is told, and of what kind of deploy.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Input {
    hook_id: Option<String>,
    context: Option<String>,
    branch: Option<String>,
}

pub(crate) async fn handle(mut call: Call) -> Outcome {
    let input: Input = call.json().await?;
    let event = known(call.param("event"))?;
    let (cx, site) = (&call.cx, call.site()?);
    let hook = match &input.hook_id {
        Some(id) => Some(store::hooks::find(&mut cx.read().await?, id).await?.ok_or(Error::NotFound)?),
        None => None,
    };
    let wanted = Wanted {
        event,
        context: input.context.as_deref().map(context).transpose()?,
        branch: input.branch.as_deref(),
        form_id: hook.as_ref().and_then(|hook| hook.form_id.as_deref()),
    };
    let sample = sample(cx, site, &wanted).await?;
    let to = input.hook_id.as_deref().map_or(To::Subscribed, To::Hook);
    let mut tx = cx.begin().await?;
    let (event_id, deliveries) = ::events::record_for(&mut tx, cx, site, event, &sample, to).await?;
    tx.commit().await?;
    Ok(Reply::accepted(&json!({ "event": event.name, "event_id": event_id, "deliveries": deliveries })))
}

fn known(name: &str) -> Result<&'static Entry> {
    ::events::entry(name).ok_or_else(|| {
        let names: Vec<_> = CATALOG.iter().map(|entry| entry.name).collect();
        Error::Unprocessable(format!("event \"{name}\" is not known; there are: {}", names.join(", ")))
    })
}

fn context(name: &str) -> Result<DeployContext> {
    DeployContext::parse(name).ok_or_else(|| {
        Error::Unprocessable("context is one of: production, deploy-preview, branch-deploy".to_owned())
    })
}
