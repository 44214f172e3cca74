//! Vendor hosts through a real HTTP client that trusts the local authority and nothing else.

use std::error::Error;
use std::time::Duration;

use boathook_clientproxy::{Limits, VENDOR_HOSTS};
use reqwest::{Certificate, Client, Proxy};
use tokio::io::AsyncReadExt;

use super::support::{Running, TOKEN, ask, loopback_only, status};

fn client(running: &Running, token: &str) -> Client {
    // Another test of this process may have been first; either way a provider is there.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let ca = running.proxy.ca().certificate_pem();
    Client::builder()
        .tls_certs_only([Certificate::from_pem(ca.as_bytes()).unwrap()])
        .proxy(Proxy::https(running.proxy_url(token)).unwrap())
        .build()
        .unwrap()
}

#[tokio::test]
async fn every_vendor_host_is_answered_by_the_service() {
    let running = Running::start(Limits::default()).await;
    let client = client(&running, TOKEN);
    for host in VENDOR_HOSTS {
        let url = format!("https://{host}/site/x/integrations/safe?a=1");
        let answer = client.get(url).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let expect = format!(
            r#"[{{"path":"/site/x/integrations/safe?a=1","host":"{host}","header":"{host}","known":true}}]"#
        );
        assert_eq!(answer.text().await.unwrap(), expect);
    }
}

#[tokio::test]
async fn a_wrong_token_stops_the_client() {
    let running = Running::start(Limits::default()).await;
    let refused = client(&running, "wrong").get("https://api.netlifysdk.com/").send().await;
    let mut error: &dyn Error = &refused.unwrap_err();
    while let Some(source) = error.source() {
        error = source;
    }
    assert!(error.to_string().contains("auth"), "{error}");
}

#[tokio::test]
async fn a_reloaded_authority_is_trusted_by_old_clients() {
    let running = Running::start(Limits::default()).await;
    let dir = running.proxy.ca().certificate_path().parent().unwrap();
    let before = running.proxy.ca().certificate_pem().to_owned();
    let again = Running::start_in(dir, Limits::default(), loopback_only()).await;
    assert_eq!(again.proxy.ca().certificate_pem(), before);
    let answer = client(&again, TOKEN).get("https://api.netlifysdk.com/").send();
    assert_eq!(answer.await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_client_that_never_starts_tls_is_dropped() {
    let limits = Limits { handshake: Duration::from_millis(50), ..Limits::default() };
    let running = Running::start(limits).await;
    let (mut connection, head) = ask(running.address, "CONNECT api.netlifysdk.com:443").await;
    assert_eq!(status(&head), 200, "{head}");
    assert_eq!(connection.read(&mut [0; 8]).await.unwrap(), 0);
}

#[tokio::test]
async fn a_silent_vendor_connection_is_dropped() {
    let limits =
        Limits { vendor_connections: 1, vendor_idle: Duration::from_millis(50), ..Limits::default() };
    let running = Running::start(limits).await;
    let first = client(&running, TOKEN);
    let url = "https://api.netlifysdk.com/";
    assert_eq!(first.get(url).send().await.unwrap().status(), 200);
    let second = client(&running, TOKEN);
    let room = async { while second.get(url).send().await.is_err() {} };
    tokio::time::timeout(Duration::from_secs(30), room).await.expect("the silent connection makes room");
}
