//! The snippets of a site as its pages carry them: one text for the end of the head, one for the end
//! of the body (contract add-ons section 10).

use bytes::Bytes;
use store::snippets::SnippetRow;

/// What is put into every HTML page of a site.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SnippetsView {
    /// Before the first `</head>`.
    pub(crate) head: Bytes,
    /// Before the last `</body>`.
    pub(crate) footer: Bytes,
    /// Of both texts: another one means that every page is another.
    pub(crate) digest: [u8; 16],
}

impl SnippetsView {
    /// None when there is nothing to put anywhere.
    pub(crate) fn new(head: String, footer: String) -> Option<Self> {
        if head.is_empty() && footer.is_empty() {
            return None;
        }
        let text = format!("{}:{head}{footer}", head.len());
        let mut digest = [0; 16];
        let hex = signing::sha256_hex(text.as_bytes());
        hex::decode_to_slice(&hex[..32], &mut digest).ok()?;
        Some(Self { head: head.into(), footer: footer.into(), digest })
    }

    /// The snippets in this order, each where it wants to be. Those that name another place are not
    /// served.
    pub(super) fn of(rows: &[SnippetRow]) -> Option<Self> {
        let at = |places: &[&str]| -> String {
            let there = rows.iter().filter(|row| places.contains(&row.general_position.as_str()));
            there.map(|row| row.general.as_str()).collect()
        };
        Self::new(at(&["head"]), at(&["footer", "body"]))
    }

    /// Bytes of memory it takes.
    pub(super) fn weight(&self) -> u64 {
        (self.head.len() + self.footer.len() + size_of::<Self>()) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(general: &str, position: &str) -> SnippetRow {
        SnippetRow {
            general: general.to_owned(),
            general_position: position.to_owned(),
            goal: "goal".to_owned(),
            goal_position: "head".to_owned(),
            ..SnippetRow::default()
        }
    }

    #[test]
    fn snippets_stand_in_the_order_in_which_they_were_made() {
        let rows =
            [row("1", "head"), row("2", "footer"), row("3", "head"), row("4", "body"), row("5", "moon")];
        let view = SnippetsView::of(&rows).unwrap();
        assert_eq!((&view.head[..], &view.footer[..]), (&b"13"[..], &b"24"[..]));
    }

    #[test]
    fn nothing_to_serve_is_no_view() {
        for rows in [vec![], vec![row("", "head")], vec![row("x", "moon")]] {
            assert_eq!(SnippetsView::of(&rows), None);
        }
    }

    #[test]
    fn every_change_is_another_version() {
        let digest = |head: &str, footer: &str| SnippetsView::new(head.into(), footer.into()).unwrap().digest;
        let all = [digest("ab", ""), digest("a", "b"), digest("", "ab"), digest("b", "a")];
        for (n, one) in all.iter().enumerate() {
            assert!(!all[n + 1..].contains(one));
        }
        assert_eq!(digest("a", "b"), digest("a", "b"));
    }
}
