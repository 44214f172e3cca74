//! The writing end: lines come in as they are printed, are masked and cut, and are stored in
//! chunks a few times a second.

use super::budget::Budget;
use super::section;
use crate::lines::shorten;
use crate::masker::Masker;
use crate::running::Running;
use context::Context;
use model::LogLine;
use parking_lot::{Mutex, RwLock};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, interval_at};

/// Longest time between a line and its chunk.
const FLUSH: Duration = Duration::from_millis(250);
/// Lines of one chunk.
const CHUNK: usize = 2000;
/// Bytes of the messages in one chunk, its last line apart.
const CHUNK_BYTES: usize = 256 * 1024;
/// Lines that may wait; a build that prints faster than the database writes is slowed down.
const WAITING: usize = 256;

/// Reads the section that begins with a line of output, if one does.
pub(crate) type Headings = fn(&str) -> Option<&'static str>;

/// Where in the build a log has come to.
#[derive(Debug)]
struct Place {
    section: &'static str,
    /// For output that tells its own sections.
    headings: Option<Headings>,
}

impl Place {
    /// The section of a line of output of a process that was started in `section`.
    fn of_output(&mut self, section: &'static str, line: &str) -> &'static str {
        match self.headings {
            Some(begins) => self.section = begins(line).unwrap_or(self.section),
            None => self.section = section,
        }
        self.section
    }
}

/// A build's log, for writing. Clones write the same log.
#[derive(Clone)]
pub(crate) struct Log {
    entries: mpsc::Sender<Entry>,
    masker: Arc<RwLock<Masker>>,
    place: Arc<Mutex<Place>>,
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
            bytes: 0,
            budget: Budget::new(cx.settings.builds.logs.bytes),
        };
        tokio::spawn(writer.run(receiver));
        let place = Arc::new(Mutex::new(Place { section: section::QUEUED, headings: None }));
        Self { entries, masker: Arc::default(), place, cx: cx.clone() }
    }

    /// From here on, these values are masked.
    pub(crate) fn mask(&self, masker: Masker) {
        *self.masker.write() = masker;
    }

    /// From here on, output begins in `section` and tells by its headings which one comes next.
    pub(crate) fn follow_headings(&self, section: &'static str, headings: Headings) {
        *self.place.lock() = Place { section, headings: Some(headings) };
    }

    /// The section of the last line.
    pub(crate) fn section(&self) -> &'static str {
        self.place.lock().section
    }

    /// Writes what Boathook has to say.
    pub(crate) async fn say(&self, section: &'static str, message: impl Into<String>) {
        self.place.lock().section = section;
        self.send(Entry::Said(self.line(section, message.into(), false))).await;
    }

    /// Writes a complaint of Boathook.
    pub(crate) async fn complain(&self, section: &'static str, message: impl Into<String>) {
        self.place.lock().section = section;
        self.send(Entry::Said(self.line(section, message.into(), true))).await;
    }

    /// Writes what a process printed.
    pub(crate) async fn output(&self, section: &'static str, message: String, error: bool) {
        let section = self.place.lock().of_output(section, &message);
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

struct Writer {
    cx: Context,
    running: Running,
    build_id: String,
    chunk: Vec<LogLine>,
    /// Of the chunk's messages.
    bytes: usize,
    budget: Budget,
}

impl Writer {
    async fn run(mut self, mut entries: mpsc::Receiver<Entry>) {
        let mut tick = interval_at(Instant::now() + FLUSH, FLUSH);
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
        self.end_of_output();
        self.store().await;
    }

    async fn take(&mut self, entry: Entry) {
        match entry {
            Entry::Output(line) => {
                if let Some(line) = self.budget.take(line) {
                    self.push(line);
                }
            }
            Entry::Said(line) => {
                self.end_of_output();
                self.push(line);
            }
            Entry::Flush(done) => {
                self.end_of_output();
                self.store().await;
                let _gone = done.send(());
            }
        }
        if self.chunk.len() >= CHUNK || self.bytes >= CHUNK_BYTES {
            self.store().await;
        }
    }

    fn push(&mut self, line: LogLine) {
        self.bytes += line.message.len();
        self.chunk.push(line);
    }

    /// Where output that was too much came to its end, the end of it is kept.
    fn end_of_output(&mut self) {
        for line in self.budget.rest() {
            self.push(line);
        }
    }

    /// A chunk that cannot be stored is lost: a build does not fail because its log cannot be kept.
    async fn store(&mut self) {
        let lines = std::mem::take(&mut self.chunk);
        self.bytes = 0;
        if lines.is_empty() {
            return;
        }
        if let Err(error) = self.append(&lines).await {
            tracing::error!(%error, cause = ?error, build = self.build_id, lines = lines.len(), "log lines are lost");
        }
        self.running.tell(&self.build_id);
    }

    async fn append(&self, lines: &[LogLine]) -> context::Result<()> {
        let chunk = store::build_log::Chunk::pack(lines)?;
        let mut tx = self.cx.begin().await?;
        store::build_log::append(&mut tx, &self.build_id, &chunk, self.cx.now()).await?;
        Ok(tx.commit().await?)
    }
}
