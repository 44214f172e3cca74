//! The feed of changes: read by sequence, forgotten by age.

use super::support::{Db, NOW, both};
use crate::query::q;
use crate::{Change, ChangeKind, changes};

both!(
    changes_are_read_after_a_number,
    a_reading_has_a_limit,
    old_changes_are_forgotten,
    a_forgetting_has_a_limit,
    a_kind_of_another_version_is_skipped,
);

async fn note(db: &Db, kind: ChangeKind, key: &str, at: i64) {
    let mut tx = db.store.begin().await.unwrap();
    tx.changed(kind, key, NOW.plus_millis(at)).await.unwrap();
    tx.commit().await.unwrap();
}

async fn since(db: &Db, seq: i64) -> Vec<(i64, Change)> {
    changes::since(&mut db.store.read().await.unwrap(), seq).await.unwrap()
}

async fn head(db: &Db) -> i64 {
    changes::head(&mut db.store.read().await.unwrap()).await.unwrap()
}

async fn keys_since(db: &Db, seq: i64) -> Vec<String> {
    since(db, seq).await.into_iter().map(|(_, change)| change.key).collect()
}

async fn changes_are_read_after_a_number(db: &Db) {
    assert_eq!((head(db).await, since(db, 0).await), (0, Vec::new()));
    let kinds = [ChangeKind::Site, ChangeKind::Blob, ChangeKind::User];
    for (kind, key) in kinds.into_iter().zip(["one", "two", "three"]) {
        note(db, kind, key, 0).await;
    }
    let all = since(db, 0).await;
    let expect = kinds
        .into_iter()
        .zip(["one", "two", "three"])
        .map(|(kind, key)| Change { kind, key: key.to_owned() });
    assert_eq!(all.iter().map(|(_, change)| change.clone()).collect::<Vec<_>>(), expect.collect::<Vec<_>>());
    assert!(all.is_sorted_by(|left, right| left.0 < right.0), "{all:?}");
    assert_eq!(head(db).await, all[2].0);
    assert_eq!(since(db, all[0].0).await, all[1..]);
    assert_eq!(since(db, all[2].0).await, []);
}

async fn a_reading_has_a_limit(db: &Db) {
    let mut tx = db.store.begin().await.unwrap();
    for number in 0..changes::BATCH + 5 {
        tx.changed(ChangeKind::Site, &number.to_string(), NOW).await.unwrap();
    }
    tx.commit().await.unwrap();
    let first = since(db, 0).await;
    assert_eq!(i64::try_from(first.len()).unwrap(), changes::BATCH);
    let rest = keys_since(db, first.last().unwrap().0).await;
    assert_eq!(rest, ["1000", "1001", "1002", "1003", "1004"]);
}

async fn old_changes_are_forgotten(db: &Db) {
    for (key, at) in [("old", -1), ("at the edge", 0), ("new", 1)] {
        note(db, ChangeKind::Site, key, at).await;
    }
    let last = head(db).await;
    let mut tx = db.store.begin().await.unwrap();
    assert_eq!(changes::forget(&mut tx, NOW, 10).await.unwrap(), 1);
    tx.commit().await.unwrap();
    assert_eq!(keys_since(db, 0).await, ["at the edge", "new"]);
    let mut tx = db.store.begin().await.unwrap();
    assert_eq!(changes::forget(&mut tx, NOW.plus_millis(2), 10).await.unwrap(), 2);
    tx.commit().await.unwrap();
    note(db, ChangeKind::Site, "next", 3).await;
    assert!(head(db).await > last, "a number is never given twice");
}

async fn a_forgetting_has_a_limit(db: &Db) {
    for key in ["one", "two", "three"] {
        note(db, ChangeKind::Site, key, 0).await;
    }
    let mut tx = db.store.begin().await.unwrap();
    assert_eq!(changes::forget(&mut tx, NOW.plus_millis(1), 2).await.unwrap(), 2);
    tx.commit().await.unwrap();
    assert_eq!(keys_since(db, 0).await, ["three"], "the oldest go first");
}

async fn a_kind_of_another_version_is_skipped(db: &Db) {
    let mut tx = db.store.begin().await.unwrap();
    tx.run(q!("INSERT INTO changes (kind, key, at) VALUES ('moon', 'x', 0)")).await.unwrap();
    tx.commit().await.unwrap();
    note(db, ChangeKind::User, "u", 0).await;
    assert_eq!(keys_since(db, 0).await, ["u"]);
}
