//! The answer to most requests for a file: its head is put together from texts that are ready, its
//! bytes are in memory, nobody is waited for. What it says is what the phases would say (a test
//! compares them); where one of them may have a say, it is asked, and this is not the way.

use super::glance::{self, Glance};
use super::head::{self, Ending};
use crate::Shared;
use crate::phases::{pretty_urls, redirects, static_file};
use crate::protocol::{conditional, negotiate};
use crate::sites::{Form, Hit, Ready, SiteView};
use bytes::Bytes;

/// How requests begin that are never for a file: what lies there belongs to the platform and to add-ons.
const ELSEWHERE: &[u8] = b"GET /.netlify/";

/// An answer whose head is written.
pub(super) struct Plain {
    /// What follows the head.
    pub(super) body: Bytes,
    pub(super) ending: Ending,
}

/// Answers the request whose head these bytes are, `last` when no other may follow. The head of the
/// answer goes to `out`, in place of what is there.
pub(super) fn answer(edge: &Shared, bytes: &[u8], last: bool, out: &mut Vec<u8>) -> Option<Plain> {
    if bytes.starts_with(ELSEWHERE) {
        return None;
    }
    let asked = glance::read(bytes)?;
    let site = edge.sites.known(asked.host)?;
    let found = find(&site, asked.path)?;
    let rules = site.rules.ready(found.headers)?;
    let form = found.file.form(negotiate::choose_from(asked.accept_encoding, found.file.encodings()));
    let fresh = is_fresh(&asked, &site, form);
    let body = if fresh { Bytes::new() } else { edge.delivery.in_memory(&form.blob)? };
    let ending = if last { Ending::Close } else { asked.ending };
    write(edge, &Page { site: &site, found, form, rules, fresh, ending }, out);
    Some(Plain { body, ending })
}

/// The file of a path that everybody sees, and sees there.
fn find<'s>(site: &'s SiteView, path: &str) -> Option<Hit<'s>> {
    let found = site.deploy.find(path)?;
    let as_it_is = site.shows_files_as_they_are() && !found.file.composed;
    let elsewhere = site.rules.pretty_urls && pretty_urls::pretty(path, found.rank).is_some();
    (as_it_is && !elsewhere && !redirects::may_override(site, path)).then_some(found)
}

fn is_fresh(asked: &Glance<'_>, site: &SiteView, form: &Form) -> bool {
    let modified = &site.deploy.last_modified;
    conditional::is_fresh_by(asked.if_none_match, asked.if_modified_since, &form.etag, modified)
}

/// What an answer says.
struct Page<'s> {
    site: &'s SiteView,
    found: Hit<'s>,
    form: &'s Form,
    rules: &'s Ready,
    fresh: bool,
    ending: Ending,
}

fn write(edge: &Shared, page: &Page<'_>, out: &mut Vec<u8>) {
    let Page { site, found, form, rules, fresh, ending } = page;
    out.clear();
    let status: &[u8] = if *fresh { b"HTTP/1.1 304 Not Modified\r\n" } else { b"HTTP/1.1 200 OK\r\n" };
    out.extend_from_slice(status);
    let usual = static_file::REVALIDATE;
    let caching = rules.cache_control.as_ref().unwrap_or(&usual);
    head::field(out, "cache-control", caching.as_bytes());
    out.extend_from_slice(b"age: 0\r\n");
    if !found.file.encodings().is_empty() {
        out.extend_from_slice(b"vary: accept-encoding\r\n");
    }
    head::field(out, "etag", form.etag.as_bytes());
    head::field(out, "last-modified", site.deploy.last_modified.as_bytes());
    if !fresh {
        describe(page, out);
    }
    out.extend_from_slice(&rules.lines);
    let now = edge.cx.now();
    out.extend_from_slice(b"server: Netlify\r\n");
    head::field(out, "x-nf-request-id", &edge.ids.next_text(now));
    if *ending == Ending::Close {
        out.extend_from_slice(b"connection: close\r\n");
    }
    head::date(out, now);
    out.extend_from_slice(b"\r\n");
}

/// What only an answer with a body says.
fn describe(page: &Page<'_>, out: &mut Vec<u8>) {
    if let Some(encoding) = page.form.encoding.header() {
        head::field(out, "content-encoding", encoding.as_bytes());
    }
    let mime = page.rules.content_type.as_ref().unwrap_or(&page.found.file.mime);
    head::field(out, "content-type", mime.as_bytes());
    out.extend_from_slice(b"accept-ranges: bytes\r\n");
    head::length(out, page.form.blob.size);
}
