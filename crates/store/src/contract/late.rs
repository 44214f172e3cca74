//! Statements that wait for the commit, and connections that come back unfit. Knows the settings as
//! the simplest table.

use super::support::{Db, both};
use crate::query::{Query, q};
use crate::{Store, Tx, settings};
use parking_lot::Mutex;
use std::sync::Arc;

both! {
    what_is_left_for_later_is_true_with_the_commit,
    what_is_left_for_later_comes_before_what_is_said_next,
    what_is_left_for_later_is_undone_with_the_rest,
    a_late_statement_that_fails_fails_the_commit,
    answers_come_in_the_order_of_their_statements,
}

fn insert(key: &str) -> Query {
    q!("INSERT INTO settings (key, value) VALUES ($1, 'late') RETURNING key", key)
}

/// Leaves the statement for later; the keys it answered.
async fn leave(tx: &mut Tx, key: &str) -> Arc<Mutex<Vec<String>>> {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&heard);
    tx.later(insert(key), move |rows, _| {
        for row in rows {
            told.lock().push(row.text("key")?);
        }
        Ok(())
    })
    .await
    .unwrap();
    heard
}

async fn get(store: &Store, key: &str) -> Option<String> {
    settings::get(&mut store.read().await.unwrap(), key).await.unwrap()
}

async fn what_is_left_for_later_is_true_with_the_commit(db: &Db) {
    let mut tx = db.store.begin().await.unwrap();
    let heard = leave(&mut tx, "k").await;
    assert_eq!(get(&db.store, "k").await, None);
    tx.commit().await.unwrap();
    assert_eq!(*heard.lock(), ["k"]);
    assert_eq!(get(&db.store, "k").await.as_deref(), Some("late"));
}

async fn what_is_left_for_later_comes_before_what_is_said_next(db: &Db) {
    let mut tx = db.store.begin().await.unwrap();
    leave(&mut tx, "k").await;
    let seen = tx.look(q!("SELECT value FROM settings WHERE key = 'k'")).await.unwrap();
    assert_eq!(seen.len(), 1);
    settings::put(&mut tx, "k", "changed").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(get(&db.store, "k").await.as_deref(), Some("changed"));
}

async fn what_is_left_for_later_is_undone_with_the_rest(db: &Db) {
    for other in [false, true] {
        let mut tx = db.store.begin().await.unwrap();
        leave(&mut tx, "k").await;
        if other {
            settings::put(&mut tx, "other", "v").await.unwrap();
        }
        drop(tx);
        assert_eq!(get(&db.store, "k").await, None);
        assert_eq!(get(&db.store, "other").await, None);
    }
}

async fn a_late_statement_that_fails_fails_the_commit(db: &Db) {
    let mut first = db.store.begin().await.unwrap();
    settings::put(&mut first, "k", "there").await.unwrap();
    first.commit().await.unwrap();
    let mut tx = db.store.begin().await.unwrap();
    settings::put(&mut tx, "other", "v").await.unwrap();
    // PostgreSQL tells at the commit, SQLite at once
    let told = tx.later(insert("k"), |_, _| Ok(())).await;
    assert!(tx.commit().await.is_err() || told.is_err());
    assert_eq!(get(&db.store, "k").await.as_deref(), Some("there"));
    assert_eq!(get(&db.store, "other").await, None);
}

async fn answers_come_in_the_order_of_their_statements(db: &Db) {
    let mut tx = db.store.begin().await.unwrap();
    let heard = [leave(&mut tx, "a").await, leave(&mut tx, "b").await];
    settings::put(&mut tx, "between", "v").await.unwrap();
    let last = leave(&mut tx, "c").await;
    tx.commit().await.unwrap();
    assert_eq!(heard.map(|one| one.lock().clone()), [["a"], ["b"]]);
    assert_eq!(*last.lock(), ["c"]);
}

mod server {
    //! What only PostgreSQL can show.

    mod pg {
        use super::super::{get, insert, leave};
        use crate::contract::support::Db;
        use crate::query::q;
        use crate::{Conn, Store, settings};

        /// The number of a transaction that is begun to ask for it: those before it had lower ones.
        async fn number(store: &Store) -> i64 {
            let mut db = store.read().await.unwrap();
            let row = db.row(q!("SELECT CAST(CAST(pg_current_xact_id() AS text) AS BIGINT) AS id")).await;
            row.unwrap().unwrap().int("id").unwrap()
        }

        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn what_is_looked_at_takes_no_part_in_the_transaction() {
            let db = Db::pg().await;
            let mut tx = db.store.begin().await.unwrap();
            let id = || q!("SELECT CAST(pg_current_xact_id() AS text) AS id");
            let looked = tx.look(id()).await.unwrap()[0].text("id").unwrap();
            let inside = tx.rows(id()).await.unwrap()[0].text("id").unwrap();
            assert_ne!(looked, inside);
            assert_eq!(tx.look(id()).await.unwrap()[0].text("id").unwrap(), inside);
            drop(tx);
            db.end().await;
        }

        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn a_connection_that_was_cut_is_handed_out_once_at_most() {
            let db = Db::pg().await;
            let all = [db.store.read().await.unwrap(), db.store.read().await.unwrap()];
            drop(all);
            let mut ours = db.store.read().await.unwrap();
            let cut = "SELECT CAST(COUNT(pg_terminate_backend(pid)) AS BIGINT) AS n FROM pg_stat_activity
                 WHERE datname = current_database() AND pid <> pg_backend_pid()";
            assert!(ours.row(q!(cut)).await.unwrap().unwrap().int("n").unwrap() >= 1);
            let failed = settings::get(&mut db.store.read().await.unwrap(), "k").await.is_err();
            assert!(failed, "it rested too shortly to be asked");
            drop(ours);
            for _ in 0..4 {
                assert_eq!(get(&db.store, "k").await, None);
            }
            db.end().await;
        }

        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn what_was_given_up_half_way_holds_no_lock() {
            let db = Db::pg().await;
            let mut holder = db.store.begin().await.unwrap();
            settings::put(&mut holder, "k", "holder").await.unwrap();
            let mut waiter = db.store.begin().await.unwrap();
            settings::put(&mut waiter, "other", "waiter").await.unwrap();
            {
                let blocked = settings::put(&mut waiter, "k", "waiter");
                tokio::pin!(blocked);
                tokio::select! {
                    biased;
                    _ = &mut blocked => panic!("the row is held"),
                    () = waits_for_a_lock(&db.store) => {}
                }
            }
            drop(waiter);
            holder.commit().await.unwrap();
            let mut next = db.store.begin().await.unwrap();
            settings::put(&mut next, "other", "next").await.unwrap();
            settings::put(&mut next, "k", "next").await.unwrap();
            next.commit().await.unwrap();
            assert_eq!(get(&db.store, "other").await.as_deref(), Some("next"));
            db.end().await;
        }

        async fn waits_for_a_lock(store: &Store) {
            let waiting = "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM pg_stat_activity
                 WHERE datname = current_database() AND wait_event_type = 'Lock'";
            let mut db = store.read().await.unwrap();
            while db.row(q!(waiting)).await.unwrap().unwrap().int("n").unwrap() == 0 {
                tokio::task::yield_now().await;
            }
        }

        /// What the server heard last from another connection than this.
        async fn said_last(mut watcher: Conn) -> String {
            let last = "SELECT query FROM pg_stat_activity
                 WHERE datname = current_database() AND pid <> pg_backend_pid() ORDER BY query_start DESC LIMIT 1";
            watcher.row(q!(last)).await.unwrap().unwrap().text("query").unwrap()
        }

        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn a_late_statement_alone_is_one_transaction_and_all_that_is_said() {
            let db = Db::pg().await;
            let watcher = db.store.read().await.unwrap();
            let before = number(&db.store).await;
            let mut tx = db.store.begin().await.unwrap();
            leave(&mut tx, "k").await;
            tx.commit().await.unwrap();
            assert_eq!(said_last(watcher).await, insert("k").sql);
            assert_eq!(number(&db.store).await, before + 2, "its own, and that of the question");
            db.end().await;
        }

        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn an_event_without_deliveries_is_all_that_is_said() {
            let db = Db::pg().await;
            let watcher = db.store.read().await.unwrap();
            let event = crate::contract::deliveries::event();
            let mut tx = db.store.begin().await.unwrap();
            crate::deliveries::insert_all(&mut tx, &event, &[]).await.unwrap();
            tx.commit().await.unwrap();
            let said = said_last(watcher).await;
            assert!(said.starts_with("INSERT INTO events"), "{said}");
            db.end().await;
        }
    }
}
