//! Commits that are shared: whoever is told that it is kept finds it kept, nobody pays for another's
//! failure or impatience, and when a commit fails all who shared it hear so.

use super::support::{Db, NOW, both, give_up_after, is_taken};
use crate::engine::READERS;
use crate::query::q;
use crate::{Change, ChangeKind, Conn, Error, Result, Store, Tx, settings};
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use parking_lot::Mutex;
use std::path::Path;
use std::sync::Arc;
use tokio::task::{JoinHandle, yield_now};

both!(
    sixty_four_write_at_once_and_all_is_kept,
    one_who_undoes_leaves_the_others_alone,
    one_who_fails_leaves_the_others_alone,
    those_who_stop_waiting_leave_the_others_alone,
    tasks_that_are_aborted_leave_a_store_that_works,
);

async fn put(store: &Store, key: &str) -> Result<()> {
    let mut tx = store.begin().await?;
    settings::put(&mut tx, key, "v").await?;
    tx.commit().await
}

async fn has(store: &Store, key: &str) -> bool {
    settings::get(&mut store.read().await.unwrap(), key).await.unwrap().is_some()
}

async fn count(db: &mut Conn) -> usize {
    let row = db.row(q!("SELECT COUNT(*) AS n FROM settings")).await.unwrap().unwrap();
    usize::try_from(row.int("n").unwrap()).unwrap()
}

const TASKS: usize = 64;
const ROUNDS: usize = 20;

async fn sixty_four_write_at_once_and_all_is_kept(db: &Db) {
    let write = |task: usize| {
        let store = db.store.clone();
        tokio::spawn(async move {
            for round in 0..ROUNDS {
                let key = format!("{task} {round}");
                put(&store, &key).await.unwrap();
                assert!(has(&store, &key).await, "visible as soon as it is told");
            }
        })
    };
    for task in (0..TASKS).map(write).collect::<Vec<_>>() {
        task.await.unwrap();
    }
    let again = db.again().await.unwrap();
    assert_eq!(count(&mut again.read().await.unwrap()).await, TASKS * ROUNDS);
    again.close().await;
}

/// Does this in a task of its own, behind whoever writes now.
fn behind<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
    tokio::spawn(work)
}

async fn one_who_undoes_leaves_the_others_alone(db: &Db) {
    let undoes = |number: usize| {
        let store = db.store.clone();
        behind(async move {
            let mut tx = store.begin().await.unwrap();
            settings::put(&mut tx, &format!("undone {number}"), "v").await.unwrap();
            settings::put(&mut tx, "both", "undone").await.unwrap();
        })
    };
    let keeps = |number: usize| {
        let store = db.store.clone();
        behind(async move { put(&store, &format!("kept {number}")).await.unwrap() })
    };
    let first = db.store.begin().await.unwrap();
    let (kept, undone): (Vec<_>, Vec<_>) = (0..TASKS).map(|number| (keeps(number), undoes(number))).unzip();
    first.commit().await.unwrap();
    for task in kept.into_iter().chain(undone) {
        task.await.unwrap();
    }
    for number in 0..TASKS {
        assert!(has(&db.store, &format!("kept {number}")).await);
        assert!(!has(&db.store, &format!("undone {number}")).await);
    }
    assert!(!has(&db.store, "both").await);
}

async fn insert_setting(tx: &mut Tx, key: &str) -> Result<u64> {
    tx.run(q!("INSERT INTO settings (key, value) VALUES ($1, 'v')", key)).await
}

async fn insert_orphan(tx: &mut Tx) -> Result<u64> {
    let orphan = "INSERT INTO sites (id, account_id, name, doc, metadata, created_at, updated_at)
         VALUES ('s', 'nobody', 's', '{}', '{}', 0, 0)";
    tx.run(q!(orphan)).await
}

async fn one_who_fails_leaves_the_others_alone(db: &Db) {
    put(&db.store, "taken").await.unwrap();
    let fails = |number: usize| {
        let store = db.store.clone();
        behind(async move {
            let mut tx = store.begin().await.unwrap();
            settings::put(&mut tx, &format!("failed {number}"), "v").await.unwrap();
            match number % 2 {
                0 => assert!(is_taken(&insert_setting(&mut tx, "taken").await)),
                _ => assert!(matches!(insert_orphan(&mut tx).await, Err(Error::Database(_)))),
            }
            assert!(tx.commit().await.is_err());
        })
    };
    let keeps = |number: usize| {
        let store = db.store.clone();
        behind(async move { put(&store, &format!("kept {number}")).await.unwrap() })
    };
    let first = db.store.begin().await.unwrap();
    let (kept, failed): (Vec<_>, Vec<_>) = (0..TASKS).map(|number| (keeps(number), fails(number))).unzip();
    first.commit().await.unwrap();
    for task in kept.into_iter().chain(failed) {
        task.await.unwrap();
    }
    for number in 0..TASKS {
        assert!(has(&db.store, &format!("kept {number}")).await);
        assert!(!has(&db.store, &format!("failed {number}")).await);
    }
}

/// More polls than a transaction ever takes.
const MOST_POLLS: usize = 400;

/// One of three gives up after every number of polls until one is enough.
async fn those_who_stop_waiting_leave_the_others_alone(db: &Db) {
    for polls in 0..MOST_POLLS {
        let keys = ["before", "impatient", "after"].map(|name| format!("{name} {polls}"));
        let others = [&keys[0], &keys[2]].map(|key| {
            let (store, key) = (db.store.clone(), key.clone());
            behind(async move { put(&store, &key).await })
        });
        let finished = give_up_after(polls, put(&db.store, &keys[1])).await.is_some();
        for other in others {
            other.await.unwrap().unwrap();
        }
        assert!(has(&db.store, &keys[0]).await && has(&db.store, &keys[2]).await, "after {polls} polls");
        if finished {
            assert!(has(&db.store, &keys[1]).await, "after {polls} polls");
            return;
        }
    }
    panic!("{MOST_POLLS} polls are not enough");
}

/// Numbers that look random and are the same in each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

const ABORT_ROUNDS: usize = 100;
const ABORT_TASKS: usize = 12;

async fn tasks_that_are_aborted_leave_a_store_that_works(db: &Db) {
    let mut dice = Dice(7);
    let told = Arc::new(Mutex::new(Vec::new()));
    for round in 0..ABORT_ROUNDS {
        let write = |task: usize| {
            let (store, told) = (db.store.clone(), Arc::clone(&told));
            tokio::spawn(async move {
                let keys = ["left", "right"].map(|side| format!("{side} {round} {task}"));
                let mut tx = store.begin().await.unwrap();
                settings::put(&mut tx, &keys[0], "v").await.unwrap();
                yield_now().await;
                settings::put(&mut tx, &keys[1], "v").await.unwrap();
                tx.commit().await.unwrap();
                told.lock().extend(keys);
            })
        };
        let tasks: Vec<_> = (0..ABORT_TASKS).map(write).collect();
        for task in &tasks {
            for _ in 0..dice.below(6) {
                yield_now().await;
            }
            if dice.below(2) == 0 {
                task.abort();
            }
        }
        for end in join_all(tasks).await {
            assert!(end.is_ok() || end.unwrap_err().is_cancelled());
        }
    }
    put(&db.store, "at last").await.unwrap();
    let mut conn = db.store.read().await.unwrap();
    let told = told.lock().clone();
    for key in told {
        assert!(settings::get(&mut conn, &key).await.unwrap().is_some(), "{key} was told as kept");
    }
    assert_eq!(halves(&mut conn).await, 0);
    drop(conn);
    let (now, again) = (db.store.clone(), db.again().await.unwrap());
    let (seen, kept) =
        (count(&mut now.read().await.unwrap()).await, count(&mut again.read().await.unwrap()).await);
    assert_eq!(seen, kept);
    again.close().await;
}

/// Pairs of which only one side is there.
async fn halves(db: &mut Conn) -> i64 {
    let select = "SELECT COUNT(*) AS n FROM settings l WHERE l.key LIKE 'left %' AND NOT EXISTS
          (SELECT 1 FROM settings r WHERE r.key = 'right ' || substr(l.key, 6))";
    let other = "SELECT COUNT(*) AS n FROM settings r WHERE r.key LIKE 'right %' AND NOT EXISTS
          (SELECT 1 FROM settings l WHERE l.key = 'left ' || substr(r.key, 7))";
    let mut halves = 0;
    for sql in [select, other] {
        halves += db.row(q!(sql)).await.unwrap().unwrap().int("n").unwrap();
    }
    halves
}

/// Frames of the log that end a transaction: every commit of a connection to this file since the log
/// was begun.
fn commits(file: &Path) -> usize {
    let log = std::fs::read(file.with_extension("db-wal")).unwrap();
    let page = u32::from_be_bytes(log[8..12].try_into().unwrap()) as usize;
    let frames = log[32..].chunks(24 + page);
    frames.filter(|frame| frame[4..8] != [0; 4]).count()
}

/// Lets every spawned task run until it waits for something. Only on a runtime of one thread.
async fn all_wait() {
    for _ in 0..3 {
        yield_now().await;
    }
}

#[tokio::test]
async fn those_who_wait_share_one_commit_up_to_a_limit() {
    for (waiting, expect) in [(0, 1), (1, 1), (63, 1), (127, 1), (128, 2), (300, 3)] {
        let db = Db::sqlite().await;
        let before = commits(&db.file());
        let mut first = db.store.begin().await.unwrap();
        settings::put(&mut first, "first", "v").await.unwrap();
        let others = (0..waiting).map(|number| {
            let store = db.store.clone();
            behind(async move { put(&store, &number.to_string()).await })
        });
        let others: Vec<_> = others.collect();
        all_wait().await;
        first.commit().await.unwrap();
        for other in others {
            other.await.unwrap().unwrap();
        }
        assert_eq!(commits(&db.file()) - before, expect, "{waiting} waiting");
        db.end().await;
    }
}

/// A transaction that said commit, and behind it one that is still open and holds the commit up.
async fn waiting_and_open(db: &Db) -> (impl Future<Output = Result<()>> + use<>, Tx) {
    let mut first = db.store.begin().await.unwrap();
    settings::put(&mut first, "first", "v").await.unwrap();
    let store = db.store.clone();
    let second = behind(async move { store.begin().await });
    all_wait().await;
    let mut commit = Box::pin(first.commit());
    assert!((&mut commit).now_or_never().is_none());
    let open = second.await.unwrap().unwrap();
    (commit, open)
}

#[tokio::test]
async fn readers_see_nothing_before_the_commit() {
    let db = Db::sqlite().await;
    let (mut commit, mut open) = waiting_and_open(&db).await;
    assert!(settings::get(&mut open, "first").await.unwrap().is_some(), "writers build on each other");
    settings::put(&mut open, "second", "v").await.unwrap();
    all_wait().await;
    assert!((&mut commit).now_or_never().is_none());
    assert!(!has(&db.store, "first").await && !has(&db.store, "second").await);
    drop(open);
    commit.await.unwrap();
    assert!(has(&db.store, "first").await && !has(&db.store, "second").await);
    db.end().await;
}

#[tokio::test]
async fn a_commit_that_fails_is_told_to_all_who_share_it() {
    let db = Db::sqlite().await;
    let mut tx = db.store.begin().await.unwrap();
    let child = "CREATE TABLE child (parent TEXT REFERENCES settings (key) DEFERRABLE INITIALLY DEFERRED)";
    tx.script(child.to_owned()).await.unwrap();
    tx.commit().await.unwrap();
    let heard = Arc::new(Mutex::new(0));
    let hears = Arc::clone(&heard);
    db.store.on_change(move |_| *hears.lock() += 1);
    let (first, mut orphan) = waiting_and_open(&db).await;
    orphan.run(q!("INSERT INTO child (parent) VALUES ('nobody')")).await.unwrap();
    orphan.changed(ChangeKind::Site, "s", NOW).await.unwrap();
    let (first, orphan) = futures_util::join!(first, orphan.commit());
    for refused in [first, orphan] {
        let said = refused.unwrap_err().to_string();
        assert!(said.contains("FOREIGN KEY"), "{said}");
    }
    assert!(!has(&db.store, "first").await);
    assert_eq!(*heard.lock(), 0);
    put(&db.store, "first").await.unwrap();
    db.end().await;
}

/// A check at the end of a group would let one transaction fail another.
#[tokio::test]
async fn the_schema_puts_no_check_off_until_the_commit() {
    let db = Db::sqlite().await;
    let mut conn = db.store.read().await.unwrap();
    let tables = conn.rows(q!("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL")).await.unwrap();
    assert!(tables.len() > 20);
    for table in tables {
        let sql = table.text("sql").unwrap();
        assert!(!sql.to_uppercase().contains("DEFER"), "{sql}");
    }
}

/// SQLite then undoes the outer transaction by itself, with all that is in it.
#[tokio::test]
async fn a_full_disk_is_told_to_all_who_share_the_transaction() {
    let db = Db::sqlite().await;
    let (first, mut open) = waiting_and_open(&db).await;
    open.script("PRAGMA max_page_count = 1".to_owned()).await.unwrap();
    let large = "x".repeat(1 << 20);
    assert!(settings::put(&mut open, "large", &large).await.is_err());
    assert!(open.commit().await.is_err());
    assert!(first.await.is_err());
    assert!(!has(&db.store, "first").await && !has(&db.store, "large").await);
    let mut tx = db.store.begin().await.unwrap();
    tx.script("PRAGMA max_page_count = 1000000".to_owned()).await.unwrap();
    settings::put(&mut tx, "large", &large).await.unwrap();
    tx.commit().await.unwrap();
    assert!(has(&db.store, "large").await);
    db.end().await;
}

/// The closer of a group lives on the runtime of its first member.
#[test]
fn a_group_whose_runtime_goes_is_undone_and_told() {
    let [first, second] =
        [(); 2].map(|()| tokio::runtime::Builder::new_current_thread().enable_all().build());
    let (first, second) = (first.unwrap(), second.unwrap());
    let db = second.block_on(Db::sqlite());
    let mut tx = first.block_on(db.store.begin()).unwrap();
    first.block_on(settings::put(&mut tx, "first", "v")).unwrap();
    let mut commit = Box::pin(tx.commit());
    assert!(first.block_on(async { (&mut commit).now_or_never().is_none() }));
    drop(first);
    assert!((&mut commit).now_or_never().unwrap().is_err());
    second.block_on(async {
        assert!(!has(&db.store, "first").await);
        put(&db.store, "second").await.unwrap();
        assert!(!has(&db.store, "first").await && has(&db.store, "second").await);
        db.end().await;
    });
}

#[tokio::test]
async fn a_change_is_announced_although_nobody_waits_any_more() {
    let db = Db::sqlite().await;
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hears = Arc::clone(&heard);
    db.store.on_change(move |change| hears.lock().push(change.clone()));
    let mut tx = db.store.begin().await.unwrap();
    tx.changed(ChangeKind::Site, "s", NOW).await.unwrap();
    assert!(tx.commit().now_or_never().is_none());
    put(&db.store, "later").await.unwrap();
    assert_eq!(*heard.lock(), [Change { kind: ChangeKind::Site, key: "s".to_owned() }]);
    db.end().await;
}

#[tokio::test]
async fn a_listener_that_panics_costs_nobody_their_answer() {
    let db = Db::sqlite().await;
    db.store.on_change(|_| panic!("a listener of a test"));
    let mut tx = db.store.begin().await.unwrap();
    settings::put(&mut tx, "k", "v").await.unwrap();
    tx.changed(ChangeKind::Site, "s", NOW).await.unwrap();
    tx.commit().await.unwrap();
    assert!(has(&db.store, "k").await);
    put(&db.store, "later").await.unwrap();
    db.end().await;
}

/// Waiting for another process must not keep the thread: here there is only one.
#[tokio::test]
async fn a_writer_waits_for_another_process_without_a_thread() {
    let db = Db::sqlite().await;
    let other = db.again().await.unwrap();
    let held = other.begin().await.unwrap();
    let store = db.store.clone();
    let waits = behind(async move { put(&store, "k").await });
    all_wait().await;
    assert!(!waits.is_finished());
    drop(held);
    waits.await.unwrap().unwrap();
    assert!(has(&other, "k").await);
    other.close().await;
    db.end().await;
}

#[tokio::test]
async fn a_script_that_nobody_waits_for_is_undone() {
    let db = Db::sqlite().await;
    for polls in 0..3 {
        let mut tx = db.store.begin().await.unwrap();
        let script = "CREATE TABLE made (n INTEGER); INSERT INTO made VALUES (1)".to_owned();
        let finished = give_up_after(polls, tx.script(script)).await.is_some();
        drop(tx);
        let mut conn = db.store.read().await.unwrap();
        assert!(conn.rows(q!("SELECT n FROM made")).await.is_err(), "{polls} polls, {finished}");
        put(&db.store, "k").await.unwrap();
    }
    db.end().await;
}

#[tokio::test]
async fn who_finds_no_reader_free_waits_for_one() {
    let db = Db::sqlite().await;
    put(&db.store, "k").await.unwrap();
    let mut readers = join_all((0..READERS).map(|_| db.store.read())).await;
    let store = db.store.clone();
    let waits = behind(async move { has(&store, "k").await });
    all_wait().await;
    assert!(!waits.is_finished());
    readers.pop();
    assert!(waits.await.unwrap());
    drop(readers);
    db.end().await;
}
