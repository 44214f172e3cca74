//! Serves deployed sites. [`Edge`] takes a request as hyper reads it and answers it from one deploy;
//! `pipeline.rs` lists what happens in between. It reads sites and deploys and changes nothing of
//! them; what makes a deploy live, and what becomes of a form that a visitor sends, is not its business.

mod answer;
mod body;
mod captcha;
mod countries;
mod delivery;
mod direct;
mod draws;
mod exchange;
mod pages;
mod phases;
mod pipeline;
mod protocol;
mod proxy;
mod request_id;
mod roles;
mod sites;
mod snippets;
mod visit;

pub use body::Body;
pub use captcha::Captcha;
pub use countries::{Countries, NoCountries};
pub use direct::{End, Opening, Patience, Prefixed};
pub use proxy::{
    HEAD_LIMIT, IDLE_LIMIT, MAX_AT_ONCE, MAX_HOPS, MAX_PER_SITE, Options as ProxyOptions, Proxy,
    SecretSource, TUNNEL_IDLE_LIMIT,
};
pub use visit::{Https, Visit};

use crate::delivery::Delivery;
use crate::draws::Draws;
use crate::exchange::Exchange;
use crate::phases::site_password::Gate;
use crate::request_id::RequestIds;
use crate::sites::Sites;
use crate::snippets::Pages;
use crate::visit::NoHttps;
use context::Context;
use http::{Request, Response};
use hyper::body::Incoming;
use std::sync::Arc;

/// The edge of one process. Cloning is cheap; clones share their caches.
#[derive(Clone)]
pub struct Edge(Arc<Shared>);

/// What all requests share.
pub(crate) struct Shared {
    cx: Context,
    sites: Sites,
    delivery: Delivery,
    pages: Pages,
    ids: RequestIds,
    draws: Draws,
    https: Arc<dyn Https>,
    gate: Gate,
    forms: forms::Gate,
    proxy: Option<Proxy>,
    countries: Option<Countries>,
    captcha: Option<Captcha>,
}

/// What an edge has beside the context.
pub struct Equipment {
    /// This server's own TLS.
    pub https: Arc<dyn Https>,
    /// The way to other origins; without it every rule that leads there answers 502.
    pub proxy: Option<Proxy>,
    /// Where addresses are, for rules that ask for a country; without it only a cookie tells.
    pub countries: Option<Countries>,
    /// What judges the riddles of forms; without it forms that ask for one are taken without.
    pub captcha: Option<Captcha>,
}

impl Default for Equipment {
    /// No TLS, and no way out.
    fn default() -> Self {
        Self { https: Arc::new(NoHttps), proxy: None, countries: None, captcha: None }
    }
}

impl Edge {
    /// An edge with cold caches, which forgets a site as soon as `cx.store` announces its change.
    #[must_use]
    pub fn new(cx: Context) -> Self {
        Self::with(cx, Equipment::default())
    }

    /// The same with this equipment.
    #[must_use]
    pub fn with(cx: Context, equipment: Equipment) -> Self {
        let Equipment { https, proxy, countries, captcha } = equipment;
        let sites = Sites::new(cx.clone());
        let delivery = Delivery::new(cx.blobs.clone());
        let pages = Pages::new(cx.blobs.clone());
        let ids = RequestIds::new(cx.random());
        let draws = Draws::new(cx.random());
        Self(Arc::new(Shared {
            cx,
            sites,
            delivery,
            pages,
            ids,
            draws,
            https,
            gate: Gate::default(),
            forms: forms::Gate::default(),
            proxy,
            countries,
            captcha,
        }))
    }

    /// Answers one request. It never fails: what goes wrong becomes a status and, where it is this
    /// server's fault, a line in the log. A body that cannot be read to its end is broken off.
    pub async fn handle(&self, request: Request<Incoming>, visit: impl Into<Visit>) -> Response<Body> {
        self.respond(request.map(Some), visit.into()).await
    }

    /// The same for a request that has no body.
    pub(crate) async fn handle_bodiless(&self, request: Request<()>, visit: Visit) -> Response<Body> {
        self.respond(request.map(|()| None), visit).await
    }

    async fn respond(&self, request: Request<Option<Incoming>>, visit: Visit) -> Response<Body> {
        let edge = &*self.0;
        let mut exchange = Exchange::new(request, visit, edge.ids.next(edge.cx.now()));
        let answer = pipeline::run(edge, &mut exchange).await;
        edge.delivery.respond(&exchange, answer).await
    }
}
