//! `PUT /submissions/{submission_id}/spam`: takes a submission out of the lists.

use super::marked;
use crate::call::{Call, Outcome};
use store::submissions::SubmissionState;

pub(crate) async fn handle(call: Call) -> Outcome {
    marked(call, SubmissionState::Spam).await
}
