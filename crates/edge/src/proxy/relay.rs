//! One request passed on: sent with its body as it comes, answered with the origin's answer, small ones
//! in one piece.

use super::headers::{self, Visitor};
use super::pulse::{Pulse, Upload};
use super::slots::Slot;
use super::stream::Patient;
use super::trouble::Trouble;
use super::{Proxy, TUNNEL_IDLE_LIMIT, tunnel};
use crate::answer::{Answer, Content};
use crate::exchange::Exchange;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::{HeaderValue, Method, StatusCode, Version, header};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use outbound::{Fields, Passed, Relayed, RelayedBody};
use std::future::poll_fn;
use std::io;
use std::task::Poll;

/// Bytes of an answer that are waited for no longer than they are there already, before it is passed
/// back: what comes to its end within them goes out at once with its head.
const GATHERED: usize = 64 * 1024;

/// What the answer to one request depends on beside the origin.
struct Way {
    method: Method,
    /// The visitor's connection, where another protocol was asked for.
    upgrade: Option<OnUpgrade>,
    slot: Slot,
}

/// What an origin is told of who sends the request.
pub(super) fn visitor(exchange: &Exchange) -> Visitor<'_> {
    Visitor { address: exchange.peer.ip(), secure: exchange.secure, host: host(exchange), id: &exchange.id }
}

/// The host that was asked for, which the phases before have found to be one.
fn host(exchange: &Exchange) -> Option<HeaderValue> {
    match exchange.uri().authority() {
        Some(authority) => HeaderValue::from_str(authority.as_str()).ok(),
        None => exchange.headers().get(header::HOST).cloned(),
    }
}

/// Passes the request on and waits for the head of the answer. The request keeps its place until the
/// answer is over.
pub(super) async fn pass_on(
    proxy: &Proxy,
    exchange: &mut Exchange,
    mut passed: Passed,
    slot: Slot,
) -> Result<Answer, Trouble> {
    let upgrade = take_upgrade(exchange, &mut passed.headers);
    let method = passed.method.clone();
    let body = exchange.take_body().filter(|body| !body.is_end_stream());
    let answer = call(proxy, passed, body).await?;
    answered(answer, proxy, Way { method, upgrade, slot }).await
}

fn take_upgrade(exchange: &mut Exchange, headers: &mut Fields) -> Option<OnUpgrade> {
    let protocol = headers::wanted_upgrade(exchange.headers())?.clone();
    let head = exchange.head_mut();
    let upgrade = head.extensions.remove::<OnUpgrade>().filter(|_| head.version == Version::HTTP_11)?;
    headers::ask_upgrade(headers, &protocol);
    Some(upgrade)
}

async fn call(proxy: &Proxy, passed: Passed, body: Option<Incoming>) -> Result<Relayed, Trouble> {
    let Some(body) = body else {
        let answer = proxy.relay.send(passed, None::<Incoming>);
        return Ok(tokio::time::timeout(proxy.head, answer).await.map_err(|_| Trouble::Late)??);
    };
    let pulse = Pulse::new();
    let upload = Some(Upload::new(body, pulse.clone()));
    match pulse.while_it_beats(proxy.head, proxy.relay.send(passed, upload)).await {
        Some(answer) => Ok(answer?),
        None if pulse.awaits_visitor() => Err(Trouble::SlowVisitor),
        None => Err(Trouble::Late),
    }
}

async fn answered(mut origin: Relayed, proxy: &Proxy, way: Way) -> Result<Answer, Trouble> {
    let status = origin.status();
    let mut headers = origin.take_headers();
    headers::answer(&mut headers, &way.method, status);
    let content = match (status, way.upgrade) {
        (StatusCode::SWITCHING_PROTOCOLS, Some(visitor)) => {
            tokio::spawn(tunnel::run(visitor, origin, TUNNEL_IDLE_LIMIT, way.slot));
            Content::Empty
        }
        (StatusCode::SWITCHING_PROTOCOLS, None) => return Err(Trouble::Protocol),
        _ => content(origin, proxy, way.slot).await?,
    };
    Ok(Answer { status, headers, content, of_file: false })
}

/// The body of an answer: bytes, where all of it has come with the head.
async fn content(origin: Relayed, proxy: &Proxy, slot: Slot) -> Result<Content, Trouble> {
    let length = origin.length();
    let mut body = origin.into_body();
    let (pieces, ended) = gather(&mut body).await.map_err(Trouble::Broken)?;
    if ended {
        return Ok(match <[Bytes; 1]>::try_from(pieces) {
            Ok([only]) => Content::Bytes(only),
            Err(pieces) if pieces.is_empty() => Content::Empty,
            Err(pieces) => Content::Bytes(pieces.concat().into()),
        });
    }
    let rest = Patient::new(body.boxed(), proxy.idle, slot);
    let body = stream::iter(pieces.into_iter().map(Ok)).chain(rest).boxed();
    Ok(Content::Stream { body, length })
}

/// What of a body is there already, and whether that is all. Waits for nothing.
async fn gather(body: &mut RelayedBody) -> io::Result<(Vec<Bytes>, bool)> {
    let (mut pieces, mut count) = (Vec::with_capacity(1), 0);
    poll_fn(move |cx| {
        while count < GATHERED {
            match body.poll_bytes(cx) {
                Poll::Ready(Some(Ok(bytes))) => {
                    count += bytes.len();
                    pieces.push(bytes);
                }
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(error)),
                Poll::Ready(None) => return Poll::Ready(Ok((std::mem::take(&mut pieces), true))),
                Poll::Pending => break,
            }
        }
        Poll::Ready(Ok((std::mem::take(&mut pieces), false)))
    })
    .await
}
