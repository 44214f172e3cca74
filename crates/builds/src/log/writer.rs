//! The writing end: lines come in as they are printed, are masked and cut, and are stored in
//! chunks a few times a second.

use crate::lines::shorten;
use crate::masker::Masker;
use crate::running::Running;
use context::Context;
use model::LogLine;
use parking_lot::RwLock;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// Bytes of output that one build may log; what comes after is dropped.
pub(crate) const BYTES_MAX: usize = 16 * 1024 * 1024;
/// Longest time between a line and its chunk.
const FLUSH: Duration = Duration::from_millis(250);
/// Lines of one chunk.
const CHUNK: usize = 500;
/// Lines that may wait; a build that prints faster than the database writes is slowed down.
const WAITING: usize = 1000;

/// What is said once when the log is full.
const FULL: &str = "The log is full; further output of the build is dropped.";

/// A build's log, for writing. Clones write the same log.
#[derive(Clone)]
pub(crate) struct Log {
    entries: mpsc::Sender<Entry>,
    masker: Arc<RwLock<Masker>>,
    cx: Context,
}

enum Entry {
    /// What a process printed.
    Output(LogLine),
    /// What Boathook has to say; never dropped.
    Said(LogLine),
    Flush(oneshot::Sender<()>),
}

impl Log {
    /// Opens the log of a build. It is written until every clone is dropped; [`Log::flush`] waits
    /// until everything so far is stored.
    pub(crate) fn open(cx: &Context, running: &Running, build_id: &str) -> Self {
        let (entries, receiver) = mpsc::channel(WAITING);
        let writer = Writer {
            cx: cx.clone(),
            running: running.clone(),
            build_id: build_id.to_owned(),
            chunk: Vec::new(),
            budget: Budget::default(),
        };
        tokio::spawn(writer.run(receiver));
        Self { entries, masker: Arc::default(), cx: cx.clone() }
    }

    /// From here on, these values are masked.
    pub(crate) fn mask(&self, masker: Masker) {
        *self.masker.write() = masker;
    }

    /// Writes what Boathook has to say.
    pub(crate) async fn say(&self, section: &str, message: impl Into<String>) {
        self.send(Entry::Said(self.line(section, message.into(), false))).await;
    }

    /// Writes a complaint of Boathook.
    pub(crate) async fn complain(&self, section: &str, message: impl Into<String>) {
        self.send(Entry::Said(self.line(section, message.into(), true))).await;
    }

    /// Writes what a process printed.
    pub(crate) async fn output(&self, section: &str, message: String, error: bool) {
        self.send(Entry::Output(self.line(section, message, error))).await;
    }

    /// Resolves when every line so far is stored.
    pub(crate) async fn flush(&self) {
        let (done, stored) = oneshot::channel();
        self.send(Entry::Flush(done)).await;
        let _gone = stored.await;
    }

    /// The text without what is masked: what goes into error messages passes here too.
    pub(crate) fn masked(&self, text: String) -> String {
        shorten(self.masker.read().mask(text))
    }

    fn line(&self, section: &str, message: String, error: bool) -> LogLine {
        let message = self.masked(message);
        LogLine { ts: self.cx.now(), section: section.to_owned(), message, error }
    }

    async fn send(&self, entry: Entry) {
        // the writer outlives every sender; only a runtime that shuts down takes it away
        let _gone = self.entries.send(entry).await;
    }
}

/// Counts what a build may still print.
#[derive(Debug, Default)]
struct Budget {
    spent: usize,
}

impl Budget {
    /// What becomes of a printed line: itself, the notice that the log is full, or nothing.
    fn take(&mut self, mut line: LogLine) -> Option<LogLine> {
        let before = self.spent;
        self.spent = self.spent.saturating_add(line.message.len() + 1);
        if self.spent > BYTES_MAX {
            FULL.clone_into(&mut line.message);
            line.error = true;
        }
        (before <= BYTES_MAX).then_some(line)
    }
}

struct Writer {
    cx: Context,
    running: Running,
    build_id: String,
    chunk: Vec<LogLine>,
    budget: Budget,
}

impl Writer {
    async fn run(mut self, mut entries: mpsc::Receiver<Entry>) {
        let mut tick = tokio::time::interval(FLUSH);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                entry = entries.recv() => match entry {
                    Some(entry) => self.take(entry).await,
                    None => break,
                },
                _ = tick.tick(), if !self.chunk.is_empty() => self.store().await,
            }
        }
        self.store().await;
    }

    async fn take(&mut self, entry: Entry) {
        match entry {
            Entry::Output(line) => self.chunk.extend(self.budget.take(line)),
            Entry::Said(line) => self.chunk.push(line),
            Entry::Flush(done) => {
                self.store().await;
                let _gone = done.send(());
            }
        }
        if self.chunk.len() >= CHUNK {
            self.store().await;
        }
    }

    /// A chunk that cannot be stored is lost: a build does not fail because its log cannot be kept.
    async fn store(&mut self) {
        let lines = std::mem::take(&mut self.chunk);
        if lines.is_empty() {
            return;
        }
        if let Err(error) = self.append(&lines).await {
            tracing::error!(%error, cause = ?error, build = self.build_id, lines = lines.len(), "log lines are lost");
        }
        self.running.tell(&self.build_id);
    }

    async fn append(&self, lines: &[LogLine]) -> context::Result<()> {
        let mut tx = self.cx.begin().await?;
        store::build_log::append(&mut tx, &self.build_id, lines).await?;
        Ok(tx.commit().await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Timestamp;

    fn line(bytes: usize) -> LogLine {
        LogLine { ts: Timestamp(0), section: "build".into(), message: "x".repeat(bytes), error: false }
    }

    #[test]
    fn a_full_log_says_so_once() {
        let mut budget = Budget::default();
        assert!(budget.take(line(BYTES_MAX - 1)).is_some());
        assert_eq!(budget.take(line(1)).map(|l| (l.message, l.error)), Some((FULL.to_owned(), true)));
        assert_eq!(budget.take(line(1)), None);
        assert_eq!(budget.take(line(1)), None);
    }
}
