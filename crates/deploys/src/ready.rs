//! The moment a deploy becomes ready: in one transaction it can be served, its labels lead to it,
//! it goes live if it may, and the events tell of it.

use crate::publish::publish;
use crate::{compress, present, state};
use context::{Context, DeployCreated, Error, Result};
use events::Event;
use forms::Finds;
use model::{Deploy, DeployContext, DeployState, FunctionInfo};
use serde_json::{Value, json};
use store::deploy_files::{self, Served};
use store::deploys::{self, DeployRow};
use store::sites::{self, SiteRow};
use store::{ChangeKind, Tx};

/// What was made of a deploy's files.
pub(crate) struct Made {
    /// What the edge serves.
    pub(crate) served: Served,
    pub(crate) functions: Vec<FunctionInfo>,
    /// Forms of its pages.
    pub(crate) forms: Finds,
    /// What its owner should know, for the deploy's summary.
    pub(crate) messages: Vec<Value>,
    /// Whether compressed forms are still to be made.
    pub(crate) compress_later: bool,
}

pub(crate) async fn finish(cx: &Context, deploy_id: &str, made: Made) -> Result<()> {
    let mut tx = cx.begin().await?;
    let (site, mut deploy) = hold(&mut tx, deploy_id).await?;
    if deploy.state != DeployState::Processing {
        return Ok(());
    }
    finish_in(&mut tx, cx, site, &mut deploy, made).await?;
    Ok(tx.commit().await?)
}

/// The same for a deploy that is being made ready and a site, whose rows the caller holds.
pub(crate) async fn finish_in(
    tx: &mut Tx,
    cx: &Context,
    mut site: SiteRow,
    deploy: &mut DeployRow,
    mut made: Made,
) -> Result<()> {
    deploy_files::put_served(tx, &deploy.id, &made.served).await?;
    let live = goes_live(tx, &site, deploy).await?;
    forms::keep(tx, cx, &site.id, &mut made.forms, live).await?;
    made.messages.extend(made.forms.into_messages());
    let messages = noted(deploy).into_iter().chain(made.messages).collect::<Vec<_>>();
    deploy.info.functions = made.functions;
    deploy.info.ready_at = Some(cx.now());
    deploy.info.summary = Some(json!({ "status": "ready", "messages": messages }));
    state::move_to(tx, cx, deploy, DeployState::Ready).await?;
    lead(tx, &site, deploy).await?;
    if live {
        publish(tx, cx, &mut site, deploy).await?;
    }
    tx.changed(ChangeKind::Site, &site.id, cx.now()).await?;
    tell(tx, cx, &site, deploy).await?;
    if made.compress_later {
        compress::enqueue(tx, cx, &deploy.id).await?;
    }
    Ok(())
}

/// What was noted in the deploy's summary before its files were there.
fn noted(deploy: &DeployRow) -> Vec<Value> {
    let messages = deploy.info.summary.as_ref().and_then(|summary| summary["messages"].as_array());
    messages.cloned().unwrap_or_default()
}

/// A deploy and its site, whose row is locked: of two who make the same deploy ready (the job, and
/// the caller who waits for it) the second sees what the first has done.
pub(crate) async fn hold(tx: &mut Tx, deploy_id: &str) -> Result<(SiteRow, DeployRow)> {
    let deploy = deploys::find(tx, deploy_id).await?.ok_or(Error::NotFound)?;
    let site = sites::lock_row(tx, &deploy.site_id).await?.ok_or(Error::NotFound)?;
    let deploy = deploys::find(tx, deploy_id).await?.ok_or(Error::NotFound)?;
    Ok((site, deploy))
}

/// Whether a deploy that just became ready goes live by itself: it is meant for production, is no
/// draft, nobody holds the site, and nothing newer is live already.
async fn goes_live(tx: &mut Tx, site: &SiteRow, deploy: &DeployRow) -> Result<bool> {
    if deploy.context != DeployContext::Production || deploy.draft || site.locked {
        return Ok(false);
    }
    let live = match &site.published_deploy_id {
        Some(id) => deploys::find(tx, id).await?,
        None => None,
    };
    Ok(live.is_none_or(|live| live.created_at <= deploy.created_at))
}

/// Labels of the deploy: its alias, and its branch.
async fn lead(tx: &mut Tx, site: &SiteRow, deploy: &DeployRow) -> Result<()> {
    // anybody may name the branch of a request as they like: its preview takes no branch's label
    let named = !deploy.draft && deploy.context != DeployContext::DeployPreview;
    let branch = deploy.branch.as_deref().map(model::slug).filter(|_| named);
    for label in deploy.info.alias.iter().chain(&branch).filter(|label| !label.is_empty()) {
        deploys::set_alias(tx, &site.id, label, &deploy.id).await?;
    }
    Ok(())
}

async fn tell(tx: &mut Tx, cx: &Context, site: &SiteRow, deploy: &DeployRow) -> Result<()> {
    let shown = present::present_as(tx, cx, site, deploy).await?;
    let record = |deploy: &Deploy, event: fn(Box<Deploy>) -> Event| event(Box::new(deploy.clone()));
    if cx.settings.deploy_created == DeployCreated::Live {
        let created = record(&shown, Event::DeployCreated);
        events::record(tx, cx, &site.account_id, &site.id, &created).await?;
    }
    let succeeded = record(&shown, Event::DeploySucceeded);
    events::record(tx, cx, &site.account_id, &site.id, &succeeded).await?;
    if deploys::previous_outcome(tx, deploy).await? == Some(DeployState::Error) {
        let turned = record(&shown, Event::DeploySucceededAfterFailing);
        events::record(tx, cx, &site.account_id, &site.id, &turned).await?;
    }
    Ok(())
}
