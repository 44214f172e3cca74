//! Asks for the password of a site, and remembers by a sealed cookie who knew it. The cookie names
//! the site and the version of its password, so that a new password ends every old cookie.

use crate::answer::{Answer, Content, Next};
use crate::exchange::Exchange;
use crate::pages;
use crate::sites::{Guard, SiteView};
use bytes::Bytes;
use context::Context;
use http::{HeaderValue, Method, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use model::{Timestamp, network};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::net::IpAddr;
use std::ops::ControlFlow;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Name of the cookie.
const COOKIE: &str = "nf_site_access";
/// What cookies are sealed for.
const PURPOSE: &str = "site password cookie";
/// How long a visitor who knew the password is let in, in seconds.
const REMEMBERED: i64 = 7 * 24 * 3600;
/// Bytes of a form with a password; hex digits of a longest password fit.
const MAX_FORM_BYTES: usize = 4096;
/// How long a visitor may take to send it.
const FORM_DEADLINE: Duration = Duration::from_secs(10);
/// Wrong passwords from one address, for all sites, in one window.
pub(crate) const MAX_MISSES: u32 = 10;
/// Length of a window in seconds.
const WINDOW: i64 = 60;
/// Addresses that are remembered; more are counted together.
const MAX_ADDRESSES: usize = 10_000;
/// Passwords that wait to be compared; who comes on top is asked to come back.
const MAX_WAITING: usize = 32;
const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const RETRY_SOON: HeaderValue = HeaderValue::from_static("1");

/// What all requests share: who guessed how often, and how many guesses are looked at.
pub(crate) struct Gate {
    misses: Mutex<Misses>,
    waiting: Semaphore,
}

/// Guesses by address; those of addresses that are not remembered stand under none.
type Misses = HashMap<Option<IpAddr>, Guesses>;

/// Wrong passwords within one window.
#[derive(Default)]
struct Guesses {
    /// When the window began: with the first of them. In seconds.
    since: i64,
    count: u32,
}

impl Default for Gate {
    fn default() -> Self {
        Self { misses: Mutex::default(), waiting: Semaphore::new(MAX_WAITING) }
    }
}

/// On for who may see the site; a page that asks for the password for all others.
pub(crate) async fn run(gate: &Gate, cx: &Context, exchange: &mut Exchange, site: &SiteView) -> Next {
    let Some(guard) = site.access.as_ref().and_then(|access| access.guard.as_ref()) else {
        return ControlFlow::Continue(());
    };
    if is_known(cx, exchange, &site.site_id, guard) {
        return ControlFlow::Continue(());
    }
    if exchange.method() != Method::POST || !is_form(exchange) {
        return ControlFlow::Break(ask(StatusCode::UNAUTHORIZED, ""));
    }
    // Boxed, because what a connection may ever wait for takes memory of it all the time.
    ControlFlow::Break(Box::pin(try_password(gate, cx, exchange, &site.site_id, guard)).await)
}

async fn try_password(
    gate: &Gate,
    cx: &Context,
    exchange: &mut Exchange,
    site_id: &str,
    guard: &Guard,
) -> Answer {
    let Some(password) = sent_password(exchange).await else { return ask(StatusCode::UNAUTHORIZED, "") };
    let Ok(_place) = gate.waiting.try_acquire() else {
        let answer = ask(StatusCode::SERVICE_UNAVAILABLE, "Too many visitors at once. Please try again.");
        return answer.with(header::RETRY_AFTER, RETRY_SOON);
    };
    let address = network(exchange.peer.ip());
    if let Err(wait) = gate.count(address, cx.now()) {
        let answer = ask(StatusCode::TOO_MANY_REQUESTS, "Too many wrong passwords. Please wait a minute.");
        return answer.with(header::RETRY_AFTER, HeaderValue::from(wait));
    }
    match ::sites::password::fits(password, guard.hash.to_string()).await {
        Ok(true) => {
            gate.forgive(address);
            let_in(cx, exchange, site_id, guard)
        }
        Ok(false) => ask(StatusCode::UNAUTHORIZED, "That is not the password."),
        Err(error) => {
            tracing::error!(id = ?exchange.id, %error, "a password cannot be compared");
            pages::failure()
        }
    }
}

impl Gate {
    /// Counts a guess as a miss before it is looked at, so that guesses that come together count as
    /// well. Seconds to wait, for an address that guessed wrong too often.
    fn count(&self, address: IpAddr, now: Timestamp) -> Result<(), i64> {
        let (mut misses, now) = (self.misses.lock(), now.seconds());
        if misses.len() >= MAX_ADDRESSES {
            misses.retain(|_, guesses| now < guesses.since + WINDOW);
        }
        let key = key(&misses, address);
        let guesses = misses.entry(key).or_default();
        if now >= guesses.since + WINDOW {
            *guesses = Guesses { since: now, count: 0 };
        }
        if guesses.count >= MAX_MISSES {
            return Err(guesses.since + WINDOW - now);
        }
        guesses.count += 1;
        Ok(())
    }

    /// It was no miss.
    fn forgive(&self, address: IpAddr) {
        let mut misses = self.misses.lock();
        let key = key(&misses, address);
        if let Some(guesses) = misses.get_mut(&key) {
            guesses.count = guesses.count.saturating_sub(1);
        }
    }
}

fn key(misses: &Misses, address: IpAddr) -> Option<IpAddr> {
    let known = misses.contains_key(&Some(address));
    (known || misses.len() < MAX_ADDRESSES).then_some(address)
}

fn is_form(exchange: &Exchange) -> bool {
    let kind = exchange.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    kind.is_some_and(|kind| kind.starts_with(b"application/x-www-form-urlencoded"))
}

/// The field `password` of the form.
async fn sent_password(exchange: &mut Exchange) -> Option<String> {
    let body = Limited::new(exchange.take_body()?, MAX_FORM_BYTES);
    let bytes = tokio::time::timeout(FORM_DEADLINE, body.collect()).await.ok()?.ok()?.to_bytes();
    let mut fields = form_urlencoded::parse(&bytes);
    fields.find(|(name, _)| name == "password").map(|(_, value)| value.into_owned())
}

fn let_in(cx: &Context, exchange: &Exchange, site_id: &str, guard: &Guard) -> Answer {
    let secure = if exchange.secure { "; Secure" } else { "" };
    let value = hex::encode(cx.seal(PURPOSE, claim(site_id, guard, cx.now()).as_bytes()));
    let cookie = format!("{COOKIE}={value}; Path=/; Max-Age={REMEMBERED}; HttpOnly; SameSite=Lax{secure}");
    let cookie = HeaderValue::try_from(cookie).expect("hex digits and words make a header value");
    Answer::new(StatusCode::SEE_OTHER, Content::Empty)
        .with(header::LOCATION, back(exchange))
        .with(header::SET_COOKIE, cookie)
        .with(header::CACHE_CONTROL, NO_STORE)
}

/// The address that was asked for, which must not read as one of another host.
fn back(exchange: &Exchange) -> HeaderValue {
    let target = exchange.uri().path_and_query().map_or("/", |target| target.as_str());
    let local = !target[1..].starts_with(['/', '\\']);
    let target = if local { target } else { "/" };
    HeaderValue::try_from(target).unwrap_or(HeaderValue::from_static("/"))
}

fn claim(site_id: &str, guard: &Guard, now: Timestamp) -> String {
    format!("{site_id} {} {}", guard.version, now.seconds() + REMEMBERED)
}

/// Whether one of the cookies was given to who knew this password of this site.
fn is_known(cx: &Context, exchange: &Exchange, site_id: &str, guard: &Guard) -> bool {
    let lines = exchange.headers().get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let cookies = lines.flat_map(|line| line.split(';')).filter_map(|cookie| cookie.trim().split_once('='));
    let mut values = cookies.filter(|(name, _)| *name == COOKIE).map(|(_, value)| value);
    values.any(|value| holds(cx, value, site_id, guard))
}

fn holds(cx: &Context, value: &str, site_id: &str, guard: &Guard) -> bool {
    let opened = hex::decode(value).ok().and_then(|sealed| cx.open(PURPOSE, &sealed).ok());
    let Some(claim) = opened.and_then(|plain| String::from_utf8(plain).ok()) else { return false };
    let mut parts = claim.split(' ');
    let (site, version, until) = (parts.next(), parts.next(), parts.next());
    let until = until.and_then(|until| until.parse::<i64>().ok()).unwrap_or_default();
    site == Some(site_id) && version == Some(&*guard.version) && cx.now().seconds() < until
}

/// The page that asks. It posts to its own address.
fn ask(status: StatusCode, why: &'static str) -> Answer {
    let why = if why.is_empty() { String::new() } else { format!("<p role=\"alert\">{why}</p>") };
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><meta name=\"robots\" content=\"noindex\">\
         <title>Password needed</title></head>\n<body><h1>This site needs a password</h1>{why}\
         <form method=\"post\"><label>Password <input type=\"password\" name=\"password\" required autofocus \
         autocomplete=\"current-password\"></label> <button>Go on</button></form></body>\n</html>\n"
    );
    Answer::new(status, Content::Bytes(Bytes::from(html)))
        .with(header::CONTENT_TYPE, HTML)
        .with(header::CACHE_CONTROL, NO_STORE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp(seconds * 1000)
    }

    #[test]
    fn an_address_guesses_so_often_and_then_waits_for_the_next_window() {
        let gate = Gate::default();
        let (one, other) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        for _ in 0..MAX_MISSES {
            assert_eq!(gate.count(one, at(110)), Ok(()));
        }
        assert_eq!(gate.count(one, at(150)), Err(20));
        assert_eq!(gate.count(other, at(150)), Ok(()));
        gate.forgive(one);
        assert_eq!(gate.count(one, at(150)), Ok(()));
        assert_eq!(gate.count(one, at(150)), Err(20));
        assert_eq!(gate.count(one, at(170)), Ok(()));
    }

    #[test]
    fn remembered_addresses_are_bounded_and_the_rest_counts_together() {
        let gate = Gate::default();
        let address = |number: usize| IpAddr::from((number as u32).to_be_bytes());
        for number in 0..MAX_ADDRESSES + MAX_MISSES as usize + 5 {
            let counted = gate.count(address(number), at(100));
            assert_eq!(counted.is_ok(), number < MAX_ADDRESSES + MAX_MISSES as usize, "{number}");
        }
        assert_eq!(gate.misses.lock().len(), MAX_ADDRESSES + 1);
        assert_eq!(gate.count(address(0), at(100)), Ok(()));
        assert_eq!(gate.count(address(0), at(160)), Ok(()));
        assert_eq!(gate.misses.lock().len(), 1, "windows that are over are forgotten");
    }
}
