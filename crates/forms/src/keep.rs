//! Writes the forms of a deploy down in the transaction that makes it ready.

use crate::limits::FORMS_PER_SITE;
use crate::{Finds, READER, Scan};
use context::{Context, Error, Result};
use std::collections::HashMap;
use store::Tx;
use store::forms::{self, FormRow};

/// Keeps the forms of a deploy, and what was read of its pages. A deploy that goes live replaces what was known of forms of the same
/// names; any other one only adds those that are new. A form that no page has any more stays.
///
/// # Errors
/// When the database fails.
pub async fn keep(tx: &mut Tx, cx: &Context, site_id: &str, finds: &mut Finds, live: bool) -> Result<()> {
    remember(tx, &std::mem::take(&mut finds.fresh)).await?;
    if finds.forms.is_empty() {
        return Ok(());
    }
    let known = forms::list(tx, site_id).await?;
    let mut count = known.len();
    let known: HashMap<String, FormRow> = known.into_iter().map(|row| (row.name.clone(), row)).collect();
    let mut left_out = Vec::new();
    for (name, doc) in &finds.forms {
        let same = known.get(name).is_some_and(|row| !live || row.doc == *doc);
        if same {
            continue;
        }
        if !known.contains_key(name) && count >= FORMS_PER_SITE {
            left_out.push(name.clone());
            continue;
        }
        count += usize::from(!known.contains_key(name));
        let row = FormRow {
            id: cx.id(),
            site_id: site_id.to_owned(),
            name: name.clone(),
            doc: doc.clone(),
            created_at: cx.now(),
            updated_at: cx.now(),
        };
        forms::put(tx, &row).await?;
    }
    for name in left_out {
        let what = format!("form \"{name}\" is not received: a site can have at most {FORMS_PER_SITE} forms");
        finds.note("Too many forms", &what);
    }
    Ok(())
}

/// Remembers what is in pages, by their blobs.
///
/// # Errors
/// When the database fails.
pub async fn remember(tx: &mut Tx, scans: &[(String, Scan)]) -> Result<()> {
    for (blob, scan) in scans {
        let scan = serde_json::to_string(scan).map_err(Error::internal)?;
        forms::put_scan(tx, READER, blob, &scan).await?;
    }
    Ok(())
}
