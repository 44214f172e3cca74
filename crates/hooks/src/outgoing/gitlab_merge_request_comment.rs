//! Target `gitlab_merge_request_comment`: one note on a merge request, edited with every deploy
//! (seed 003).

use super::git_host::comment::{Comments, Dialect};
use super::gitlab::{Gitlab, HOST, SCOPE};
use http::Method;

impl Comments for Gitlab {
    const DIALECT: Dialect = Dialect {
        host: HOST,
        scope: SCOPE,
        all: |repo, review| vec!["projects", repo, "merge_requests", review, "notes"],
        one: |repo, review, id| vec!["projects", repo, "merge_requests", review, "notes", id],
        edit: Method::PUT,
        order: &[("order_by", "created_at"), ("sort", "asc")],
    };
}
