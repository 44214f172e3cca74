//! Forms of 500 MB, made up while they are sent: refused early with a page that says why, while the
//! memory of the server stays where it is and others are answered.

use crate::support::id;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use testkit::{LIMIT, Process, both};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Bytes of a flood.
const FLOOD: u64 = 500 << 20;
/// Most that is sent of one before its refusal is there: what a form may bring, and what the two
/// kernels hold between client and server.
const EARLY: u64 = 40 << 20;
/// Floods at the same time: as many as the server reads at once.
const FLOODS: u8 = 64;
/// Floods that come from one address, which may not send more at once.
const OF_ONE_ADDRESS: u8 = 8;
/// By how much the memory of the server may grow for each flood, in bytes: less than a form may bring.
const GROWTH: u64 = 3 << 19;
/// Bytes that are sent at once.
const PIECE: usize = 64 << 10;

const PAGE: &str = "<form name=contact netlify><input name=a><input type=file name=f></form>";
const URLENCODED: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data; boundary=X";
const NAMED: &str = "--X\r\nContent-Disposition: form-data; name=\"form-name\"\r\n\r\ncontact\r\n";

/// How bodies begin and go on for ever, and of which kind they are.
const SHAPES: [(&str, &str, &str); 7] = [
    (URLENCODED, "form-name=contact&a=", "x"),
    (MULTIPART, "", "x"),
    (MULTIPART, "--X\r\nContent-Disposition: form-data; name=\"a", "x"),
    (MULTIPART, "--X\r\n", "X: y\r\n"),
    (MULTIPART, "--X\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n", "x\r\n--"),
    (MULTIPART, "--X\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\n\r\n", "x"),
    (MULTIPART, NAMED, "--X\r\n\r\n\r\n"),
];

fn part(number: usize, bytes: usize) -> String {
    let head = format!("--X\r\nContent-Disposition: form-data; name=\"f{number}\"; filename=\"f\"\r\n\r\n");
    format!("{head}{}\r\n", "x".repeat(bytes))
}

/// A connection from one of the addresses of this machine.
async fn connect(to: SocketAddr, from: u8) -> (OwnedReadHalf, OwnedWriteHalf) {
    let socket = TcpSocket::new_v4().expect("there are sockets");
    let from = SocketAddr::from((Ipv4Addr::new(127, 0, 1, from + 1), 0));
    socket.bind(from).expect("all of 127.0.0.0/8 is this machine");
    let stream: TcpStream = socket.connect(to).await.expect("the server listens");
    stream.into_split()
}

/// The head of a `POST`, its length said or not.
fn head(to: SocketAddr, kind: &str, framing: &str) -> String {
    format!(
        "POST / HTTP/1.1\r\nHost: desk.localhost:{}\r\nContent-Type: {kind}\r\nAccept: text/html\r\n{framing}\r\n\r\n",
        to.port()
    )
}

/// Everything that the server says.
async fn answer(mut read: OwnedReadHalf, answered: &AtomicBool) -> String {
    let mut text = Vec::new();
    while let Ok(1..) = read.read_buf(&mut text).await {
        answered.store(true, Ordering::SeqCst);
    }
    String::from_utf8_lossy(&text).into_owned()
}

/// A piece of a body with its length in front.
fn chunk(bytes: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}

/// Sends a flood until it is refused; the answer, and how much was sent by then.
async fn flood(to: SocketAddr, from: u8, kind: &str, begin: &str, more: &str) -> (String, u64) {
    let (read, mut write) = connect(to, from).await;
    let (sent, answered) = (AtomicU64::new(0), Arc::new(AtomicBool::new(false)));
    let sending = async {
        let opening = head(to, kind, "Transfer-Encoding: chunked").into_bytes();
        let opening = [opening, if begin.is_empty() { Vec::new() } else { chunk(begin.as_bytes()) }].concat();
        let more = chunk(more.repeat(PIECE / more.len()).as_bytes());
        let mut going = write.write_all(&opening).await.is_ok();
        while going && !answered.load(Ordering::SeqCst) && sent.load(Ordering::SeqCst) < FLOOD {
            going = write.write_all(&more).await.is_ok();
            sent.fetch_add(more.len() as u64, Ordering::SeqCst);
        }
    };
    let both = async { tokio::join!(answer(read, &answered), sending).0 };
    let answer = timeout(LIMIT, both).await.unwrap_or_else(|_| panic!("no answer to {kind} {begin:?}"));
    (answer, sent.load(Ordering::SeqCst))
}

#[track_caller]
fn too_large(answer: &str, what: &str) {
    let fine = answer.starts_with("HTTP/1.1 413 ") && answer.contains("A form may bring 8 MB");
    assert!(fine, "{what}: {answer}");
}

/// A figure of `/proc/PID/status`, in bytes.
fn memory(p: &Process, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", p.id())).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("the kernel says so");
    let kilobytes: u64 = line.trim_matches(|c: char| !c.is_ascii_digit()).parse().expect("a number");
    kilobytes << 10
}

/// Forgets how much memory the server needed at most, and says how much it holds.
fn rest(p: &Process) -> u64 {
    std::fs::write(format!("/proc/{}/clear_refs", p.id()), "5").expect("it is ours");
    memory(p, "VmRSS:")
}

async fn site(p: &Process) {
    let owner = p.owner();
    let site = owner.create_site("desk").await;
    owner.deploy(id(&site), &[("index.html", PAGE)]).await;
    served(p).await;
}

async fn served(p: &Process) {
    p.visitor().site("desk", "/").await.expect(200);
}

/// Asks for the page again and again until the floods are over; how often.
async fn others(p: &Process, mut floods: JoinSet<()>) -> usize {
    let mut answered = 0;
    while !floods.is_empty() {
        served(p).await;
        answered += 1;
        while let Some(done) = floods.try_join_next() {
            done.expect("it was refused as it should be");
        }
    }
    answered
}

both! {
    /// Whoever says how much comes is refused before anything of it is read.
    async fn a_flood_that_is_announced_is_refused_at_once(mut p: Process) {
        site(&p).await;
        for kind in [URLENCODED, MULTIPART] {
            let (read, mut write) = connect(p.address(), 0).await;
            let head = head(p.address(), kind, &format!("Content-Length: {FLOOD}"));
            write.write_all(head.as_bytes()).await.expect("it was just opened");
            let answered = AtomicBool::new(false);
            let waited = timeout(LIMIT, answer(read, &answered)).await;
            too_large(&waited.expect("an answer before the body"), kind);
        }
        served(&p).await;
    }
}

both! {
    /// Whoever does not say it is refused when it is too much, in every part of a body.
    async fn a_flood_is_refused_early(mut p: Process) {
        site(&p).await;
        let before = rest(&p);
        let mut floods = JoinSet::new();
        for (number, (kind, begin, more)) in (0..).zip(SHAPES) {
            let to = p.address();
            floods.spawn(async move {
                let (answer, sent) = flood(to, number, kind, begin, more).await;
                too_large(&answer, begin);
                assert!(sent < EARLY, "{begin}: {sent}");
            });
        }
        assert!(others(&p, floods).await > 0);
        let grown = memory(&p, "VmHWM:").saturating_sub(before);
        assert!(grown < GROWTH * SHAPES.len() as u64, "{grown}");
    }
}

both! {
    /// As many at once as are read at once, each as large as it can be while the server waits for
    /// more, hold little of its memory.
    async fn many_floods_hold_little_memory(mut p: Process) {
        site(&p).await;
        let before = rest(&p);
        let mut floods = JoinSet::new();
        for number in 0..FLOODS {
            let to = p.address();
            floods.spawn(async move {
                let files: String = (0..31).map(|number| part(number, 250_000)).collect();
                let (answer, sent) = flood(to, number / OF_ONE_ADDRESS, MULTIPART, &files, "--X\r\n\r\n\r\n").await;
                too_large(&answer, "files");
                assert!(sent < EARLY, "{sent}");
            });
        }
        assert!(others(&p, floods).await > 0);
        let grown = memory(&p, "VmHWM:").saturating_sub(before);
        assert!(grown < GROWTH * u64::from(FLOODS), "{grown}");
        served(&p).await;
    }
}
