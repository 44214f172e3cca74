//! What visitors sent with forms.

use crate::query::{Row, json, q, selects};
use crate::{Conn, Result, Tx};
use model::{Page, Timestamp};
use serde::{Deserialize, Serialize};

/// Whether a submission is taken for real.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SubmissionState {
    /// Yes.
    #[default]
    Verified,
    /// No: somebody marked it.
    Spam,
}

impl SubmissionState {
    /// The state's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Spam => "spam",
        }
    }
}

/// What came in, before anything is made of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sent {
    /// Fields in the order of their first value.
    pub fields: Vec<SentField>,
    /// Address it came from.
    pub ip: String,
    /// `User-Agent` of the request; empty when it had none.
    pub user_agent: String,
    /// `Referer` of the request; empty when it had none.
    pub referrer: String,
}

/// A field and everything that was sent under its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentField {
    /// Its name.
    pub name: String,
    /// At least one value.
    pub values: Vec<SentValue>,
}

/// One value of a field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SentValue {
    /// Text.
    Text(String),
    /// A file.
    File(SentFile),
}

/// A file that was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentFile {
    /// Name without folders.
    pub filename: String,
    /// Media type as the sender calls it.
    #[serde(rename = "type")]
    pub kind: String,
    /// Bytes.
    pub size: u64,
    /// Blob with its content.
    pub blob: String,
}

/// A submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubmissionRow {
    /// 24 hex digits.
    pub id: String,
    /// The site.
    pub site_id: String,
    /// The form.
    pub form_id: String,
    /// The form's name; known from the form, not kept here.
    pub form_name: String,
    /// Number within the site, from 1.
    pub number: i64,
    /// Whether it is taken for real.
    pub state: SubmissionState,
    /// What came in.
    pub sent: Sent,
    /// When it came.
    pub created_at: Timestamp,
}

/// Whose submissions to list.
#[derive(Clone, Copy, Debug)]
pub enum Of<'a> {
    /// All of a site.
    Site(&'a str),
    /// Those of a form.
    Form(&'a str),
}

/// The next number of a site. Others who ask wait until this transaction ends, so that numbers
/// follow the order of commits without gaps.
///
/// # Errors
/// When the database fails.
pub async fn next_number(tx: &mut Tx, site_id: &str) -> Result<i64> {
    let next = q!(
        "INSERT INTO submission_numbers (site_id, last) VALUES ($1, 1)
         ON CONFLICT (site_id) DO UPDATE SET last = submission_numbers.last + 1 RETURNING last",
        site_id
    );
    tx.row(next).await?.map_or(Ok(1), |row| row.int("last"))
}

/// Writes a submission down.
///
/// # Errors
/// When the database fails.
pub async fn insert(tx: &mut Tx, submission: &SubmissionRow) -> Result<()> {
    let insert = q!(
        "INSERT INTO submissions (id, site_id, form_id, number, state, sent, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        &submission.id,
        &submission.site_id,
        &submission.form_id,
        submission.number,
        submission.state.as_str(),
        json(&submission.sent),
        submission.created_at
    );
    tx.run(insert).await.map(|_| ())
}

selects!(
    select,
    "SELECT s.id, s.site_id, s.form_id, f.name AS form_name, s.number, s.state, s.sent, s.created_at
     FROM submissions s JOIN forms f ON f.id = s.form_id "
);

/// One submission.
///
/// # Errors
/// When the database fails.
pub async fn find(db: &mut Conn, id: &str) -> Result<Option<SubmissionRow>> {
    let select = q!(select!("WHERE s.id = $1"), id);
    db.row(select).await?.as_ref().map(read).transpose()
}

/// A page of submissions, newest first.
///
/// # Errors
/// When the database fails.
pub async fn list(
    db: &mut Conn,
    of: Of<'_>,
    state: SubmissionState,
    page: Page,
) -> Result<Vec<SubmissionRow>> {
    let (sql, id) = match of {
        Of::Site(id) => {
            (select!("WHERE s.site_id = $1 AND s.state = $2 ORDER BY s.number DESC LIMIT $3 OFFSET $4"), id)
        }
        Of::Form(id) => {
            (select!("WHERE s.form_id = $1 AND s.state = $2 ORDER BY s.number DESC LIMIT $3 OFFSET $4"), id)
        }
    };
    let select = q!(sql, id, state.as_str(), page.limit(), page.offset());
    db.rows(select).await?.iter().map(read).collect()
}

/// Up to `most` submissions of a form with numbers above `after`, in the order of their numbers.
///
/// # Errors
/// When the database fails.
pub async fn after(
    db: &mut Conn,
    form_id: &str,
    state: SubmissionState,
    after: i64,
    most: i64,
) -> Result<Vec<SubmissionRow>> {
    let select = q!(
        select!("WHERE s.form_id = $1 AND s.state = $2 AND s.number > $3 ORDER BY s.number LIMIT $4"),
        form_id,
        state.as_str(),
        after,
        most
    );
    db.rows(select).await?.iter().map(read).collect()
}

/// Moves a submission to another state. False when there is no such submission.
///
/// # Errors
/// When the database fails.
pub async fn set_state(tx: &mut Tx, id: &str, state: SubmissionState) -> Result<bool> {
    Ok(tx.run(q!("UPDATE submissions SET state = $2 WHERE id = $1", id, state.as_str())).await? > 0)
}

/// Deletes a submission. False when there is no such submission.
///
/// # Errors
/// When the database fails.
pub async fn delete(tx: &mut Tx, id: &str) -> Result<bool> {
    Ok(tx.run(q!("DELETE FROM submissions WHERE id = $1", id)).await? > 0)
}

fn read(row: &Row) -> Result<SubmissionRow> {
    let state = match row.text("state")?.as_str() {
        "spam" => SubmissionState::Spam,
        _ => SubmissionState::Verified,
    };
    Ok(SubmissionRow {
        id: row.text("id")?,
        site_id: row.text("site_id")?,
        form_id: row.text("form_id")?,
        form_name: row.text("form_name")?,
        number: row.int("number")?,
        state,
        sent: row.json("sent")?,
        created_at: row.time("created_at")?,
    })
}
