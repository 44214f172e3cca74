//! What lets running builds ask the API: only digests are kept.

use crate::query::q;
use crate::{Conn, Result, Tx};
use model::Timestamp;

/// What a build's token stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildPass {
    /// The build.
    pub build_id: String,
    /// The site's account.
    pub account_id: String,
    /// The site.
    pub site_id: String,
    /// The deploy it makes.
    pub deploy_id: String,
    /// From when it is refused.
    pub expires_at: Timestamp,
}

/// Writes a pass with the digest of its token.
///
/// # Errors
/// When the database fails.
pub async fn insert(tx: &mut Tx, pass: &BuildPass, hash: &str) -> Result<()> {
    let insert = q!(
        "INSERT INTO build_passes (hash, build_id, account_id, site_id, deploy_id, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
        hash,
        &pass.build_id,
        &pass.account_id,
        &pass.site_id,
        &pass.deploy_id,
        pass.expires_at
    );
    tx.run(insert).await.map(|_| ())
}

/// What the token with this digest stands for.
///
/// # Errors
/// When the database fails.
pub async fn find(db: &mut Conn, hash: &str) -> Result<Option<BuildPass>> {
    let select = q!(
        "SELECT build_id, account_id, site_id, deploy_id, expires_at FROM build_passes WHERE hash = $1",
        hash
    );
    let Some(row) = db.row(select).await? else { return Ok(None) };
    Ok(Some(BuildPass {
        build_id: row.text("build_id")?,
        account_id: row.text("account_id")?,
        site_id: row.text("site_id")?,
        deploy_id: row.text("deploy_id")?,
        expires_at: row.time("expires_at")?,
    }))
}

/// Takes the passes of a build away, and those that have expired.
///
/// # Errors
/// When the database fails.
pub async fn revoke(tx: &mut Tx, build_id: &str, now: Timestamp) -> Result<()> {
    let delete = q!("DELETE FROM build_passes WHERE build_id = $1 OR expires_at <= $2", build_id, now);
    tx.run(delete).await.map(|_| ())
}
