//! The bound: a plain client that posts the same bytes to the same receiver, with nothing stored and
//! nothing decided.

use crate::server::cpu_seconds;
use crate::wire::{Wire, full};
use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use http::Request;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// Headers as deliveries have them, with signatures of the usual length.
const HEADERS: [(&str, &str); 8] = [
    ("host", "127.0.0.1:65535"),
    ("user-agent", "Boathook/0.1.0"),
    ("content-type", "application/json"),
    ("x-netlify-event", "deploy_succeeded"),
    ("webhook-timestamp", "1700000000"),
    ("webhook-signature", "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
    ("x-webhook-signature", TOKEN),
    ("x-nf-sign", TOKEN),
];
const TOKEN: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJuZXRsaWZ5Iiwic2hhMjU2IjoiMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAifQ.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// What a run of the plain client brought.
#[derive(Clone, Copy, Debug)]
pub struct Bare {
    /// Requests answered in a second.
    pub rate: f64,
    /// Milliseconds of the client's processor time for each.
    pub cpu_ms: f64,
}

/// Posts `body` `count` times to each of `paths`, `at_once` to each, from a thread of its own.
///
/// # Errors
/// When the receiver does not accept one.
pub fn bare(
    receiver: SocketAddr,
    paths: &[String],
    body: &Bytes,
    count: usize,
    at_once: usize,
) -> Result<Bare> {
    let (paths, body) = (paths.to_vec(), body.clone());
    let thread = std::thread::spawn(move || -> Result<Bare> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(post_all(receiver, paths, body, count, at_once))
    });
    thread.join().map_err(|_| anyhow::anyhow!("the plain client panicked"))?
}

async fn post_all(
    receiver: SocketAddr,
    paths: Vec<String>,
    body: Bytes,
    count: usize,
    at_once: usize,
) -> Result<Bare> {
    let mut clients = Vec::new();
    for path in &paths {
        let left = Arc::new(AtomicUsize::new(count));
        for _ in 0..at_once {
            let wire = Wire::open(receiver).await?;
            clients.push((wire, path.clone(), Arc::clone(&left)));
        }
    }
    let (began, before) = (Instant::now(), own_cpu()?);
    let tasks: Vec<_> = clients
        .into_iter()
        .map(|(wire, path, left)| tokio::spawn(post(wire, path, body.clone(), left)))
        .collect();
    for task in tasks {
        task.await??;
    }
    let total = (count * paths.len()) as f64;
    Ok(Bare { rate: total / began.elapsed().as_secs_f64(), cpu_ms: (own_cpu()? - before) * 1000.0 / total })
}

async fn post(mut wire: Wire, path: String, body: Bytes, left: Arc<AtomicUsize>) -> Result<()> {
    let take = |n: usize| n.checked_sub(1);
    while let Ok(n) = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take) {
        let request = Request::post(&path).header("webhook-id", format!("msg_{n:024x}"));
        let request = HEADERS.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let request = request.body(full(body.clone()))?;
        let (status, _) = wire.send(request).await?;
        ensure!(status.is_success(), "the receiver answers {status}");
    }
    Ok(())
}

/// Processor time of the calling thread.
fn own_cpu() -> Result<f64> {
    let stat = std::fs::read_to_string("/proc/thread-self/stat")?;
    cpu_seconds(&stat, false).context("cannot read the thread's processor time")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Manner, Sink};

    #[test]
    fn each_path_gets_its_count() {
        let sink = Sink::start().unwrap();
        let paths: Vec<_> = (0..2).map(|hook| format!("/{}/{hook}", Manner::Healthy.word())).collect();
        let bare = bare(sink.address, &paths, &Bytes::from_static(b"{}"), 20, 4).unwrap();
        assert!(bare.rate > 0.0);
        let notes = sink.take();
        assert_eq!(notes.len(), 40);
        assert_eq!(notes.iter().filter(|note| note.hook == 1).count(), 20);
    }
}
