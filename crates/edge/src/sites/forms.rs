//! The forms of a site as the edge takes them in: found by name.

use std::collections::HashMap;
use store::Conn;
use store::forms::{self, FormRow};

/// What a form costs in memory beside its texts, in bytes.
const FORM_BYTES: usize = 256;

/// The forms of a site.
pub(crate) struct FormsView(HashMap<Box<str>, FormView>);

/// A form.
pub(crate) struct FormView {
    /// Its id.
    pub(crate) id: Box<str>,
    /// Field that only robots fill in.
    pub(crate) honeypot: Option<Box<str>>,
    /// Whether it wants a riddle solved.
    pub(crate) recaptcha: bool,
    pages: Box<[Box<str>]>,
    actions: Box<[Box<str>]>,
}

impl FormsView {
    /// Reads the forms of a site, if it has any.
    pub(super) async fn load(db: &mut Conn, site_id: &str) -> store::Result<Option<Self>> {
        let rows = forms::list(db, site_id).await?;
        Ok((!rows.is_empty()).then(|| Self::new(rows)))
    }

    fn new(rows: Vec<FormRow>) -> Self {
        let boxed = |texts: Vec<String>| texts.into_iter().map(String::into_boxed_str).collect();
        let view = |row: FormRow| {
            let honeypot = row.doc.honeypot.map(String::into_boxed_str);
            let (pages, actions) = (boxed(row.doc.paths), boxed(row.doc.actions));
            let recaptcha = row.doc.recaptcha;
            (row.name.into_boxed_str(), FormView { id: row.id.into(), honeypot, recaptcha, pages, actions })
        };
        Self(rows.into_iter().map(view).collect())
    }

    /// The form of this name.
    pub(crate) fn find(&self, name: &str) -> Option<&FormView> {
        self.0.get(name)
    }

    /// About how many bytes of memory they take.
    pub(super) fn weight(&self) -> u64 {
        let texts = |form: &FormView| {
            form.pages
                .iter()
                .chain(&form.actions)
                .map(|text| text.len() + size_of::<Box<str>>())
                .sum::<usize>()
        };
        self.0.iter().map(|(name, form)| (name.len() + texts(form) + FORM_BYTES) as u64).sum()
    }
}

impl FormView {
    /// Whether the form is on the page of this address.
    pub(crate) fn is_on(&self, page: &str) -> bool {
        self.pages.iter().any(|known| **known == *page)
    }

    /// Whether a page sends the form to this address.
    pub(crate) fn leads_to(&self, page: &str) -> bool {
        self.actions.iter().any(|known| **known == *page)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Timestamp;
    use store::forms::FormDoc;

    #[test]
    fn forms_are_found_by_name_and_weigh_what_they_say() {
        let doc = FormDoc {
            paths: vec!["/contact".into()],
            actions: vec!["/thanks".into()],
            honeypot: Some("bot".into()),
            ..FormDoc::default()
        };
        let row = |name: &str, doc: FormDoc| FormRow {
            id: format!("id-{name}"),
            site_id: "s".into(),
            name: name.into(),
            doc,
            created_at: Timestamp(0),
            updated_at: Timestamp(0),
        };
        let small = FormsView::new(vec![row("contact", doc.clone())]);
        let form = small.find("contact").expect("it is there");
        assert_eq!((&*form.id, form.honeypot.as_deref()), ("id-contact", Some("bot")));
        assert!(form.is_on("/contact") && !form.is_on("/thanks") && form.leads_to("/thanks"));
        assert!(small.find("Contact").is_none());
        let long = FormDoc { paths: vec!["/".repeat(5000)], ..doc };
        assert!(FormsView::new(vec![row("contact", long)]).weight() > small.weight() + 4000);
    }
}
