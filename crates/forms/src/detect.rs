//! Finds forms in a page and writes the page anew with the field that names its form. A page is read
//! twice: once to see what is there, and a second time only when something has to be put in. Pure
//! but for [`scan`], which fetches the page and stores the new one.

mod find;
mod rewrite;

use crate::limits::{PAGE_BYTES, READER_BYTES};
use context::{Context, Error, Result};
use lol_html::{ElementContentHandlers, HtmlRewriter, MemorySettings, Selector, Settings};
use model::FormField;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Version of this reader: what another one found is not believed.
pub const READER: i64 = 1;

/// What no page with a form of ours is without.
const MARK: &[u8] = b"netlify";

/// A form on a page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PageForm {
    /// Its name.
    pub name: String,
    /// Its fields in order, each once.
    pub fields: Vec<FormField>,
    /// Where it is sent, as the page writes it.
    pub action: String,
    /// Field that only robots fill in.
    pub honeypot: Option<String>,
    /// Whether it asks for a riddle that tells people from robots.
    pub recaptcha: bool,
}

/// What is in a page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Scan {
    /// Forms that can be sent.
    pub forms: Vec<PageForm>,
    /// Forms that cannot, because they have no name or one that is too long.
    pub nameless: usize,
    /// Why the page could not be read; it is served as it is then.
    pub problem: Option<String>,
    /// The blob that is served in place of the page, and its size.
    pub rewritten: Option<(String, u64)>,
}

/// Reads the page in a blob. The page that is served in its place is stored, too.
///
/// # Errors
/// When the blob cannot be read or stored. A page that makes no sense is no error: see
/// [`Scan::problem`].
pub async fn scan(cx: &Context, blob: &str, size: u64) -> Result<Scan> {
    if size > PAGE_BYTES {
        return Ok(Scan::default());
    }
    let page = cx.blobs.get(blob).await?;
    if !mentions(&page) {
        return Ok(Scan::default());
    }
    let work = move || read(&page);
    let (mut scan, html) = tokio::task::spawn_blocking(work).await.map_err(Error::internal)?;
    if let Some(html) = html {
        let stored = cx.blobs.put(&html).await?;
        scan.rewritten = Some((stored.sha256, stored.size));
    }
    Ok(scan)
}

/// Whether a page says the word in any case: most do not, and need no parsing. Its last letter is the
/// rarest.
fn mentions(page: &[u8]) -> bool {
    let ends = memchr::memchr2_iter(b'y', b'Y', page);
    ends.filter_map(|at| page.get((at + 1).checked_sub(MARK.len())?..=at))
        .any(|word| word.eq_ignore_ascii_case(MARK))
}

/// What is in the page, and the page that is served instead when it has forms. [`Scan::rewritten`]
/// stays empty.
#[must_use]
pub fn read(page: &[u8]) -> (Scan, Option<Vec<u8>>) {
    let found = match find::forms(page) {
        Ok(found) => found,
        Err(problem) => return (Scan { problem: Some(problem), ..Scan::default() }, None),
    };
    let scan = Scan {
        forms: found.iter().filter_map(|form| form.usable.clone()).collect(),
        nameless: found.iter().filter(|form| form.ours && form.usable.is_none()).count(),
        ..Scan::default()
    };
    if scan.forms.is_empty() {
        return (scan, None);
    }
    match rewrite::page(page, found) {
        Ok(html) => (scan, Some(html)),
        Err(problem) => (Scan { problem: Some(problem), ..Scan::default() }, None),
    }
}

type Handler<'h> = (Cow<'static, Selector>, ElementContentHandlers<'h>);

/// Runs handlers over a page; what comes out.
fn run(page: &[u8], handlers: Vec<Handler<'_>>, sink: impl FnMut(&[u8])) -> std::result::Result<(), String> {
    let memory = MemorySettings::new().with_max_allowed_memory_usage(READER_BYTES);
    let settings = handlers
        .into_iter()
        .fold(Settings::new().with_memory_settings(memory), Settings::append_element_content_handler);
    let mut rewriter = HtmlRewriter::new(settings, sink);
    rewriter.write(page).and_then(|()| rewriter.end()).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests;
