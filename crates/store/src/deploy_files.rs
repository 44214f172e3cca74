//! What a deploy consists of: the digest a client sent, the uploads still missing, and the list
//! the edge serves from.

use crate::query::{json, q};
use crate::{Conn, Engine, Result, Tx};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};

/// Kind of an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UploadKind {
    /// A file, by SHA-1.
    File,
    /// A function zip, by SHA-256.
    Function,
}

impl UploadKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Function => "function",
        }
    }
}

/// A deploy's digest: what the client says it consists of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// Path, beginning with a slash, to SHA-1.
    pub files: BTreeMap<String, String>,
    /// Function name to its zip.
    pub functions: BTreeMap<String, FunctionZip>,
}

/// A function of a manifest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FunctionZip {
    /// SHA-256 of the zip.
    pub sha: String,
    /// Blob digest, once uploaded; the same SHA-256.
    pub size: i64,
    /// Runtime as the client named it.
    pub runtime: Option<String>,
    /// `stream` or `background`.
    pub invocation_mode: Option<String>,
    /// Time limit in seconds, when the client asked for one.
    pub timeout: Option<i64>,
}

/// What the edge serves: made once when the deploy becomes ready. Only compressed forms are added
/// afterwards.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Served {
    /// Files in the order of their paths.
    pub files: Vec<ServedFile>,
    /// Redirect and header rules as JSON text, as the edge reads it; empty for none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub rules: String,
}

/// A file the edge serves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServedFile {
    /// Path, beginning with a slash.
    pub path: String,
    /// Blob digest (SHA-256).
    pub blob: String,
    /// SHA-1, as the API shows it.
    pub sha1: String,
    /// Bytes.
    pub size: u64,
    /// Media type with charset where it matters.
    pub mime: String,
    /// Gzip form, where it pays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gzip: Option<Variant>,
    /// Brotli form, where it pays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub br: Option<Variant>,
}

/// A compressed form of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variant {
    /// Blob digest (SHA-256).
    pub blob: String,
    /// Bytes.
    pub size: u64,
}

/// Writes a deploy's digest down, in place of an earlier one.
///
/// # Errors
/// When the database fails.
pub async fn put_manifest(tx: &mut Tx, deploy_id: &str, manifest: &Manifest) -> Result<()> {
    let upsert = q!(
        "INSERT INTO deploy_manifests (deploy_id, files, functions, served) VALUES ($1, $2, $3, '')
         ON CONFLICT (deploy_id) DO UPDATE SET files = excluded.files, functions = excluded.functions, served = ''",
        deploy_id,
        json(&manifest.files),
        json(&manifest.functions)
    );
    tx.run(upsert).await.map(|_| ())
}

/// A deploy's digest.
///
/// # Errors
/// When the database fails.
pub async fn manifest(db: &mut Conn, deploy_id: &str) -> Result<Option<Manifest>> {
    let select = q!("SELECT files, functions FROM deploy_manifests WHERE deploy_id = $1", deploy_id);
    let Some(row) = db.row(select).await? else { return Ok(None) };
    Ok(Some(Manifest { files: row.json("files")?, functions: row.json("functions")? }))
}

/// Writes the functions of a digest back, with what their uploads told.
///
/// # Errors
/// When the database fails.
pub async fn put_functions(
    tx: &mut Tx,
    deploy_id: &str,
    functions: &BTreeMap<String, FunctionZip>,
) -> Result<()> {
    let update =
        q!("UPDATE deploy_manifests SET functions = $2 WHERE deploy_id = $1", deploy_id, json(functions));
    tx.run(update).await.map(|_| ())
}

/// Writes down what the edge serves.
///
/// # Errors
/// When the database fails.
pub async fn put_served(tx: &mut Tx, deploy_id: &str, served: &Served) -> Result<()> {
    let update = q!("UPDATE deploy_manifests SET served = $2 WHERE deploy_id = $1", deploy_id, json(served));
    tx.run(update).await.map(|_| ())
}

/// What the edge serves; none before the deploy is ready.
///
/// # Errors
/// When the database fails.
pub async fn served(db: &mut Conn, deploy_id: &str) -> Result<Option<Served>> {
    let select = q!("SELECT served FROM deploy_manifests WHERE deploy_id = $1 AND served <> ''", deploy_id);
    db.row(select).await?.map(|row| row.json("served")).transpose()
}

/// Notes which digests must be uploaded.
///
/// # Errors
/// When the database fails.
pub async fn expect_uploads(
    tx: &mut Tx,
    deploy_id: &str,
    kind: UploadKind,
    digests: &[String],
) -> Result<()> {
    for digest in digests {
        let insert = q!(
            "INSERT INTO deploy_uploads (deploy_id, kind, digest) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            deploy_id,
            kind.as_str(),
            digest
        );
        tx.run(insert).await?;
    }
    Ok(())
}

/// Forgets every expected upload of a deploy.
///
/// # Errors
/// When the database fails.
pub async fn expect_nothing(tx: &mut Tx, deploy_id: &str) -> Result<()> {
    tx.run(q!("DELETE FROM deploy_uploads WHERE deploy_id = $1", deploy_id)).await.map(|_| ())
}

/// Digests still missing.
///
/// # Errors
/// When the database fails.
pub async fn missing(db: &mut Conn, deploy_id: &str, kind: UploadKind) -> Result<Vec<String>> {
    let select = q!(
        "SELECT digest FROM deploy_uploads WHERE deploy_id = $1 AND kind = $2 ORDER BY digest",
        deploy_id,
        kind.as_str()
    );
    db.rows(select).await?.iter().map(|row| row.text("digest")).collect()
}

/// Crosses an upload off. How many are still missing when it was one of them, none when it was not
/// waited for.
///
/// # Errors
/// When the database fails.
pub async fn arrived(tx: &mut Tx, deploy_id: &str, kind: UploadKind, digest: &str) -> Result<Option<i64>> {
    let delete = q!(
        "DELETE FROM deploy_uploads WHERE deploy_id = $1 AND kind = $2 AND digest = $3",
        deploy_id,
        kind.as_str(),
        digest
    );
    if tx.run(delete).await? == 0 {
        return Ok(None);
    }
    let count = q!("UPDATE deploys SET pending = pending - 1 WHERE id = $1 RETURNING pending", deploy_id);
    tx.row(count).await?.map(|row| row.int("pending")).transpose()
}

/// How many uploads of a deploy are still missing, if this one is among them.
///
/// # Errors
/// When the database fails.
pub async fn awaited(db: &mut Conn, deploy_id: &str, kind: UploadKind, digest: &str) -> Result<Option<i64>> {
    let select = q!(
        "SELECT deploys.pending FROM deploy_uploads JOIN deploys ON deploys.id = deploy_uploads.deploy_id
         WHERE deploy_uploads.deploy_id = $1 AND deploy_uploads.kind = $2 AND deploy_uploads.digest = $3",
        deploy_id,
        kind.as_str(),
        digest
    );
    db.row(select).await?.map(|row| row.int("pending")).transpose()
}

/// Crosses many uploads off. Which of them were waited for, and how many are still missing.
///
/// # Errors
/// When the database fails.
pub async fn arrived_together(
    tx: &mut Tx,
    deploy_id: &str,
    kind: UploadKind,
    digests: &[&str],
) -> Result<(HashSet<String>, i64)> {
    let sql = match tx.engine() {
        Engine::Sqlite => {
            "DELETE FROM deploy_uploads WHERE deploy_id = $1 AND kind = $2
             AND digest IN (SELECT value FROM json_each($3)) RETURNING digest"
        }
        Engine::Postgres => {
            "DELETE FROM deploy_uploads WHERE deploy_id = $1 AND kind = $2
             AND digest IN (SELECT json_array_elements_text($3::json)) RETURNING digest"
        }
    };
    let rows = tx.rows(q!(sql, deploy_id, kind.as_str(), json(&digests))).await?;
    let crossed = rows.iter().map(|row| row.text("digest")).collect::<Result<HashSet<_>>>()?;
    let fewer = i64::try_from(crossed.len()).unwrap_or(i64::MAX);
    let count =
        q!("UPDATE deploys SET pending = pending - $2 WHERE id = $1 RETURNING pending", deploy_id, fewer);
    let left = tx.row(count).await?.map(|row| row.int("pending")).transpose()?;
    Ok((crossed, left.unwrap_or(0)))
}
