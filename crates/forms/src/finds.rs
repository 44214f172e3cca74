//! What all pages of a deploy have in forms, put together by name. Pure.

use crate::detect::Scan;
use crate::limits::PATHS;
use crate::place::{of_action, of_page};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use store::forms::FormDoc;

/// The forms of a deploy, and what its owner should know about them.
#[derive(Clone, Debug, Default)]
pub struct Finds {
    pub(crate) forms: BTreeMap<String, FormDoc>,
    pub(crate) fresh: Vec<(String, Scan)>,
    notes: Vec<Value>,
    judged: bool,
}

/// Notes of one deploy about its forms; more are not made.
const NOTES: usize = 20;

impl Finds {
    /// Nothing yet. `judged` says whether this server has solutions of riddles judged.
    #[must_use]
    pub fn new(judged: bool) -> Self {
        Self { judged, ..Self::default() }
    }

    /// Adds what is in the page at the path of its file.
    pub fn add(&mut self, path: &str, scan: &Scan) {
        if let Some(problem) = &scan.problem {
            self.note("Forms of a page were not read", &format!("{path} is served as it is: {problem}"));
        }
        if scan.nameless > 0 {
            let what = format!(
                "{path} has {} that no visitor can send: a form needs a name of at most {} bytes",
                count(scan.nameless),
                crate::limits::NAME_BYTES
            );
            self.note("A form has no usable name", &what);
        }
        for form in &scan.forms {
            if form.recaptcha && !self.judged {
                let what = format!(
                    "{path}: form \"{}\" is received without asking for it. The operator can have it checked: \
                     set BOATHOOK_RECAPTCHA_SECRET",
                    form.name
                );
                self.note("reCAPTCHA is not checked by this server", &what);
            }
            let doc = self.forms.entry(form.name.clone()).or_default();
            for field in &form.fields {
                let known = doc.fields.iter().any(|other| other.name == field.name);
                if !known && doc.fields.len() < crate::limits::FIELDS {
                    doc.fields.push(field.clone());
                }
            }
            remember(&mut doc.paths, of_page(path));
            if let Some(action) = of_action(path, &form.action) {
                remember(&mut doc.actions, action);
            }
            doc.recaptcha |= form.recaptcha;
            doc.honeypot = doc.honeypot.take().or_else(|| form.honeypot.clone());
        }
    }

    /// Hands over what was read for the first time, by blob, to be remembered along with the forms.
    pub fn remember(&mut self, scans: impl IntoIterator<Item = (String, Scan)>) {
        self.fresh.extend(scans);
    }

    /// Messages for the summary of the deploy.
    #[must_use]
    pub fn into_messages(self) -> Vec<Value> {
        self.notes
    }

    pub(crate) fn note(&mut self, title: &str, description: &str) {
        if self.notes.len() < NOTES {
            self.notes.push(
                json!({ "type": "warning", "title": title, "description": description, "details": "" }),
            );
        }
    }
}

fn count(forms: usize) -> String {
    if forms == 1 { "a form".to_owned() } else { format!("{forms} forms") }
}

fn remember(places: &mut Vec<String>, place: String) {
    if !places.contains(&place) && places.len() < PATHS {
        places.push(place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::read;

    #[test]
    fn pages_with_the_same_form_are_put_together() {
        let mut finds = Finds::default();
        for (path, html) in [
            ("/index.html", "<form name=a netlify action=/thanks><input name=x></form>"),
            ("/b/index.html", "<form name=a netlify netlify-honeypot=h><input name=x><input name=y></form>"),
        ] {
            finds.add(path, &read(html.as_bytes()).0);
        }
        let doc = &finds.forms["a"];
        assert_eq!(doc.fields.iter().map(|f| f.name.as_str()).collect::<Vec<_>>(), ["x", "y"]);
        assert_eq!(
            (&doc.paths[..], &doc.actions[..]),
            (&["/".into(), "/b".into()][..], &["/thanks".into()][..])
        );
        assert_eq!(doc.honeypot.as_deref(), Some("h"));
        assert!(finds.into_messages().is_empty());
    }

    #[test]
    fn a_form_on_many_pages_remembers_some() {
        let mut finds = Finds::default();
        for page in 0..=PATHS {
            finds.add(&format!("/{page}.html"), &read(b"<form name=a netlify action=x></form>").0);
        }
        let doc = &finds.forms["a"];
        assert_eq!((doc.paths.len(), doc.actions.len()), (PATHS, 1));
    }

    #[test]
    fn what_does_not_work_is_said_within_bounds() {
        let mut finds = Finds::default();
        finds.add("/a.html", &Scan { nameless: 2, problem: Some("odd".into()), ..Scan::default() });
        finds.add("/b.html", &read(b"<form name=a netlify data-netlify-recaptcha=true></form>").0);
        let text = Value::from(finds.clone().into_messages()).to_string();
        assert!(finds.forms["a"].recaptcha);
        let mut judged = Finds::new(true);
        judged.add("/b.html", &read(b"<form name=a netlify data-netlify-recaptcha=true></form>").0);
        assert!(judged.forms["a"].recaptcha && judged.into_messages().is_empty());
        for part in ["/a.html has 2 forms", "odd", "reCAPTCHA", "/b.html"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        for _ in 0..NOTES {
            finds.add("/a.html", &Scan { nameless: 1, ..Scan::default() });
        }
        assert_eq!(finds.into_messages().len(), NOTES);
    }
}
