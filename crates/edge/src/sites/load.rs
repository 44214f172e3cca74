//! Reads what a host stands for from the database.

use super::view::{DeployView, SiteView, Times};
use super::{Absent, Found};
use context::{Context, Error, Result};
use model::{DeployState, HostTarget};
use std::sync::Arc;
use store::Conn;
use store::deploy_files::{self, Served};
use store::deploys::{self, DeployRow};
use store::sites::{self, SiteRow};

/// Files whose tables are made on the event loop; larger deploys are made beside it.
const BUILD_INLINE_FILES: usize = 500;

/// The site and deploy of a host name. Several reads make one answer: a change between them is
/// found out by whoever keeps it.
///
/// # Errors
/// When the database fails.
pub(super) async fn load(cx: &Context, host: &str) -> Result<Found> {
    let target = cx.addresses().target(host);
    let mut db = cx.read().await?;
    let Some(site) = site(&mut db, &target).await? else { return Ok(Found::Nothing(Absent::Site)) };
    let Some(deploy) = deploy(&mut db, &target, &site).await? else {
        return Ok(Found::Nothing(Absent::Deploy));
    };
    let Some(served) = deploy_files::served(&mut db, &deploy.id).await? else {
        return Ok(Found::Nothing(Absent::Deploy));
    };
    drop(db);
    let deploy = build(deploy, served).await?;
    Ok(Found::Site(Arc::new(SiteView { site_id: site.id.into(), disabled: site.disabled, deploy })))
}

async fn site(db: &mut Conn, target: &HostTarget) -> store::Result<Option<SiteRow>> {
    match target {
        HostTarget::Live(name) => sites::find_by_name(db, name).await,
        HostTarget::Permalink { site, .. } | HostTarget::Alias { site, .. } => {
            sites::find_by_name(db, site).await
        }
        HostTarget::Other(domain) => sites::find_by_domain(db, domain).await,
        HostTarget::Control => Ok(None),
    }
}

async fn deploy(db: &mut Conn, target: &HostTarget, site: &SiteRow) -> store::Result<Option<DeployRow>> {
    let id = match target {
        HostTarget::Permalink { deploy, .. } => Some(deploy.clone()),
        HostTarget::Alias { alias, .. } => deploys::by_alias(db, &site.id, alias).await?,
        _ => site.published_deploy_id.clone(),
    };
    let Some(id) = id else { return Ok(None) };
    let deploy = deploys::find(db, &id).await?;
    Ok(deploy.filter(|deploy| deploy.site_id == site.id && deploy.state == DeployState::Ready))
}

async fn build(deploy: DeployRow, served: Served) -> Result<DeployView> {
    let times =
        Times { published: deploy.published_at, ready: deploy.info.ready_at, created: deploy.created_at };
    let functions: Vec<String> = deploy.info.functions.into_iter().map(|function| function.n).collect();
    if served.files.len() <= BUILD_INLINE_FILES {
        return DeployView::new(&served, functions, times).map_err(Error::internal);
    }
    let work = move || DeployView::new(&served, functions, times);
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?.map_err(Error::internal)
}
