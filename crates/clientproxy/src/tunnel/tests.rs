//! Tests of reaching and copying without a proxy around them.

use std::future::{pending, ready};
use std::sync::{Arc, Mutex};

use super::*;

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(20);

fn target(host: &str, port: u16) -> Authority {
    let host = host.to_owned();
    Authority { host, port }
}

fn everything() -> TunnelPolicy {
    Arc::new(|_, _, _| true)
}

fn ips(list: &[&str]) -> std::vec::IntoIter<IpAddr> {
    let parsed: Vec<_> = list.iter().map(|ip| ip.parse().unwrap()).collect();
    parsed.into_iter()
}

fn check(found: &[&str], policy: &TunnelPolicy, expect: Result<&[&str], Refusal>) {
    let expect = expect.map(|list| list.iter().map(|ip| ip.parse().unwrap()).collect());
    let allowed = permitted(&target("host.test", 7), policy, ips(found));
    assert_eq!(allowed, expect, "{found:?}");
}

#[test]
fn only_allowed_addresses_are_dialled() {
    let public: TunnelPolicy = Arc::new(|_, _, ip| !ip.is_loopback());
    let mixed = ["127.0.0.1", "192.0.2.1", "::1", "2001:db8::1"];
    check(&mixed, &public, Ok(&["192.0.2.1:7", "[2001:db8::1]:7"]));
    check(&["127.0.0.1"], &public, Err(Refusal::Forbidden));
    check(&[], &public, Err(Refusal::Unreachable));
}

#[test]
fn ipv4_in_ipv6_is_judged_as_ipv4() {
    let no_loopback: TunnelPolicy = Arc::new(|_, _, ip| match ip {
        IpAddr::V4(ip) => !ip.is_loopback(),
        IpAddr::V6(_) => true,
    });
    check(&["::ffff:127.0.0.1"], &no_loopback, Err(Refusal::Forbidden));
    check(&["::ffff:192.0.2.1"], &no_loopback, Ok(&["192.0.2.1:7"]));
}

#[test]
fn no_more_than_the_limit_of_addresses_is_tried() {
    let many = vec!["192.0.2.1"; MAX_ADDRESSES + 1];
    let allowed = permitted(&target("host.test", 7), &everything(), ips(&many));
    assert_eq!(allowed.unwrap().len(), MAX_ADDRESSES);
}

#[tokio::test]
async fn the_policy_sees_host_port_and_address() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let policy: TunnelPolicy = Arc::new(move |host, port, ip| {
        log.lock().unwrap().push(format!("{host} {port} {ip}"));
        true
    });
    let connect = |address: SocketAddr| ready(Ok(address));
    let reached = reach_by(&target("127.0.0.1", 9), &policy, LONG, connect).await;
    assert_eq!(reached, Ok("127.0.0.1:9".parse().unwrap()));
    assert_eq!(*seen.lock().unwrap(), ["127.0.0.1 9 127.0.0.1"]);
}

#[tokio::test]
async fn the_next_address_is_tried_when_one_fails() {
    let addresses = ["192.0.2.1:7", "192.0.2.2:7"].map(|a| a.parse().unwrap());
    let second = addresses[1];
    let connect = |address: SocketAddr| {
        ready(if address == second { Ok(address) } else { Err(io::ErrorKind::ConnectionRefused.into()) })
    };
    let reached = first_that_answers(addresses.to_vec(), connect).await;
    assert_eq!(reached, Ok(second));
}

#[tokio::test]
async fn a_target_that_never_answers_times_out() {
    let never = |_: SocketAddr| pending::<io::Result<()>>();
    let reached = reach_by(&target("127.0.0.1", 9), &everything(), SHORT, never).await;
    assert_eq!(reached, Err(Refusal::TimedOut));
}

#[tokio::test]
async fn both_directions_end_when_both_sides_close() {
    let (client, left) = tokio::io::duplex(64);
    let (right, server) = tokio::io::duplex(64);
    let copy = tokio::spawn(copy_until_idle(left, right, LONG));
    let (mut client_in, mut client_out) = tokio::io::split(client);
    let (mut server_in, mut server_out) = tokio::io::split(server);
    client_out.write_all(b"question").await.unwrap();
    client_out.shutdown().await.unwrap();
    let mut heard = String::new();
    server_in.read_to_string(&mut heard).await.unwrap();
    assert_eq!(heard, "question");
    server_out.write_all(b"answer").await.unwrap();
    server_out.shutdown().await.unwrap();
    heard.clear();
    client_in.read_to_string(&mut heard).await.unwrap();
    assert_eq!(heard, "answer");
    assert_eq!(copy.await.unwrap().unwrap(), End::Closed);
}

#[tokio::test]
async fn a_still_tunnel_ends_as_idle() {
    let (_client, left) = tokio::io::duplex(64);
    let (right, _server) = tokio::io::duplex(64);
    let end = copy_until_idle(left, right, SHORT).await.unwrap();
    assert_eq!(end, End::Idle);
}

#[tokio::test]
async fn a_side_that_takes_nothing_is_idle_too() {
    let (mut client, left) = tokio::io::duplex(64);
    let (right, _server) = tokio::io::duplex(1);
    client.write_all(b"more than fits").await.unwrap();
    let end = copy_until_idle(left, right, SHORT).await.unwrap();
    assert_eq!(end, End::Idle);
}

#[tokio::test]
async fn every_copied_piece_counts_as_movement_and_silence_does_not() {
    let check = async |input: &'static [u8], expect: bool| {
        let moved = Notify::new();
        pump(input, tokio::io::sink(), &moved).await.unwrap();
        let noticed = std::pin::pin!(moved.notified()).enable();
        assert_eq!(noticed, expect, "{input:?}");
    };
    check(b"piece", true).await;
    check(b"", false).await;
}
