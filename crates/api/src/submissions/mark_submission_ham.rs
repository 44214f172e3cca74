//! `PUT /submissions/{submission_id}/ham`: puts a submission back into the lists.

use super::marked;
use crate::call::{Call, Outcome};
use store::submissions::SubmissionState;

pub(crate) async fn handle(call: Call) -> Outcome {
    marked(call, SubmissionState::Verified).await
}
