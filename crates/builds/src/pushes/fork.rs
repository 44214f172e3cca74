//! Forks of whose requests a host keeps nothing in the site's repository and tells shortened commits, as
//! the hosted Bitbucket does. The commit is asked for before anybody is asked about it: two with the same
//! first digits are easily made, and what a person looks at has to be what is built.

use super::rules::Wanted;
use crate::failure::Failure;
use crate::repository::tip_of_fork;
use context::{Context, Error, Result};
use store::sites::SiteRow;

/// Digits of a shortened commit that are the fewest anybody tells.
const DIGITS_LEAST: usize = 7;

/// A build that a webhook asks for, with its whole commit; or why there is none.
pub(super) async fn whole(
    cx: &Context,
    site: &SiteRow,
    mut wanted: Wanted,
) -> Result<std::result::Result<Wanted, String>> {
    let branch = wanted.cause.branch.clone().unwrap_or_default();
    let Some(push) = wanted.cause.push.as_mut() else { return Ok(Ok(wanted)) };
    let (Some(fork), None) = (&push.fork, &push.commit) else { return Ok(Ok(wanted)) };
    let tip = match tip_of_fork(cx, site, fork, &branch).await {
        Ok(tip) => tip,
        Err(Failure::Build(why)) => return Ok(Err(why)),
        Err(Failure::Server(error)) => return Err(error),
        Err(Failure::Cancelled | Failure::Skipped(_)) => return Err(Error::internal("nobody stops this")),
    };
    let told = &wanted.news.commit;
    if !is_shortened(told, &tip) {
        return Ok(Err(format!(
            "its branch is at {tip} by now and not at {told}; a webhook of its own tells of that"
        )));
    }
    push.commit_url = push.commit_url.take().map(|url| url.replace(told.as_str(), &tip));
    push.commit = Some(tip);
    Ok(Ok(wanted))
}

fn is_shortened(told: &str, whole: &str) -> bool {
    told.len() >= DIGITS_LEAST && whole.starts_with(told)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shortened_commit_is_the_beginning_of_the_whole_one() {
        let whole = "0123456789abcdef0123456789abcdef01234567";
        for (told, expect) in [
            ("0123456789ab", true),
            (whole, true),
            ("0123456", true),
            ("012345", false),
            ("", false),
            ("1123456789ab", false),
        ] {
            assert_eq!(is_shortened(told, whole), expect, "{told}");
        }
    }
}
