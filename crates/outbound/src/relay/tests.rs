//! Requests passed on to raw sockets: what goes over the wire and what becomes of connections.

use super::*;
use futures_util::{FutureExt as _, StreamExt as _};
use http::{HeaderName, HeaderValue, header};
use http_body::{Frame, SizeHint};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use url::Url;

mod answers;
mod requests;

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// A body that is fed from outside.
struct Fed(mpsc::Receiver<&'static str>);

impl Body for Fed {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.0.poll_recv(cx).map(|text| text.map(|text| Ok(Frame::data(Bytes::from(text)))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

fn relay(policy: AddressPolicy) -> Relay {
    Relay::new(policy, Duration::from_secs(5))
}

fn open() -> AddressPolicy {
    AddressPolicy { allow_loopback: true, ..AddressPolicy::default() }
}

fn to(url: &str) -> Passed {
    let url: Url = url.parse().expect("an address of this test");
    let target = url[url::Position::BeforePath..].parse().expect("a target of this test");
    let origin = Origin::of(&url).expect("an origin of this test");
    let (method, headers, spelling) = (Method::GET, Fields::default(), Spelling::default());
    Passed { method, origin, target, headers, spelling }
}

fn passed(method: Method, address: SocketAddr) -> Passed {
    Passed { method, ..to(&format!("http://{address}/x?y=1")) }
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

async fn text(answer: Relayed) -> String {
    let pieces: Vec<_> = answer.into_body().map(|piece| piece.expect("all came")).collect().await;
    String::from_utf8(pieces.concat()).expect("text")
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
            .expect("it is read");
        feed.send("second").await.expect("the body is still read");
        read_until(&mut stream, "second\r\n").await;
        stream.write_all(b"1\r\nc\r\n0\r\n\r\n").await.expect("it is read");
        head
    });
    let answer = relay(open()).send(passed(Method::POST, address), Some(Fed(body))).await.expect("an answer");
    assert_eq!((answer.status(), answer.length()), (StatusCode::FOUND, None));
    assert_eq!(text(answer).await, "abc");
    let head = origin.await.expect("the origin is done");
    assert_eq!(
        head,
        format!("POST /x?y=1 HTTP/1.1\r\nHost: {address}\r\nTransfer-Encoding: chunked\r\n\r\n")
    );
}

/// Nobody reads the answer, and the rest of the request goes on being sent.
#[tokio::test]
async fn an_answer_that_waits_does_not_hold_up_the_request() {
    let (listener, address) = listen().await;
    let (feed, body) = mpsc::channel(1);
    let origin = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("somebody calls");
        read_until(&mut stream, "\r\n\r\n").await;
        stream.write_all(OK).await.expect("it is read");
        feed.send("late").await.expect("the body is read");
        read_until(&mut stream, "late\r\n").await;
    });
    let answer = relay(open()).send(passed(Method::POST, address), Some(Fed(body))).await.expect("an answer");
    origin.await.expect("all of the request came");
    assert_eq!(text(answer).await, "ok");
}

#[tokio::test]
async fn names_are_spelled_as_they_are_to_be() {
    let (listener, address) = listen().await;
    let origin = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("somebody calls");
        let head = read_until(&mut stream, "\r\n\r\n").await;
        stream.write_all(OK).await.expect("it is read");
        head
    });
    let spelling = Spelling(&["X-NF-UUID", "X-NF-ID"]);
    let mut request = Passed { spelling, ..passed(Method::GET, address) };
    for name in ["x-nf-uuid", "x-nf-sign", "x-nf-id", "dnt"] {
        request.headers.append(HeaderName::from_static(name), HeaderValue::from_static("1"));
    }
    relay(open()).send(request, None::<Fed>).await.expect("an answer");
    let head = origin.await.expect("the origin is done");
    let names: Vec<_> = head.lines().filter_map(|line| line.split_once(": ")).map(|(name, _)| name).collect();
    assert_eq!(names, ["Host", "X-NF-UUID", "X-Nf-Sign", "X-NF-ID", "Dnt"]);
}

/// Answers every request on every connection, and says how many connections there were.
async fn patient() -> (SocketAddr, mpsc::UnboundedReceiver<()>) {
    let ((listener, address), (said, connections)) = (listen().await, mpsc::unbounded_channel());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = said.send(());
            tokio::spawn(async move {
                let mut byte = [0; 1];
                let mut seen = Vec::new();
                while stream.read_exact(&mut byte).await.is_ok() {
                    seen.push(byte[0]);
                    if seen.ends_with(b"\r\n\r\n") && stream.write_all(OK).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    (address, connections)
}

fn count(connections: &mut mpsc::UnboundedReceiver<()>) -> usize {
    std::iter::from_fn(|| connections.try_recv().ok()).count()
}

#[tokio::test]
async fn connections_serve_again_once_their_answer_is_read() {
    let (address, mut connections) = patient().await;
    let relay = relay(open());
    for _ in 0..3 {
        let answer = relay.send(passed(Method::GET, address), None::<Fed>).await.expect("an answer");
        assert_eq!(text(answer).await, "ok");
        assert_eq!(relay.0.pool.count(), 1);
    }
    assert_eq!(count(&mut connections), 1);
    let unread = relay.send(passed(Method::GET, address), None::<Fed>).await.expect("an answer");
    drop(unread);
    assert_eq!(relay.0.pool.count(), 0);
    let many = (0..3).map(|_| relay.send(passed(Method::GET, address), None::<Fed>));
    for answer in futures_util::future::join_all(many).await {
        text(answer.expect("an answer")).await;
    }
    assert_eq!((relay.0.pool.count(), count(&mut connections)), (3, 3));
}

#[tokio::test]
async fn what_the_other_side_closes_is_not_used_again() {
    let (listener, address) = listen().await;
    let origin = tokio::spawn(async move {
        let mut heads = Vec::new();
        for answer in
            [OK, b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nok", b"HTTP/1.0 200 OK\r\n\r\nok", OK]
        {
            let (mut stream, _) = listener.accept().await.expect("somebody calls");
            heads.push(read_until(&mut stream, "\r\n\r\n").await.lines().next().unwrap_or("").to_owned());
            stream.write_all(answer).await.expect("it is read");
        }
        heads
    });
    let relay = relay(open());
    for _ in 0..4 {
        let answer = relay.send(passed(Method::GET, address), None::<Fed>).await.expect("an answer");
        assert_eq!(text(answer).await, "ok");
        // the news that the other side has gone
        let waited = async {
            while relay.0.pool.tidy() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), waited).await.expect("closed connections are dropped");
    }
    assert_eq!(origin.await.expect("the origin is done").len(), 4);
}

#[tokio::test]
async fn a_request_that_meets_a_closing_connection_is_sent_again_if_it_may_be() {
    for (method, expect) in [(Method::GET, true), (Method::POST, false)] {
        let (listener, address) = listen().await;
        tokio::spawn(async move {
            let (mut first, _) = listener.accept().await.expect("somebody calls");
            read_until(&mut first, "\r\n\r\n").await;
            first.write_all(OK).await.expect("it is read");
            read_until(&mut first, "\r\n\r\n").await;
            drop(first);
            let (mut second, _) = listener.accept().await.expect("somebody calls again");
            read_until(&mut second, "\r\n\r\n").await;
            second.write_all(OK).await.expect("it is read");
        });
        let relay = relay(open());
        text(relay.send(passed(Method::GET, address), None::<Fed>).await.expect("an answer")).await;
        relay.0.pool.age(RESTED);
        let answer = relay.send(passed(method.clone(), address), None::<Fed>).await;
        assert_eq!(answer.is_ok(), expect, "{method}");
        assert_eq!(answer.err().map(|failure| failure.class), (!expect).then_some(FailureClass::Other));
    }
}

#[tokio::test]
async fn refused_addresses_are_not_dialled() {
    let (_listener, address) = listen().await;
    let private: Lookup = |_| async { Ok(vec![IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1))]) }.boxed();
    let named = Relay::with_lookup(AddressPolicy::default(), Duration::from_secs(5), private);
    let by_address = relay(AddressPolicy::default()).send(passed(Method::GET, address), None::<Fed>).await;
    let by_name = named.send(to("http://rebound.example/"), None::<Fed>).await;
    for answer in [by_address, by_name] {
        assert_eq!(answer.err().map(|failure| failure.class), Some(FailureClass::RefusedAddress));
    }
}

#[tokio::test]
async fn each_way_not_to_be_reached_has_its_class() {
    let (listener, nobody) = listen().await;
    drop(listener);
    let (plain, no_tls) = listen().await;
    tokio::spawn(async move {
        let (mut stream, _) = plain.accept().await.expect("somebody calls");
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.expect("it is read");
    });
    let (_silent, silence) = listen().await;
    let brief = Relay::new(open(), Duration::from_millis(50));
    for (relay, url, class) in [
        (relay(open()), format!("http://{nobody}/"), FailureClass::Connect),
        (relay(open()), format!("https://{no_tls}/"), FailureClass::Tls),
        (brief, format!("https://{silence}/"), FailureClass::Timeout),
    ] {
        let failure = relay.send(to(&url), None::<Fed>).await.expect_err(&url);
        assert_eq!(failure.class, class, "{failure}");
        assert!(!failure.to_string().contains("127.0.0.1"), "{failure}");
    }
}

#[tokio::test]
async fn the_next_address_has_its_turn() {
    let (listener, address) = listen().await;
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("somebody calls");
        read_until(&mut stream, "\r\n\r\n").await;
        stream.write_all(OK).await.expect("it is read");
    });
    // nobody listens at the first
    let both: Lookup =
        |_| async { Ok(vec![Ipv4Addr::new(127, 0, 0, 9).into(), Ipv4Addr::LOCALHOST.into()]) }.boxed();
    let relay = Relay::with_lookup(open(), Duration::from_secs(5), both);
    let url = format!("http://origin.example:{}/", address.port());
    assert_eq!(text(relay.send(to(&url), None::<Fed>).await.expect("an answer")).await, "ok");
}

#[tokio::test]
async fn an_upgraded_connection_is_handed_over() {
    let (listener, address) = listen().await;
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("somebody calls");
        read_until(&mut stream, "\r\n\r\n").await;
        let head = b"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nhello!";
        stream.write_all(head).await.expect("it is read");
        let ping = read_until(&mut stream, "!").await;
        stream.write_all(ping.as_bytes()).await.expect("it is read");
    });
    let mut request = passed(Method::GET, address);
    for (name, value) in [(header::CONNECTION, "upgrade"), (header::UPGRADE, "x")] {
        request.headers.set(name, HeaderValue::from_static(value));
    }
    let relay = relay(open());
    let answer = relay.send(request, None::<Fed>).await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::SWITCHING_PROTOCOLS);
    let mut wire = answer.upgrade().expect("it is upgraded");
    wire.write_all(b"ping!").await.expect("it is read");
    let mut said = [0; 11];
    wire.read_exact(&mut said).await.expect("a word and an echo");
    assert_eq!(&said, b"hello!ping!");
    assert_eq!(relay.0.pool.count(), 0);
}
