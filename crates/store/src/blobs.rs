//! Which blob a digest stands for, and which compressed forms blobs have.

use crate::deploy_files::Variant;
use crate::query::{json, q};
use crate::{Conn, Engine, Result, Tx};
use std::collections::HashMap;

/// A blob as an account knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Blob digest (SHA-256).
    pub blob: String,
    /// Bytes.
    pub size: u64,
}

/// Digests asked for at once.
const BATCH: usize = 2000;

/// Remembers that `digest` stands for a blob in this account.
///
/// # Errors
/// When the database fails.
pub async fn learn(tx: &mut Tx, account_id: &str, digest: &str, known: &Known) -> Result<()> {
    let insert = q!(
        "INSERT INTO digests (account_id, digest, blob, size) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        account_id,
        digest,
        &known.blob,
        i64::try_from(known.size).unwrap_or(i64::MAX)
    );
    tx.run(insert).await.map(|_| ())
}

/// Which of these digests the account has blobs for.
///
/// # Errors
/// When the database fails.
pub async fn known(db: &mut Conn, account_id: &str, digests: &[&str]) -> Result<HashMap<String, Known>> {
    let sql = match db.engine() {
        Engine::Sqlite => {
            "SELECT digest, blob, size FROM digests
             WHERE account_id = $1 AND digest IN (SELECT value FROM json_each($2))"
        }
        Engine::Postgres => {
            "SELECT digest, blob, size FROM digests
             WHERE account_id = $1 AND digest IN (SELECT json_array_elements_text($2::json))"
        }
    };
    let mut out = HashMap::with_capacity(digests.len());
    for batch in digests.chunks(BATCH) {
        for row in db.rows(q!(sql, account_id, json(&batch))).await? {
            let size = u64::try_from(row.int("size")?).unwrap_or(0);
            out.insert(row.text("digest")?, Known { blob: row.text("blob")?, size });
        }
    }
    Ok(out)
}

/// The compressed forms of these blobs in an encoding: a blob is absent when it was never tried, and
/// without a form when compressing does not pay.
///
/// # Errors
/// When the database fails.
pub async fn variants(
    db: &mut Conn,
    blobs: &[&str],
    encoding: &str,
) -> Result<HashMap<String, Option<Variant>>> {
    let sql = match db.engine() {
        Engine::Sqlite => {
            "SELECT blob, variant, size FROM variants
             WHERE encoding = $1 AND blob IN (SELECT value FROM json_each($2))"
        }
        Engine::Postgres => {
            "SELECT blob, variant, size FROM variants
             WHERE encoding = $1 AND blob IN (SELECT json_array_elements_text($2::json))"
        }
    };
    let mut out = HashMap::with_capacity(blobs.len());
    for batch in blobs.chunks(BATCH) {
        for row in db.rows(q!(sql, encoding, json(&batch))).await? {
            let variant =
                Variant { blob: row.text("variant")?, size: u64::try_from(row.int("size")?).unwrap_or(0) };
            out.insert(row.text("blob")?, Some(variant).filter(|variant| !variant.blob.is_empty()));
        }
    }
    Ok(out)
}

/// Remembers a compressed form, or that there is none worth keeping.
///
/// # Errors
/// When the database fails.
pub async fn put_variant(tx: &mut Tx, blob: &str, encoding: &str, variant: Option<&Variant>) -> Result<()> {
    let insert = q!(
        "INSERT INTO variants (blob, encoding, variant, size) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        blob,
        encoding,
        variant.map_or("", |v| v.blob.as_str()),
        variant.map_or(0, |v| i64::try_from(v.size).unwrap_or(i64::MAX))
    );
    tx.run(insert).await.map(|_| ())
}
