//! A request that is passed on while its body is still coming in, and an answer that is passed back
//! the same way. Whoever calls decides how long to wait.

use crate::client::{Client, Failure};
use bytes::Bytes;
use futures_util::{Stream, TryStreamExt as _};
use http::{HeaderMap, Method, StatusCode};
use http_body::Body;
use std::error::Error as StdError;
use std::io;
use tokio::io::{AsyncRead, AsyncWrite};
use url::Url;

/// The head of a request to pass on.
#[derive(Clone, Debug)]
pub struct Passed {
    /// Method.
    pub method: Method,
    /// Address, `http` or `https`.
    pub url: Url,
    /// Headers beside `Host` and those that frame the body.
    pub headers: HeaderMap,
}

/// An answer whose body has not been read.
#[derive(Debug)]
pub struct Relayed(reqwest::Response);

impl Client {
    /// Sends the request, its body as it comes, and returns when status and headers are there.
    /// Only connecting has a limit of its own. Drop the future to give up.
    ///
    /// # Errors
    /// When there is no answer; [`Failure`] says why.
    pub async fn relay<B>(&self, passed: Passed, body: Option<B>) -> Result<Relayed, Failure>
    where
        B: Body<Data = Bytes> + Send + Sync + 'static,
        B::Error: Into<Box<dyn StdError + Send + Sync>>,
    {
        let mut request = reqwest::Request::new(passed.method, passed.url);
        *request.headers_mut() = passed.headers;
        *request.body_mut() = body.map(reqwest::Body::wrap);
        self.execute(request).await.map(Relayed)
    }
}

impl Relayed {
    /// Status. Redirects are not followed.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.0.status()
    }

    /// Headers as they were sent.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        self.0.headers()
    }

    /// Bytes of the body, when the other side said so.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        self.0.content_length()
    }

    /// The body, as it comes. It is not decompressed.
    pub fn into_stream(self) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
        self.0.bytes_stream().map_err(io::Error::other)
    }

    /// The connection itself, after an answer of 101.
    ///
    /// # Errors
    /// When the answer was another, or the connection broke.
    pub async fn upgrade(self) -> io::Result<impl AsyncRead + AsyncWrite + Send + Unpin + 'static> {
        self.0.upgrade().await.map_err(io::Error::other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AddressPolicy, FailureClass, Options};
    use futures_util::StreamExt as _;
    use http_body::{Frame, SizeHint};
    use std::net::SocketAddr;
    use std::pin::Pin;
    use std::task::{Context, Poll};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::sync::mpsc;

    /// A body that is fed from outside.
    struct Fed(mpsc::Receiver<&'static str>);

    impl Body for Fed {
        type Data = Bytes;
        type Error = io::Error;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
        ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
            self.0.poll_recv(cx).map(|text| text.map(|text| Ok(Frame::data(Bytes::from(text)))))
        }

        fn size_hint(&self) -> SizeHint {
            SizeHint::default()
        }
    }

    fn client(policy: AddressPolicy) -> Client {
        Client::new(Options { policy, names_itself: false, ..Options::default() }).expect("it can be made")
    }

    fn local() -> Client {
        client(AddressPolicy { allow_loopback: true, ..AddressPolicy::default() })
    }

    fn passed(method: Method, address: SocketAddr) -> Passed {
        let url = format!("http://{address}/x?y=1").parse().expect("an address makes a URL");
        Passed { method, url, headers: HeaderMap::new() }
    }

    async fn listen() -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("some port is free");
        let address = listener.local_addr().expect("it has an address");
        (listener, address)
    }

    async fn read_until(stream: &mut TcpStream, end: &str) -> String {
        let mut text = String::new();
        while !text.ends_with(end) {
            let mut bytes = [0; 1];
            stream.read_exact(&mut bytes).await.expect("more is coming");
            text.push(char::from(bytes[0]));
        }
        text
    }

    #[tokio::test]
    async fn bodies_flow_both_ways_while_they_come() {
        let (listener, address) = listen().await;
        let (feed, body) = mpsc::channel(1);
        let origin = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("somebody calls");
            let head = read_until(&mut stream, "\r\n\r\n").await;
            feed.send("first").await.expect("the body is read");
            read_until(&mut stream, "first\r\n").await;
            stream
                .write_all(b"HTTP/1.1 302 Found\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n")
                .await
                .unwrap();
            feed.send("second").await.expect("the body is still read");
            read_until(&mut stream, "second\r\n").await;
            stream.write_all(b"1\r\nc\r\n0\r\n\r\n").await.unwrap();
            head
        });
        let answer = local().relay(passed(Method::POST, address), Some(Fed(body))).await.expect("an answer");
        assert_eq!((answer.status(), answer.length()), (StatusCode::FOUND, None));
        let pieces: Vec<_> = answer.into_stream().map(|piece| piece.expect("all came")).collect().await;
        assert_eq!(pieces.concat(), b"abc");
        let head = origin.await.expect("the origin is done").to_ascii_lowercase();
        assert!(head.starts_with("post /x?y=1 http/1.1\r\n"), "{head}");
        assert!(!head.contains("user-agent") && head.contains("transfer-encoding: chunked"), "{head}");
    }

    #[tokio::test]
    async fn refused_addresses_are_not_dialled() {
        let (_listener, address) = listen().await;
        let failure = client(AddressPolicy::default()).relay(passed(Method::GET, address), None::<Fed>).await;
        assert_eq!(failure.err().map(|failure| failure.class), Some(FailureClass::RefusedAddress));
    }

    #[tokio::test]
    async fn an_upgraded_connection_is_handed_over() {
        let (listener, address) = listen().await;
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("somebody calls");
            read_until(&mut stream, "\r\n\r\n").await;
            let head = b"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n";
            stream.write_all(head).await.expect("it is read");
            let ping = read_until(&mut stream, "!").await;
            stream.write_all(ping.as_bytes()).await.expect("it is read");
        });
        let mut request = passed(Method::GET, address);
        for (name, value) in [("connection", "upgrade"), ("upgrade", "x")] {
            request.headers.insert(name, value.parse().expect("a value"));
        }
        let answer = local().relay(request, None::<Fed>).await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::SWITCHING_PROTOCOLS);
        let mut wire = answer.upgrade().await.expect("it is upgraded");
        wire.write_all(b"ping!").await.expect("it is read");
        let mut pong = [0; 5];
        wire.read_exact(&mut pong).await.expect("an echo");
        assert_eq!(&pong, b"ping!");
    }
}
