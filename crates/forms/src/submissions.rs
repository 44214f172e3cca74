//! What can be done with submissions that are kept.

use crate::derive;
use context::{Context, Error, Result};
use model::{Page, Submission};
use store::sites::SiteRow;
use store::submissions::{self, Of, SubmissionState};

/// A page of submissions of the site, or of one of its forms, newest first.
///
/// # Errors
/// When the database fails.
pub async fn list(
    cx: &Context,
    site: &SiteRow,
    form_id: Option<&str>,
    state: SubmissionState,
    page: Page,
) -> Result<Vec<Submission>> {
    let of = form_id.map_or(Of::Site(&site.id), Of::Form);
    let rows = submissions::list(&mut cx.read().await?, of, state, page).await?;
    let site_url = url(cx, site);
    Ok(rows.into_iter().map(|row| derive::submission(row, cx.addresses(), &site_url)).collect())
}

/// One submission of the site.
///
/// # Errors
/// `NotFound` when there is no such submission.
pub async fn get(cx: &Context, site: &SiteRow, id: &str) -> Result<Submission> {
    let row = submissions::find(&mut cx.read().await?, id).await?.ok_or(Error::NotFound)?;
    Ok(derive::submission(row, cx.addresses(), &url(cx, site)))
}

/// Says whether a submission is spam.
///
/// # Errors
/// `NotFound` when there is no such submission.
pub async fn mark(cx: &Context, id: &str, state: SubmissionState) -> Result<()> {
    let mut tx = cx.begin().await?;
    if !submissions::set_state(&mut tx, id, state).await? {
        return Err(Error::NotFound);
    }
    Ok(tx.commit().await?)
}

/// Deletes a submission. The content of its files may be shared and stays.
///
/// # Errors
/// `NotFound` when there is no such submission.
pub async fn delete(cx: &Context, id: &str) -> Result<()> {
    let mut tx = cx.begin().await?;
    if !submissions::delete(&mut tx, id).await? {
        return Err(Error::NotFound);
    }
    Ok(tx.commit().await?)
}

fn url(cx: &Context, site: &SiteRow) -> String {
    cx.addresses().primary_url(&site.name, site.info.custom_domain.as_deref())
}
