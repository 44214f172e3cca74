//! Every CONNECT that is not carried out, and why.

use std::sync::Arc;

use boathook_clientproxy::{Limits, VENDOR_HOSTS};
use tokio::net::TcpListener;

use super::support::{Running, ask, ask_with, basic, echo_server, status};

async fn check_authorization(header_lines: &str) {
    let running = Running::start(Limits::default()).await;
    for host in [VENDOR_HOSTS[0], "127.0.0.1", "nonsense"] {
        let line = format!("CONNECT {host}:443");
        let (_, head) = ask_with(running.address, &line, header_lines).await;
        assert_eq!(status(&head), 407, "{header_lines}{head}");
        let challenge = "proxy-authenticate: basic realm=\"boathook\"";
        assert!(head.to_lowercase().contains(challenge), "{head}");
    }
}

#[tokio::test]
async fn a_connect_without_a_valid_token_gets_407() {
    check_authorization("").await;
    check_authorization(&format!("Proxy-Authorization: {}\r\n", basic("wrong"))).await;
    check_authorization(&format!("Authorization: {}\r\n", basic("nfp_right"))).await;
    check_authorization("Proxy-Authorization: Bearer nfp_right\r\n").await;
}

#[tokio::test]
async fn a_bad_target_gets_400() {
    let running = Running::start(Limits::default()).await;
    let targets = ["example.com", "example.com:0", "user@example.com:443", "http://example.com:443/"];
    for target in targets {
        let (_, head) = ask(running.address, &format!("CONNECT {target}")).await;
        assert_eq!(status(&head), 400, "{target}: {head}");
    }
}

#[tokio::test]
async fn another_method_gets_405() {
    let running = Running::start(Limits::default()).await;
    let (_, head) = ask(running.address, "GET /").await;
    assert_eq!(status(&head), 405, "{head}");
}

#[tokio::test]
async fn what_the_policy_refuses_gets_403() {
    let echo = echo_server().await;
    let running = Running::start_with(Limits::default(), Arc::new(|_, _, _| false)).await;
    let (_, head) = ask(running.address, &format!("CONNECT {echo}")).await;
    assert_eq!(status(&head), 403, "{head}");
    let (_, head) = ask(running.address, &format!("CONNECT localhost:{}", echo.port())).await;
    assert_eq!(status(&head), 403, "{head}");
}

#[tokio::test]
async fn a_closed_port_gets_502() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = listener.local_addr().unwrap();
    drop(listener);
    let running = Running::start(Limits::default()).await;
    let (_, head) = ask(running.address, &format!("CONNECT {closed}")).await;
    assert_eq!(status(&head), 502, "{head}");
}

#[tokio::test]
async fn one_vendor_connection_too_many_gets_503() {
    let limits = Limits { vendor_connections: 1, ..Limits::default() };
    let running = Running::start(limits).await;
    let line = format!("CONNECT {}:443", VENDOR_HOSTS[0]);
    let (_first, head) = ask(running.address, &line).await;
    assert_eq!(status(&head), 200, "{head}");
    let (_, head) = ask(running.address, &line).await;
    assert_eq!(status(&head), 503, "{head}");
}
