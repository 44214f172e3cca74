//! Which host a webhook comes from, by its headers, and how to read that host's.

use super::body::Body;
use super::change::Told;
use super::{bitbucket, gitea, github, gitlab};
use http::{HeaderMap, header};
use model::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A kind of Git host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Host {
    GitHub,
    GitLab,
    /// Forgejo too.
    Gitea,
    Bitbucket,
}

/// Headers that name the event. Gitea and Forgejo send GitHub's beside their own.
const EVENTS: [(&str, Host); 5] = [
    ("x-forgejo-event", Host::Gitea),
    ("x-gitea-event", Host::Gitea),
    ("x-gitlab-event", Host::GitLab),
    ("x-event-key", Host::Bitbucket),
    ("x-github-event", Host::GitHub),
];

impl Host {
    /// Whose webhook it is, and the name of the event.
    pub(crate) fn of(headers: &HeaderMap) -> Option<(Self, &str)> {
        EVENTS.iter().find_map(|(name, host)| Some((*host, headers.get(*name)?.to_str().ok()?)))
    }

    /// Whether the request was made by who knows this secret.
    pub(crate) fn verify(self, headers: &HeaderMap, body: &[u8], secret: &str, now: Timestamp) -> bool {
        match self {
            Self::GitHub => github::verify(headers, body, secret),
            Self::GitLab => gitlab::verify(headers, body, secret, now),
            Self::Gitea => gitea::verify(headers, body, secret),
            Self::Bitbucket => bitbucket::verify(headers, body, secret),
        }
    }

    /// The host's id of the delivery, the same when it sends it again.
    pub(crate) fn delivery(self, headers: &HeaderMap) -> Option<String> {
        let names: &[&str] = match self {
            Self::GitHub => &["x-github-delivery"],
            // its X-Gitlab-Event-UUID is shared by webhooks that follow from each other
            Self::GitLab => &["webhook-id", "idempotency-key"],
            Self::Gitea => &["x-forgejo-delivery", "x-gitea-delivery"],
            Self::Bitbucket => &["x-request-uuid", "x-request-id"],
        };
        let given = names.iter().find_map(|name| headers.get(*name)?.to_str().ok());
        given.filter(|id| !id.is_empty()).map(|id| id.chars().take(DELIVERY_MAX).collect())
    }

    /// Whether the signature covers the body alone, so that the body is what tells one delivery from
    /// another: whoever caught one could put another id beside it. With GitLab the id is signed too, or
    /// nothing is.
    pub(crate) fn signs_body_alone(self) -> bool {
        self != Self::GitLab
    }

    /// What the webhook tells.
    ///
    /// # Errors
    /// A sentence when the body is not what the host's documentation says.
    pub(crate) fn read(self, event: &str, headers: &HeaderMap, body: &[u8]) -> Result<Told, String> {
        let value = json(headers, body)?;
        let body = Body(&value);
        let (repository, sender, changes) = match self {
            Self::GitHub => {
                (github::repository(body), body.text("/sender/login"), github::changes(event, body)?)
            }
            Self::Gitea => {
                (github::repository(body), body.text("/sender/login"), gitea::changes(event, body)?)
            }
            Self::GitLab => {
                let sender = body.text("/user_username").or_else(|| body.text("/user/username"));
                (gitlab::repository(body), sender, gitlab::changes(body)?)
            }
            Self::Bitbucket => {
                let sender = ["/actor/nickname", "/actor/name", "/actor/display_name"];
                let sender = sender.iter().find_map(|pointer| body.text(pointer));
                (bitbucket::repository(body), sender, bitbucket::changes(event, body)?)
            }
        };
        Ok(Told { repository, sender, changes })
    }
}

/// Longest id of a delivery that is looked at, in characters.
const DELIVERY_MAX: usize = 200;

/// The body as JSON; GitHub sends it as a form field too, unless told otherwise.
fn json(headers: &HeaderMap, body: &[u8]) -> Result<Value, String> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let read = if kind.starts_with("application/x-www-form-urlencoded") {
        let payload = form_urlencoded::parse(body).find(|(name, _)| name == "payload");
        serde_json::from_str(&payload.ok_or("the form has no field `payload`")?.1)
    } else {
        serde_json::from_slice(body)
    };
    read.map_err(|error| format!("the body is no JSON: {error}"))
}
