//! Somebody who looks at sites. Host names lead to the one socket; no name server is asked.

use crate::Answer;
use crate::exchange::exchange;
use bytes::Bytes;
use http::request::Builder;
use http::{Method, Request, header};
use http_body_util::Full;
use std::net::SocketAddr;
use url::{Position, Url};

/// A visitor of one server.
#[derive(Clone, Debug)]
pub struct Visitor {
    address: SocketAddr,
}

impl Visitor {
    /// A visitor of the server at `address`.
    #[must_use]
    pub fn new(address: SocketAddr) -> Self {
        Self { address }
    }

    /// `GET` of an address as the API gives it.
    ///
    /// # Panics
    /// When it is no URL, its port is not the server's, or no answer comes.
    pub async fn open(&self, url: &str) -> Answer {
        let url = Url::parse(url).unwrap_or_else(|error| panic!("{url}: {error}"));
        assert_eq!(url.port_or_known_default(), Some(self.address.port()), "{url} leads elsewhere");
        self.get(&url[Position::BeforeHost..Position::AfterPort], &url[Position::BeforePath..]).await
    }

    /// `GET` of a path on a host.
    pub async fn get(&self, host: &str, path: &str) -> Answer {
        self.send(Method::GET, host, path, "").await
    }

    /// `GET` of a path on a site's own name.
    pub async fn site(&self, name: &str, path: &str) -> Answer {
        self.ask(name, Method::GET, path, &[], "").await
    }

    /// A request to a site's own name, with headers of the visitor's.
    ///
    /// # Panics
    /// As [`Self::request`].
    pub async fn ask(
        &self,
        site: &str,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let head = self.head(site, method, path);
        let head = headers.iter().fold(head, |head, (name, value)| head.header(*name, *value));
        self.request(head, body).await
    }

    /// The head of a request to a site's own name.
    #[must_use]
    pub fn head(&self, site: &str, method: Method, path: &str) -> Builder {
        let host = format!("{site}.localhost:{}", self.address.port());
        Request::builder().method(method).uri(path).header(header::HOST, host)
    }

    /// Any request.
    ///
    /// # Panics
    /// When no answer comes.
    pub async fn send(&self, method: Method, host: &str, path: &str, body: &str) -> Answer {
        self.request(Request::builder().method(method).uri(path).header(header::HOST, host), body).await
    }

    /// Any request, with headers of its own; its URI is a path.
    ///
    /// # Panics
    /// When it is none, or no answer comes.
    pub async fn request(&self, head: Builder, body: &str) -> Answer {
        let request = head.body(Full::new(Bytes::copy_from_slice(body.as_bytes())));
        let request = request.unwrap_or_else(|error| panic!("this is no request: {error}"));
        exchange(self.address, request).await.unwrap_or_else(|error| panic!("{error}"))
    }
}
