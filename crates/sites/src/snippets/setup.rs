//! What may be said of a snippet, and how one is shown.

use context::{Context, Error, Result};
use model::Snippet;
use serde::Deserialize;
use serde_json::Value;
use store::sites::{self, SiteRow};
use store::snippets::SnippetRow;
use store::{ChangeKind, Tx};

/// Characters of a title.
pub const TITLE_MAX: usize = 255;
/// Bytes of each of the two texts of a snippet.
pub const TEXT_MAX: usize = 32 * 1024;
/// Bytes of the name of a place; places other than `head` and `footer` are kept and not served.
const POSITION_MAX: usize = 64;
/// Where a text goes that names no place.
const POSITION_DEFAULT: &str = "head";

/// What a client sends of a snippet. In an update, what is absent or null stays.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Setup {
    /// What its owner calls it.
    pub title: Option<Value>,
    /// Put into every page.
    pub general: Option<Value>,
    /// `head` or `footer`.
    pub general_position: Option<Value>,
    /// For pages that are reached after a form.
    pub goal: Option<Value>,
    /// `head` or `footer`.
    pub goal_position: Option<Value>,
}

impl Setup {
    /// The snippet with what was sent laid over it, checked.
    pub(super) fn over(self, old: SnippetRow) -> Result<SnippetRow> {
        let new = SnippetRow {
            title: text("title", self.title, old.title)?,
            general: text("general", self.general, old.general)?,
            general_position: text("general_position", self.general_position, old.general_position)?,
            goal: text("goal", self.goal, old.goal)?,
            goal_position: text("goal_position", self.goal_position, old.goal_position)?,
            id: old.id,
            site_id: old.site_id,
        };
        check(&new)?;
        Ok(new)
    }
}

/// A new snippet of a site, with nothing in it.
pub(super) fn blank(site_id: &str) -> SnippetRow {
    SnippetRow {
        site_id: site_id.to_owned(),
        general_position: POSITION_DEFAULT.to_owned(),
        goal_position: POSITION_DEFAULT.to_owned(),
        ..SnippetRow::default()
    }
}

fn text(field: &str, sent: Option<Value>, old: String) -> Result<String> {
    match sent {
        None => Ok(old),
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(Error::Unprocessable(format!("{field} must be text"))),
    }
}

fn check(snippet: &SnippetRow) -> Result<()> {
    if snippet.title.chars().count() > TITLE_MAX {
        return Err(Error::Unprocessable(format!("title must have at most {TITLE_MAX} characters")));
    }
    for (field, text, most) in [
        ("general", &snippet.general, TEXT_MAX),
        ("goal", &snippet.goal, TEXT_MAX),
        ("general_position", &snippet.general_position, POSITION_MAX),
        ("goal_position", &snippet.goal_position, POSITION_MAX),
    ] {
        if text.len() > most {
            return Err(Error::Unprocessable(format!("{field} must have at most {most} bytes")));
        }
    }
    Ok(())
}

/// Tells the edge that the pages of the site are others now. The site counts as changed, so that a
/// browser that goes by dates asks for them again.
pub(super) async fn pages_change(tx: &mut Tx, cx: &Context, site: SiteRow) -> Result<()> {
    let site = SiteRow { updated_at: cx.now(), ..site };
    sites::update(tx, &site).await?;
    Ok(tx.changed(ChangeKind::Site, &site.id, cx.now()).await?)
}

/// The snippet as the API shows it.
#[must_use]
pub fn present(row: &SnippetRow) -> Snippet {
    let row = row.clone();
    Snippet {
        id: row.id,
        site_id: row.site_id,
        title: row.title,
        general: row.general,
        general_position: row.general_position,
        goal: row.goal,
        goal_position: row.goal_position,
    }
}

/// The id that a path names; no other text is the id of anything.
pub(super) fn id(text: &str) -> Result<i64> {
    text.parse().map_err(|_| Error::NotFound)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn over(sent: Value) -> std::result::Result<SnippetRow, String> {
        let setup: Setup = serde_json::from_value(sent).map_err(|error| error.to_string())?;
        setup.over(blank("s")).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_absent_stays() {
        let first = over(json!({ "title": "t", "general": "<b>", "general_position": "footer" })).unwrap();
        assert_eq!((first.title.as_str(), first.general.as_str()), ("t", "<b>"));
        assert_eq!((first.general_position.as_str(), first.goal_position.as_str()), ("footer", "head"));
        let setup: Setup = serde_json::from_value(json!({ "goal": "g" })).unwrap();
        let second = setup.over(first.clone()).unwrap();
        assert_eq!(second, SnippetRow { goal: "g".to_owned(), ..first });
    }

    #[test]
    fn places_that_nobody_knows_are_kept() {
        assert_eq!(over(json!({ "general_position": "moon" })).unwrap().general_position, "moon");
    }

    #[test]
    fn texts_have_limits() {
        for (field, most) in
            [("general", TEXT_MAX), ("goal", TEXT_MAX), ("title", TITLE_MAX), ("goal_position", 64)]
        {
            assert!(over(json!({ field: "x".repeat(most) })).is_ok(), "{field}");
            let said = over(json!({ field: "x".repeat(most + 1) })).unwrap_err();
            assert!(said.contains(field) && said.contains(&most.to_string()), "{said}");
            assert!(over(json!({ field: 7 })).unwrap_err().contains("must be text"));
        }
        assert!(over(json!({ "title": "ä".repeat(TITLE_MAX) })).is_ok());
    }

    #[test]
    fn ids_are_numbers() {
        assert!(matches!(id("7"), Ok(7)));
        for text in ["", "x", "7x", "99999999999999999999"] {
            assert!(matches!(id(text), Err(Error::NotFound)), "{text}");
        }
    }
}
