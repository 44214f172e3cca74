//! What visitors sent with forms.

pub(crate) mod delete_submission;
pub(crate) mod download_submission_file;
pub(crate) mod export_form_submissions;
pub(crate) mod list_form_submission;
pub(crate) mod list_form_submissions;
pub(crate) mod list_site_submissions;
pub(crate) mod mark_submission_ham;
pub(crate) mod mark_submission_spam;

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use context::{Error, Result};
use store::submissions::SubmissionState;

/// The state that is asked for: what is no spam, unless the query says otherwise.
fn state(call: &Call) -> Result<SubmissionState> {
    match call.query("state") {
        None | Some("verified" | "ham") => Ok(SubmissionState::Verified),
        Some("spam") => Ok(SubmissionState::Spam),
        Some(_) => Err(Error::Invalid("state is one of: verified, spam".to_owned())),
    }
}

/// A page of submissions of the site that the route resolves.
async fn listed(call: Call, form_id: Option<&str>) -> Outcome {
    let (state, page) = (state(&call)?, call.page());
    let found = ::forms::list_submissions(&call.cx, call.site()?, form_id, state, page).await?;
    Ok(Reply::list(&found, page, &call))
}

/// Marks the submission of the path and shows it.
async fn marked(call: Call, state: SubmissionState) -> Outcome {
    let id = call.param("submission_id");
    ::forms::mark(&call.cx, id, state).await?;
    Ok(Reply::json(&::forms::get_submission(&call.cx, call.site()?, id).await?))
}
