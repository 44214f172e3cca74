//! A person refuses a waiting build.

use super::open::{Request, open, refuse};
use context::{Context, Error, Result};
use model::DeployState;
use store::deploys::DeployRow;

/// Longest reason that a person may give, in characters.
pub const REASON_MAX: usize = 500;

/// A no to a deploy request.
#[derive(Clone, Debug, Default)]
pub struct Reject {
    /// Why, for whoever reads the deploy; at most [`REASON_MAX`] characters.
    pub reason: Option<String>,
}

/// Refuses a deploy request, ends its build, and records `deploy_request_rejected`. Refusing it again
/// changes nothing.
///
/// # Errors
/// `Invalid` when the reason is too long; `NotFound` when there is no such deploy; `Unprocessable`
/// when it is no deploy request, was accepted, or has ended.
pub async fn reject(cx: &Context, deploy_id: &str, no: Reject) -> Result<DeployRow> {
    let message = message(no.reason.as_deref())?;
    let mut tx = cx.begin().await?;
    let Request { site, mut deploy, .. } = open(&mut tx, deploy_id).await?;
    match deploy.state {
        DeployState::PendingReview => {}
        DeployState::Rejected => return Ok(deploy),
        DeployState::Error => return Err(unfit("the deploy request has ended already")),
        _ => return Err(unfit("the deploy does not wait for a review; cancel it instead")),
    }
    refuse(&mut tx, cx, &site, &mut deploy, &message).await?;
    tx.commit().await?;
    Ok(deploy)
}

fn message(reason: Option<&str>) -> Result<String> {
    match reason.map(str::trim).filter(|reason| !reason.is_empty()) {
        None => Ok("The deploy request was rejected.".to_owned()),
        Some(reason) if reason.chars().count() <= REASON_MAX => {
            Ok(format!("The deploy request was rejected: {reason}"))
        }
        Some(_) => Err(Error::Invalid(format!("the reason has more than {REASON_MAX} characters"))),
    }
}

fn unfit(why: &str) -> Error {
    Error::Unprocessable(why.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_told_within_bounds() {
        for (reason, expect) in [
            (None, Some("The deploy request was rejected.")),
            (Some("  "), Some("The deploy request was rejected.")),
            (Some(" spam "), Some("The deploy request was rejected: spam")),
        ] {
            assert_eq!(message(reason).ok().as_deref(), expect);
        }
        assert!(message(Some(&"ä".repeat(REASON_MAX))).is_ok());
        assert!(matches!(message(Some(&"ä".repeat(REASON_MAX + 1))), Err(Error::Invalid(_))));
    }
}
