//! Target `gitlab_merge_request_comment`: one note on a merge request, edited with every deploy
//! (seed 003).

use super::git_host::comment::{self, Dialect};
use super::gitlab::{HOST, SCOPE};
use super::{Gear, Message, Tried};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::Method;

const DIALECT: Dialect = Dialect {
    host: HOST,
    scope: SCOPE,
    all: |repo, review| vec!["projects", repo, "merge_requests", review, "notes"],
    one: |repo, review, id| vec!["projects", repo, "merge_requests", review, "notes", id],
    edit: Method::PUT,
    order: &[("order_by", "created_at"), ("sort", "asc")],
};

pub(crate) fn send<'a>(gear: &'a Gear, message: &'a Message<'a>) -> BoxFuture<'a, Tried> {
    comment::send(gear, message, &DIALECT).boxed()
}
