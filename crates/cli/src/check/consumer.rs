//! The consumer under examination. What counts of its answers is the head.

use super::peer::{Answer, Patience, Peer, Spelling};
use super::shipment::Shipment;
use reqwest::{Url, header};
use std::time::Duration;

/// How a delivery waits for its answer.
pub(super) const PATIENCE: Patience =
    Patience { limit: Duration::from_secs(15), slow: Duration::from_secs(5) };

pub(super) struct Consumer {
    url: Url,
    event: String,
    peer: Peer,
}

impl Consumer {
    pub(super) fn new(url: Url, event: &str, patience: Patience) -> anyhow::Result<Self> {
        Ok(Self { url, event: event.to_owned(), peer: Peer::new(patience, None)? })
    }

    pub(super) fn patience(&self) -> Patience {
        self.peer.patience()
    }

    pub(super) async fn ask(&self, shipment: &Shipment) -> Answer {
        self.ask_in(Spelling::Title, shipment).await
    }

    /// The same with all header names in lower case.
    pub(super) async fn ask_in_lower_case(&self, shipment: &Shipment) -> Answer {
        self.ask_in(Spelling::Lower, shipment).await
    }

    async fn ask_in(&self, spelling: Spelling, shipment: &Shipment) -> Answer {
        let make = |client: &reqwest::Client| {
            let mut request = client.post(self.url.clone()).header(header::CONTENT_TYPE, "application/json");
            request = request.header("x-netlify-event", &self.event);
            for (name, value) in &shipment.headers {
                request = request.header(*name, value);
            }
            request.body(shipment.body.clone())
        };
        self.peer.ask(spelling, make).await
    }
}
