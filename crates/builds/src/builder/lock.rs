//! One install at a time on a machine, whoever asks: builds of this server, another server over the
//! same folder, or a person at a shell.

use rustix::fs::{FlockOperation, flock};
use std::fs::File;
use std::path::Path;
use std::time::Duration;

/// How often a waiting install looks.
const LOOK: Duration = Duration::from_millis(250);

/// Held while it lives; the system lets go of it when its process dies.
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of this file, made when it is not there; `wait` is awaited once when another
    /// holds it.
    pub(super) async fn take(file: &Path, wait: impl Future<Output = ()>) -> std::io::Result<Self> {
        let file = File::options().create(true).truncate(false).write(true).open(file)?;
        let mut wait = Some(wait);
        loop {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(Self { _file: file }),
                Err(rustix::io::Errno::WOULDBLOCK) => {}
                Err(error) => return Err(error.into()),
            }
            if let Some(wait) = wait.take() {
                wait.await;
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_second_waits_for_the_first() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("lock");
        let first = Lock::take(&file, async { panic!("nobody holds it") }).await.expect("taken");
        let (told, waits) = tokio::sync::oneshot::channel();
        let second = Lock::take(&file, async { told.send(()).expect("somebody listens") });
        let release = async {
            waits.await.expect("it waits");
            drop(first);
        };
        let (second, ()) = tokio::join!(second, release);
        second.expect("taken");
    }
}
