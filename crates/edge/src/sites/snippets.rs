//! The snippets of a site and of its add-ons as its pages carry them: one text for the end of the head,
//! one for the end of the body (contract add-ons section 10).

use bytes::Bytes;
use serde_json::Value;
use store::addon_instances::{InstanceRow, InstanceState};
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

    /// The snippets of the site, then those of its add-ons that work, each where it wants to be. Those
    /// that name another place are not served.
    pub(super) fn of(rows: &[SnippetRow], instances: &[InstanceRow]) -> Option<Self> {
        let own = rows.iter().map(|row| (row.general_position.as_str(), row.general.as_str()));
        let working = instances.iter().filter(|row| row.state == InstanceState::Active);
        let foreign = working.flat_map(|row| &row.snippets).map(of_addon);
        let (mut head, mut footer) = (String::new(), String::new());
        for (place, text) in own.chain(foreign) {
            match place {
                "head" => head.push_str(text),
                "footer" | "body" => footer.push_str(text),
                _ => {}
            }
        }
        Self::new(head, footer)
    }

    /// Bytes of memory it takes.
    pub(super) fn weight(&self) -> u64 {
        (self.head.len() + self.footer.len() + size_of::<Self>()) as u64
    }
}

/// Where a snippet of an add-on wants to be, and its text. One that names no place goes where one of the
/// site's own would.
fn of_addon(snippet: &Value) -> (&str, &str) {
    let text = |name: &str| snippet.get(name).and_then(Value::as_str);
    (text("position").unwrap_or("head"), text("html").unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Timestamp;
    use serde_json::json;

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
        let view = SnippetsView::of(&rows, &[]).unwrap();
        assert_eq!((&view.head[..], &view.footer[..]), (&b"13"[..], &b"24"[..]));
    }

    fn instance(state: InstanceState, snippets: &Value) -> InstanceRow {
        InstanceRow {
            id: String::new(),
            addon_id: String::new(),
            site_id: String::new(),
            uuid: String::new(),
            remote_id: None,
            state,
            note: None,
            endpoint: None,
            snippets: snippets.as_array().cloned().unwrap_or_default(),
            sealed: Vec::new(),
            build_hook_id: None,
            busy_until: None,
            version: 0,
            created_at: Timestamp(0),
            updated_at: Timestamp(0),
        }
    }

    #[test]
    fn those_of_addons_follow_in_their_order_while_they_work() {
        use InstanceState::{Active, Failed, Provisioning};
        let snippets = json!([
            {"html": "2", "position": "head"}, {"html": "b", "position": "footer"},
            {"html": "3"}, {"html": "4", "position": null}, {"html": "x", "position": "HEAD"},
            {"position": "head"}, "text",
        ]);
        let instances = [
            instance(Provisioning, &json!([{"html": "p"}])),
            instance(Active, &snippets),
            instance(Failed, &json!([{"html": "f"}])),
            instance(Active, &json!([{"html": "c", "position": "body"}, {"html": "5", "position": "head"}])),
        ];
        let own = [row("1", "head"), row("a", "footer")];
        let view = SnippetsView::of(&own, &instances).unwrap();
        assert_eq!((&view.head[..], &view.footer[..]), (&b"12345"[..], &b"abc"[..]));
        assert_eq!(SnippetsView::of(&[], &instances[..1]), None);
    }

    #[test]
    fn nothing_to_serve_is_no_view() {
        for rows in [vec![], vec![row("", "head")], vec![row("x", "moon")]] {
            assert_eq!(SnippetsView::of(&rows, &[]), None);
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
