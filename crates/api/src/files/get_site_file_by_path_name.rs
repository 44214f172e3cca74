//! `GET /sites/{site_id}/files/{file_path}`: one file of the published deploy; its content when the client accepts `application/vnd.bitballoon.v1.raw`, as old clients ask for it.

use crate::call::{Call, Outcome};
use crate::files::show;
use crate::reply::Reply;
use axum::body::Body;
use context::Error;

pub(crate) async fn handle(call: Call) -> Outcome {
    let path = format!("/{}", call.param("file_path").trim_start_matches('/'));
    let mut db = call.cx.read().await?;
    let site = call.site()?;
    let file = show::served(&mut db, site).await?.into_iter().find(|file| file.path == path);
    drop(db);
    let file = file.ok_or(Error::NotFound)?;
    if wants_content(&call) {
        let content = call.cx.blobs.stream(&file.blob, 0..file.size).await?;
        return Ok(Reply::raw("application/octet-stream", Body::from_stream(content)));
    }
    Ok(Reply::json(&show::entry(site, file)))
}

fn wants_content(call: &Call) -> bool {
    let kinds = [call.header("accept"), call.header("content-type")];
    kinds.into_iter().flatten().any(|kind| kind.contains("application/vnd.bitballoon.v1.raw"))
}
