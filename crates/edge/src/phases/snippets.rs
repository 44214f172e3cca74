//! Puts the snippets of a site into its static HTML pages, whatever their status (contract add-ons
//! section 10). What other servers or the platform itself say stays as it is.

use crate::Shared;
use crate::answer::{Answer, BlobRef, Content, Spans};
use crate::exchange::Exchange;
use crate::pages;
use crate::protocol::negotiate;
use crate::sites::SiteView;
use crate::snippets::put_into;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};

/// The same answer, with the snippets in its page if it is one. The files of a site with snippets
/// have entity tags of their own and no compressed forms, so that an answer without a body is right
/// already.
pub(crate) async fn run(edge: &Shared, exchange: &Exchange, site: &SiteView, answer: Answer) -> Answer {
    let Some(snippets) = &site.snippets else { return answer };
    let Some(blob) = page(&answer) else { return answer };
    // boxed, so that no other request carries the room that this one needs
    match Box::pin(edge.pages.get(blob, snippets)).await {
        Ok(page) => {
            let Answer { mut headers, .. } = answer;
            headers.remove(header::ACCEPT_RANGES);
            let encoding = negotiate::choose(exchange.headers(), page.encodings());
            let content = match (encoding.header(), page.packed(encoding)) {
                (Some(name), Some(packed)) => encoded(&mut headers, name, packed),
                _ => page.plain(snippets),
            };
            Answer { headers, content, ..answer }
        }
        Err(error) => {
            tracing::error!(id = ?exchange.id, peer = %exchange.peer, %error, "a page cannot be read");
            pages::failure()
        }
    }
}

/// The page that asks for the site's password carries them too.
pub(crate) fn on_password_page(site: &SiteView, answer: Answer) -> Answer {
    match (&site.snippets, &answer.content) {
        (Some(snippets), Content::Bytes(page)) if answer.status == StatusCode::UNAUTHORIZED => {
            Answer { content: Content::Bytes(put_into(page, snippets)), ..answer }
        }
        _ => answer,
    }
}

/// The file of an answer that is an HTML page of the site.
fn page(answer: &Answer) -> Option<BlobRef> {
    let Content::Blob { blob, spans: Spans::One(range) } = &answer.content else { return None };
    if !answer.of_file {
        return None;
    }
    let whole = *range == (0..blob.size) && !answer.headers.contains_key(header::CONTENT_ENCODING);
    let html = answer.headers.get(header::CONTENT_TYPE).is_some_and(is_html);
    (whole && html).then_some(*blob)
}

/// Whether files of this type are pages.
pub(crate) fn is_html(mime: &HeaderValue) -> bool {
    const HTML: &[u8] = b"text/html";
    let mime = mime.as_bytes();
    mime.get(..HTML.len()).is_some_and(|kind| kind.eq_ignore_ascii_case(HTML))
        && mime.get(HTML.len()).is_none_or(|next| matches!(next, b';' | b' '))
}

/// Says that the content is compressed. Its tag becomes a weak one, which stands for all forms.
fn encoded(headers: &mut HeaderMap, encoding: HeaderValue, packed: &Bytes) -> Content {
    headers.insert(header::CONTENT_ENCODING, encoding);
    if let Some(tag) = headers.get(header::ETAG) {
        let weak = [b"W/", tag.as_bytes()].concat();
        if let Ok(weak) = HeaderValue::from_bytes(&weak) {
            headers.insert(header::ETAG, weak);
        }
    }
    Content::Bytes(packed.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_html_is_a_page() {
        for (mime, expect) in [
            ("text/html", true),
            ("text/html; charset=utf-8", true),
            ("Text/HTML;charset=utf-16", true),
            ("text/html+x", false),
            ("text/plain", false),
            ("application/xhtml+xml", false),
            ("application/json", false),
            ("", false),
        ] {
            assert_eq!(is_html(&HeaderValue::from_static(mime)), expect, "{mime}");
        }
    }

    #[test]
    fn a_compressed_page_has_a_weak_tag() {
        let mut headers = HeaderMap::new();
        let gzip = || HeaderValue::from_static("gzip");
        encoded(&mut headers, gzip(), &Bytes::new());
        assert!(!headers.contains_key(header::ETAG));
        headers.insert(header::ETAG, HeaderValue::from_static("\"x\""));
        encoded(&mut headers, gzip(), &Bytes::new());
        assert_eq!(headers[header::ETAG], "W/\"x\"");
        assert_eq!(headers[header::CONTENT_ENCODING], "gzip");
    }
}
