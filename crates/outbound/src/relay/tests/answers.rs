//! What an origin says, as a table: what becomes of it, whether it comes at once or byte by byte, and
//! whether the connection is used again.

use super::*;
use crate::relay::answer::HEAD_BYTES;

/// What the origin does when it has said its part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    Stays,
    Closes,
}

/// Answers the first request with these bytes, in pieces of that size.
async fn origin(said: Vec<u8>, step: usize, then: Then) -> SocketAddr {
    let (listener, address) = listen().await;
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("somebody calls");
        stream.set_nodelay(true).expect("a socket");
        read_until(&mut stream, "\r\n\r\n").await;
        for piece in said.chunks(step) {
            // who has heard enough may hang up
            if stream.write_all(piece).await.is_err() {
                return;
            }
            tokio::task::yield_now().await;
        }
        if then == Then::Stays {
            let _ = stream.read(&mut [0]).await;
        }
    });
    address
}

/// Status, announced length, body, and whether the connection waits for another request.
async fn heard(method: &Method, said: Vec<u8>, step: usize, then: Then) -> String {
    let relay = relay(open());
    let address = origin(said, step, then).await;
    let asked = passed(method.clone(), address);
    let answer = match relay.send(asked, None::<Fed>).await {
        Ok(answer) => answer,
        Err(failure) => return failure.message.replace("the call broke off: ", "none: "),
    };
    let (status, length) = (answer.status(), answer.length());
    let pieces: Vec<_> = answer.into_body().collect().await;
    let end = pieces.iter().find_map(|piece| piece.as_ref().err().map(ToString::to_string));
    let body = pieces.into_iter().flatten().collect::<Vec<_>>().concat();
    let kept = if relay.0.pool.count() == 1 { "kept" } else { "dropped" };
    let end = end.unwrap_or_else(|| kept.to_owned());
    let length = length.map_or("?".to_owned(), |length| length.to_string());
    format!("{} [{length}] {:?} {end}", status.as_u16(), String::from_utf8_lossy(&body))
}

async fn check(cases: &[(&Method, &str, Then, &str)]) {
    for (method, said, then, expect) in cases {
        for step in [said.len().max(1), 1] {
            let found = heard(method, said.as_bytes().to_vec(), step, *then).await;
            assert_eq!(found, *expect, "{method} {said:?} by {step}");
        }
    }
}

#[tokio::test]
async fn answers_come_whole_however_they_come() {
    use Then::{Closes, Stays};
    let (get, head) = (&Method::GET, &Method::HEAD);
    check(&[
        (get, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", Stays, r#"200 [3] "abc" kept"#),
        (get, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", Stays, r#"200 [0] "" kept"#),
        (get, "HTTP/1.1 204 No\r\n\r\n", Stays, r#"204 [0] "" kept"#),
        (get, "HTTP/1.1 304 No\r\nContent-Length: 9\r\n\r\n", Stays, r#"304 [0] "" kept"#),
        (head, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", Stays, r#"200 [0] "" kept"#),
        (head, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", Stays, r#"200 [0] "" kept"#),
        (
            get,
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x\r\nc\r\n0\r\nT: u\r\n\r\n",
            Stays,
            r#"200 [?] "abc" kept"#,
        ),
        (get, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", Stays, r#"200 [?] "" kept"#),
        (
            get,
            "HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 100 Go\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na",
            Stays,
            r#"200 [1] "a" kept"#,
        ),
        (get, "HTTP/1.1 200 OK\r\n\r\nabc", Closes, r#"200 [?] "abc" dropped"#),
        (get, "HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc", Stays, r#"200 [3] "abc" dropped"#),
        (get, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc", Stays, r#"200 [3] "abc" dropped"#),
        (get, "HTTP/1.1 200 OK\nContent-Length: 3\n\nabc", Stays, r#"200 [3] "abc" kept"#),
    ])
    .await;
}

#[tokio::test]
async fn what_is_no_answer_is_told_and_its_connection_is_dropped() {
    use Then::{Closes, Stays};
    let get = &Method::GET;
    check(&[
        (get, "", Closes, "none: the answer broke off"),
        (get, "HTTP/1.1 200 OK\r\nContent-Le", Closes, "none: the answer broke off"),
        (get, "HTTP/1.1 100 Go\r\n\r\n", Closes, "none: the answer broke off"),
        (get, "SSH-2.0-x\r\n\r\n", Stays, "none: the head of the answer is malformed"),
        (get, "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", Stays, "none: the head of the answer is malformed"),
        (
            get,
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
            Stays,
            "none: the answer does not say clearly where its body ends",
        ),
        (
            get,
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
            Closes,
            r#"200 [9] "abc" the answer broke off"#,
        ),
        (
            get,
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
            Closes,
            r#"200 [?] "abc" the answer broke off"#,
        ),
        (
            get,
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n",
            Stays,
            r#"200 [?] "a" the chunks of the answer are malformed"#,
        ),
    ])
    .await;
}

/// Longer than is read at once, so that it is read in another way from some point on, and shorter again.
#[tokio::test]
async fn long_answers_come_whole_and_so_do_those_behind_them() {
    let (listener, address) = listen().await;
    let body = |length: usize| (0..length).map(|place| (place % 251) as u8).collect::<Vec<_>>();
    let lengths = [3, 700_000, 0, 20_000, 16 * 1024, 5];
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("somebody calls");
        for (number, length) in lengths.into_iter().enumerate() {
            read_until(&mut stream, "\r\n\r\n").await;
            let mut said = b"HTTP/1.1 200 OK\r\n".to_vec();
            if number % 2 == 0 {
                said.extend_from_slice(format!("Content-Length: {length}\r\n\r\n").as_bytes());
                said.extend_from_slice(&body(length));
            } else {
                said.extend_from_slice(b"Transfer-Encoding: chunked\r\n\r\n");
                for piece in body(length).chunks(99_999) {
                    said.extend_from_slice(
                        &[format!("{:X}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat(),
                    );
                }
                said.extend_from_slice(b"0\r\n\r\n");
            }
            stream.write_all(&said).await.expect("it is read");
        }
    });
    let relay = relay(open());
    for length in lengths {
        let answer = relay.send(passed(Method::GET, address), None::<Fed>).await.expect("an answer");
        let pieces: Vec<_> = answer.into_body().map(|piece| piece.expect("all came")).collect().await;
        assert!(pieces.concat() == body(length), "{length}");
    }
    assert_eq!(relay.0.pool.count(), 1, "all came on one connection");
}

/// Whatever stands behind an answer, nobody asked for it: the next request must not be answered by it.
#[tokio::test]
async fn a_connection_that_says_more_is_not_used_again() {
    for (method, said, expect) in [
        (
            Method::GET,
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 200 OK\r\n",
            r#"200 [1] "a" dropped"#,
        ),
        (Method::GET, "HTTP/1.1 204 No\r\nContent-Length: 1\r\n\r\na", r#"204 [0] "" dropped"#),
        (Method::HEAD, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na", r#"200 [0] "" dropped"#),
        (
            Method::GET,
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nx",
            r#"200 [?] "" dropped"#,
        ),
    ] {
        let found = heard(&method, said.as_bytes().to_vec(), said.len(), Then::Stays).await;
        assert_eq!(found, expect, "{said:?}");
    }
}

/// The same when it comes later, between two requests.
#[tokio::test]
async fn a_connection_that_speaks_unasked_is_not_used_again() {
    let (listener, address) = listen().await;
    let (go, went) = tokio::sync::oneshot::channel();
    tokio::spawn(async move {
        let (mut first, _) = listener.accept().await.expect("somebody calls");
        read_until(&mut first, "\r\n\r\n").await;
        first.write_all(OK).await.expect("it is read");
        went.await.expect("the answer was read");
        first.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil").await.expect("it is sent");
        let (mut second, _) = listener.accept().await.expect("somebody calls again");
        read_until(&mut second, "\r\n\r\n").await;
        second.write_all(OK).await.expect("it is read");
    });
    let relay = relay(open());
    text(relay.send(passed(Method::GET, address), None::<Fed>).await.expect("an answer")).await;
    go.send(()).expect("the origin waits");
    let quiet = async {
        while relay.0.pool.tidy() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), quiet).await.expect("it is dropped");
    let answer = relay.send(passed(Method::GET, address), None::<Fed>).await.expect("an answer");
    assert_eq!(text(answer).await, "ok");
}

#[tokio::test]
async fn a_head_has_its_limit_interim_ones_included() {
    let line = "A: b\r\n";
    let rest = "HTTP/1.1 204 No\r\n\r\n".len();
    let head =
        |bytes: usize| format!("HTTP/1.1 204 No\r\nA: {}\r\n\r\n", "b".repeat(bytes - rest - line.len() + 1));
    let interim = "HTTP/1.1 100 Go\r\n\r\n";
    let room = HEAD_BYTES - interim.len();
    let endless = interim.repeat(HEAD_BYTES / interim.len() + 1);
    for (said, expect) in [
        (head(HEAD_BYTES), r#"204 [0] "" kept"#),
        (head(HEAD_BYTES + 1), "none: the head of the answer is too long"),
        (interim.to_owned() + &head(room), r#"204 [0] "" kept"#),
        (interim.to_owned() + &head(room + 1), "none: the head of the answer is too long"),
        (endless, "none: the head of the answer is too long"),
        (
            "HTTP/1.1 200 OK\r\n".to_owned() + &"A".repeat(HEAD_BYTES),
            "none: the head of the answer is too long",
        ),
    ] {
        for step in [said.len(), 1000] {
            let found = heard(&Method::GET, said.clone().into_bytes(), step, Then::Stays).await;
            assert_eq!(found, expect, "{} by {step}", said.len());
        }
    }
}
