//! Files of a published deploy.

use context::Result;
use model::FileEntry;
use store::Conn;
use store::deploy_files::{self, ServedFile};
use store::sites::SiteRow;

/// Every file of the site's published deploy.
pub(crate) async fn served(db: &mut Conn, site: &SiteRow) -> Result<Vec<ServedFile>> {
    let Some(deploy) = &site.published_deploy_id else { return Ok(Vec::new()) };
    Ok(deploy_files::served(db, deploy).await?.map(|served| served.files).unwrap_or_default())
}

/// A file as the API shows it.
pub(crate) fn entry(site: &SiteRow, file: ServedFile) -> FileEntry {
    FileEntry {
        id: file.path.clone(),
        path: file.path,
        sha: file.sha1,
        mime_type: file.mime.split(';').next().unwrap_or_default().to_owned(),
        size: i64::try_from(file.size).unwrap_or(i64::MAX),
        site_id: site.id.clone(),
        deploy_id: site.published_deploy_id.clone().unwrap_or_default(),
    }
}
