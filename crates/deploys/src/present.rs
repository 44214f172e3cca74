//! A stored deploy as the API and the events show it.

use context::{Context, Error, Result};
use model::{Deploy, DeployContext, DeployState, Timestamp};
use serde_json::{Value, json};
use store::Conn;
use store::deploy_files::{self, UploadKind};
use store::deploys::DeployRow;
use store::sites::{self, SiteRow};

/// The deploy, with its site looked up.
///
/// # Errors
/// `NotFound` when the site is gone; else when the database fails.
pub async fn present(db: &mut Conn, cx: &Context, deploy: &DeployRow) -> Result<Deploy> {
    let site = sites::find(db, &deploy.site_id).await?.ok_or(Error::NotFound)?;
    present_as(db, cx, &site, deploy).await
}

/// Deploys of one site.
///
/// # Errors
/// When the database fails.
pub async fn present_all(
    db: &mut Conn,
    cx: &Context,
    site: &SiteRow,
    deploys: &[DeployRow],
) -> Result<Vec<Deploy>> {
    let mut out = Vec::with_capacity(deploys.len());
    for deploy in deploys {
        out.push(present_as(db, cx, site, deploy).await?);
    }
    Ok(out)
}

/// The deploy of a site that is at hand.
///
/// # Errors
/// When the database fails.
pub async fn present_as(db: &mut Conn, cx: &Context, site: &SiteRow, deploy: &DeployRow) -> Result<Deploy> {
    let (mut required, mut required_functions) = (Vec::new(), Vec::new());
    if matches!(deploy.state, DeployState::Prepared | DeployState::Uploading) {
        required = deploy_files::missing(db, &deploy.id, UploadKind::File).await?;
        required_functions = deploy_files::missing(db, &deploy.id, UploadKind::Function).await?;
    }
    Ok(Deploy { required, required_functions, ..shown(cx, site, deploy) })
}

fn shown(cx: &Context, site: &SiteRow, deploy: &DeployRow) -> Deploy {
    let at = cx.addresses();
    let info = deploy.info.clone();
    let url = at.primary_url(&site.name, site.info.custom_domain.as_deref());
    let deploy_url = at.deploy_url(info.alias.as_deref().unwrap_or(&deploy.id), &site.name);
    Deploy {
        id: deploy.id.clone(),
        site_id: site.id.clone(),
        user_id: info.user_id,
        build_id: deploy.build_id.clone(),
        state: deploy.state,
        name: site.name.clone(),
        ssl_url: url.clone(),
        links: links(cx, site, deploy, &url),
        url,
        admin_url: at.admin_url(&site.name),
        deploy_ssl_url: deploy_url.clone(),
        deploy_url,
        screenshot_url: None,
        review_id: info.review_id,
        draft: deploy.draft,
        required: Vec::new(),
        required_functions: Vec::new(),
        error_message: info.error_message,
        branch: deploy.branch.clone(),
        commit_ref: info.commit_ref,
        commit_url: info.commit_url,
        committer: info.committer,
        skipped: info.skipped,
        created_at: deploy.created_at,
        updated_at: deploy.updated_at,
        published_at: deploy.published_at,
        title: info.title,
        context: deploy.context,
        locked: site.locked && site.published_deploy_id.as_deref() == Some(deploy.id.as_str()),
        review_url: info.review_url,
        framework: info.framework,
        function_schedules: info.function_schedules,
        available_functions: info.functions,
        deploy_time: info.ready_at.map(|ready| seconds_between(deploy.created_at, ready)),
        manual_deploy: deploy.build_id.is_none(),
        summary: info.summary,
    }
}

fn seconds_between(start: Timestamp, end: Timestamp) -> i64 {
    (end.0 - start.0).max(0) / 1000
}

fn links(cx: &Context, site: &SiteRow, deploy: &DeployRow, url: &str) -> Value {
    let at = cx.addresses();
    // a preview of a request does not stand at its branch's address
    let branch = deploy.branch.as_deref().filter(|_| deploy.context != DeployContext::DeployPreview);
    let branch = branch.map(model::slug).filter(|label| !label.is_empty());
    let alias = deploy.info.alias.as_deref();
    let mut links = json!({
        "permalink": at.deploy_url(&deploy.id, &site.name),
        "alias": alias.map_or_else(|| url.to_owned(), |alias| at.deploy_url(alias, &site.name)),
    });
    if let Some(label) = branch {
        links["branch"] = at.deploy_url(&label, &site.name).into();
    }
    links
}
