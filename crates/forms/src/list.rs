//! The forms of a site.

use context::{Context, Result};
use model::Form;
use store::forms::{self, FormRow, Tally};

/// All forms of a site by name, each with what was sent with it.
///
/// # Errors
/// When the database fails.
pub async fn list(cx: &Context, site_id: &str) -> Result<Vec<Form>> {
    let mut db = cx.read().await?;
    let rows = forms::list(&mut db, site_id).await?;
    let tallies = forms::tallies(&mut db, site_id).await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let tally = tallies.get(&row.id).copied();
            form(row, tally)
        })
        .collect())
}

fn form(row: FormRow, tally: Option<Tally>) -> Form {
    Form {
        id: row.id,
        site_id: row.site_id,
        name: row.name,
        paths: row.doc.paths,
        submission_count: tally.map_or(0, |tally| i32::try_from(tally.count).unwrap_or(i32::MAX)),
        last_submission_at: tally.map(|tally| tally.last),
        fields: row.doc.fields,
        honeypot: row.doc.honeypot.is_some(),
        created_at: row.created_at,
    }
}
