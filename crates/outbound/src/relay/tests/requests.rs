//! What a request becomes on the wire, and what becomes of it when its body or its receiver fails.

use super::*;
use futures_util::stream;
use http_body_util::{Full, StreamBody};
use std::sync::atomic::{AtomicBool, Ordering};

/// Answers as soon as what came ends so, and says what came.
async fn hears(end: &'static str) -> (SocketAddr, tokio::task::JoinHandle<String>) {
    let (listener, address) = listen().await;
    let heard = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("somebody calls");
        let heard = read_until(&mut stream, end).await;
        stream.write_all(OK).await.expect("it is read");
        heard
    });
    (address, heard)
}

#[tokio::test]
async fn a_request_says_where_its_body_ends() {
    let (none, empty, abc) = (None, Some(""), Some("abc"));
    for (method, body, end, expect) in [
        (Method::GET, none, "\r\n\r\n", "\r\n"),
        (Method::DELETE, none, "\r\n\r\n", "\r\n"),
        (Method::POST, none, "\r\n\r\n", "Content-Length: 0\r\n\r\n"),
        (Method::PUT, none, "\r\n\r\n", "Content-Length: 0\r\n\r\n"),
        (Method::PATCH, none, "\r\n\r\n", "Content-Length: 0\r\n\r\n"),
        (Method::POST, empty, "\r\n\r\n", "Content-Length: 0\r\n\r\n"),
        (Method::POST, abc, "abc", "Content-Length: 3\r\n\r\nabc"),
        (Method::GET, abc, "abc", "Content-Length: 3\r\n\r\nabc"),
    ] {
        let (address, heard) = hears(end).await;
        let mut request = passed(method.clone(), address);
        for name in [header::HOST, header::CONTENT_LENGTH, header::TRANSFER_ENCODING] {
            // the body frames itself, whatever the headers say
            request.headers.append(name, HeaderValue::from_static("7"));
        }
        let answer = relay(open()).send(request, body.map(Full::<Bytes>::from)).await;
        assert_eq!(text(answer.expect("an answer")).await, "ok");
        let heard = heard.await.expect("the origin is done");
        assert_eq!(heard, format!("{method} /x?y=1 HTTP/1.1\r\nHost: {address}\r\n{expect}"));
    }
}

#[tokio::test]
async fn a_body_of_unknown_length_goes_out_in_chunks() {
    let (address, heard) = hears("0\r\n\r\n").await;
    let long = "x".repeat(300);
    let pieces = ["ab", "", &long]
        .map(|piece| Ok::<_, io::Error>(Frame::data(Bytes::copy_from_slice(piece.as_bytes()))));
    let body = StreamBody::new(stream::iter(pieces));
    let answer = relay(open()).send(passed(Method::PUT, address), Some(body)).await.expect("an answer");
    assert_eq!(text(answer).await, "ok");
    let heard = heard.await.expect("the origin is done");
    let (_, body) = heard.split_once("\r\n\r\n").expect("a head");
    assert_eq!(body, format!("2\r\nab\r\n12c\r\n{long}\r\n0\r\n\r\n"));
}

/// A body that ends badly, of a length that was said or not.
struct Failing {
    pieces: Vec<Result<&'static str, &'static str>>,
    said: Option<u64>,
}

impl Body for Failing {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let next = if self.pieces.is_empty() { None } else { Some(self.pieces.remove(0)) };
        Poll::Ready(next.map(|piece| piece.map(|text| Frame::data(text.into())).map_err(io::Error::other)))
    }

    fn size_hint(&self) -> SizeHint {
        self.said.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

/// The origin must not take a part for the whole: the connection ends without the end of the body.
#[tokio::test]
async fn a_body_that_breaks_off_is_never_ended() {
    for (pieces, said, expect) in [
        (vec![Ok("abc"), Err("gone")], None, "3\r\nabc\r\n"),
        (vec![Err("gone")], None, ""),
        (vec![Ok("abc"), Err("gone")], Some(5), "abc"),
        (vec![Ok("abc")], Some(5), "abc"),
        (vec![Ok("abc"), Ok("def")], Some(5), "abc"),
    ] {
        let (listener, address) = listen().await;
        let heard = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("somebody calls");
            let mut heard = String::new();
            stream.read_to_string(&mut heard).await.expect("it is closed");
            heard
        });
        let shown = format!("{pieces:?} {said:?}");
        let body = Failing { pieces, said };
        let answer = relay(open()).send(passed(Method::POST, address), Some(body)).await;
        assert_eq!(answer.map_err(|failure| failure.class).err(), Some(FailureClass::Other), "{shown}");
        let heard = heard.await.expect("the origin is done");
        let body = heard.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        assert_eq!(body, expect, "{shown}");
    }
}

/// A body whose first piece is there, and that breaks off once the origin has said something.
struct Torn {
    begun: bool,
    torn: Arc<AtomicBool>,
}

impl Body for Torn {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match (std::mem::replace(&mut self.begun, true), self.torn.swap(false, Ordering::AcqRel)) {
            (false, _) => Poll::Ready(Some(Ok(Frame::data(Bytes::from("abc"))))),
            (true, true) => Poll::Ready(Some(Err(io::ErrorKind::ConnectionReset.into()))),
            // the next time it is asked it seems to be over, as some bodies do
            (true, false) if Arc::strong_count(&self.torn) == 1 => Poll::Ready(None),
            (true, false) => Poll::Pending,
        }
    }
}

/// The answer to a part of a request is passed back, and the origin never hears that this was all.
#[tokio::test]
async fn an_answer_to_a_part_does_not_make_it_the_whole() {
    let (listener, address) = listen().await;
    let torn = Arc::new(AtomicBool::new(false));
    let body = Torn { begun: false, torn: Arc::clone(&torn) };
    let origin = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("somebody calls");
        read_until(&mut stream, "abc\r\n").await;
        torn.store(true, Ordering::Release);
        drop(torn);
        stream.write_all(OK).await.expect("it is read");
        let mut rest = String::new();
        stream.read_to_string(&mut rest).await.expect("it is closed");
        rest
    });
    let relay = relay(open());
    let answer = relay.send(passed(Method::POST, address), Some(body)).await.expect("an answer");
    assert_eq!(text(answer).await, "ok");
    assert_eq!(relay.0.pool.count(), 0);
    let rest = tokio::time::timeout(Duration::from_secs(20), origin).await.expect("the connection is closed");
    assert_eq!(rest.expect("the origin is done"), "");
}

/// What comes in the middle of a request is passed back at once, and the rest still goes out; the
/// connection has no other request.
#[tokio::test]
async fn an_answer_in_the_middle_of_a_request_ends_its_connection() {
    let (listener, address) = listen().await;
    let (feed, body) = mpsc::channel(1);
    let (go, went) = tokio::sync::oneshot::channel();
    let origin = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("somebody calls");
        read_until(&mut stream, "\r\n\r\n").await;
        stream.write_all(OK).await.expect("it is read");
        went.await.expect("the answer was read");
        feed.send("late").await.expect("the body is read");
        drop(feed);
        let mut rest = String::new();
        stream.read_to_string(&mut rest).await.expect("it is closed");
        rest
    });
    let relay = relay(open());
    let answer = relay.send(passed(Method::POST, address), Some(Fed(body))).await.expect("an answer");
    assert_eq!(text(answer).await, "ok");
    assert_eq!(relay.0.pool.count(), 0);
    go.send(()).expect("the origin waits");
    let rest = tokio::time::timeout(Duration::from_secs(20), origin).await.expect("the connection is closed");
    assert_eq!(rest.expect("the origin is done"), "4\r\nlate\r\n0\r\n\r\n");
}
