//! Sites with their live deploys, as every operation on sites answers them.

use crate::call::Call;
use context::{Context, Result};
use model::{Deploy, Site};
use store::Conn;
use store::sites::SiteRow;

/// One site with its live deploy.
pub(crate) async fn one(call: &Call, site: &SiteRow) -> Result<Site> {
    let mut db = call.cx.read().await?;
    let published = published(&mut db, &call.cx, site).await?;
    let shown = sites::present(&mut db, &call.cx, site, published).await?;
    Ok(reserved(call, shown))
}

/// A page of sites with their live deploys.
pub(crate) async fn page(call: &Call, filter: &store::sites::Filter, page: model::Page) -> Result<Vec<Site>> {
    let cx = &call.cx;
    let mut db = cx.read().await?;
    let mut rows = Vec::new();
    for site in store::sites::list(&mut db, filter, page).await? {
        let published = published(&mut db, cx, &site).await?;
        rows.push((site, published));
    }
    let shown = sites::present_all(&mut db, cx, rows).await?;
    Ok(shown.into_iter().map(|site| reserved(call, site)).collect())
}

/// The site without the URL by which builds are started, for those who may not start any.
fn reserved(call: &Call, mut site: Site) -> Site {
    site.deploy_hook = site.deploy_hook.filter(|_| call.may_write(&site.account_id));
    site
}

async fn published(db: &mut Conn, cx: &Context, site: &SiteRow) -> Result<Option<Deploy>> {
    let Some(id) = &site.published_deploy_id else { return Ok(None) };
    match store::deploys::find(db, id).await? {
        Some(deploy) => deploys::present_as(db, cx, site, &deploy).await.map(Some),
        None => Ok(None),
    }
}
