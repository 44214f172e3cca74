//! A gate as programs see it: who is let through, and where to.

use super::*;

const PASSWORD: &str = "open sesame";

fn gate(allowed: &[&str]) -> Gate {
    let allowed = allowed.iter().map(|range| range.parse().expect("a range of this test")).collect();
    let policy = AddressPolicy { allowed, ..AddressPolicy::default() };
    Gate::open(policy, PASSWORD.to_owned()).expect("a free port")
}

/// Somebody who says back what is said, and counts who came.
async fn echo() -> (SocketAddr, Arc<Mutex<usize>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let (address, count) = (listener.local_addr().expect("bound"), Arc::new(Mutex::new(0)));
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            *counted.lock() += 1;
            tokio::spawn(async move {
                let (mut from, mut to) = socket.split();
                tokio::io::copy(&mut from, &mut to).await
            });
        }
    });
    (address, count)
}

/// Greets with a name, a password and a wish; the answers to each.
async fn ask(gate: SocketAddr, who: (&str, &str), wish: &[u8]) -> (TcpStream, Vec<u8>) {
    let mut socket = TcpStream::connect(gate).await.expect("it listens");
    let mut hello = vec![5, 2, 0, 2, 1];
    for text in [who.0, who.1] {
        hello.push(u8::try_from(text.len()).expect("short"));
        hello.extend_from_slice(text.as_bytes());
    }
    hello.extend_from_slice(wish);
    socket.write_all(&hello).await.expect("it reads");
    let mut said = vec![0; 14];
    let mut read = 0;
    while read < said.len() {
        match socket.read(&mut said[read..]).await {
            Ok(0) | Err(_) => break,
            Ok(more) => read += more,
        }
    }
    said.truncate(read);
    (socket, said)
}

fn by_name(host: &str, port: u16) -> Vec<u8> {
    let mut wish = vec![5, CONNECT, 0, 3, u8::try_from(host.len()).expect("short")];
    wish.extend_from_slice(host.as_bytes());
    wish.extend_from_slice(&port.to_be_bytes());
    wish
}

fn by_address(kind: u8, address: &[u8], port: u16) -> Vec<u8> {
    [&[5, CONNECT, 0, kind][..], address, &port.to_be_bytes()].concat()
}

/// Every way to name this machine, and some that the policy does not permit.
#[tokio::test]
async fn only_what_the_policy_permits_is_dialled() {
    let (address, came) = echo().await;
    let port = address.port();
    let mapped = "::ffff:127.0.0.1".parse::<std::net::Ipv6Addr>().expect("an address").octets();
    let open = gate(&["127.0.0.1"]);
    for wish in [
        by_address(1, &[127, 0, 0, 1], port),
        by_address(4, &mapped, port),
        by_name("127.0.0.1", port),
        by_name("0x7f.1", port),
        by_name("git.localhost", port),
    ] {
        let before = *came.lock();
        let (mut socket, said) = ask(open.address, (USER, PASSWORD), &wish).await;
        assert_eq!(said[..6], [5, 2, 1, 0, 5, reply::WELL], "{wish:?}");
        socket.write_all(b"hello").await.expect("it is passed on");
        assert_eq!(&bytes::<5>(&mut socket).await.expect("it comes back"), b"hello");
        assert_eq!((*came.lock(), open.trouble()), (before + 1, None));
    }
    let before = *came.lock();
    for (gate, wish, host) in [
        (&open, by_address(1, &[127, 0, 0, 2], port), "127.0.0.2"),
        (&open, by_address(1, &[169, 254, 169, 254], 80), "169.254.169.254"),
        (&open, by_name("2852039166", 80), "169.254.169.254"),
        (&gate(&[]), by_name("localhost", port), "localhost"),
    ] {
        let (_, said) = ask(gate.address, (USER, PASSWORD), &wish).await;
        assert_eq!(said[2..6], [1, 0, 5, reply::REFUSED], "{host}");
        let trouble = gate.trouble().expect("it says why").to_string();
        assert_eq!(trouble, format!("`{host}` leads only to addresses that this server does not call"));
    }
    assert_eq!(*came.lock(), before, "nobody was dialled");
}

#[tokio::test]
async fn strangers_and_other_wishes_are_turned_away() {
    let (address, came) = echo().await;
    let gate = gate(&["127.0.0.1"]);
    let wish = by_address(1, &[127, 0, 0, 1], address.port());
    for who in [(USER, "open sesamf"), (USER, "open"), (USER, ""), ("root", PASSWORD)] {
        let (_, said) = ask(gate.address, who, &wish).await;
        assert_eq!(said, [5, 2, 1, 1], "{who:?}");
    }
    let listen = [&[5, 2, 0, 1][..], &wish[4..]].concat();
    let (_, said) = ask(gate.address, (USER, PASSWORD), &listen).await;
    assert_eq!(said[..6], [5, 2, 1, 0, 5, reply::UNKNOWN_COMMAND]);
    let mut socket = TcpStream::connect(gate.address).await.expect("it listens");
    socket.write_all(&[5, 1, 0]).await.expect("it reads");
    assert_eq!(bytes::<2>(&mut socket).await.expect("an answer"), [5, NO_METHOD], "without a password");
    assert_eq!(*came.lock(), 0);
}

#[tokio::test]
async fn what_is_not_reached_is_told() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = closed.local_addr().expect("bound").port();
    drop(closed);
    let gate = gate(&["127.0.0.1"]);
    let (_, said) = ask(gate.address, (USER, PASSWORD), &by_name("127.0.0.1", port)).await;
    assert_eq!(said[2..6], [1, 0, 5, reply::UNREACHED]);
    let trouble = gate.trouble().expect("it says why").to_string();
    assert!(trouble.starts_with("`127.0.0.1` is not reached: "), "{trouble}");
    assert_eq!(gate.trouble(), None, "it is told once");
}

#[tokio::test]
async fn an_address_is_given_to_who_dials_alone() {
    let open = gate(&["127.0.0.1"]);
    for (host, expect) in
        [("127.0.0.1", Some("127.0.0.1")), ("a.localhost", Some("127.0.0.1")), ("127.0.0.2", None)]
    {
        let given = open.address_of(host).await;
        assert_eq!(given.ok().map(|address| address.to_string()).as_deref(), expect, "{host}");
    }
    assert_eq!(gate(&[]).address_of("::1").await.expect_err("it is refused").host, "::1");
}

#[tokio::test]
async fn only_so_many_are_let_through_at_once_and_none_after_the_end() {
    let (address, came) = echo().await;
    let gate = gate(&["127.0.0.1"]);
    let wish = by_address(1, &[127, 0, 0, 1], address.port());
    let mut inside = Vec::new();
    for _ in 0..CONNECTIONS_MAX {
        inside.push(ask(gate.address, (USER, PASSWORD), &wish).await);
    }
    assert!(inside.iter().all(|(_, said)| said.get(5) == Some(&reply::WELL)));
    let mut next = Box::pin(ask(gate.address, (USER, PASSWORD), &wish));
    tokio::select! {
        biased;
        _ = &mut next => panic!("one too many"),
        // a gate that had a place would have dialled by then
        () = async { for _ in 0..1000 { tokio::task::yield_now().await } } => {}
    }
    assert_eq!(*came.lock(), CONNECTIONS_MAX);
    inside.truncate(1);
    let (mut last, said) = next.await;
    assert_eq!(said[5], reply::WELL);
    drop(gate);
    assert_eq!(last.read(&mut [0; 1]).await.ok().filter(|read| *read > 0), None, "it ended with its gate");
}
