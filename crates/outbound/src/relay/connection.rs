//! One connection of HTTP/1.1. Whoever has a request on it drives it; only while an answer has begun and
//! the request is still being sent a task of its own does, so that a visitor may first send everything
//! and then read.

use super::body::Upload;
use super::dial::Wire;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use std::fmt;
use std::future::poll_fn;
use std::io::{self, Cursor};
use std::pin::pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};

type Driver = http1::Connection<TokioIo<Wire>, Upload>;

/// A connection.
pub(super) struct Connection {
    sender: http1::SendRequest<Upload>,
    /// None while a task of its own has it.
    driver: Option<Driver>,
    ended: bool,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("ended", &self.ended).finish_non_exhaustive()
    }
}

/// Why there is no answer, and the request if nothing of it was sent.
type Unanswered = (hyper::Error, Option<Request<Upload>>);

impl Connection {
    /// # Errors
    /// Never in practice: nothing is exchanged yet.
    pub(super) async fn open(wire: Wire) -> hyper::Result<Self> {
        let mut builder = http1::Builder::new();
        builder.title_case_headers(true);
        let (sender, driver) = builder.handshake(TokioIo::new(wire)).await?;
        Ok(Self { sender, driver: Some(driver), ended: false })
    }

    /// Moves what can be moved now, and has the caller woken when there is more.
    pub(super) fn drive(&mut self, cx: &mut Context<'_>) {
        if let Some(driver) = &mut self.driver
            && !self.ended
            && driver.poll_without_shutdown(cx).is_ready()
        {
            self.ended = true;
        }
    }

    /// Whether another request can be sent, as far as is known.
    pub(super) fn is_free(&self) -> bool {
        !self.ended && self.sender.is_ready()
    }

    /// The same after a look at whether the other side has closed it.
    pub(super) async fn is_alive(&mut self) -> bool {
        poll_fn(|cx| {
            self.drive(cx);
            Poll::Ready(self.is_free())
        })
        .await
    }

    /// Sends a request and waits for the head of its answer.
    pub(super) async fn exchange(
        &mut self,
        request: Request<Upload>,
    ) -> Result<Response<Incoming>, Unanswered> {
        let mut answer = pin!(self.sender.try_send_request(request));
        let answer = poll_fn(|cx| {
            self.drive(cx);
            answer.as_mut().poll(cx)
        });
        answer.await.map_err(|mut error| {
            let unsent = error.take_message();
            (error.into_error(), unsent)
        })
    }

    /// Lets a task of its own drive the connection from now on.
    pub(super) fn let_go(&mut self) {
        if let Some(driver) = self.driver.take() {
            tokio::spawn(async move {
                if let Err(error) = driver.await {
                    tracing::debug!(%error, "a connection to an origin broke off");
                }
            });
        }
    }

    /// What is under HTTP, after the answer that ends it.
    pub(super) async fn upgrade(
        mut self: Box<Self>,
    ) -> io::Result<impl AsyncRead + AsyncWrite + Send + Unpin + 'static> {
        let mut driver = self.driver.take().ok_or_else(|| io::Error::other("the connection is in use"))?;
        if !self.ended {
            poll_fn(|cx| driver.poll_without_shutdown(cx)).await.map_err(io::Error::other)?;
        }
        let parts = driver.into_parts();
        let (read, write) = tokio::io::split(parts.io.into_inner());
        Ok(tokio::io::join(Cursor::new(parts.read_buf).chain(read), write))
    }
}
