//! SQLite's one writer, and commits that are shared by those who wait for them.
//!
//! Each transaction is a savepoint in one outer transaction, save the first, which needs none: to undo
//! it is to undo all there is. A commit releases it, joins the open group and lets the next writer in; the group's closer queues behind those who wait already, and
//! commits once for all. What a transaction sees may so still be on its way to the disk: only a
//! commit tells that it is kept, and it keeps what was seen as well.

use super::sqlite::{BUSY_PAUSE, PATIENCE, blocking};
use super::statements::{is_busy, say};
use crate::Result;
use crate::error::{Cause, Error, Fault};
use crate::signals::{Aftermath, Signals};
use rusqlite::Connection;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Weak};
use tokio::sync::{Mutex, OwnedMutexGuard, watch};

/// Transactions that share one commit at most, so that the first of them does not wait for ever.
pub(super) const MEMBERS: usize = 128;

/// None as long as the group is open.
type Verdict = Option<std::result::Result<(), Cause>>;
type Teller = watch::Sender<Verdict>;

/// The one writer of a file, handed on in the order of asking. Cloning is cheap.
#[derive(Clone)]
pub(super) struct Writer(Arc<Mutex<Pen>>);

/// What the holder of the lock writes with.
struct Pen {
    /// None once the store is closed.
    db: Option<Connection>,
    group: Option<Group>,
    /// Whether the open transaction is the first of the outer one.
    first: bool,
    signals: Arc<Signals>,
}

/// Released savepoints of the open outer transaction.
struct Group {
    /// Held by the closer. Should that vanish with its runtime, nobody waits for the group any more.
    teller: Weak<Teller>,
    members: usize,
    /// Told by the closer and not by the members, who may have stopped waiting.
    news: Vec<Aftermath>,
}

/// A transaction, as its owner holds it. Dropping it undoes it and no other.
pub(super) struct Savepoint {
    /// None once it came to its end.
    pen: Option<OwnedMutexGuard<Pen>>,
}

/// A group that was committed or undone, and whose members do not know yet.
struct Closed {
    teller: Arc<Teller>,
    verdict: std::result::Result<(), Cause>,
    news: Vec<Aftermath>,
    signals: Arc<Signals>,
}

impl Writer {
    pub(super) fn new(db: Connection, signals: Arc<Signals>) -> Self {
        Self(Arc::new(Mutex::new(Pen { db: Some(db), group: None, first: false, signals })))
    }

    /// Opens a savepoint when it is this caller's turn.
    pub(super) async fn begin(&self) -> Result<Savepoint> {
        let turn = async {
            let mut pen = Arc::clone(&self.0).lock_owned().await;
            pen.open().await?;
            Ok(Savepoint { pen: Some(pen) })
        };
        tokio::time::timeout(PATIENCE, turn).await.map_err(|_| Fault::Busy)?
    }

    /// Waits for the transaction that is open, commits the open group and closes the connection.
    pub(super) async fn close(&self) {
        let mut pen = Arc::clone(&self.0).lock_owned().await;
        let shut = move || {
            let closed = pen.finish();
            pen.db = None;
            drop(pen);
            if let Some(closed) = closed {
                closed.tell();
            }
        };
        let _ = blocking(shut).await;
    }
}

impl Pen {
    fn db(&mut self) -> Result<&mut Connection> {
        self.db.as_mut().ok_or_else(|| Fault::Closed.into())
    }

    /// Whether SQLite has a transaction open; after some failures it undoes one by itself.
    fn is_writing(&self) -> bool {
        self.db.as_ref().is_some_and(|db| !db.is_autocommit())
    }

    /// Whether somebody waits for the outer transaction to be committed.
    fn is_shared(&self) -> bool {
        self.group.as_ref().is_some_and(|group| group.teller.strong_count() > 0)
    }

    async fn open(&mut self) -> Result<()> {
        self.first = !self.is_shared() || !self.is_writing();
        if !self.first {
            return Ok(say(self.db()?, "SAVEPOINT member")?);
        }
        self.undo_all();
        while !self.try_begin()? {
            tokio::time::sleep(BUSY_PAUSE).await;
        }
        Ok(())
    }

    /// Takes the file's lock; false when another process has it.
    fn try_begin(&mut self) -> Result<bool> {
        match say(self.db()?, "BEGIN IMMEDIATE") {
            Err(error) if is_busy(&error) => Ok(false),
            other => Ok(other.map(|()| true)?),
        }
    }

    /// Makes the open transaction part of the outer one.
    fn release(&mut self) -> Result<()> {
        if !self.first {
            return Ok(say(self.db()?, "RELEASE member")?);
        }
        if self.is_writing() { Ok(()) } else { Err(Fault::Undone.into()) }
    }

    /// Undoes the open transaction, and the outer one when nobody else is in it.
    fn undo(&mut self) {
        if self.first {
            return self.undo_all();
        }
        let undone = match &self.db {
            Some(db) => say(db, "ROLLBACK TO member").and_then(|()| say(db, "RELEASE member")),
            None => return,
        };
        if undone.is_err() || !self.is_shared() {
            self.undo_all();
        }
    }

    /// Undoes the outer transaction and tells those who wait for it.
    fn undo_all(&mut self) {
        self.rollback();
        if let Some(closed) = self.take_group(Err(Arc::new(Fault::Undone))) {
            closed.tell();
        }
    }

    fn rollback(&self) {
        if self.is_writing()
            && let Some(db) = &self.db
            && let Err(error) = say(db, "ROLLBACK")
        {
            tracing::error!(%error, "a transaction could not be undone");
        }
    }

    /// Commits the open group, if there is one that somebody waits for.
    fn finish(&mut self) -> Option<Closed> {
        if !self.is_shared() {
            self.undo_all();
            return None;
        }
        let verdict = self.commit();
        self.take_group(verdict)
    }

    fn commit(&self) -> std::result::Result<(), Cause> {
        let Some(db) = &self.db else { return Err(Arc::new(Fault::Closed)) };
        let done = say(db, "COMMIT");
        if done.is_err() {
            self.rollback();
        }
        done.map_err(|error| -> Cause { Arc::new(error) })
    }

    fn take_group(&mut self, verdict: std::result::Result<(), Cause>) -> Option<Closed> {
        let group = self.group.take()?;
        let teller = group.teller.upgrade()?;
        Some(Closed { teller, verdict, news: group.news, signals: Arc::clone(&self.signals) })
    }
}

impl Group {
    fn is_told_by(&self, teller: &Arc<Teller>) -> bool {
        std::ptr::eq(self.teller.as_ptr(), Arc::as_ptr(teller))
    }
}

impl Closed {
    /// Listeners first, then the members. A listener that panics does so after all were told.
    fn tell(self) {
        let told = catch_unwind(AssertUnwindSafe(|| {
            if self.verdict.is_ok() {
                self.news.into_iter().for_each(|after| self.signals.tell(after));
            }
        }));
        self.teller.send_replace(Some(self.verdict));
        if let Err(panic) = told {
            resume_unwind(panic);
        }
    }
}

impl Savepoint {
    pub(super) fn db(&mut self) -> Result<&mut Connection> {
        self.pen.as_mut().ok_or(Fault::Undone)?.db()
    }

    /// Runs several statements on a thread that may take its time. Who stops waiting finds the
    /// transaction undone.
    pub(super) async fn script(&mut self, sql: String) -> Result<()> {
        let mut inner = Self { pen: self.pen.take() };
        let work = move || {
            let done = inner.db().and_then(|db| Ok(db.execute_batch(&sql)?));
            (inner, done)
        };
        let (mut inner, done) = blocking(work).await?;
        self.pen = inner.pen.take();
        done
    }

    /// Joins the open group and waits for its outcome.
    pub(super) async fn commit(mut self, after: Aftermath) -> Result<()> {
        self.pen.as_mut().ok_or(Fault::Undone)?.release()?;
        let pen = self.pen.take().ok_or(Fault::Undone)?;
        outcome(join(pen, after)?).await
    }
}

impl Drop for Savepoint {
    fn drop(&mut self) {
        if let Some(mut pen) = self.pen.take() {
            pen.undo();
        }
    }
}

/// Puts a released savepoint into the group and lets go of the writer. The first member sends for
/// the closer; the one that fills the group closes it at once.
fn join(mut pen: OwnedMutexGuard<Pen>, after: Aftermath) -> Result<watch::Receiver<Verdict>> {
    let Some(group) = &mut pen.group else { return Ok(found(pen, after)) };
    let Some(teller) = group.teller.upgrade() else {
        pen.undo_all();
        return Err(Fault::Lost.into());
    };
    group.members += 1;
    group.news.push(after);
    let outcome = teller.subscribe();
    if group.members >= MEMBERS {
        close_now(pen, teller);
    }
    Ok(outcome)
}

fn found(mut pen: OwnedMutexGuard<Pen>, after: Aftermath) -> watch::Receiver<Verdict> {
    let (teller, outcome) = watch::channel(None);
    let teller = Arc::new(teller);
    pen.group = Some(Group { teller: Arc::downgrade(&teller), members: 1, news: vec![after] });
    let writer = Arc::clone(OwnedMutexGuard::mutex(&pen));
    tokio::spawn(close_in_turn(writer, teller));
    outcome
}

/// A task of its own, since a member may stop waiting and the group must not be lost with it.
async fn close_in_turn(writer: Arc<Mutex<Pen>>, teller: Arc<Teller>) {
    let pen = writer.lock_owned().await;
    if pen.group.as_ref().is_some_and(|group| group.is_told_by(&teller)) {
        close_now(pen, teller);
    }
}

fn close_now(mut pen: OwnedMutexGuard<Pen>, teller: Arc<Teller>) {
    tokio::task::spawn_blocking(move || {
        let closed = pen.finish();
        // The next group forms while the listeners of this one are told.
        drop(pen);
        if let Some(closed) = closed {
            closed.tell();
        }
        drop(teller);
    });
}

async fn outcome(mut told: watch::Receiver<Verdict>) -> Result<()> {
    let verdict = told.wait_for(Option::is_some).await.map_err(|_| Fault::Lost)?;
    match &*verdict {
        Some(Err(cause)) => Err(Error::Database(Arc::clone(cause))),
        _ => Ok(()),
    }
}
