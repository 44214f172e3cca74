//! The submissions of a form as a table for spreadsheets: one line each, oldest first. Read twice,
//! once for its columns and once for its lines, so that it takes the memory of a few lines only.

use crate::limits::COLUMNS;
use bytes::Bytes;
use context::{Context, Error, Result};
use futures_util::stream::{BoxStream, StreamExt as _, try_unfold};
use model::Addresses;
use store::submissions::{self, SentValue, SubmissionRow, SubmissionState};
use store::{Conn, forms};

/// Submissions read at once.
const BATCH: i64 = 100;
/// Columns before those of the fields, and behind them.
const BEFORE: [&str; 2] = ["number", "created_at"];
const BEHIND: [&str; 3] = ["ip", "user_agent", "referrer"];

/// The table as it is made.
pub type Csv = BoxStream<'static, Result<Bytes>>;

/// The submissions of a form in one state, as CSV in UTF-8.
///
/// # Errors
/// `NotFound` when there is no such form; else when the database fails.
pub async fn export(cx: &Context, form_id: &str, state: SubmissionState) -> Result<Csv> {
    let mut db = cx.read().await?;
    let (columns, last) = columns(&mut db, form_id, state).await?;
    let head = BEFORE.into_iter().chain(columns.iter().map(String::as_str)).chain(BEHIND);
    let head = line(head.map(str::to_owned))?;
    let table = Table { cx: cx.clone(), form_id: form_id.to_owned(), state, columns, last };
    let lines = try_unfold((table, 0), |(table, after)| async move {
        let Some((lines, after)) = table.lines(after).await? else { return Ok(None) };
        Ok(Some((lines, (table, after))))
    });
    Ok(futures_util::stream::iter([Ok(head)]).chain(lines).boxed())
}

/// Fields of the form and of what was sent with it, and the number of the last submission.
async fn columns(db: &mut Conn, form_id: &str, state: SubmissionState) -> Result<(Vec<String>, i64)> {
    let form = forms::find(db, form_id).await?.ok_or(Error::NotFound)?;
    let honeypot = form.doc.honeypot;
    let fields = form.doc.fields.into_iter().map(|field| field.name);
    let mut columns: Vec<String> = fields.filter(|name| Some(name) != honeypot.as_ref()).collect();
    let mut last = 0;
    loop {
        let rows = submissions::after(db, form_id, state, last, BATCH).await?;
        let Some(end) = rows.last() else { return Ok((columns, last)) };
        last = end.number;
        let names = rows.into_iter().flat_map(|row| row.sent.fields).map(|field| field.name);
        names.for_each(|name| add(&mut columns, name));
    }
}

fn add(columns: &mut Vec<String>, name: String) {
    if columns.len() < COLUMNS && !columns.contains(&name) {
        columns.push(name);
    }
}

struct Table {
    cx: Context,
    form_id: String,
    state: SubmissionState,
    columns: Vec<String>,
    /// Number of the last submission to show: later ones may have other fields.
    last: i64,
}

impl Table {
    /// The lines behind a number, and the number of the last of them.
    async fn lines(&self, after: i64) -> Result<Option<(Bytes, i64)>> {
        let mut db = self.cx.read().await?;
        let mut rows = submissions::after(&mut db, &self.form_id, self.state, after, BATCH).await?;
        rows.retain(|row| row.number <= self.last);
        let Some(end) = rows.last().map(|row| row.number) else { return Ok(None) };
        let mut lines = Vec::new();
        for row in &rows {
            lines.extend(line(self.cells(row))?);
        }
        Ok(Some((lines.into(), end)))
    }

    fn cells<'a>(&'a self, row: &'a SubmissionRow) -> impl Iterator<Item = String> + 'a {
        let addresses = self.cx.addresses();
        let before = [row.number.to_string(), row.created_at.to_string()];
        let fields = self.columns.iter().map(move |name| cell(row, name, addresses));
        let behind = [&row.sent.ip, &row.sent.user_agent, &row.sent.referrer].map(String::clone);
        before.into_iter().chain(fields).chain(behind)
    }
}

/// Everything that was sent in a field.
fn cell(row: &SubmissionRow, name: &str, addresses: &Addresses) -> String {
    let values = row.sent.fields.iter().filter(|field| field.name == name).flat_map(|field| {
        field.values.iter().map(move |value| match value {
            SentValue::Text(text) => text.clone(),
            SentValue::File(_) => crate::derive::file_url(addresses, &row.id, &field.name),
        })
    });
    values.collect::<Vec<_>>().join(", ")
}

fn line(cells: impl Iterator<Item = String>) -> Result<Bytes> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(cells.map(harmless)).map_err(Error::internal)?;
    let line = writer.into_inner().map_err(|error| Error::internal(error.to_string()))?;
    Ok(line.into())
}

/// A cell that no spreadsheet takes for a formula (OWASP, CSV injection).
fn harmless(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) { format!("'{cell}") } else { cell }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_each_column_once_and_only_so_many() {
        let mut columns = Vec::new();
        for n in (0..=COLUMNS).chain(0..=COLUMNS) {
            add(&mut columns, n.to_string());
        }
        assert_eq!((columns.len(), columns[COLUMNS - 1].as_str()), (COLUMNS, "999"));
    }

    #[test]
    fn cells_are_quoted_and_are_no_formulas() {
        for (cell, expect) in [
            ("plain", "plain\n"),
            ("a,\"b\"\nc", "\"a,\"\"b\"\"\nc\"\n"),
            ("=1+1", "'=1+1\n"),
            ("+1", "'+1\n"),
            ("-1", "'-1\n"),
            ("@x", "'@x\n"),
            ("\t=1", "'\t=1\n"),
            ("a=1", "a=1\n"),
            ("", "\"\"\n"),
        ] {
            let line = line([cell.to_owned()].into_iter()).expect("memory can be written");
            assert_eq!(line, expect, "{cell}");
        }
    }
}
