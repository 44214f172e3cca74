//! Targets `github_commit_comment` and `github_app_review_comment`: one comment on a pull request,
//! edited with every deploy (seed 003; the second for public scripts that make it).

use super::git_host::comment::{self, Comments, Dialect};
use super::github::{Github, HOST, app_access, repos};
use super::{Gear, Message, Tried};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::Method;

/// A pull request's conversation is that of the issue of the same number.
const DIALECT: Dialect = Dialect {
    host: HOST,
    scope: "the scope `public_repo`, or `repo` for a private repository (a fine-grained token: pull requests, read and write)",
    all: |repo, review| repos(repo, &["issues", review, "comments"]),
    one: |repo, _, id| repos(repo, &["issues", "comments", id]),
    edit: Method::PATCH,
    order: &[],
};

impl Comments for Github {
    const DIALECT: Dialect = DIALECT;
}

pub(crate) fn send_app<'a>(gear: &'a Gear, message: &'a Message<'a>) -> BoxFuture<'a, Tried> {
    comment::send_as(gear, message, &DIALECT, app_access(gear, message)).boxed()
}
