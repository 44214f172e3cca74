//! Calls against raw sockets: what goes over the wire, what comes back, what fails and how.

use super::*;
use http::HeaderName;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

fn loopback() -> Options {
    Options {
        policy: AddressPolicy { allow_loopback: true, ..AddressPolicy::default() },
        ..Options::default()
    }
}

fn client(options: Options) -> Client {
    Client::new(options).expect("the test machine can make a client")
}

fn post(url: &str) -> Request {
    let url = Url::parse(url).expect("an address of this test");
    Request { method: Method::POST, url, headers: HeaderMap::new(), body: Bytes::from_static(b"{\"a\":1}") }
}

async fn request_text(socket: &mut TcpStream) -> String {
    let mut seen = Vec::new();
    while !seen.ends_with(b"{\"a\":1}") {
        let mut some = [0; 1024];
        let n = socket.read(&mut some).await.expect("the client writes");
        assert!(n > 0, "the client left early");
        seen.extend_from_slice(&some[..n]);
    }
    String::from_utf8(seen).expect("headers are text")
}

/// A receiver that answers one request with these bytes and tells what it was sent.
async fn receiver(answer: Vec<u8>) -> (u16, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    let task = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.expect("a client");
        let text = request_text(&mut socket).await;
        // The client hangs up on answers that are too long.
        let _ = socket.write_all(&answer).await;
        text
    });
    (port, task)
}

#[tokio::test]
async fn header_names_have_their_documented_spelling_on_the_wire() {
    let (port, seen) = receiver(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec()).await;
    let mut request = post(&format!("http://127.0.0.1:{port}/in?x=1"));
    for name in ["x-netlify-event", "x-webhook-signature", "x-nf-sign", "content-type"] {
        request.headers.insert(name, "v".parse().expect("a value"));
    }
    let sent = client(loopback()).send(request).await.expect("an answer");
    assert_eq!((sent.status.as_u16(), sent.truncated), (204, false));
    let text = seen.await.expect("the receiver ends");
    assert!(text.starts_with("POST /in?x=1 HTTP/1.1\r\n"), "{text}");
    let version = format!("User-Agent: {USER_AGENT}");
    for line in [
        "X-Netlify-Event: v",
        "X-Webhook-Signature: v",
        "X-Nf-Sign: v",
        "Content-Type: v",
        "Content-Length: 7",
        &version,
    ] {
        assert!(text.contains(&format!("\r\n{line}\r\n")), "{line} in {text}");
    }
}

#[tokio::test]
async fn redirects_are_answers() {
    let (port, _seen) =
        receiver(b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 2\r\n\r\nhi".to_vec()).await;
    let sent =
        client(loopback()).send(post(&format!("http://hook.localhost:{port}/"))).await.expect("an answer");
    assert_eq!((sent.status.as_u16(), &sent.body[..]), (302, &b"hi"[..]));
    assert_eq!(sent.headers["location"], "/x");
}

#[tokio::test]
async fn whoever_must_understand_an_answer_may_keep_more_of_it() {
    let most = BODY_READ * 2;
    for (length, kept, truncated) in [(most, most, false), (most + 1, most, true)] {
        let mut answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n").into_bytes();
        answer.resize(answer.len() + length, b'x');
        let (port, _seen) = receiver(answer).await;
        let request = post(&format!("http://127.0.0.1:{port}/"));
        let sent = client(loopback()).send_keeping(request, most).await.expect("an answer");
        assert_eq!((sent.body.len(), sent.truncated), (kept, truncated), "{length}");
    }
}

#[tokio::test]
async fn long_answers_are_cut() {
    for (length, kept, truncated) in
        [(BODY_KEPT, BODY_KEPT, false), (BODY_KEPT + 1, BODY_KEPT, true), (BODY_READ * 20, BODY_KEPT, true)]
    {
        let mut answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n").into_bytes();
        answer.resize(answer.len() + length, b'x');
        let (port, _seen) = receiver(answer).await;
        let sent =
            client(loopback()).send(post(&format!("http://127.0.0.1:{port}/"))).await.expect("an answer");
        assert_eq!((sent.body.len(), sent.truncated), (kept, truncated), "{length}");
    }
}

#[tokio::test]
async fn a_body_that_never_ends_does_not_take_the_status_back() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/", listener.local_addr().expect("bound"));
    let _keep = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.expect("a client");
        request_text(&mut socket).await;
        socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi").await.expect("the client reads");
        std::future::pending::<()>().await;
    });
    let options = Options { total: Duration::from_millis(300), ..loopback() };
    let sent = client(options).send(post(&url)).await.expect("an answer");
    assert_eq!((sent.status.as_u16(), &sent.body[..], sent.truncated), (200, &b"hi"[..], true));
}

async fn failure(options: Options, url: &str) -> Failure {
    client(options).send(post(url)).await.expect_err("no answer can come")
}

#[tokio::test]
async fn refused_addresses_are_never_dialled() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    for host in [
        "127.0.0.1",
        "localhost",
        "a.localhost",
        "2130706433",
        "[::ffff:127.0.0.1]",
        "[::1]",
        "169.254.169.254",
    ] {
        let failure = failure(Options::default(), &format!("http://{host}:{port}/secret")).await;
        assert_eq!(failure.class, FailureClass::RefusedAddress, "{host}");
        assert!(!failure.message.contains("secret"));
    }
    let dialled = tokio::time::timeout(Duration::from_millis(50), listener.accept()).await;
    assert!(dialled.is_err(), "nobody may have called");
}

#[tokio::test]
async fn silence_is_a_timeout() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/", listener.local_addr().expect("bound"));
    let options = Options { total: Duration::from_millis(200), ..loopback() };
    assert_eq!(failure(options, &url).await.class, FailureClass::Timeout);
}

#[tokio::test]
async fn a_closed_port_is_not_reached() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/", listener.local_addr().expect("bound"));
    drop(listener);
    let failure = failure(loopback(), &url).await;
    assert_eq!(failure.class, FailureClass::Connect);
    assert!(failure.message.starts_with("not reached: "), "{}", failure.message);
}

#[tokio::test]
async fn what_is_no_tls_or_no_http_is_told_apart() {
    for (scheme, class) in [("https", FailureClass::Tls), ("http", FailureClass::Other)] {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("{scheme}://{}/", listener.local_addr().expect("bound"));
        let _answer = tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.expect("a client");
            let _ = socket.read(&mut [0; 64]).await;
            let _ = socket.write_all(b"SSH-2.0-no\r\n\r\n").await;
            let _ = socket.read(&mut [0; 64]).await;
        });
        let failure = failure(loopback(), &url).await;
        assert_eq!(failure.class, class, "{scheme}: {}", failure.message);
    }
}

#[tokio::test]
async fn other_schemes_are_refused() {
    assert_eq!(failure(loopback(), "ftp://127.0.0.1/").await.class, FailureClass::Other);
}

#[tokio::test]
async fn a_proxy_dials_for_us_and_hosts_are_judged_before() {
    let (port, seen) = receiver(b"HTTP/1.1 202 Accepted\r\n\r\n".to_vec()).await;
    // The policy does not permit loopback: the proxy is the operator's and may be anywhere.
    let proxy = Url::parse(&format!("http://user:pass@localhost:{port}")).expect("an address");
    let client = client(Options { proxy: Some(proxy), ..Options::default() });
    for refused in ["http://127.0.0.1/in", "http://localhost/in", "http://[::1]/in", "http://10.0.0.1/in"] {
        let failure = client.send(post(refused)).await.expect_err("not through a proxy either");
        assert_eq!(failure.class, FailureClass::RefusedAddress, "{refused}");
    }
    let sent = client.send(post("http://known-to-the-proxy.invalid/in")).await.expect("the proxy answers");
    assert_eq!(sent.status.as_u16(), 202);
    let text = seen.await.expect("the proxy ends");
    assert!(text.starts_with("POST http://known-to-the-proxy.invalid/in HTTP/1.1\r\n"), "{text}");
    assert!(text.contains("Proxy-Authorization: Basic dXNlcjpwYXNz"), "{text}");
}

#[tokio::test]
async fn a_name_that_changes_its_mind_is_dialled_where_it_was_judged() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    /// Loopback, which this client may call, and from then on what no client may.
    static LOOKED_UP: AtomicUsize = AtomicUsize::new(0);
    let lookup: Lookup = |_| {
        let inside: [IpAddr; 2] = [[127, 0, 0, 1].into(), [169, 254, 169, 254].into()];
        let turn = LOOKED_UP.fetch_add(1, Ordering::SeqCst).min(1);
        Box::pin(async move { Ok(vec![inside[turn]]) })
    };
    let client = Client::with_lookup(loopback(), lookup).expect("the test machine can make a client");
    let (port, seen) = receiver(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n".to_vec()).await;
    let url = format!("http://rebinding.example:{port}/");
    client.send(post(&url)).await.expect("an answer of the address that was judged");
    seen.await.expect("the receiver ends");
    assert_eq!(LOOKED_UP.load(Ordering::SeqCst), 1, "between judging and dialling nobody asks again");
    let failure = client.send(post(&url)).await.expect_err("the name leads elsewhere now");
    assert_eq!(failure.class, FailureClass::RefusedAddress, "{}", failure.message);
    assert_eq!(LOOKED_UP.load(Ordering::SeqCst), 2, "each connection is judged anew");
}

/// A receiver that answers the requests of one connection, each with these bytes; what it was sent.
async fn patient(answer: &'static [u8], requests: usize) -> (u16, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    let task = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.expect("a client");
        let mut seen = Vec::new();
        for _ in 0..requests {
            seen.push(request_text(&mut socket).await);
            socket.write_all(answer).await.expect("the client reads");
        }
        seen
    });
    (port, task)
}

#[tokio::test]
async fn calls_of_one_address_share_a_connection() {
    let (port, seen) = patient(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 2).await;
    let to = Destination::of(Url::parse(&format!("http://127.0.0.1:{port}/in")).expect("an address"));
    let client = client(loopback());
    for number in ["1", "2"] {
        let mut headers = Fields::with_capacity(2);
        headers.append(HeaderName::from_static("webhook-id"), HeaderValue::from_static(number));
        headers.append(header::ACCEPT, HeaderValue::from_static("text/plain"));
        let sent = client.post(&to, headers, Bytes::from_static(b"{\"a\":1}")).await.expect("an answer");
        assert_eq!((sent.status.as_u16(), &sent.body[..], sent.truncated), (200, &b"ok"[..], false));
    }
    for (text, number) in seen.await.expect("the receiver ends").iter().zip(["1", "2"]) {
        let head = format!(
            "POST /in HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nWebhook-Id: {number}\r\nAccept: text/plain\r\n\
             User-Agent: {USER_AGENT}\r\nContent-Length: 7\r\n\r\n{{\"a\":1}}"
        );
        assert_eq!(*text, head);
    }
}

#[tokio::test]
async fn an_answer_counts_that_does_not_say_where_its_body_ends() {
    for fields in
        ["Content-Length: 2\r\nContent-Length: 3", "Content-Length: 2\r\nTransfer-Encoding: chunked"]
    {
        let (port, _seen) = receiver(format!("HTTP/1.1 201 Made\r\n{fields}\r\n\r\nok").into_bytes()).await;
        let sent = client(loopback()).send(post(&format!("http://127.0.0.1:{port}/"))).await;
        let sent = sent.expect("a status");
        assert_eq!((sent.status.as_u16(), &sent.body[..], sent.truncated), (201, &b""[..], true), "{fields}");
    }
}

#[tokio::test]
async fn a_name_and_a_password_in_an_address_are_sent_along() {
    let (port, seen) = receiver(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec()).await;
    let sent = client(loopback()).send(post(&format!("http://user:pass@127.0.0.1:{port}/"))).await;
    assert_eq!(sent.expect("an answer").status.as_u16(), 204);
    let text = seen.await.expect("the receiver ends");
    assert!(text.to_ascii_lowercase().contains("authorization: basic dxnlcjpwyxnz\r\n"), "{text}");
}
