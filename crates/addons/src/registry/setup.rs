//! What may be said of an add-on when it is registered or changed.

use context::{Error, Result};
use serde::Deserialize;
use store::addons::AddonRow;
use url::Url;

/// Longest title, in characters.
pub const TITLE_MAX: usize = 100;
/// Longest description, in characters; the long one may have ten times as many.
pub const TEXT_MAX: usize = 500;
/// Longest address of a management API, in bytes.
pub const ENDPOINT_MAX: usize = 1024;
/// Longest icon, an address or a small picture itself, in bytes.
pub const ICON_MAX: usize = 32 << 10;
/// Most tags, and characters of one.
pub const TAGS_MAX: usize = 20;

/// What a client sends of an add-on. In a change, what is absent stays.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Setup {
    /// Its title.
    #[serde(alias = "title")]
    pub name: Option<String>,
    /// Its name in commands and paths; never changed.
    pub slug: Option<String>,
    /// One sentence.
    pub description: Option<String>,
    /// More than one sentence.
    pub long_description: Option<String>,
    /// Address of a picture, or a picture as `data:image/…`.
    pub icon: Option<String>,
    /// Words to find it by.
    pub tags: Option<Vec<String>>,
    /// Root of its management API.
    pub endpoint: Option<String>,
    /// Whether every account of this server may use it.
    pub public: Option<bool>,
}

impl Setup {
    /// Writes what was said into the row, checked.
    pub(super) fn apply(&self, row: &mut AddonRow) -> Result<()> {
        if let Some(name) = &self.name {
            row.doc.name = text("name", name, TITLE_MAX)?;
        }
        if let Some(description) = &self.description {
            row.doc.description = text("description", description, TEXT_MAX)?;
        }
        if let Some(long) = &self.long_description {
            row.doc.long_description = optional(long, |long| text("long_description", long, 10 * TEXT_MAX))?;
        }
        if let Some(icon) = &self.icon {
            row.doc.icon = optional(icon, self::icon)?;
        }
        if let Some(tags) = &self.tags {
            row.doc.tags = self::tags(tags)?;
        }
        if let Some(endpoint) = &self.endpoint {
            let endpoint = self::endpoint(endpoint)?;
            if endpoint != row.endpoint {
                row.manifest = None;
            }
            row.endpoint = endpoint;
        }
        row.public = self.public.unwrap_or(row.public);
        // said anew, it may be served anew
        row.manifest_at = None;
        Ok(())
    }
}

fn refused<T>(why: String) -> Result<T> {
    Err(Error::Unprocessable(why))
}

fn text(name: &str, said: &str, most: usize) -> Result<String> {
    let said = said.trim();
    if said.is_empty() || said.chars().count() > most || said.contains('\0') {
        return refused(format!("{name} must have 1 to {most} characters"));
    }
    Ok(said.to_owned())
}

fn optional(said: &str, check: impl FnOnce(&str) -> Result<String>) -> Result<Option<String>> {
    if said.trim().is_empty() { Ok(None) } else { check(said.trim()).map(Some) }
}

fn icon(said: &str) -> Result<String> {
    let known = ["https://", "http://", "data:image/"].iter().any(|start| said.starts_with(start));
    if !known || said.len() > ICON_MAX {
        return refused(format!(
            "icon must be an http or https address, or data:image/..., of at most {ICON_MAX} bytes"
        ));
    }
    Ok(said.to_owned())
}

fn tags(said: &[String]) -> Result<Vec<String>> {
    if said.len() > TAGS_MAX {
        return refused(format!("there may be {TAGS_MAX} tags"));
    }
    said.iter().map(|tag| text("a tag", tag, TAGS_MAX)).collect()
}

/// The endpoint without one slash at its end.
fn endpoint(said: &str) -> Result<String> {
    let why = format!(
        "endpoint must be an http or https address of at most {ENDPOINT_MAX} bytes, without user, query and fragment"
    );
    let Some(url) = Url::parse(said.trim()).ok().filter(|_| said.len() <= ENDPOINT_MAX) else {
        return refused(why);
    };
    let plain = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() || !plain {
        return refused(why);
    }
    let text = String::from(url);
    Ok(text.strip_suffix('/').map_or(text.clone(), str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_keep_their_prefix_and_lose_one_slash() {
        for (said, expect) in [
            ("https://a.example/api/v1/", Some("https://a.example/api/v1")),
            ("https://a.example/api/v1//", Some("https://a.example/api/v1/")),
            ("http://127.0.0.1:3000", Some("http://127.0.0.1:3000")),
            (" https://a.example ", Some("https://a.example")),
            ("ftp://a.example", None),
            ("https://u:p@a.example", None),
            ("https://a.example/?x", None),
            ("https://a.example/#x", None),
            ("a.example", None),
            ("javascript:alert(1)", None),
            ("", None),
        ] {
            assert_eq!(endpoint(said).ok().as_deref(), expect, "{said}");
        }
        let prefix = "https://a.example/";
        assert!(endpoint(&format!("{prefix}{}", "a".repeat(ENDPOINT_MAX - prefix.len()))).is_ok());
        assert!(endpoint(&format!("{prefix}{}", "a".repeat(ENDPOINT_MAX - prefix.len() + 1))).is_err());
    }

    #[test]
    fn texts_are_bounded_and_icons_are_pictures() {
        assert!(text("name", &"ä".repeat(TITLE_MAX), TITLE_MAX).is_ok());
        assert!(text("name", &"ä".repeat(TITLE_MAX + 1), TITLE_MAX).is_err());
        assert!(text("name", "  ", TITLE_MAX).is_err());
        assert!(tags(&vec!["t".to_owned(); TAGS_MAX]).is_ok());
        assert!(tags(&vec!["t".to_owned(); TAGS_MAX + 1]).is_err());
        for (said, fine) in [
            ("https://a.example/i.svg", true),
            ("data:image/png;base64,AA", true),
            ("javascript:alert(1)", false),
            ("data:text/html,x", false),
        ] {
            assert_eq!(icon(said).is_ok(), fine, "{said}");
        }
        let start = "data:image/";
        assert!(icon(&format!("{start}{}", "a".repeat(ICON_MAX - start.len()))).is_ok());
        assert!(icon(&format!("{start}{}", "a".repeat(ICON_MAX - start.len() + 1))).is_err());
    }
}
