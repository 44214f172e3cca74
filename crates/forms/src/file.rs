//! A file that a visitor sent.

use context::{Context, Error, Result};
use store::blob::BlobStream;
use store::submissions::{self, SentValue};

/// A file on its way out.
pub struct Download {
    /// Name it was sent under: letters a stranger chose.
    pub filename: String,
    /// Bytes.
    pub size: u64,
    /// Its content.
    pub content: BlobStream,
}

/// The file in a field of a submission.
///
/// # Errors
/// `NotFound` when there is no such submission, field or file.
pub async fn file(cx: &Context, submission_id: &str, field: &str) -> Result<Download> {
    let row = submissions::find(&mut cx.read().await?, submission_id).await?.ok_or(Error::NotFound)?;
    let values = row.sent.fields.into_iter().filter(|sent| sent.name == field).flat_map(|sent| sent.values);
    let mut files = values.filter_map(|value| match value {
        SentValue::File(file) => Some(file),
        SentValue::Text(_) => None,
    });
    let file = files.next().ok_or(Error::NotFound)?;
    let content = cx.blobs.stream(&file.blob, 0..file.size).await?;
    Ok(Download { filename: file.filename, size: file.size, content })
}
