//! Transactions: all or nothing, one after the other, told of before they are reported as done.

use super::support::{Db, NOW, Place, both, give_up_after, insert_account, is_taken};
use crate::query::q;
use crate::{Change, ChangeKind, Conn, Engine, Store, Tx, changes, settings};
use futures_util::FutureExt as _;
use parking_lot::Mutex;
use std::sync::Arc;

both!(
    a_dropped_transaction_is_undone,
    a_commit_announces_before_it_returns,
    a_commit_wakes_the_runner,
    a_transaction_reads_what_it_wrote,
    others_read_what_is_committed,
    writers_queue,
    a_value_that_exists_is_taken,
    a_failed_statement_leaves_nothing_to_commit,
    a_foreign_key_is_not_taken,
    a_closed_store_answers_with_errors,
    closing_waits_for_a_transaction_and_undoes_it,
    two_stores_share_a_database,
    a_caller_who_gives_up_leaves_no_half,
    a_caller_who_gives_up_on_a_read_leaves_the_connection_usable,
);

async fn put(tx: &mut Tx, key: &str, value: &str) {
    settings::put(tx, key, value).await.unwrap();
}

async fn get(store: &Store, key: &str) -> Option<String> {
    settings::get(&mut store.read().await.unwrap(), key).await.unwrap()
}

async fn set(store: &Store, key: &str, value: &str) {
    let mut tx = store.begin().await.unwrap();
    put(&mut tx, key, value).await;
    tx.commit().await.unwrap();
}

async fn a_dropped_transaction_is_undone(db: &Db) {
    let mut tx = db.store.begin().await.unwrap();
    put(&mut tx, "k", "v").await;
    tx.changed(ChangeKind::Site, "s", NOW).await.unwrap();
    drop(tx);
    assert_eq!(get(&db.store, "k").await, None);
    assert_eq!(changes::head(&mut db.store.read().await.unwrap()).await.unwrap(), 0);
    set(&db.store, "k", "later").await;
    assert_eq!(get(&db.store, "k").await.as_deref(), Some("later"));
}

async fn a_commit_announces_before_it_returns(db: &Db) {
    let heard = Arc::new(Mutex::new(Vec::new()));
    for _ in 0..2 {
        let heard = Arc::clone(&heard);
        db.store.on_change(move |change| heard.lock().push(change.clone()));
    }
    let change = |kind, key: &str| Change { kind, key: key.to_owned() };
    let mut dropped = db.store.begin().await.unwrap();
    dropped.changed(ChangeKind::Site, "never", NOW).await.unwrap();
    drop(dropped);
    let mut tx = db.store.begin().await.unwrap();
    tx.changed(ChangeKind::Site, "s", NOW).await.unwrap();
    tx.changed(ChangeKind::User, "u", NOW).await.unwrap();
    assert_eq!(*heard.lock(), []);
    tx.commit().await.unwrap();
    let (s, u) = (change(ChangeKind::Site, "s"), change(ChangeKind::User, "u"));
    assert_eq!(*heard.lock(), [s.clone(), s, u.clone(), u]);
    heard.lock().clear();
    let other = change(ChangeKind::Blob, "made elsewhere");
    db.store.announce(&other);
    assert_eq!(*heard.lock(), [other.clone(), other]);
}

async fn a_commit_wakes_the_runner(db: &Db) {
    let mut dropped = db.store.begin().await.unwrap();
    dropped.wake_runner();
    drop(dropped);
    set(&db.store, "k", "no jobs").await;
    assert_eq!(db.store.jobs_waiting().now_or_never(), None);
    let mut tx = db.store.begin().await.unwrap();
    tx.wake_runner();
    assert_eq!(db.store.jobs_waiting().now_or_never(), None);
    tx.commit().await.unwrap();
    assert_eq!(db.store.jobs_waiting().now_or_never(), Some(()));
}

async fn a_transaction_reads_what_it_wrote(db: &Db) {
    let mut tx = db.store.begin().await.unwrap();
    put(&mut tx, "k", "v").await;
    assert_eq!(settings::get(&mut tx, "k").await.unwrap().as_deref(), Some("v"));
    assert_eq!(get(&db.store, "k").await, None);
}

async fn others_read_what_is_committed(db: &Db) {
    set(&db.store, "k", "old").await;
    let mut tx = db.store.begin().await.unwrap();
    put(&mut tx, "k", "new").await;
    assert_eq!(get(&db.store, "k").await.as_deref(), Some("old"));
    tx.commit().await.unwrap();
    assert_eq!(get(&db.store, "k").await.as_deref(), Some("new"));
}

const WRITERS: usize = 16;
const ROUNDS: usize = 50;

async fn writers_queue(db: &Db) {
    set(&db.store, "n", "0").await;
    let writer = |store: Store| async move {
        for _ in 0..ROUNDS {
            let mut tx = store.begin().await.unwrap();
            let add = "UPDATE settings SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT) WHERE key = $1";
            assert_eq!(tx.run(q!(add, "n")).await.unwrap(), 1);
            tx.commit().await.unwrap();
        }
    };
    let tasks: Vec<_> = (0..WRITERS).map(|_| tokio::spawn(writer(db.store.clone()))).collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(get(&db.store, "n").await, Some((WRITERS * ROUNDS).to_string()));
}

async fn add_setting(tx: &mut Tx, key: &str) -> crate::Result<u64> {
    tx.run(q!("INSERT INTO settings (key, value) VALUES ($1, 'v')", key)).await
}

async fn a_value_that_exists_is_taken(db: &Db) {
    set(&db.store, "k", "v").await;
    let mut tx = db.store.begin().await.unwrap();
    assert!(is_taken(&add_setting(&mut tx, "k").await), "by its primary key");
    drop(tx);
    db.account("a", &["s"]).await;
    let mut tx = db.store.begin().await.unwrap();
    let rename = q!(
        "INSERT INTO sites (id, account_id, name, doc, metadata, created_at, updated_at)
         VALUES ('other', 'a', $1, '{}', '{}', 0, 0)",
        "s"
    );
    assert!(is_taken(&tx.run(rename).await), "by another unique column");
}

async fn a_failed_statement_leaves_nothing_to_commit(db: &Db) {
    set(&db.store, "k", "v").await;
    let heard = Arc::new(Mutex::new(0));
    let count = Arc::clone(&heard);
    db.store.on_change(move |_| *count.lock() += 1);
    let mut tx = db.store.begin().await.unwrap();
    put(&mut tx, "before", "v").await;
    tx.changed(ChangeKind::Site, "s", NOW).await.unwrap();
    assert!(is_taken(&add_setting(&mut tx, "k").await));
    assert!(tx.commit().await.is_err(), "a commit that undoes must not look like one that keeps");
    assert_eq!(get(&db.store, "before").await, None);
    assert_eq!(*heard.lock(), 0);
}

async fn a_foreign_key_is_not_taken(db: &Db) {
    let mut tx = db.store.begin().await.unwrap();
    let orphan = q!(
        "INSERT INTO sites (id, account_id, name, doc, metadata, created_at, updated_at)
         VALUES ('s', $1, 's', '{}', '{}', 0, 0)",
        "nobody"
    );
    let refused = tx.run(orphan).await;
    assert!(matches!(refused, Err(crate::Error::Database(_))), "{refused:?}");
}

async fn a_closed_store_answers_with_errors(db: &Db) {
    set(&db.store, "k", "v").await;
    db.store.close().await;
    assert!(db.store.read().await.is_err());
    assert!(db.store.begin().await.is_err());
    db.store.close().await;
    let store = db.again().await.unwrap();
    assert_eq!(get(&store, "k").await.as_deref(), Some("v"));
    store.close().await;
}

async fn closing_waits_for_a_transaction_and_undoes_it(db: &Db) {
    let mut tx = db.store.begin().await.unwrap();
    put(&mut tx, "k", "v").await;
    let store = db.store.clone();
    let mut closing = Box::pin(async move { store.close().await });
    assert_eq!(closing.as_mut().now_or_never(), None);
    drop(tx);
    closing.await;
    let store = db.again().await.unwrap();
    assert_eq!(get(&store, "k").await, None);
    store.close().await;
}

async fn two_stores_share_a_database(db: &Db) {
    let other = db.again().await.unwrap();
    set(&db.store, "from", "the first").await;
    assert_eq!(get(&other, "from").await.as_deref(), Some("the first"));
    let held = other.begin().await.unwrap();
    assert_eq!(get(&db.store, "from").await.as_deref(), Some("the first"), "a writer holds no reader up");
    drop(held);
    set(&other, "from", "the second").await;
    assert_eq!(get(&db.store, "from").await.as_deref(), Some("the second"));
    other.close().await;
    assert_eq!(get(&db.store, "from").await.as_deref(), Some("the second"));
}

async fn write_pair(store: &Store, value: String) {
    let mut tx = store.begin().await.unwrap();
    put(&mut tx, "left", &value).await;
    put(&mut tx, "right", &value).await;
    tx.commit().await.unwrap();
}

/// More polls than a pair of writes ever takes: the test below ends long before.
const MOST_POLLS: usize = 400;

/// Gives up after every number of polls until one is enough: no place to stop at is left out.
async fn a_caller_who_gives_up_leaves_no_half(db: &Db) {
    let mut finished = false;
    for polls in 0..MOST_POLLS {
        finished = give_up_after(polls, write_pair(&db.store, polls.to_string())).await.is_some();
        let mut tx = db.store.begin().await.unwrap();
        let (left, right) = pair(&mut tx).await;
        assert_eq!(left, right, "after {polls} polls");
        drop(tx);
        if finished {
            assert_eq!(left, Some(polls.to_string()));
            break;
        }
    }
    assert!(finished, "{MOST_POLLS} polls are not enough");
    write_pair(&db.store, "at last".to_owned()).await;
    let both = pair(&mut db.store.read().await.unwrap()).await;
    assert_eq!(both, (Some("at last".to_owned()), Some("at last".to_owned())));
}

/// Both values as of one moment: a commit that nobody waits for any more may still be on its way.
async fn pair(db: &mut Conn) -> (Option<String>, Option<String>) {
    let select = q!("SELECT (SELECT value FROM settings WHERE key = 'left') AS l,
                (SELECT value FROM settings WHERE key = 'right') AS r");
    let row = db.row(select).await.unwrap().unwrap();
    (row.text_opt("l").unwrap(), row.text_opt("r").unwrap())
}

async fn a_caller_who_gives_up_on_a_read_leaves_the_connection_usable(db: &Db) {
    set(&db.store, "k", "v").await;
    let mut conn = db.store.read().await.unwrap();
    for polls in 0..MOST_POLLS {
        let answer = give_up_after(polls, settings::get(&mut conn, "k")).await;
        assert_eq!(settings::get(&mut conn, "k").await.unwrap().as_deref(), Some("v"), "after {polls} polls");
        if answer.is_some() {
            return;
        }
    }
    panic!("{MOST_POLLS} polls are not enough");
}

/// Several processes may start at the same moment on a database that is not there yet.
async fn opens_at_once(place: &Place) {
    let all = futures_util::future::join_all((0..4).map(|_| place.open())).await;
    for store in all {
        let store = store.unwrap();
        set(&store, "k", "v").await;
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_file_is_opened_four_times_at_once() {
    opens_at_once(&Place::sqlite()).await;
}

#[tokio::test]
async fn readers_of_sqlite_cannot_write() {
    let db = Db::sqlite().await;
    assert_eq!(db.store.engine(), Engine::Sqlite);
    let mut conn = db.store.read().await.unwrap();
    let insert = q!("INSERT INTO settings (key, value) VALUES ('k', 'v') RETURNING key");
    let refused = conn.row(insert).await.err().unwrap().to_string();
    assert!(refused.contains("readonly"), "{refused}");
    drop(conn);
    assert_eq!(get(&db.store, "k").await, None);
}

#[tokio::test]
async fn closing_folds_the_log_of_sqlite_into_its_file() {
    let db = Db::sqlite().await;
    let mut tx = db.store.begin().await.unwrap();
    insert_account(&mut tx, "a").await;
    tx.commit().await.unwrap();
    let log = db.file().with_extension("db-wal");
    assert!(log.exists());
    db.store.close().await;
    assert!(!log.exists());
}

mod server {
    //! What only PostgreSQL can show.

    mod pg {
        use crate::contract::support::Place;
        use crate::{Engine, Store};

        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn a_new_database_is_opened_four_times_at_once() {
            let place = Place::pg().await;
            super::super::opens_at_once(&place).await;
            let store = place.open().await.unwrap();
            assert_eq!(store.engine(), Engine::Postgres);
            store.close().await;
            place.end().await;
        }

        #[tokio::test]
        async fn an_address_that_makes_no_sense_is_an_error() {
            assert!(Store::open_postgres("postgres://%zz").await.is_err());
        }
    }
}
