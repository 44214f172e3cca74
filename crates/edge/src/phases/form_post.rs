//! A form that a visitor sends to any address of its site (contract edge 1.6). A POST that names no
//! form is left to the phases behind; what it sent is gone then, and no file asks for it.

use crate::Shared;
use crate::answer::{Answer, Next};
use crate::captcha::Verdict;
use crate::exchange::Exchange;
use crate::pages::page;
use crate::phases::redirects::redirect;
use crate::sites::{FormView, SiteView};
use context::Error;
use forms::limits::BODY_TIME;
use forms::{Busy, Entry, Kind, Received, Refusal, Visit};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use rules::paths;
use std::ops::ControlFlow::{Break, Continue};
use tokio::sync::OwnedSemaphorePermit;

/// Sent by scripts that want to be known as such.
const REQUESTED_WITH: HeaderName = HeaderName::from_static("x-requested-with");

/// Takes a form in; on where it is none.
pub(crate) async fn run(edge: &Shared, exchange: &mut Exchange, site: &SiteView) -> Next {
    if *exchange.method() != Method::POST {
        return Continue(());
    }
    // boxed, so that no other request carries the room that this one needs
    Box::pin(post(edge, exchange, site)).await
}

async fn post(edge: &Shared, exchange: &mut Exchange, site: &SiteView) -> Next {
    let content_type = text(exchange.headers(), &header::CONTENT_TYPE);
    let Some(kind) = Kind::of(&content_type) else {
        return if is_json(&content_type) && site.forms.is_some() { Break(json()) } else { Continue(()) };
    };
    match read(edge, exchange, site, kind).await {
        // what was read keeps its place until it is dealt with
        Ok((received, _place)) => take(edge, exchange, site, received).await,
        Err(answer) => Break(answer),
    }
}

/// A submission's place among those that come in.
type Place = Option<(Entry, OwnedSemaphorePermit)>;

async fn read(
    edge: &Shared,
    exchange: &mut Exchange,
    site: &SiteView,
    kind: Kind,
) -> Result<(Received, Place), Answer> {
    let entry = edge.forms.enter(exchange.peer.ip(), edge.cx.now()).map_err(busy)?;
    let Some(body) = exchange.take_body() else { return Ok((Received::default(), None)) };
    if body.size_hint().lower() > kind.most_bytes() {
        return Err(refused(&Refusal::TooLarge, exchange));
    }
    let turn = tokio::time::timeout(BODY_TIME, entry.turn()).await;
    let turn = turn.map_err(|_| busy(Busy { retry_after: BODY_TIME.as_secs() }))?;
    let known = |name: &str| find(site, name).is_some();
    let received = forms::receive(&edge.cx.blobs, kind, body.into_data_stream(), BODY_TIME, known).await;
    let received = received.map_err(|refusal| refused(&refusal, exchange))?;
    Ok((received, turn.map(|turn| (entry, turn))))
}

async fn take(edge: &Shared, exchange: &Exchange, site: &SiteView, received: Received) -> Next {
    let Some(form) = received.form_name().and_then(|name| find(site, name)) else {
        return Continue(());
    };
    let honeypot = form.honeypot.as_deref();
    if honeypot.is_some_and(|field| received.fills(field)) {
        return Break(success(exchange, site, form));
    }
    if let Some(captcha) = edge.captcha.as_ref().filter(|_| form.recaptcha) {
        match captcha.judge(received.solution()).await {
            Verdict::Solved => {}
            Verdict::Unsolved => return Break(unsolved()),
            Verdict::Unknown => return Break(unjudged()),
        }
    }
    let kept = match received.into_sent(&edge.cx, &visit(exchange), honeypot).await {
        Ok(sent) => forms::submit(&edge.cx, &form.id, sent).await,
        Err(error) => Err(error),
    };
    Break(match kept {
        Ok(()) => success(exchange, site, form),
        Err(Error::NotFound) => unknown(),
        Err(error) => failed(exchange, &error),
    })
}

fn find<'a>(site: &'a SiteView, name: &str) -> Option<&'a FormView> {
    site.forms.as_ref()?.find(name)
}

fn visit(exchange: &Exchange) -> Visit {
    let of = |name| text(exchange.headers(), &name);
    Visit { ip: exchange.peer.ip(), user_agent: of(header::USER_AGENT), referrer: of(header::REFERER) }
}

/// The page that the form was sent to, or the general one when that is the page of the form itself
/// or none at all. A script gets 200 whatever the page.
fn success(exchange: &Exchange, site: &SiteView, form: &FormView) -> Answer {
    let path = paths::clean(exchange.uri().path()).unwrap_or_else(|_| "/".to_owned());
    let place = forms::of_page(&path);
    let leads_on = !form.is_on(&place) && (form.leads_to(&place) || site.deploy.file(&path).is_some());
    if is_script(exchange.headers()) || !leads_on {
        return thanks();
    }
    let mut location = paths::encode(&path);
    if let Some(query) = exchange.uri().query() {
        location.push('?');
        location.push_str(query);
    }
    redirect(StatusCode::SEE_OTHER.as_u16(), &location)
}

/// Whether a script asks rather than somebody who wants to see a page.
fn is_script(headers: &HeaderMap) -> bool {
    let accept = text(headers, &header::ACCEPT).to_ascii_lowercase();
    headers.contains_key(REQUESTED_WITH) || !accept.contains("text/html")
}

fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || essence.ends_with("+json")
}

fn text(headers: &HeaderMap, name: &HeaderName) -> String {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).unwrap_or_default()
}

fn thanks() -> Answer {
    let sentence = "Your form has been received. <a href=\"/\">Back to the site</a>";
    page(StatusCode::OK, "Thank you", sentence)
}

fn unknown() -> Answer {
    page(StatusCode::NOT_FOUND, "Form not found", "This site has no form of this name.")
}

fn json() -> Answer {
    let sentence = "Forms of this site are sent as application/x-www-form-urlencoded or \
                    multipart/form-data, not as JSON.";
    page(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Not a form", sentence)
}

fn unsolved() -> Answer {
    let sentence = "This form asks you to show that you are no robot, and that was not done or too long \
                    ago. Please go back, do it, and send the form again.";
    page(StatusCode::BAD_REQUEST, "Are you a robot?", sentence)
}

fn unjudged() -> Answer {
    let sentence = "Whether you are a robot cannot be checked right now, so your form was not taken. Please \
                    send it again in a while.";
    page(StatusCode::SERVICE_UNAVAILABLE, "Not available", sentence)
}

fn busy(busy: Busy) -> Answer {
    let sentence = "Too many forms came from your address. Please wait a moment and send it again.";
    page(StatusCode::TOO_MANY_REQUESTS, "Too many forms", sentence)
        .with(header::RETRY_AFTER, HeaderValue::from(busy.retry_after))
}

fn refused(refusal: &Refusal, exchange: &Exchange) -> Answer {
    match refusal {
        Refusal::UnknownForm => unknown(),
        Refusal::TooLarge => page(
            StatusCode::PAYLOAD_TOO_LARGE,
            "Too large",
            "A form may bring 8 MB with its files, 32 files, 1 MB of text, 256 fields, and names of 256 bytes.",
        ),
        Refusal::Malformed => {
            page(StatusCode::BAD_REQUEST, "Bad request", "What was sent is not the form it claims to be.")
        }
        Refusal::TwoFiles => page(StatusCode::BAD_REQUEST, "Bad request", "Each field takes one file only."),
        Refusal::Late => {
            page(StatusCode::REQUEST_TIMEOUT, "Too slow", "The form did not come in within 30 seconds.")
        }
        Refusal::Storage(error) => failed(exchange, error),
    }
}

fn failed(exchange: &Exchange, error: &(dyn std::error::Error + 'static)) -> Answer {
    tracing::error!(id = ?exchange.id, peer = %exchange.peer, error, "a form could not be kept");
    let sentence = "Your form could not be kept. Please send it again in a while.";
    page(StatusCode::INTERNAL_SERVER_ERROR, "Internal error", sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_told_from_browsers() {
        for (accept, requested_with, expect) in [
            (Some("text/html,application/xhtml+xml,*/*;q=0.8"), false, false),
            (Some("TEXT/HTML"), false, false),
            (Some("text/html"), true, true),
            (Some("*/*"), false, true),
            (Some("application/json"), false, true),
            (None, false, true),
        ] {
            let mut headers = HeaderMap::new();
            accept.map(|accept| headers.insert(header::ACCEPT, HeaderValue::from_static(accept)));
            if requested_with {
                headers.insert(REQUESTED_WITH, HeaderValue::from_static("XMLHttpRequest"));
            }
            assert_eq!(is_script(&headers), expect, "{accept:?}");
        }
    }

    #[test]
    fn json_is_known_by_its_type() {
        for (kind, expect) in [
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("application/ld+json", true),
            ("text/plain", false),
            ("", false),
        ] {
            assert_eq!(is_json(kind), expect, "{kind}");
        }
    }

    #[test]
    fn what_the_pages_say_is_what_is_done() {
        use forms::limits::{BODY_BYTES, FIELDS, FILES, NAME_BYTES, TEXT_BYTES};
        assert_eq!((BODY_BYTES, FILES, TEXT_BYTES, FIELDS, NAME_BYTES), (8 << 20, 32, 1 << 20, 256, 256));
        assert_eq!(BODY_TIME.as_secs(), 30);
    }
}
