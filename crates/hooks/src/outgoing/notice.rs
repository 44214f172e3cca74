//! What a person is told of an event, before any product's form is given to it: one renderer, shared
//! by every chat product and by e-mail. Pure: an event's name, its recorded body and its site come
//! in, a [`Notice`] goes out. Words of the first three deploy events are those that public forwarders
//! of hosted notifications agree on (contract notifications 3).

mod deploy;
mod hook;
mod line;
mod split_test;
mod submission;

pub(crate) use line::{Dialect, Line, Span, cut, escaped, units};

use model::Timestamp;
use serde_json::{Map, Value};

/// Digits of a commit that are shown.
pub(crate) const COMMIT_SHOWN: usize = 7;

/// How an event sounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Severity {
    /// Something is under way or waits for a person.
    Begun,
    Good,
    Bad,
    Neutral,
}

impl Severity {
    /// Its colour, as red, green and blue.
    pub(crate) fn rgb(self) -> u32 {
        match self {
            Self::Begun => 0x00c2_a344,
            Self::Good => 0x003a_b259,
            Self::Bad => 0x00b2_593a,
            Self::Neutral => 0x005b_6b7c,
        }
    }

    /// The same as `#3ab259`.
    pub(crate) fn colour(self) -> String {
        format!("#{:06x}", self.rgb())
    }
}

/// One named value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) title: String,
    pub(crate) value: Line,
}

/// An event in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Notice {
    pub(crate) severity: Severity,
    /// One sentence that says it all.
    pub(crate) headline: Line,
    /// What the reader can do next; leads to `link` where there is one.
    pub(crate) title: String,
    pub(crate) link: Option<String>,
    pub(crate) text: Line,
    pub(crate) fields: Vec<Field>,
    pub(crate) footer: Line,
    /// When it happened.
    pub(crate) at: Option<Timestamp>,
}

impl Notice {
    /// A notice of which only the headline is written yet.
    pub(crate) fn new(severity: Severity, headline: Line) -> Self {
        let (text, footer) = (Line::default(), Line::default());
        Self {
            severity,
            headline,
            title: String::new(),
            link: None,
            text,
            fields: Vec::new(),
            footer,
            at: None,
        }
    }

    /// What to do next, and where; links that do not lead to the web are left out.
    pub(crate) fn leading(mut self, title: &str, link: Option<&str>) -> Self {
        title.clone_into(&mut self.title);
        self.link = link.filter(|link| line::is_web(link)).map(str::to_owned);
        self
    }

    pub(crate) fn saying(mut self, text: Line) -> Self {
        self.text = text;
        self
    }

    pub(crate) fn with_field(mut self, title: &str, value: Line) -> Self {
        self.fields.push(Field { title: title.to_owned(), value });
        self
    }

    /// The headline and where it leads, for places that show nothing else.
    pub(crate) fn fallback(&self) -> String {
        let headline = self.headline.plain();
        self.link.as_ref().map_or_else(|| headline.clone(), |link| format!("{headline}: {link}"))
    }
}

/// `2026-01-02 03:04 UTC`.
pub(crate) fn minute(at: Timestamp) -> String {
    let text = at.to_string();
    let (day, time) = (text.get(..10).unwrap_or_default(), text.get(11..16).unwrap_or_default());
    format!("{day} {time} UTC")
}

/// The site an event happened to.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub(crate) name: String,
    /// Where visitors find it.
    pub(crate) url: String,
    /// Its page in the dashboard.
    pub(crate) admin_url: String,
}

/// What a notice is made of. Bodies are read leniently: one recorded by an older version, or cut
/// down, still makes a notice.
struct Thing<'a> {
    body: &'a Map<String, Value>,
    site: &'a Site,
}

impl<'a> Thing<'a> {
    /// A text of the body that is not blank.
    fn text(&self, key: &str) -> Option<&'a str> {
        self.body.get(key)?.as_str().filter(|text| !text.trim().is_empty())
    }

    fn time(&self, key: &str) -> Option<Timestamp> {
        self.text(key).and_then(|text| Timestamp::parse(text).ok())
    }

    /// `before`, the site's name, `after`.
    fn about_site(&self, before: &str, after: &str) -> Line {
        Line::new().plain_text(before).strong(&self.site.name).plain_text(after)
    }
}

type Write = fn(&Thing<'_>) -> Notice;

/// Every event of the catalogue in words.
const NOTICES: &[(&str, Write)] = &[
    ("deploy_created", deploy::created),
    ("deploy_building", deploy::building),
    ("deploy_succeeded", deploy::succeeded),
    ("deploy_failed", deploy::failed),
    ("deploy_locked", deploy::locked),
    ("deploy_unlocked", deploy::unlocked),
    ("deploy_request_pending", deploy::request_pending),
    ("deploy_request_accepted", deploy::request_accepted),
    ("deploy_request_rejected", deploy::request_rejected),
    ("deploy_restored", deploy::restored),
    ("deploy_deleted", deploy::deleted),
    ("deploy_failed_after_succeeding", deploy::failed_after_succeeding),
    ("deploy_succeeded_after_failing", deploy::succeeded_after_failing),
    ("submission_created", submission::created),
    ("split_test_activated", split_test::activated),
    ("split_test_deactivated", split_test::deactivated),
    ("split_test_modified", split_test::modified),
    ("hook_failing", hook::failing),
    ("hook_disabled", hook::disabled),
    ("hook_recovered", hook::recovered),
];

/// An event in words; none when this version has none for it.
pub(crate) fn notice(event: &str, body: &Map<String, Value>, site: &Site) -> Option<Notice> {
    let (_, write) = NOTICES.iter().find(|(name, _)| *name == events::canonical(event))?;
    Some(write(&Thing { body, site }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outgoing::samples;
    use serde_json::json;

    #[test]
    fn every_event_of_the_catalogue_has_words() {
        for entry in events::CATALOG {
            assert!(NOTICES.iter().any(|(name, _)| *name == entry.name), "{}", entry.name);
        }
        assert_eq!(NOTICES.len(), events::CATALOG.len(), "a notice of no event, or twice");
        let (site, body) = (samples::site(), Map::new());
        assert!(notice("form_submission", &body, &site).is_some(), "aliases are told too");
        assert!(notice("nothing", &body, &site).is_none());
    }

    #[test]
    fn a_body_without_anything_still_makes_a_notice() {
        for (event, _) in NOTICES {
            let notice = notice(event, &Map::new(), &samples::site()).expect("words");
            assert!(!notice.headline.plain().is_empty() && !notice.title.is_empty(), "{event}");
        }
    }

    #[test]
    fn a_deploy_that_nothing_was_wrong_with_is_no_alarm() {
        for (body, headline, bad) in [
            (json!({}), "Something went wrong deploying site", true),
            (json!({ "error_message": "broken" }), "Something went wrong deploying site", true),
            (json!({ "error_message": "Canceled" }), "The deploy of site was canceled", false),
            (
                json!({ "error_message": "a newer one", "skipped": true }),
                "A deploy of site was skipped",
                false,
            ),
        ] {
            let body = body.as_object().expect("an object").clone();
            let site = Site { name: "site".into(), ..samples::site() };
            let notice = notice("deploy_failed", &body, &site).expect("words");
            assert_eq!((notice.headline.plain().as_str(), notice.severity == Severity::Bad), (headline, bad));
        }
    }

    #[test]
    fn headlines_are_told_apart() {
        let said = |event: &str| samples::notice_of(event).headline.plain();
        let headlines: std::collections::HashSet<_> = NOTICES.iter().map(|(event, _)| said(event)).collect();
        assert_eq!(headlines.len(), NOTICES.len(), "{headlines:#?}");
    }
}
