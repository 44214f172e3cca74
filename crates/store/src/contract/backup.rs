//! A copy of a database in use is of one moment.

use super::support::{Db, Place};
use crate::{Error, Store, settings, snapshot};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

async fn write_pair(store: &Store, value: &str) {
    let mut tx = store.begin().await.unwrap();
    settings::put(&mut tx, "left", value).await.unwrap();
    settings::put(&mut tx, "right", value).await.unwrap();
    tx.commit().await.unwrap();
}

async fn read_pair(file: &Path) -> (Option<String>, Option<String>) {
    let store = Store::open_sqlite(file).await.unwrap();
    let mut db = store.read().await.unwrap();
    let pair =
        (settings::get(&mut db, "left").await.unwrap(), settings::get(&mut db, "right").await.unwrap());
    drop(db);
    store.close().await;
    pair
}

/// Copies taken below.
const COPIES: usize = 5;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_taken_while_writing_is_of_one_moment() {
    let db = Db::sqlite().await;
    let stop = Arc::new(AtomicBool::new(false));
    write_pair(&db.store, "0").await;
    let writer = {
        let (store, stop) = (db.store.clone(), Arc::clone(&stop));
        tokio::spawn(async move {
            let mut written = 0;
            while !stop.load(Ordering::Relaxed) {
                written += 1;
                write_pair(&store, &written.to_string()).await;
            }
            written
        })
    };
    let mut seen = Vec::new();
    for number in 0..COPIES {
        let copy = db.file().with_file_name(format!("copy {number} of 'all'.db"));
        snapshot(&db.file(), &copy).await.unwrap();
        let (left, right) = read_pair(&copy).await;
        assert_eq!(left, right);
        seen.push(left.unwrap().parse::<u64>().unwrap());
    }
    stop.store(true, Ordering::Relaxed);
    let written = writer.await.unwrap();
    assert!(seen.is_sorted() && seen.iter().all(|value| *value <= written), "{seen:?} of {written}");
}

#[tokio::test]
async fn a_copy_does_not_wait_for_a_transaction() {
    let db = Db::sqlite().await;
    write_pair(&db.store, "committed").await;
    let mut tx = db.store.begin().await.unwrap();
    settings::put(&mut tx, "left", "not yet").await.unwrap();
    let copy = db.file().with_file_name("copy.db");
    snapshot(&db.file(), &copy).await.unwrap();
    drop(tx);
    assert_eq!(read_pair(&copy).await.0.as_deref(), Some("committed"));
}

#[tokio::test]
async fn a_copy_is_changed_apart_from_its_original() {
    let db = Db::sqlite().await;
    write_pair(&db.store, "original").await;
    let copy = db.file().with_file_name("copy.db");
    snapshot(&db.file(), &copy).await.unwrap();
    let store = Store::open_sqlite(&copy).await.unwrap();
    write_pair(&store, "changed").await;
    store.close().await;
    assert_eq!(read_pair(&copy).await.0.as_deref(), Some("changed"));
    assert_eq!(read_pair(&db.file()).await.0.as_deref(), Some("original"));
}

#[tokio::test]
async fn an_existing_file_is_left_alone() {
    let db = Db::sqlite().await;
    write_pair(&db.store, "v").await;
    let taken = db.file().with_file_name("letter.txt");
    std::fs::write(&taken, "dear reader").unwrap();
    assert!(snapshot(&db.file(), &taken).await.is_err());
    assert_eq!(std::fs::read_to_string(&taken).unwrap(), "dear reader");
}

#[tokio::test]
async fn a_missing_file_is_named_and_not_made() {
    let place = Place::sqlite();
    let copy = place.file().with_file_name("copy.db");
    let refused = snapshot(&place.file(), &copy).await.unwrap_err();
    assert!(matches!(&refused, Error::Io(file, _) if file.ends_with("boathook.db")), "{refused}");
    assert!(!place.file().exists() && !copy.exists());
}
