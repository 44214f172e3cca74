//! Which forms a page has, in the order of their opening tags.

use super::{PageForm, run};
use crate::limits::{FIELDS, FORMS_PER_PAGE, NAME_BYTES};
use lol_html::html_content::Element;
use lol_html::{element, end_tag};
use model::FormField;
use std::cell::RefCell;
use std::rc::Rc;

/// Types of inputs that are no fields to fill in.
const BUTTONS: [&str; 4] = ["submit", "button", "image", "reset"];

/// A form of the page, ours or not: they are counted to be found again.
#[derive(Default)]
pub(super) struct Found {
    /// Whether it asks to be received here.
    pub(super) ours: bool,
    /// Whether it has a field that names it already.
    pub(super) names_itself: bool,
    /// What it is, when it has a name that will do.
    pub(super) usable: Option<PageForm>,
}

#[derive(Default)]
struct Desk {
    forms: Vec<Found>,
    /// Whether the last form is open.
    open: bool,
}

/// The forms of a page.
///
/// # Errors
/// A sentence when the page cannot be read with certainty, or has too many forms.
pub(super) fn forms(page: &[u8]) -> Result<Vec<Found>, String> {
    let desk = Rc::new(RefCell::new(Desk::default()));
    let handlers = vec![
        element!("form", |form: &mut Element<'_, '_>| start(form, &desk)),
        element!("input", |input: &mut Element<'_, '_>| {
            let kind = input.get_attribute("type").unwrap_or_else(|| "text".to_owned());
            field(input, &kind.trim().to_ascii_lowercase(), &desk)
        }),
        element!("textarea", |area: &mut Element<'_, '_>| field(area, "textarea", &desk)),
        element!("select", |select: &mut Element<'_, '_>| field(select, "select", &desk)),
    ];
    run(page, handlers, |_: &[u8]| {})?;
    Ok(desk.take().forms)
}

type Outcome = Result<(), Box<dyn std::error::Error + Send + Sync>>;

fn start(form: &mut Element<'_, '_>, desk: &Rc<RefCell<Desk>>) -> Outcome {
    let mut now = desk.borrow_mut();
    if now.forms.len() >= FORMS_PER_PAGE {
        return Err(format!("it has more than {FORMS_PER_PAGE} forms").into());
    }
    let ours = is_ours(form);
    now.forms.push(Found { ours, names_itself: false, usable: if ours { usable(form) } else { None } });
    now.open = true;
    let desk = Rc::clone(desk);
    if let Some(handlers) = form.end_tag_handlers() {
        handlers.push(end_tag!(move |_| {
            desk.borrow_mut().open = false;
            Ok(())
        }));
    }
    Ok(())
}

/// `netlify` with anything but `false`, or `data-netlify="true"`, also without a value.
fn is_ours(form: &Element<'_, '_>) -> bool {
    let value = |name| form.get_attribute(name).map(|value| value.trim().to_ascii_lowercase());
    value("netlify").is_some_and(|value| value != "false")
        || value("data-netlify").is_some_and(|value| value.is_empty() || value == "true")
}

fn usable(form: &Element<'_, '_>) -> Option<PageForm> {
    let name = text(form, "name").map(|name| name.trim().to_owned())?;
    if name.is_empty() || name.len() > NAME_BYTES {
        return None;
    }
    let honeypot = text(form, "netlify-honeypot").or_else(|| text(form, "data-netlify-honeypot"));
    let recaptcha = text(form, "data-netlify-recaptcha").or_else(|| text(form, "netlify-recaptcha"));
    Some(PageForm {
        name,
        fields: Vec::new(),
        action: text(form, "action").unwrap_or_default(),
        honeypot: honeypot.filter(|field| !field.is_empty() && field.len() <= NAME_BYTES),
        recaptcha: recaptcha.is_some_and(|value| value != "false"),
    })
}

fn field(element: &Element<'_, '_>, kind: &str, desk: &RefCell<Desk>) -> Outcome {
    let mut desk = desk.borrow_mut();
    if !desk.open || BUTTONS.contains(&kind) {
        return Ok(());
    }
    let (Some(form), Some(name)) = (desk.forms.last_mut(), text(element, "name")) else { return Ok(()) };
    if name == "form-name" {
        form.names_itself = true;
    } else if let Some(form) = &mut form.usable {
        let known = form.fields.iter().any(|field| field.name == name);
        if !known && !name.is_empty() && name.len() <= NAME_BYTES && form.fields.len() < FIELDS {
            form.fields.push(FormField { name, kind: kind.chars().take(NAME_BYTES).collect() });
        }
    }
    Ok(())
}

/// An attribute as a browser understands it.
fn text(element: &Element<'_, '_>, name: &str) -> Option<String> {
    element.get_attribute(name).map(|raw| decoded(&raw))
}

/// Named character references that are used in attributes; others stay as they are.
const NAMED: [(&str, &str); 6] =
    [("amp", "&"), ("quot", "\""), ("apos", "'"), ("lt", "<"), ("gt", ">"), ("nbsp", "\u{a0}")];

/// Text without character references.
pub(super) fn decoded(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let reference = rest[1..].split_once(';').and_then(|(name, after)| Some((character(name)?, after)));
        match reference {
            Some((text, after)) => {
                out.push_str(&text);
                rest = after;
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

fn character(name: &str) -> Option<String> {
    if let Some((_, text)) = NAMED.iter().find(|(known, _)| *known == name) {
        return Some((*text).to_owned());
    }
    let number = name.strip_prefix('#')?;
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => number.parse().ok()?,
    };
    char::from_u32(code).filter(|c| *c != '\0').map(String::from)
}
