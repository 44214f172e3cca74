//! What the targets that tell Git hosts share: the life of a deploy as one thing that is told in the
//! host's own words, once and never backwards. Each host's addresses and words are in its own file.

pub(crate) mod api;
pub(crate) mod comment;
mod commit;
mod markdown;
mod repository;
mod slot;
mod stage;
pub(crate) mod status;
mod subject;

#[cfg(test)]
pub(crate) mod fixtures;

pub(crate) use api::{Access, Host};
pub(crate) use markdown::escape;
pub(crate) use slot::{Teller, Told, settle};
pub(crate) use stage::Stage;
pub(crate) use subject::Subject;

use super::{Gear, Message, Tried};
use crate::targets::Field;
use context::{Error, Result};
use serde_json::{Map, Value};

/// Which repository, when it is not the one that the site is linked to.
pub(crate) const REPO: Field = Field {
    name: "repo",
    kind: "text",
    title: "Repository as owner/name, when it is not the one the site is linked to",
    required: false,
};

/// The setting that holds the access; `title` says which token that is.
pub(crate) const fn token(title: &'static str) -> Field {
    Field { name: "access_token", kind: "secret", title, required: true }
}

/// The setting that leads to the host's API.
pub(crate) const fn api_url(title: &'static str, required: bool) -> Field {
    Field { name: "api_url", kind: "url", title, required }
}

/// What a message is about, the access to tell of it, and what `pick` finds in it. A deploy in
/// which it finds nothing needs no access; any other fails without.
pub(crate) async fn errand<T>(
    gear: &Gear,
    message: &Message<'_>,
    host: &Host,
    access: std::result::Result<Access, String>,
    pick: fn(&Subject) -> std::result::Result<T, Box<Tried>>,
) -> std::result::Result<(Subject, Access, T), Box<Tried>> {
    let subject = Subject::read(&gear.cx, message, host).await?;
    let picked = pick(&subject)?;
    Ok((subject, access.map_err(|why| Box::new(Tried::unsent(why)))?, picked))
}

/// Judges the settings of a hook that cannot do without a token of its own.
///
/// # Errors
/// `Unprocessable` with the setting that would not do.
pub(crate) fn check_with_token(host: &Host, data: &Map<String, Value>) -> Result<()> {
    let token = data.get("access_token").and_then(Value::as_str).unwrap_or_default();
    if token.is_empty() {
        return Err(Error::Unprocessable("data.access_token is missing".to_owned()));
    }
    check(host, data)
}

/// Judges the settings of a hook.
///
/// # Errors
/// `Unprocessable` with the setting that would not do.
pub(crate) fn check(host: &Host, data: &Map<String, Value>) -> Result<()> {
    api::api_of(host, data).map_err(Error::Unprocessable)?;
    match data.get("repo") {
        None | Some(Value::Null) => Ok(()),
        Some(Value::String(text)) if text.is_empty() => Ok(()),
        Some(Value::String(text)) => {
            repository::written(text, host.nested).map(|_| ()).map_err(Error::Unprocessable)
        }
        Some(_) => Err(Error::Unprocessable("data.repo must be a text".to_owned())),
    }
}
