//! What the world does to deliveries: clocks that jump, and receivers that answer without end. Nothing
//! is lost, nobody else waits, and memory stays bounded.

use crate::support::{deliveries, id, live_site, lock_and_unlock};
use futures_util::FutureExt as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use testkit::{Process, Reaction, both, until, until_within};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

const DAY: Duration = Duration::from_secs(86_400);
/// More than the second wait of the schedule, with its jitter.
const SECOND_WAIT: Duration = Duration::from_secs(7 * 60);

both! {
    /// A clock that jumps ahead makes waiting tries due and doubles none; one that falls back holds up
    /// nothing new, and what waited by the old time is sent when that time comes.
    async fn clocks_jump_while_tries_wait(p: Platform) {
        let owner = p.owner();
        let receiver = p.receiver().await;
        receiver.next([Reaction::Status(500), Reaction::Status(500)]);
        let (site, deploy) = live_site(&owner, "clocks").await;
        let names = ["deploy_locked", "deploy_unlocked"];
        let hook = owner.hook(id(&site), &names[..1], &receiver.url(), None).await;
        lock_and_unlock(&owner, id(&deploy)).await;
        receiver.wait_for(1).await;
        waits_after(&owner, &hook, 1).await;
        p.clock().advance(DAY);
        receiver.wait_for(2).await;
        waits_after(&owner, &hook, 2).await;
        p.clock().set_back(DAY);
        lock_and_unlock(&owner, id(&deploy)).await;
        let seen = receiver.wait_for(3).await;
        assert_ne!(seen[2].id(), seen[0].id(), "what happened after the clock fell back is told at once");
        deliveries(&owner, id(&hook), "delivered", 1).await;
        p.clock().advance(DAY + SECOND_WAIT);
        let seen = receiver.wait_for(4).await;
        deliveries(&owner, id(&hook), "delivered", 2).await;
        let old: Vec<_> = seen.iter().filter(|one| one.id() == seen[0].id()).collect();
        assert!(old.len() == 3 && old.iter().all(|one| one.body == seen[0].body));
        assert_eq!(receiver.count(), 4, "nothing is sent twice");
    }
}

/// Waits until a hook's one waiting delivery was tried so often, and that is written down.
async fn waits_after(owner: &testkit::Actor, hook: &serde_json::Value, tries: u64) {
    until("the record of the try", async || {
        let waiting = deliveries(owner, id(hook), "waiting", 1).await;
        (waiting[0]["tries"] == tries).then_some(())
    })
    .await;
}

/// How a receiver goes on after the head of its answer.
#[derive(Clone, Copy)]
enum Flood {
    /// One byte a second, for ever.
    Drip,
    /// A gigabyte as quickly as it is taken.
    Gigabyte,
    /// The head of the answer itself does not end, as quickly as it is taken.
    Head,
}

const GIGABYTE: u64 = 1 << 30;
const PIECE: usize = 64 << 10;

/// A receiver that answers without end. Dropping it ends it.
struct Flooder {
    address: SocketAddr,
    calls: Arc<AtomicU64>,
    /// Bytes that were taken from it.
    taken: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

impl Flooder {
    async fn start(flood: Flood) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("some port is free");
        let address = listener.local_addr().expect("a listener has an address");
        let (calls, taken) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let counts = (Arc::clone(&calls), Arc::clone(&taken));
        let task = tokio::spawn(async move {
            let mut open = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                counts.0.fetch_add(1, Ordering::SeqCst);
                open.spawn(pour(stream, flood, Arc::clone(&counts.1)).map(|_| ()));
            }
        });
        Self { address, calls, taken, task }
    }

    fn url(&self) -> String {
        format!("http://{}/", self.address)
    }
}

impl Drop for Flooder {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn pour(mut stream: TcpStream, flood: Flood, taken: Arc<AtomicU64>) -> std::io::Result<()> {
    // How much of the request came in is nothing to a receiver like this.
    let _ = stream.read(&mut [0; 4096]).await?;
    let piece = vec![b'x'; PIECE];
    match flood {
        Flood::Head => stream.write_all(b"HTTP/1.1 200 OK\r\nX-Long: ").await?,
        _ => {
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {GIGABYTE}\r\n\r\n");
            stream.write_all(head.as_bytes()).await?;
        }
    }
    while taken.load(Ordering::SeqCst) < GIGABYTE {
        let some = if matches!(flood, Flood::Drip) { &piece[..1] } else { &piece[..] };
        stream.write_all(some).await?;
        taken.fetch_add(some.len() as u64, Ordering::SeqCst);
        if matches!(flood, Flood::Drip) {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
    Ok(())
}

/// Most memory of a server so far, in bytes.
fn peak(server: &Process) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.id())).expect("the server runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("Linux tells it");
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse().expect("a number");
    kilobytes << 10
}

/// Memory that answers without end may cost.
const MEMORY: u64 = 64 << 20;
/// Longer than the limit of a call.
const CALL_LIMIT: Duration = Duration::from_secs(60);

both! {
    /// Answers of a gigabyte are cut while they are read, and cost others nothing.
    async fn answers_without_end_are_cut(mut server: Process) {
        let owner = server.owner();
        let (body, head) = (Flooder::start(Flood::Gigabyte).await, Flooder::start(Flood::Head).await);
        let healthy = testkit::Receiver::start().await;
        let (site, deploy) = live_site(&owner, "flood").await;
        let names = ["deploy_locked", "deploy_unlocked"];
        let hook = owner.hook(id(&site), &names, &body.url(), None).await;
        owner.hook(id(&site), &names[..1], &head.url(), None).await;
        owner.hook(id(&site), &names, &healthy.url(), None).await;
        let before = peak(&server);
        for _ in 0..4 {
            lock_and_unlock(&owner, id(&deploy)).await;
        }
        healthy.wait_for(8).await;
        until("a call to each", async || {
            (body.calls.load(Ordering::SeqCst) >= 8 && head.calls.load(Ordering::SeqCst) > 0).then_some(())
        })
        .await;
        // the status counts, though the rest of the answer is not read
        until_within(CALL_LIMIT, "the end of every call", async || {
            let done = owner.get(&format!("/hooks/{}/deliveries?state=delivered", id(&hook))).await.expect(200);
            (done.json().as_array().is_some_and(|list| list.len() == 8)).then_some(())
        })
        .await;
        let grown = peak(&server) - before;
        assert!(grown < MEMORY, "answers without end cost {grown} bytes of memory");
        assert!(body.taken.load(Ordering::SeqCst) < GIGABYTE / 8, "answers are read far beyond what is kept");
        server.restart_with(&[]).await;
    }
}

both! {
    /// A receiver that sends a byte a second is left at the limit, its status counts, and others go on
    /// meanwhile.
    async fn a_dripping_answer_holds_nobody_up(p: Platform) {
        let owner = p.owner();
        let (dripping, healthy) = (Flooder::start(Flood::Drip).await, p.receiver().await);
        let (site, deploy) = live_site(&owner, "drip").await;
        let names = ["deploy_locked", "deploy_unlocked"];
        let hook = owner.hook(id(&site), &names, &dripping.url(), None).await;
        owner.hook(id(&site), &names, &healthy.url(), None).await;
        for _ in 0..10 {
            lock_and_unlock(&owner, id(&deploy)).await;
        }
        until("a call", async || (dripping.calls.load(Ordering::SeqCst) > 0).then_some(())).await;
        healthy.wait_for(20).await;
        let none = owner.get(&format!("/hooks/{}/deliveries?state=delivered", id(&hook))).await.expect(200);
        assert_eq!(none.json().as_array().map(Vec::len), Some(0), "healthy hooks are done before the first drip is");
        until_within(CALL_LIMIT, "the end of the first calls", async || {
            let done = owner.get(&format!("/hooks/{}/deliveries?state=delivered", id(&hook))).await.expect(200);
            (done.json().as_array().is_some_and(|list| !list.is_empty())).then_some(())
        })
        .await;
    }
}

both! {
    /// A hook that paused before the clock fell back goes on within the longest pause there is.
    async fn a_pause_does_not_outlive_a_clock_that_falls_back(p: Platform) {
        let owner = p.owner();
        let receiver = p.receiver().await;
        receiver.next([Reaction::With(503, "Retry-After", "86400".to_owned())]);
        let (site, deploy) = live_site(&owner, "paused").await;
        let hook = owner.hook(id(&site), &["deploy_locked"], &receiver.url(), None).await;
        p.clock().advance(30 * DAY);
        lock_and_unlock(&owner, id(&deploy)).await;
        receiver.wait_for(1).await;
        waits_after(&owner, &hook, 1).await;
        p.clock().set_back(30 * DAY);
        lock_and_unlock(&owner, id(&deploy)).await;
        p.clock().advance(DAY + SECOND_WAIT);
        let seen = receiver.wait_for(2).await;
        assert_ne!(seen[1].id(), seen[0].id());
        deliveries(&owner, id(&hook), "delivered", 1).await;
    }
}
