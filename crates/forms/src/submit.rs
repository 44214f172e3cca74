//! A visitor sent a form: the submission and its event come to be together.

use crate::derive;
use context::{Context, Error, Result};
use events::Event;
use store::submissions::{self, Sent, SubmissionRow, SubmissionState};
use store::{forms, sites};

/// Keeps a submission and tells of it.
///
/// # Errors
/// `NotFound` when the form is gone; else when the database fails. Nothing is kept then.
pub async fn submit(cx: &Context, form_id: &str, sent: Sent) -> Result<()> {
    let mut tx = cx.begin().await?;
    let form = forms::find(&mut tx, form_id).await?.ok_or(Error::NotFound)?;
    let site = sites::find(&mut tx, &form.site_id).await?.ok_or(Error::NotFound)?;
    let row = SubmissionRow {
        id: cx.id(),
        number: submissions::next_number(&mut tx, &site.id).await?,
        site_id: form.site_id,
        form_id: form.id,
        form_name: form.name,
        state: SubmissionState::Verified,
        sent,
        created_at: cx.now(),
    };
    submissions::insert(&mut tx, &row).await?;
    let site_url = cx.addresses().primary_url(&site.name, site.info.custom_domain.as_deref());
    let submission = derive::submission(row, cx.addresses(), &site_url);
    let event = Event::SubmissionCreated(Box::new(submission));
    events::record(&mut tx, cx, &site.account_id, &site.id, &event).await?;
    Ok(tx.commit().await?)
}
