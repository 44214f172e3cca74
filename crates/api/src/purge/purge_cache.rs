//! `POST /purge`: every node forgets what it keeps of a site, all of it or what bears certain tags.
//! 202. The edge keeps views of deploys and no answers of functions, so there is nothing finer than
//! a site to forget.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use accounts::Access;
use context::{Context, Error, Result};
use model::Scope;
use serde::Deserialize;
use serde_json::json;
use store::sites::{self, SiteRow};
use store::{ChangeKind, Conn};

/// Tags of one call.
const TAGS_MAX: usize = 500;
/// Bytes of one tag.
const TAG_BYTES: usize = 1024;

/// Which site, by the first of these that is given, and what of it. An alias of a deploy narrows it
/// on the hosted service; here the whole site is forgotten all the same.
#[derive(Deserialize)]
struct Body {
    site_id: Option<String>,
    site_slug: Option<String>,
    domain: Option<String>,
    cache_tags: Option<Vec<String>>,
}

pub(crate) async fn handle(mut call: Call) -> Outcome {
    let body: Body = call.json().await?;
    let mut db = call.cx.read().await?;
    let site = find(&mut db, &body).await?.ok_or(Error::NotFound)?;
    drop(db);
    match call.user()?.may(&site.account_id, Scope::Write) {
        Access::Granted => {}
        Access::Forbidden => {
            return Err(Error::Forbidden("this needs write rights in the account".to_owned()));
        }
        Access::Unknown => return Err(Error::NotFound),
    }
    let things = things(&site.id, body.cache_tags)?;
    if !things.is_empty() {
        let too_many = |retry_after| Error::TooMany { retry_after };
        call.app.purges.count(&things, call.cx.now()).map_err(too_many)?;
        forget(&call.cx, &site.id).await?;
    }
    Ok(Reply::accepted(&json!({})))
}

async fn find(db: &mut Conn, body: &Body) -> Result<Option<SiteRow>> {
    Ok(match body {
        Body { site_id: Some(id), .. } => sites::find(db, id).await?,
        Body { site_slug: Some(name), .. } => sites::find_by_name(db, &name.to_ascii_lowercase()).await?,
        Body { domain: Some(domain), .. } => sites::find_by_domain(db, &domain.to_ascii_lowercase()).await?,
        _ => return Err(Error::Invalid("name the site by site_id, site_slug or domain".to_owned())),
    })
}

/// What counts as purged: the site, or each tag of it; nothing for an empty list.
fn things(site_id: &str, tags: Option<Vec<String>>) -> Result<Vec<String>> {
    let Some(tags) = tags else { return Ok(vec![site_id.to_owned()]) };
    if tags.len() > TAGS_MAX || tags.iter().any(|tag| tag.len() > TAG_BYTES) {
        let message = format!("a purge names at most {TAGS_MAX} tags of at most {TAG_BYTES} bytes");
        return Err(Error::Invalid(message));
    }
    let mut things: Vec<String> = tags.iter().map(|tag| format!("{site_id} {tag}")).collect();
    things.sort();
    things.dedup();
    Ok(things)
}

async fn forget(cx: &Context, site_id: &str) -> Result<()> {
    let mut tx = cx.begin().await?;
    tx.changed(ChangeKind::Site, site_id, cx.now()).await?;
    Ok(tx.commit().await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(tags: &[&str]) -> Option<Vec<String>> {
        Some(tags.iter().map(|&tag| tag.to_owned()).collect())
    }

    #[test]
    fn no_list_is_everything_and_an_empty_list_is_nothing() {
        let things = |tags| things("s", tags).unwrap();
        assert_eq!(things(None), ["s"]);
        assert!(things(list(&[])).is_empty());
        assert_eq!(things(list(&["b", "a", "b"])), ["s a", "s b"]);
    }

    #[test]
    fn tags_are_bounded() {
        assert!(things("s", Some(vec!["t".to_owned(); TAGS_MAX])).is_ok());
        assert!(things("s", Some(vec!["t".to_owned(); TAGS_MAX + 1])).is_err());
        assert!(things("s", Some(vec!["t".repeat(TAG_BYTES)])).is_ok());
        assert!(things("s", Some(vec!["t".repeat(TAG_BYTES + 1)])).is_err());
    }
}
