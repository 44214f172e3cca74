//! Letting go of a linked repository.

use context::{Context, Error, Result};
use model::BuildSettings;
use store::ChangeKind;
use store::sites::{self, SiteRow};

/// Unlinks the repository. Build command and directories stay.
///
/// # Errors
/// `NotFound` when there is no such site.
pub async fn unlink_repo(cx: &Context, site_id: &str) -> Result<SiteRow> {
    let mut tx = cx.begin().await?;
    let mut site = sites::lock_row(&mut tx, site_id).await?.ok_or(Error::NotFound)?;
    let old = std::mem::take(&mut site.info.build);
    site.info.build = BuildSettings {
        dir: old.dir,
        functions_dir: old.functions_dir,
        base: old.base,
        cmd: old.cmd,
        ..BuildSettings::default()
    };
    site.updated_at = cx.now();
    sites::update(&mut tx, &site).await?;
    tx.changed(ChangeKind::Site, site_id, cx.now()).await?;
    tx.commit().await?;
    Ok(site)
}
