//! Tunnels to a local echo server.

use std::time::Duration;

use boathook_clientproxy::Limits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::support::{Running, ask, echo_server, status};

#[tokio::test]
async fn an_allowed_tunnel_carries_bytes_both_ways() {
    let echo = echo_server().await;
    let running = Running::start(Limits::default()).await;
    let target = format!("CONNECT localhost:{}", echo.port());
    let (mut tunnel, head) = ask(running.address, &target).await;
    assert_eq!(status(&head), 200, "{head}");
    let sent = vec![7_u8; 300_000];
    let (mut from, mut to) = tunnel.split();
    let send = async {
        to.write_all(&sent).await.unwrap();
        to.shutdown().await.unwrap();
    };
    let mut heard = Vec::new();
    let (_, read) = tokio::join!(send, from.read_to_end(&mut heard));
    read.unwrap();
    assert_eq!(heard, sent);
}

#[tokio::test]
async fn bytes_sent_before_the_answer_are_carried_too() {
    let echo = echo_server().await;
    let running = Running::start(Limits::default()).await;
    let mut tunnel = tokio::net::TcpStream::connect(running.address).await.unwrap();
    let credentials = super::support::basic(super::support::TOKEN);
    let text =
        format!("CONNECT {echo} HTTP/1.1\r\nHost: {echo}\r\nProxy-Authorization: {credentials}\r\n\r\nearly");
    tunnel.write_all(text.as_bytes()).await.unwrap();
    tunnel.shutdown().await.unwrap();
    let mut heard = String::new();
    tunnel.read_to_string(&mut heard).await.unwrap();
    assert!(heard.starts_with("HTTP/1.1 200"), "{heard}");
    assert!(heard.ends_with("\r\n\r\nearly"), "{heard}");
}

#[tokio::test]
async fn a_still_tunnel_is_closed() {
    let echo = echo_server().await;
    let limits = Limits { tunnel_idle: Duration::from_millis(50), ..Limits::default() };
    let running = Running::start(limits).await;
    let (mut tunnel, head) = ask(running.address, &format!("CONNECT {echo}")).await;
    assert_eq!(status(&head), 200, "{head}");
    assert_eq!(tunnel.read(&mut [0; 8]).await.unwrap(), 0);
}

#[tokio::test]
async fn one_tunnel_too_many_gets_503_until_another_ends() {
    let echo = echo_server().await;
    let limits = Limits { tunnels: 1, ..Limits::default() };
    let running = Running::start(limits).await;
    let line = format!("CONNECT {echo}");
    let (first, head) = ask(running.address, &line).await;
    assert_eq!(status(&head), 200, "{head}");
    let (_, head) = ask(running.address, &line).await;
    assert_eq!(status(&head), 503, "{head}");
    drop(first);
    let room = async { while status(&ask(running.address, &line).await.1) != 200 {} };
    tokio::time::timeout(Duration::from_secs(30), room).await.expect("the ended tunnel makes room");
}
