//! TLS through real sockets: which certificate a name gets, both versions of HTTP, https that is
//! forced, files that change, and certificates that are ordered from a real ACME authority.

use crate::support::{id, live_site};
use crate::tls_support::{Authority, Caller, Pebble, Zone};
use boathook::Config;
use serde_json::json;
use std::path::Path;
use std::time::Duration;
use testkit::{Engine, Platform, until};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

const H2: &[&str] = &["h2", "http/1.1"];
const H1: &[&str] = &["http/1.1"];

/// Listens for TLS with a certificate for each group of names.
fn listen(config: &mut Config, authority: &Authority, folder: &Path, groups: &[&[&str]]) {
    config.tls.tls_listen = Some(([127, 0, 0, 1], 0).into());
    config.site_domain = Some("sites.test".to_owned());
    for names in groups {
        let (certificate, key) = authority.write(folder, names);
        config.tls.tls_cert.push(certificate);
        config.tls.tls_key.push(key);
    }
}

/// A server with certificates of an authority of its own.
async fn start(groups: &[&[&str]]) -> (Platform, Caller, Authority, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let authority = Authority::new();
    let p = Platform::start_with(Engine::Sqlite, |config| listen(config, &authority, folder.path(), groups))
        .await;
    let caller = Caller::trusting(&authority.pem());
    (p, caller, authority, folder)
}

#[tokio::test]
async fn names_get_their_certificates_and_both_versions_of_http() {
    let (p, caller, _, _folder) = start(&[&["localhost", "*.sites.test"], &["www.safe.test"]]).await;
    let (site, _) = live_site(&p.owner(), "safe").await;
    let domain = json!({ "custom_domain": "www.safe.test" });
    p.owner().patch(&format!("/sites/{}", id(&site)), domain).await.expect(200);
    let at = p.tls_address();
    for (offer, agreed) in [(H2, "h2"), (H1, "http/1.1"), (&[][..], "")] {
        for host in ["safe.sites.test", "www.safe.test", "WWW.Safe.test"] {
            let answer = caller.get(at, host, "/", offer).await.expect("TLS is agreed on");
            assert_eq!((answer.0.as_str(), answer.1.status), (agreed, 200), "{host} {offer:?}");
            assert_eq!(answer.1.text(), "hello");
        }
        let (_, health) = caller.get(at, "localhost", "/healthz", offer).await.expect("TLS is agreed on");
        assert_eq!(health.status, 200, "the API answers by TLS too");
    }
    let refused = caller.get(at, "unknown.test", "/", H2).await.expect_err("no certificate names it");
    assert!(refused.contains("NotValidForName"), "{refused}");
    p.stop().await;
}

#[tokio::test]
async fn https_is_forced_where_there_is_a_certificate() {
    let (p, caller, _, _folder) = start(&[&["www.safe.test"]]).await;
    let (site, _) = live_site(&p.owner(), "safe").await;
    let changes =
        json!({ "custom_domain": "www.safe.test", "domain_aliases": ["safe.test"], "force_ssl": true });
    p.owner().patch(&format!("/sites/{}", id(&site)), changes).await.expect(200);
    let (port, at) = (p.tls_address().port(), p.tls_address());
    for host in ["www.safe.test", "safe.test", "www.safe.test:8080"] {
        let answer = p.visitor().get(host, "/a?b").await.expect(301);
        assert_eq!(answer.header("location"), Some(&*format!("https://www.safe.test:{port}/a?b")), "{host}");
    }
    let without = p.visitor().get("safe.sites.test", "/").await.expect(200);
    assert_eq!(without.text(), "hello", "there is no certificate to send anybody to");
    let (_, secure) = caller.get(at, "www.safe.test", "/", H1).await.expect("TLS is agreed on");
    assert_eq!((secure.status, secure.header("strict-transport-security")), (200, Some("max-age=31536000")));
    p.stop().await;
}

#[tokio::test]
async fn a_password_cookie_that_was_given_by_tls_stays_there() {
    let (p, caller, _, _folder) = start(&[&["*.sites.test"]]).await;
    let (site, _) = live_site(&p.owner(), "safe").await;
    p.owner().patch(&format!("/sites/{}", id(&site)), json!({ "password": "x" })).await.expect(200);
    let form = caller.post_form(p.tls_address(), "safe.sites.test", "/", "password=x").await.expect("TLS");
    let cookie = form.header("set-cookie").expect("a cookie");
    assert!(form.status == 303 && cookie.ends_with("; Secure"), "{cookie}");
    p.stop().await;
}

#[tokio::test]
async fn certificates_are_read_again_when_their_files_change() {
    let (p, caller, _, folder) = start(&[&["*.sites.test"]]).await;
    live_site(&p.owner(), "safe").await;
    let at = p.tls_address();
    caller.get(at, "safe.sites.test", "/", H2).await.expect("the first authority is trusted");
    let other = Authority::new();
    other.write(folder.path(), &["*.sites.test"]);
    let later = Caller::trusting(&other.pem());
    let what = "the new certificate";
    let answer = until(what, async || later.get(at, "safe.sites.test", "/", H2).await.ok()).await;
    assert_eq!(answer.1.text(), "hello");
    assert!(caller.get(at, "safe.sites.test", "/", H2).await.is_err(), "the old one is gone");
    p.stop().await;
}

#[tokio::test]
async fn what_is_no_tls_is_turned_away_and_hurts_nobody() {
    let (p, caller, _, _folder) = start(&[&["*.sites.test"]]).await;
    live_site(&p.owner(), "safe").await;
    let at = p.tls_address();
    for noise in
        [&b"GET / HTTP/1.1\r\nhost: safe.sites.test\r\n\r\n"[..], &[0x16, 3, 1, 0xff, 0xff], &[0; 4096]]
    {
        let mut socket = tokio::net::TcpStream::connect(at).await.expect("the port is open");
        socket.write_all(noise).await.expect("it takes this much");
        socket.shutdown().await.expect("it can be closed");
        let mut answer = Vec::new();
        let _ = socket.read_to_end(&mut answer).await;
        assert!(!answer.starts_with(b"HTTP"), "nothing is answered in the clear");
    }
    let (_, answer) = caller.get(at, "safe.sites.test", "/", H2).await.expect("others are served");
    assert_eq!(answer.text(), "hello");
    p.stop().await;
}

#[tokio::test]
async fn http_2_is_spoken_in_the_clear_to_who_begins_with_it() {
    let p = Platform::start(Engine::Sqlite).await;
    live_site(&p.owner(), "clear").await;
    let answer = Caller::clear_h2(p.address(), "clear.localhost", "/").await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "hello"));
    let health = Caller::clear_h2(p.address(), "localhost", "/healthz").await;
    assert_eq!(health.status, 200);
    p.stop().await;
}

/// Orders, serves and renews certificates of a real authority.
async fn ordered_certificates(engine: Engine) {
    let zone = Zone::start().await;
    let mut pebble = Pebble::prepare().await;
    let p = Platform::start_with(engine, |config| {
        config.tls.tls_listen = Some(([127, 0, 0, 1], 0).into());
        config.tls.acme_directory = Some(pebble.directory());
        config.tls.acme_email = Some("operator@example.org".to_owned());
        config.tls.acme_ca = Some(pebble.ca());
    })
    .await;
    pebble.start(p.address().port(), zone.address()).await;
    let caller = Caller::trusting(&pebble.root().await);
    let (site, _) = live_site(&p.owner(), "shop").await;
    let path = format!("/sites/{}", id(&site));
    let domains =
        json!({ "custom_domain": "www.shop.test", "domain_aliases": ["bad.test"], "force_ssl": true });
    p.owner().patch(&path, domains).await.expect(200);
    let (at, visitor) = (p.tls_address(), p.visitor());
    for stranger in ["nobody.test", "shop.localhost", "bad.test"] {
        assert!(caller.get(at, stranger, "/", H2).await.is_err(), "{stranger}");
    }
    assert_eq!(
        visitor.get("www.shop.test", "/").await.expect(200).text(),
        "hello",
        "not before there is one"
    );
    let moved = until("https to be forced", async || {
        let answer = visitor.get("www.shop.test", "/").await;
        (answer.status == 301).then_some(answer)
    })
    .await;
    assert_eq!(moved.header("location"), Some(&*format!("https://www.shop.test:{}/", at.port())));
    let first = caller.certificate(at, "www.shop.test").await.expect("a certificate of the authority");
    let (_, answer) = caller.get(at, "www.shop.test", "/", H2).await.expect("TLS is agreed on");
    assert_eq!(answer.text(), "hello");
    let (_, answer) = caller.get(at, "shop.test", "/x", H2).await.expect("ordered while the client waits");
    assert_eq!(answer.status, 301, "the address without www leads to the one with it");
    assert_eq!(caller.certificate(at, "www.shop.test").await.ok().as_ref(), Some(&first), "it is kept");
    // The authority's certificates hold five years; four of them are over.
    p.clock().advance(Duration::from_secs(4 * 365 * 24 * 3600));
    until("another certificate", async || {
        let now = caller.certificate(at, "www.shop.test").await.expect("the old one serves meanwhile");
        (now != first).then_some(())
    })
    .await;
    p.stop().await;
}

mod certificates_are_ordered_and_renewed {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn sqlite() {
        ordered_certificates(Engine::Sqlite).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn pg() {
        ordered_certificates(Engine::Postgres).await;
    }
}
