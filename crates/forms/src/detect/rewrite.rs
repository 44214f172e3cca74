//! Writes a page anew: forms that are received here lose the attributes that say so and get the
//! field that names them.

use super::find::Found;
use super::run;
use lol_html::element;
use lol_html::html_content::{ContentType, Element};

/// Attributes that are for us alone.
const OURS: [&str; 4] = ["netlify", "data-netlify", "netlify-honeypot", "data-netlify-honeypot"];

/// The page with its forms, which were found in it before.
///
/// # Errors
/// A sentence when the page cannot be read with certainty.
pub(super) fn page(page: &[u8], found: Vec<Found>) -> Result<Vec<u8>, String> {
    let mut html = Vec::with_capacity(page.len() + page.len() / 16);
    let mut forms = found.into_iter();
    let handler = element!("form", |form: &mut Element<'_, '_>| {
        if let Some(found) = forms.next() {
            change(form, &found);
        }
        Ok(())
    });
    run(page, vec![handler], |bytes: &[u8]| html.extend_from_slice(bytes))?;
    Ok(html)
}

fn change(form: &mut Element<'_, '_>, found: &Found) {
    let Some(known) = &found.usable else { return };
    for attribute in OURS {
        form.remove_attribute(attribute);
    }
    if !found.names_itself {
        let name = quoted(&known.name);
        let field = format!("<input type=\"hidden\" name=\"form-name\" value=\"{name}\">");
        form.prepend(&field, ContentType::Html);
    }
}

/// Text that may stand between double quotes in a tag.
fn quoted(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;")
}
