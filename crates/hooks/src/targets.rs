//! What hooks can deliver to: one row for each target. `GET /hooks/types`, the checks of a hook's
//! settings and the sending all read this table.

use crate::outgoing::bitbucket_commit_status::Bitbucket;
use crate::outgoing::git_host::{comment, status};
use crate::outgoing::gitea_commit_status::Gitea;
use crate::outgoing::github::Github;
use crate::outgoing::gitlab::Gitlab;
use crate::outgoing::{self, Gear, Message, Tried};
use context::{Error, Result};
use futures_util::future::BoxFuture;
use serde_json::{Map, Value};

/// One setting of a target.
pub(crate) struct Field {
    /// Key in `data`, in snake case.
    pub(crate) name: &'static str,
    /// `text`, `url`, `email`, or `secret`, which is sealed and never shown.
    pub(crate) kind: &'static str,
    pub(crate) title: &'static str,
    pub(crate) required: bool,
}

/// Sends one message and says how it went.
type Send = for<'a> fn(&'a Gear, &'a Message<'a>) -> BoxFuture<'a, Tried>;

/// One row.
pub(crate) struct Target {
    /// `type` of its hooks.
    pub(crate) name: &'static str,
    pub(crate) fields: &'static [Field],
    /// Whether its hooks hear of the whole life of a deploy once they listen to any event of one: a
    /// commit status that was told of the beginning must not stay pending.
    pub(crate) follows: bool,
    /// Whether several events can go out as one message.
    pub(crate) digests: bool,
    /// Judges the settings, the secret ones among them. What it says must not repeat those.
    pub(crate) check: fn(&Map<String, Value>) -> Result<()>,
    pub(crate) send: Send,
}

/// Target of hooks that name none: an older client sends no `type`.
pub(crate) const DEFAULT: &str = "url";

pub(crate) const TARGETS: &[Target] = &[
    Target {
        name: "url",
        fields: &[
            Field { name: "url", kind: "url", title: "URL to notify", required: true },
            Field { name: "signature_secret", kind: "secret", title: "JWS secret token", required: false },
        ],
        follows: false,
        digests: false,
        check: outgoing::url::check,
        send: outgoing::url::send,
    },
    Target {
        name: "email",
        fields: &[
            Field {
                name: "email",
                kind: "email",
                title: "E-mail address, or several with commas between them; the server must be set up to send mail",
                required: true,
            },
            Field {
                name: "subject_template",
                kind: "text",
                title: "Subject; {{site}}, {{event}}, {{headline}}, {{branch}}, {{form}}, {{number}} and others are filled in",
                required: false,
            },
        ],
        follows: false,
        digests: true,
        check: outgoing::email::check,
        send: outgoing::email::send,
    },
    Target {
        name: "slack",
        fields: &[WEBHOOK, CHANNEL, USERNAME],
        follows: false,
        digests: true,
        check: outgoing::check_chat,
        send: outgoing::slack::send,
    },
    Target {
        name: "mattermost",
        fields: &[WEBHOOK, CHANNEL, USERNAME],
        follows: false,
        digests: true,
        check: outgoing::check_chat,
        send: outgoing::mattermost::send,
    },
    Target {
        name: "discord",
        fields: &[WEBHOOK, USERNAME],
        follows: false,
        digests: true,
        check: outgoing::check_chat,
        send: outgoing::discord::send,
    },
    Target {
        name: "microsoft_teams",
        fields: &[WEBHOOK],
        follows: false,
        digests: true,
        check: outgoing::check_chat,
        send: outgoing::microsoft_teams::send,
    },
    Target {
        name: "github_commit_status",
        fields: outgoing::github::STATUS_FIELDS,
        follows: true,
        digests: false,
        check: status::check::<Github>,
        send: status::send::<Github>,
    },
    Target {
        name: "github_commit_comment",
        fields: outgoing::github::COMMENT_FIELDS,
        follows: true,
        digests: false,
        check: status::check::<Github>,
        send: comment::send::<Github>,
    },
    Target {
        name: "github_deployment",
        fields: outgoing::github::DEPLOYMENT_FIELDS,
        follows: true,
        digests: false,
        check: status::check::<Github>,
        send: outgoing::github_deployment::send,
    },
    Target {
        name: "github_app_commit_status",
        fields: outgoing::github::APP_FIELDS,
        follows: true,
        digests: false,
        check: outgoing::github::check_app,
        send: outgoing::github_commit_status::send_app,
    },
    Target {
        name: "github_app_checks",
        fields: outgoing::github::APP_FIELDS,
        follows: true,
        digests: false,
        check: outgoing::github::check_app,
        send: outgoing::github_app_checks::send,
    },
    Target {
        name: "github_app_review_comment",
        fields: outgoing::github::APP_FIELDS,
        follows: true,
        digests: false,
        check: outgoing::github::check_app,
        send: outgoing::github_commit_comment::send_app,
    },
    Target {
        name: "gitlab_commit_status",
        fields: outgoing::gitlab::FIELDS,
        follows: true,
        digests: false,
        check: status::check::<Gitlab>,
        send: status::send::<Gitlab>,
    },
    Target {
        name: "gitlab_merge_request_comment",
        fields: outgoing::gitlab::FIELDS,
        follows: true,
        digests: false,
        check: status::check::<Gitlab>,
        send: comment::send::<Gitlab>,
    },
    Target {
        name: "bitbucket_commit_status",
        fields: outgoing::bitbucket_commit_status::FIELDS,
        follows: true,
        digests: false,
        check: status::check::<Bitbucket>,
        send: status::send::<Bitbucket>,
    },
    Target {
        name: "gitea_commit_status",
        fields: outgoing::gitea_commit_status::FIELDS,
        follows: true,
        digests: false,
        check: status::check::<Gitea>,
        send: status::send::<Gitea>,
    },
];

/// Whoever knows the address of such a webhook can post to it.
const WEBHOOK: Field = Field { name: "url", kind: "secret", title: "Incoming webhook URL", required: true };
/// Slack's present webhooks belong to one channel and one app, and ignore these; its older ones and
/// Mattermost's follow them.
const CHANNEL: Field = Field {
    name: "channel",
    kind: "text",
    title: "Channel to post to, where the webhook leaves the choice",
    required: false,
};
const USERNAME: Field = Field {
    name: "username",
    kind: "text",
    title: "Name to post under, where the webhook leaves the choice",
    required: false,
};

pub(crate) fn named(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}

/// The target of that name, or a refusal that names those there are.
pub(crate) fn find(name: &str) -> Result<&'static Target> {
    named(name).ok_or_else(|| {
        let known: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
        Error::Unprocessable(format!("type \"{name}\" is not one of: {}", known.join(", ")))
    })
}
