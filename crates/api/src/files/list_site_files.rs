//! `GET /sites/{site_id}/files`: files of the published deploy in the order of their paths.

use crate::call::{Call, Outcome};
use crate::files::show;
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    let mut db = call.cx.read().await?;
    let site = call.site()?;
    let files: Vec<_> =
        show::served(&mut db, site).await?.into_iter().map(|file| show::entry(site, file)).collect();
    Ok(Reply::json(&files))
}
