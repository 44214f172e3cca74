//! GitLab, the public one and those that people run themselves: where its API is and how it is
//! spoken to.

use super::git_host::{Host, REPO, api_url, token};
use crate::targets::Field;

/// GitLab, as the targets name it.
pub(crate) struct Gitlab;

pub(crate) const HOST: Host = Host {
    name: "GitLab",
    provider: "gitlab",
    api: Some("https://gitlab.com/api/v4"),
    api_path: "/api/v4",
    nested: true,
    // this form is read for personal, group and project tokens alike, and for those of OAuth
    authorization: |token| format!("Bearer {token}"),
    headers: &[],
};

/// Settings of both types.
pub(crate) const FIELDS: &[Field] = &[
    token("Access token of GitLab with the scope api, of a person, group or project"),
    Field { title: "Project as group/name, when it is not the one the site is linked to", ..REPO },
    api_url("Address of your own GitLab server; empty for gitlab.com", false),
];

/// What the token must be allowed to do.
pub(crate) const SCOPE: &str = "the scope `api` and at least the role Developer in the project";
