//! Sites with their live deploys, as every operation on sites answers them.

use context::{Context, Result};
use model::{Deploy, Site};
use store::Conn;
use store::sites::SiteRow;

/// One site with its live deploy.
pub(crate) async fn one(cx: &Context, site: &SiteRow) -> Result<Site> {
    let mut db = cx.read().await?;
    let published = published(&mut db, cx, site).await?;
    sites::present(&mut db, cx, site, published).await
}

/// A page of sites with their live deploys.
pub(crate) async fn page(
    cx: &Context,
    filter: &store::sites::Filter,
    page: model::Page,
) -> Result<Vec<Site>> {
    let mut db = cx.read().await?;
    let mut rows = Vec::new();
    for site in store::sites::list(&mut db, filter, page).await? {
        let published = published(&mut db, cx, &site).await?;
        rows.push((site, published));
    }
    sites::present_all(&mut db, cx, rows).await
}

async fn published(db: &mut Conn, cx: &Context, site: &SiteRow) -> Result<Option<Deploy>> {
    let Some(id) = &site.published_deploy_id else { return Ok(None) };
    match store::deploys::find(db, id).await? {
        Some(deploy) => deploys::present_as(db, cx, site, &deploy).await.map(Some),
        None => Ok(None),
    }
}
