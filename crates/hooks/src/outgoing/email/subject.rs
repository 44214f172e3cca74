//! The subject of a mail: the notice's headline, or the hook's own template. A template is text with
//! placeholders, `{{ site }}`; there is nothing in it that could run. Pure.

use super::Notice;
use crate::outgoing::notice::{Site, cut};
use serde_json::{Map, Value};

/// Bytes of a template.
pub(crate) const TEMPLATE_MAX: usize = 500;
/// Units of a subject.
pub(crate) const SUBJECT_MAX: usize = 200;

/// What a subject can be made of.
pub(crate) struct Facts<'a> {
    pub(crate) event: &'a str,
    pub(crate) body: &'a Map<String, Value>,
    pub(crate) site: &'a Site,
    pub(crate) notice: &'a Notice,
    /// How many events the mail is about, and which.
    pub(crate) count: usize,
    pub(crate) events: String,
}

type Read = fn(&Facts<'_>) -> String;

/// Every placeholder. What an event does not have is empty.
const PLACEHOLDERS: &[(&str, Read)] = &[
    ("site", |facts| facts.site.name.clone()),
    ("site_url", |facts| facts.site.url.clone()),
    ("event", |facts| facts.event.to_owned()),
    ("count", |facts| facts.count.to_string()),
    ("events", |facts| facts.events.clone()),
    ("headline", |facts| facts.notice.headline.plain()),
    ("branch", |facts| facts.text("branch")),
    ("context", |facts| facts.text("context")),
    ("commit", |facts| facts.text("commit_ref").chars().take(7).collect()),
    ("title", |facts| facts.text("title")),
    ("error", |facts| facts.text("error_message")),
    ("review", |facts| facts.text("review_id")),
    ("form", |facts| facts.text("form_name")),
    ("number", |facts| facts.text("number")),
    ("name", |facts| facts.text("name")),
    ("email", |facts| facts.text("email")),
];

impl Facts<'_> {
    fn text(&self, key: &str) -> String {
        match self.body.get(key) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            _ => String::new(),
        }
    }
}

enum Piece<'a> {
    Text(&'a str),
    Placeholder(Read),
}

/// Judges a template; a sentence when it will not do.
pub(crate) fn check(template: &str) -> Result<(), String> {
    if template.len() > TEMPLATE_MAX {
        return Err(format!("data.subject_template may have at most {TEMPLATE_MAX} bytes"));
    }
    pieces(template).map(|_| ()).map_err(|why| format!("data.subject_template: {why}"))
}

/// The subject that a template makes; the headline when it comes to nothing.
pub(crate) fn write(template: &str, facts: &Facts<'_>) -> String {
    let Ok(pieces) = pieces(template) else { return default(facts.notice) };
    let written = pieces.iter().map(|piece| match piece {
        Piece::Text(text) => (*text).to_owned(),
        Piece::Placeholder(read) => read(facts),
    });
    let subject = one_line(&written.collect::<String>());
    if subject.is_empty() { default(facts.notice) } else { subject }
}

/// The subject of a hook that has no template.
pub(crate) fn default(notice: &Notice) -> String {
    one_line(&notice.headline.plain())
}

/// Every run of blanks and control characters as one space, cut to the limit.
fn one_line(text: &str) -> String {
    let blank = |letter: char| letter.is_control() || letter.is_whitespace();
    let words: Vec<&str> = text.split(blank).filter(|word| !word.is_empty()).collect();
    cut(&words.join(" "), SUBJECT_MAX)
}

fn pieces(template: &str) -> Result<Vec<Piece<'_>>, String> {
    let mut found = Vec::new();
    let mut rest = template;
    while let Some((text, behind)) = rest.split_once("{{") {
        let (name, after) = behind.split_once("}}").ok_or("{{ is not closed by }}")?;
        let (_, read) =
            PLACEHOLDERS.iter().find(|(known, _)| *known == name.trim()).ok_or_else(|| unknown(name))?;
        found.push(Piece::Text(text));
        found.push(Piece::Placeholder(*read));
        rest = after;
    }
    if rest.contains("}}") {
        return Err("}} closes nothing".to_owned());
    }
    found.push(Piece::Text(rest));
    Ok(found)
}

fn unknown(name: &str) -> String {
    let known: Vec<_> = PLACEHOLDERS.iter().map(|(name, _)| *name).collect();
    format!("{{{{{name}}}}} is not one of: {}", known.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outgoing::samples;

    fn check_written(event: &str, template: &str, expect: &str) {
        let (body, site, notice) = (samples::body(event), samples::site(), samples::notice_of(event));
        let facts =
            Facts { event, body: &body, site: &site, notice: &notice, count: 1, events: event.to_owned() };
        assert_eq!(write(template, &facts), expect, "{template}");
    }

    #[test]
    fn templates_are_filled_in() {
        check_written(
            "deploy_failed",
            "[{{site}}] {{ event }} on {{branch}}",
            "[harbour] deploy_failed on feature/<a&b>",
        );
        check_written("deploy_failed", "{{commit}} {{context}} {{form}}|", "0a1b2c3 production |");
        check_written("submission_created", "{{form}} #{{number}}: {{name}}", "contact #7: Ann <Lee>");
        check_written("submission_created", "{{branch}} \r\n ", "New submission of contact on harbour");
        check_written("deploy_request_pending", "#{{review}}", "#42");
        check_written("deploy_created", "a\r\nBcc: x@y.z\u{0}b", "a Bcc: x@y.z b");
        check_written("deploy_created", &"x".repeat(300), &format!("{}…", "x".repeat(SUBJECT_MAX - 1)));
    }

    #[test]
    fn every_placeholder_is_known_to_the_check() {
        for (name, _) in PLACEHOLDERS {
            assert_eq!(check(&format!("{{{{{name}}}}}")), Ok(()));
        }
    }

    #[test]
    fn templates_that_do_not_parse_are_refused() {
        for (template, expect) in [
            ("plain { } text", Ok(())),
            ("{{site}", Err("{{ is not closed by }}")),
            ("site}}", Err("}} closes nothing")),
            ("{{ site | upper }}", Err("{{ site | upper }} is not one of: site, site_url, event")),
            ("{{ secret }}", Err("{{ secret }} is not one of: site, site_url, event")),
        ] {
            let got = check(template);
            let expect = expect.map_err(|why| format!("data.subject_template: {why}"));
            match (&got, &expect) {
                (Err(got), Err(expect)) => assert!(got.starts_with(expect), "{got}"),
                _ => assert_eq!(got, expect, "{template}"),
            }
        }
        assert!(check(&"x".repeat(TEMPLATE_MAX)).is_ok() && check(&"x".repeat(TEMPLATE_MAX + 1)).is_err());
    }
}
