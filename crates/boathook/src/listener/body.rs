//! One body type for the answers of all doors, without a box around the edge's.

use axum::body::Body as ControlBody;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll};

/// Why a body broke off.
pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// An answer's body.
pub(crate) enum AnyBody {
    /// From a site.
    Edge(edge::Body),
    /// From the API or the dashboard.
    Control(ControlBody),
    /// From the proxy for clients.
    Proxy(clientproxy::ResponseBody),
}

impl Body for AnyBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match &mut *self {
            Self::Edge(body) => Pin::new(body).poll_frame(cx).map_err(Into::into),
            Self::Control(body) => Pin::new(body).poll_frame(cx).map_err(Into::into),
            Self::Proxy(body) => Pin::new(body).poll_frame(cx).map_err(Into::into),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Edge(body) => body.is_end_stream(),
            Self::Control(body) => body.is_end_stream(),
            Self::Proxy(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Edge(body) => body.size_hint(),
            Self::Control(body) => body.size_hint(),
            Self::Proxy(body) => body.size_hint(),
        }
    }
}
