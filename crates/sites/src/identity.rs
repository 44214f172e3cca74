//! The secret that verifies a site's visitors: their `nf_jwt` cookie is signed with it, by an identity
//! provider of the owner's choice. Sealed at rest and never shown again.

use context::{Context, Error, Result};
use store::sites::SiteRow;

/// What secrets are sealed for.
const PURPOSE: &str = "site identity secret";
/// Longest secret, in bytes.
pub const MAX_SECRET_BYTES: usize = 1024;
/// Random bytes of a secret that nobody chose.
const DRAWN_BYTES: usize = 32;
/// Longest path to the roles in a token's claims, in bytes.
pub const MAX_ROLES_PATH_BYTES: usize = 256;
/// Where the roles are when the site does not say otherwise: one of these.
pub const ROLES_PATHS: [&str; 2] = ["app_metadata.authorization.roles", "app_metadata.roles"];

/// A secret as it is kept; none for an empty one.
pub(crate) fn sealed(cx: &Context, secret: &str) -> Result<Option<String>> {
    if secret.len() > MAX_SECRET_BYTES {
        let why = format!("jwt_secret is longer than {MAX_SECRET_BYTES} bytes");
        return Err(Error::Unprocessable(why));
    }
    Ok((!secret.is_empty()).then(|| hex::encode(cx.seal(PURPOSE, secret.as_bytes()))))
}

/// A secret of the server's own choice, as it is kept: what verifies visitors of a site is never empty
/// nor the same for two sites, although nobody has set it.
pub(crate) fn drawn(cx: &Context) -> String {
    let secret = hex::encode(cx.random::<DRAWN_BYTES>());
    hex::encode(cx.seal(PURPOSE, secret.as_bytes()))
}

/// A path of names with dots between them; none for an empty one.
pub(crate) fn roles_path(path: String) -> Result<Option<String>> {
    let named = path.split('.').all(|name| !name.is_empty());
    if path.len() > MAX_ROLES_PATH_BYTES || (!path.is_empty() && !named) {
        let why = "jwt_roles_path must be names of claims with dots between them, such as app_metadata.roles";
        return Err(Error::Unprocessable(why.to_owned()));
    }
    Ok((!path.is_empty()).then_some(path))
}

/// The secret of a site; none when its owner has emptied it, and then no token verifies.
///
/// # Errors
/// When it was not sealed with this server's key.
pub fn secret(cx: &Context, site: &SiteRow) -> Result<Option<Vec<u8>>> {
    let Some(text) = &site.info.jwt_secret else { return Ok(None) };
    let sealed = hex::decode(text).map_err(Error::internal)?;
    cx.open(PURPOSE, &sealed).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::create::create;
    use crate::update::Changes;
    use store::accounts::{AccountDoc, AccountRow};
    use testbed::Bed;

    #[tokio::test]
    async fn secrets_are_sealed_and_bounded() {
        let cx = Bed::sqlite().await.cx.clone();
        let longest = "s".repeat(MAX_SECRET_BYTES);
        let text = sealed(&cx, &longest).expect("fits").expect("kept");
        assert!(!text.contains(&hex::encode("ssss")));
        let opened = cx.open(PURPOSE, &hex::decode(&text).expect("hex")).expect("opens");
        assert_eq!(opened, longest.as_bytes());
        assert_eq!(sealed(&cx, "").expect("fits"), None);
        assert!(matches!(sealed(&cx, &format!("{longest}s")), Err(Error::Unprocessable(_))));
    }

    async fn made(bed: &Bed, secret: Option<&str>) -> SiteRow {
        let jwt_secret = secret.map(|secret| Some(secret.to_owned()));
        let changes = Changes { jwt_secret, ..Changes::default() };
        create(&bed.cx, "a", None, changes).await.expect("a site can be made")
    }

    #[tokio::test]
    async fn a_new_site_has_a_secret_of_its_own() {
        let bed = Bed::sqlite().await;
        let mut tx = bed.cx.begin().await.expect("a transaction");
        let (id, slug, name, doc) = ("a".into(), "team".into(), "Team".into(), AccountDoc::default());
        let account = AccountRow { id, slug, name, doc, created_at: bed.cx.now(), updated_at: bed.cx.now() };
        store::accounts::insert(&mut tx, &account).await.expect("there is none yet");
        tx.commit().await.expect("it is kept");
        let secret_of = |site: &SiteRow| secret(&bed.cx, site).expect("it opens");
        let (one, two) = (made(&bed, None).await, made(&bed, None).await);
        let drawn = secret_of(&one).expect("one is drawn");
        assert_eq!(drawn.len(), 2 * DRAWN_BYTES);
        assert_ne!(Some(&drawn), secret_of(&two).as_ref());
        assert!(!one.info.jwt_secret.as_deref().is_some_and(|kept| kept.contains(&hex::encode(&drawn))));
        assert_eq!(secret_of(&made(&bed, Some("chosen")).await).as_deref(), Some(&b"chosen"[..]));
        assert_eq!(secret_of(&made(&bed, Some("")).await), None);
    }

    #[test]
    fn a_roles_path_is_names_with_dots() {
        for (path, fine) in [
            ("roles", true),
            ("app_metadata.roles", true),
            ("", true),
            (".", false),
            ("a..b", false),
            ("a.", false),
        ] {
            assert_eq!(roles_path(path.to_owned()).is_ok(), fine, "{path}");
        }
        assert!(roles_path("a".repeat(MAX_ROLES_PATH_BYTES)).is_ok());
        assert!(roles_path("a".repeat(MAX_ROLES_PATH_BYTES + 1)).is_err());
    }
}
