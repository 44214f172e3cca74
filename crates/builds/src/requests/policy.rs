//! What becomes of a build whose code is not trusted, and what its deploy says about secrets. Pure.

use crate::Cause;
use model::UntrustedFlow;
use serde_json::{Value, json};
use store::deploys::DeployInfo;

/// Title of the message in the summary of a deploy that is built without secrets.
pub const WITHHELD: &str = "Built without sensitive variables";
/// The same of a deploy for which a person gave them out.
pub const GRANTED: &str = "Built with sensitive variables";

const WHY_WITHHELD: &str = "The author of this code is not trusted on this site, so variables that are \
                            marked as secret are withheld from its build.";
const WHY_GRANTED: &str = "The author of this code is not trusted on this site; whoever accepted the \
                           deploy request let its build have the variables that are marked as secret.";

/// What to do with a build that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It begins when there is a place.
    Build,
    /// It waits for a person.
    Hold,
}

/// What the site's policy says about a build. Code that a person let through waits no second time.
pub(crate) fn judge(policy: UntrustedFlow, cause: &Cause) -> Result<Verdict, String> {
    if !cause.untrusted || cause.accepted.is_some() {
        return Ok(Verdict::Build);
    }
    let names_commit = cause.push.as_ref().is_some_and(|push| push.commit.is_some());
    match policy {
        UntrustedFlow::Redact => Ok(Verdict::Build),
        UntrustedFlow::Review if names_commit => Ok(Verdict::Hold),
        UntrustedFlow::Review => Err("a deploy request must name its commit: what is reviewed must be what \
                                      is built"
            .to_owned()),
        UntrustedFlow::Never => Err("the site builds no code of people who are not trusted \
                                     (its untrusted_flow is `never`)"
            .to_owned()),
    }
}

/// Notes in the deploy's summary what its build gets to see. Checks of the files follow when it is
/// made ready.
pub(crate) fn mark(info: &mut DeployInfo, cause: &Cause) {
    let said = if cause.untrusted {
        Some(message("warning", WITHHELD, WHY_WITHHELD))
    } else {
        cause.accepted.as_ref().map(|_| message("warning", GRANTED, WHY_GRANTED))
    };
    if let Some(said) = said {
        info.summary = Some(json!({ "status": "pending", "messages": [said] }));
    }
}

fn message(kind: &str, title: &str, description: &str) -> Value {
    json!({ "type": kind, "title": title, "description": description })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Accepted, Push};

    fn cause(untrusted: bool, commit: Option<&str>, accepted: Option<bool>) -> Cause {
        Cause {
            untrusted,
            push: Some(Push { commit: commit.map(Into::into), ..Push::default() }),
            accepted: accepted.map(|with_secrets| Accepted { with_secrets, ..Accepted::default() }),
            ..Cause::default()
        }
    }

    #[test]
    fn the_policy_decides_about_untrusted_code_alone() {
        use UntrustedFlow::{Never, Redact, Review};
        let build = Some(Verdict::Build);
        for (policy, cause, expect) in [
            (Review, cause(true, Some("c"), None), Some(Verdict::Hold)),
            (Review, cause(true, None, None), None),
            (Review, Cause { untrusted: true, ..Cause::default() }, None),
            (Redact, cause(true, Some("c"), None), build),
            (Never, cause(true, Some("c"), None), None),
            (Review, cause(true, Some("c"), Some(false)), build),
            (Never, cause(false, Some("c"), Some(true)), build),
            (Review, cause(false, None, None), build),
            (Never, cause(false, None, None), build),
        ] {
            assert_eq!(judge(policy, &cause).ok(), expect, "{policy:?} {cause:?}");
        }
        assert_eq!(UntrustedFlow::default(), Review);
    }

    #[test]
    fn the_summary_says_what_a_build_gets() {
        let title = |cause: Cause| {
            let mut info = DeployInfo::default();
            mark(&mut info, &cause);
            info.summary.map(|summary| summary["messages"][0]["title"].clone())
        };
        assert_eq!(title(cause(true, None, None)), Some(WITHHELD.into()));
        assert_eq!(title(cause(true, None, Some(false))), Some(WITHHELD.into()));
        assert_eq!(title(cause(false, None, Some(true))), Some(GRANTED.into()));
        assert_eq!(title(cause(false, None, None)), None);
    }
}
