//! Several events as one notice: how many of each there were, and the first of them in groups, by
//! deploy, form, split test or hook, with a line and a link each. Pure; every product gives it the
//! shape that it gives to any notice.

use super::notice::{self, COMMIT_SHOWN, Line, Notice, Severity, Site, minute};
use events::Subject;
use model::Timestamp;
use serde_json::{Map, Value};

/// Events of a digest that a mail lists; the bodies of no more are read.
pub(crate) const LISTED_MAX: usize = 50;

/// What goes out together.
pub(crate) struct Digest<'a> {
    /// The same for the same deliveries.
    pub(crate) id: String,
    /// End of the window.
    pub(crate) until: Timestamp,
    /// Name of every event, in order.
    pub(crate) events: Vec<&'a str>,
    /// Bodies of the first [`LISTED_MAX`] of them.
    pub(crate) bodies: Vec<String>,
}

/// How much of a digest is listed.
pub(crate) struct Extent {
    /// Events.
    pub(crate) events: usize,
    /// Events of one group.
    pub(crate) lines: usize,
}

/// An event that is listed.
struct Listed<'a> {
    place: usize,
    event: &'a str,
    body: Map<String, Value>,
    notice: Notice,
}

/// Events about one thing.
struct Group {
    title: String,
    lines: Vec<Line>,
}

impl Digest<'_> {
    /// The digest in words; none when this server has no words for any of its events.
    pub(crate) fn notice(&self, site: &Site, extent: &Extent) -> Option<Notice> {
        let listed: Vec<Listed<'_>> = self.listed(site).take(extent.events).collect();
        let worst = listed.iter().map(|one| one.notice.severity).max_by_key(|severity| weight(*severity))?;
        let headline = Line::of(&format!("{} events on ", self.events.len())).strong(&site.name);
        let mut digest = Notice::new(worst, headline)
            .leading("Visit the site's page", Some(&site.admin_url))
            .saying(Line::of(&self.summary(&listed)));
        for group in groups(&listed) {
            digest = digest.with_field(&group.title(), group.write(extent.lines));
        }
        digest.footer = Line::of(&format!("Gathered until {}.", minute(self.until)));
        digest.at = Some(self.until);
        Some(digest)
    }

    /// The first of the events, as far as they can be read and there are words for them.
    fn listed(&self, site: &Site) -> impl Iterator<Item = Listed<'_>> {
        let events = self.events.iter().zip(&self.bodies).enumerate();
        events.filter_map(|(place, (event, body))| {
            let body = serde_json::from_str(body).ok()?;
            let notice = notice::notice(event, &body, site)?;
            Some(Listed { place, event, body, notice })
        })
    }

    /// How many there were of each event, the most first.
    pub(crate) fn counts(&self) -> String {
        counts(&self.events)
    }

    fn summary(&self, listed: &[Listed<'_>]) -> String {
        let mut left = self.events.clone();
        for one in listed.iter().rev() {
            left.remove(one.place);
        }
        let all = self.counts();
        match (left.len(), listed.len()) {
            (0, _) => format!("{all}."),
            (more, few) => format!("{all}.\nListed are the first {few}; and {more} more: {}.", counts(&left)),
        }
    }

    /// What all that is listed has in common, for the subject of a mail.
    pub(crate) fn common(&self) -> Map<String, Value> {
        let mut bodies =
            self.bodies.iter().filter_map(|body| serde_json::from_str::<Map<String, Value>>(body).ok());
        let mut common = bodies.next().unwrap_or_default();
        for body in bodies {
            common.retain(|key, value| body.get(key) == Some(value));
        }
        common
    }
}

fn counts(events: &[&str]) -> String {
    let mut counted: Vec<(&str, usize)> = Vec::new();
    for event in events {
        match counted.iter_mut().find(|(known, _)| known == event) {
            Some((_, count)) => *count += 1,
            None => counted.push((event, 1)),
        }
    }
    counted.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counted.iter().map(|(event, count)| format!("{count} × {event}")).collect::<Vec<_>>().join(", ")
}

/// Bad news decides how a digest sounds, then good.
fn weight(severity: Severity) -> u8 {
    match severity {
        Severity::Neutral => 0,
        Severity::Begun => 1,
        Severity::Good => 2,
        Severity::Bad => 3,
    }
}

/// In the order in which their first event happened.
fn groups(listed: &[Listed<'_>]) -> Vec<Group> {
    let mut found: Vec<(String, Group)> = Vec::new();
    for Listed { event, body, notice, .. } in listed {
        let subject = events::entry(event).map(|entry| entry.subject);
        let text = |key: &str| body.get(key).and_then(Value::as_str).unwrap_or_default();
        let about = if subject == Some(Subject::Submission) { text("form_id") } else { text("id") };
        let line = line(subject, notice);
        match found.iter_mut().find(|(known, _)| known == about) {
            Some((_, group)) => group.lines.push(line),
            None => found.push((about.to_owned(), Group { title: title(subject, &text), lines: vec![line] })),
        }
    }
    found.into_iter().map(|(_, group)| group).collect()
}

/// What a group is about.
fn title<'a>(subject: Option<Subject>, text: &impl Fn(&'static str) -> &'a str) -> String {
    let title = match subject {
        Some(Subject::Deploy) => {
            let commit: String = text("commit_ref").chars().take(COMMIT_SHOWN).collect();
            let parts = ["Deploy", text("branch"), &commit, text("title")];
            parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
        }
        Some(Subject::Submission) => format!("Form {}", text("form_name")),
        Some(Subject::SplitTest) => format!("Split test {}", text("name")),
        Some(Subject::Hook) => format!("Hook {}", text("type")),
        None => String::new(),
    };
    // A title is one line wherever it stands.
    Line::of(&title).plain().replace('\n', " ")
}

/// One event: the time, and what happened, leading there.
fn line(subject: Option<Subject>, notice: &Notice) -> Line {
    let words = match subject {
        Some(Subject::Submission) => notice.title.clone(),
        _ => notice.headline.plain(),
    };
    let time = notice.at.map(|at| format!("{} ", minute(at).get(11..16).unwrap_or_default()));
    Line::of(&time.unwrap_or_default()).link(&words, notice.link.as_deref())
}

impl Group {
    fn title(&self) -> String {
        match self.lines.len() {
            1 => self.title.clone(),
            count => format!("{} ({count})", self.title),
        }
    }

    /// A line each, up to so many; what is left out is counted.
    fn write(self, most: usize) -> Line {
        let left = self.lines.len().saturating_sub(most);
        let mut out = Line::new();
        for (place, line) in self.lines.into_iter().take(most).enumerate() {
            out = out.plain_text(if place == 0 { "" } else { "\n" });
            out.0.extend(line.0);
        }
        if left > 0 { out.plain_text(&format!("\nand {left} more")) } else { out }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outgoing::notice::Severity;
    use crate::outgoing::samples;

    const ALL: Extent = Extent { events: LISTED_MAX, lines: LISTED_MAX };
    const SEVEN: [&str; 7] = [
        "deploy_created",
        "deploy_building",
        "submission_created",
        "deploy_failed",
        "submission_created",
        "split_test_activated",
        "hook_failing",
    ];

    fn notice(events: &[&'static str], extent: &Extent) -> Notice {
        samples::digest(events).notice(&samples::site(), extent).expect("words")
    }

    fn fields(notice: &Notice) -> Vec<(String, String)> {
        notice.fields.iter().map(|field| (field.title.clone(), field.value.plain())).collect()
    }

    #[test]
    fn events_stand_in_groups_with_a_line_each() {
        let notice = notice(&SEVEN, &ALL);
        assert_eq!(notice.headline.plain(), "7 events on harbour");
        let summary = "2 × submission_created, 1 × deploy_created, 1 × deploy_building, 1 × deploy_failed, \
                       1 × split_test_activated, 1 × hook_failing.";
        assert_eq!((notice.text.plain().as_str(), notice.severity), (summary, Severity::Bad));
        assert_eq!(notice.footer.plain(), "Gathered until 2026-01-02 03:15 UTC.");
        let fields = fields(&notice);
        let titles: Vec<&str> = fields.iter().map(|(title, _)| title.as_str()).collect();
        let deploy = "Deploy feature/<a&b> 0a1b2c3 Fix <title> & *footer* (3)";
        assert_eq!(titles, [deploy, "Form contact (2)", "Split test Blue *or* green", "Hook url"]);
        assert_eq!(
            fields[0].1,
            "03:05 A new deploy of harbour was made\n\
             03:05 There is a new deploy in process for harbour\n\
             03:05 Something went wrong deploying harbour"
        );
        assert_eq!(fields[1].1, ["03:04 Submission 7 from Ann <Lee>"; 2].join("\n"));
    }

    #[test]
    fn what_is_not_listed_is_counted() {
        let few = Extent { events: 3, lines: 2 };
        let events = [["submission_created"; 4].as_slice(), &["deploy_failed"]].concat();
        let notice = notice(&events, &few);
        let text = "4 × submission_created, 1 × deploy_failed.\n\
                    Listed are the first 3; and 2 more: 1 × submission_created, 1 × deploy_failed.";
        assert_eq!(notice.text.plain(), text);
        let line = "03:04 Submission 7 from Ann <Lee>";
        assert_eq!(fields(&notice), [("Form contact (3)".into(), format!("{line}\n{line}\nand 1 more"))]);
    }

    #[test]
    fn a_mail_lists_the_first_fifty() {
        let text = notice(&["deploy_failed"; LISTED_MAX + 10], &ALL).text.plain();
        assert!(text.ends_with("Listed are the first 50; and 10 more: 10 × deploy_failed."), "{text}");
    }

    #[test]
    fn events_without_words_are_counted_alone() {
        let mut digest = samples::digest(&["submission_created", "deploy_failed"]);
        digest.bodies[0] = "nonsense".into();
        let notice = digest.notice(&samples::site(), &ALL).expect("words");
        assert!(notice.text.plain().ends_with("and 1 more: 1 × submission_created."), "{:?}", notice.text);
        digest.bodies.clear();
        assert!(digest.notice(&samples::site(), &ALL).is_none());
    }

    #[test]
    fn what_all_have_in_common_is_known() {
        let common = |events: &[&'static str]| samples::digest(events).common();
        assert_eq!(common(&["deploy_failed", "deploy_building"])["branch"], "feature/<a&b>");
        assert!(!common(&["deploy_failed", "submission_created"]).contains_key("branch"));
    }
}
