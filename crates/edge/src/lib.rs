//! Serves deployed sites. [`Edge`] takes a request as hyper reads it and answers it from one deploy;
//! `pipeline.rs` lists what happens in between. It reads sites and deploys and changes nothing; what
//! makes a deploy live is not its business.

mod answer;
mod body;
mod delivery;
mod exchange;
mod pages;
mod phases;
mod pipeline;
mod protocol;
mod request_id;
mod sites;

pub use body::Body;

use crate::delivery::Delivery;
use crate::exchange::Exchange;
use crate::request_id::RequestIds;
use crate::sites::Sites;
use context::Context;
use http::{Request, Response};
use hyper::body::Incoming;
use std::net::SocketAddr;
use std::sync::Arc;

/// The edge of one process. Cloning is cheap; clones share their caches.
#[derive(Clone)]
pub struct Edge(Arc<Shared>);

/// What all requests share.
pub(crate) struct Shared {
    cx: Context,
    sites: Sites,
    delivery: Delivery,
    ids: RequestIds,
}

impl Edge {
    /// An edge with cold caches, which forgets a site as soon as `cx.store` announces its change.
    #[must_use]
    pub fn new(cx: Context) -> Self {
        let sites = Sites::new(cx.clone());
        let delivery = Delivery::new(cx.blobs.clone());
        let ids = RequestIds::new(cx.random());
        Self(Arc::new(Shared { cx, sites, delivery, ids }))
    }

    /// Answers one request. It never fails: what goes wrong becomes a status and, where it is this
    /// server's fault, a line in the log. A body that cannot be read to its end is broken off.
    pub async fn handle(&self, request: Request<Incoming>, peer: SocketAddr) -> Response<Body> {
        let edge = &*self.0;
        let mut exchange = Exchange::new(request, peer, edge.ids.next(edge.cx.now()));
        let answer = pipeline::run(edge, &mut exchange).await;
        edge.delivery.respond(&exchange, answer).await
    }
}
