//! One request passed on: prepared, sent with its body as it comes, answered with the origin's answer.

use super::headers::{self, Visitor};
use super::pulse::{Pulse, Upload};
use super::slots::Slot;
use super::stream::Patient;
use super::trouble::Trouble;
use super::{Proxied, Proxy, TUNNEL_IDLE_LIMIT, sign, tunnel};
use crate::answer::{Answer, Content};
use crate::exchange::Exchange;
use crate::sites::{Signer, SiteView};
use context::Context;
use futures_util::StreamExt as _;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use outbound::{Passed, Relayed};
use url::Url;

const SIGNATURE: HeaderName = HeaderName::from_static("x-nf-sign");

/// What the answer to one request depends on beside the origin.
struct Way {
    method: Method,
    /// The visitor's connection, where another protocol was asked for.
    upgrade: Option<OnUpgrade>,
    slot: Slot,
}

/// Passes the request on and waits for the head of the answer.
pub(super) async fn relay(
    proxy: &Proxy,
    cx: &Context,
    exchange: &mut Exchange,
    site: &SiteView,
    proxied: &Proxied<'_>,
) -> Result<Answer, Trouble> {
    let url = Url::parse(&proxied.url).map_err(|_| Trouble::Address)?;
    let slot = proxy.slots.take(&site.site_id).ok_or(Trouble::Busy)?;
    let mut headers = prepare(exchange, proxied)?;
    if let Some(name) = &proxied.rule.signed {
        sign(proxy, cx, &site.signer, name, &mut headers).await?;
    }
    let upgrade = take_upgrade(exchange, &mut headers);
    let method = exchange.method().clone();
    let body = exchange.take_body().filter(|body| !body.is_end_stream());
    let answer = call(proxy, Passed { method: method.clone(), url, headers }, body).await?;
    answered(answer, proxy, Way { method, upgrade, slot })
}

fn prepare(exchange: &Exchange, proxied: &Proxied<'_>) -> Result<HeaderMap, Trouble> {
    let visitor = Visitor {
        address: exchange.peer.ip(),
        scheme: exchange.scheme(),
        host: exchange.host().unwrap_or_default(),
        id: &exchange.id,
    };
    headers::request(exchange.headers(), &visitor, proxied.rule).map_err(|_| Trouble::Loop)
}

/// Without a value for the variable the request goes unsigned, as from the vendor's own tools: the
/// origin refuses it.
async fn sign(
    proxy: &Proxy,
    cx: &Context,
    signer: &Signer,
    name: &str,
    headers: &mut HeaderMap,
) -> Result<(), Trouble> {
    let secret =
        proxy.secrets.value(&signer.account_id, &signer.site_id, name).await.map_err(Trouble::Secret)?;
    let Some(secret) = secret else {
        tracing::info!(site = &*signer.site_id, name, "requests go unsigned: there is no such variable");
        return Ok(());
    };
    let token = HeaderValue::try_from(sign::token(signer, cx.now(), &secret));
    headers.insert(SIGNATURE, token.expect("a token is made of letters, digits and dots"));
    Ok(())
}

fn take_upgrade(exchange: &mut Exchange, headers: &mut HeaderMap) -> Option<OnUpgrade> {
    let protocol = headers::wanted_upgrade(exchange.headers())?.clone();
    let head = exchange.head_mut();
    let upgrade = head.extensions.remove::<OnUpgrade>().filter(|_| head.version == Version::HTTP_11)?;
    headers::ask_upgrade(headers, &protocol);
    Some(upgrade)
}

async fn call(proxy: &Proxy, passed: Passed, body: Option<Incoming>) -> Result<Relayed, Trouble> {
    let pulse = Pulse::new();
    let upload = body.map(|body| Upload::new(body, pulse.clone()));
    match pulse.while_it_beats(proxy.head, proxy.client.relay(passed, upload)).await {
        Some(answer) => Ok(answer?),
        None if pulse.awaits_visitor() => Err(Trouble::SlowVisitor),
        None => Err(Trouble::Late),
    }
}

fn answered(origin: Relayed, proxy: &Proxy, way: Way) -> Result<Answer, Trouble> {
    let status = origin.status();
    let headers = headers::answer(origin.headers(), &way.method, status);
    let content = match (status, way.upgrade) {
        (StatusCode::SWITCHING_PROTOCOLS, Some(visitor)) => {
            tokio::spawn(tunnel::run(visitor, origin, TUNNEL_IDLE_LIMIT, way.slot));
            Content::Empty
        }
        (StatusCode::SWITCHING_PROTOCOLS, None) => return Err(Trouble::Protocol),
        _ => {
            let length = origin.length();
            let body = Patient::new(origin.into_stream().boxed(), proxy.idle, way.slot);
            Content::Stream { body: body.boxed(), length }
        }
    };
    Ok(Answer { status, headers, content, of_file: false })
}
