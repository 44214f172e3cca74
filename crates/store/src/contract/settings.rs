//! Settings, and the values that cross the border to the engines whole.

use super::support::{Db, both};
use crate::query::q;
use crate::settings;

both!(
    a_setting_is_replaced_and_removed,
    values_cross_the_border_whole,
    bytes_cross_the_border_whole,
    nothing_is_told_from_empty
);

async fn a_setting_is_replaced_and_removed(db: &Db) {
    let mut tx = db.store.begin().await.unwrap();
    assert_eq!(settings::get(&mut tx, "k").await.unwrap(), None);
    for value in ["first", "", "second"] {
        settings::put(&mut tx, "k", value).await.unwrap();
        assert_eq!(settings::get(&mut tx, "k").await.unwrap().as_deref(), Some(value));
    }
    assert_eq!(settings::get(&mut tx, "K").await.unwrap(), None);
    settings::put(&mut tx, "other", "stays").await.unwrap();
    for _ in 0..2 {
        settings::remove(&mut tx, "k").await.unwrap();
        assert_eq!(settings::get(&mut tx, "k").await.unwrap(), None);
    }
    assert_eq!(settings::get(&mut tx, "other").await.unwrap().as_deref(), Some("stays"));
}

async fn values_cross_the_border_whole(db: &Db) {
    let mut tx = db.store.begin().await.unwrap();
    let long = "ü".repeat(1 << 20);
    for text in ["it's \"quoted\" \\ $1 %_", "𝄞 日本語 e\u{301} \u{7f}", "line\r\nline\ttab", &long] {
        settings::put(&mut tx, "k", text).await.unwrap();
        assert_eq!(settings::get(&mut tx, "k").await.unwrap().as_deref(), Some(text));
    }
    for number in [0, -1, i64::MIN, i64::MAX] {
        let row = tx.row(q!("SELECT CAST($1 AS BIGINT) AS n", number)).await.unwrap().unwrap();
        assert_eq!(row.int("n").unwrap(), number);
    }
}

async fn bytes_cross_the_border_whole(db: &Db) {
    db.account("a", &[]).await;
    let every: Vec<u8> = (0..=u8::MAX).collect();
    for (number, bytes) in [Vec::new(), vec![0], every].into_iter().enumerate() {
        let id = format!("k{number}");
        let mut tx = db.store.begin().await.unwrap();
        let insert = q!(
            "INSERT INTO deploy_keys (id, account_id, public_key, sealed, created_at) VALUES ($1, 'a', '', $2, 0)",
            &id,
            bytes.as_slice()
        );
        tx.run(insert).await.unwrap();
        let row = tx.row(q!("SELECT sealed FROM deploy_keys WHERE id = $1", id)).await.unwrap().unwrap();
        assert_eq!(row.bytes("sealed").unwrap(), bytes);
    }
}

async fn nothing_is_told_from_empty(db: &Db) {
    db.account("a", &["s"]).await;
    let mut tx = db.store.begin().await.unwrap();
    for value in [None, Some(""), Some("d")] {
        tx.run(q!("UPDATE sites SET published_deploy_id = $1", value)).await.unwrap();
        let row = tx.row(q!("SELECT published_deploy_id FROM sites")).await.unwrap().unwrap();
        assert_eq!(row.text_opt("published_deploy_id").unwrap().as_deref(), value);
    }
}
