//! Which blob a digest stands for, account by account, and compressed forms of blobs.

use super::support::{Db, both};
use crate::blobs::{self, Known};
use crate::deploy_files::Variant;
use std::collections::HashMap;

both!(
    many_digests_are_found_at_once,
    accounts_do_not_share_digests,
    the_first_blob_of_a_digest_stays,
    a_compressed_form_is_remembered,
);

fn known(blob: &str, size: u64) -> Known {
    Known { blob: blob.to_owned(), size }
}

/// More than two batches of the store's own.
const MANY: u64 = 4500;

async fn many_digests_are_found_at_once(db: &Db) {
    let digests: Vec<String> = (0..MANY + 100).map(|number| format!("{number:040x}")).collect();
    let mut tx = db.store.begin().await.unwrap();
    for (digest, size) in digests.iter().zip(0..MANY) {
        blobs::learn(&mut tx, "a", digest, &known(&format!("blob {digest}"), size)).await.unwrap();
    }
    let asked: Vec<&str> = digests.iter().map(String::as_str).collect();
    let found = blobs::known(&mut tx, "a", &asked).await.unwrap();
    assert_eq!(found.len() as u64, MANY);
    for (digest, size) in digests.iter().zip(0..MANY) {
        assert_eq!(found[digest], known(&format!("blob {digest}"), size));
    }
    assert!(blobs::known(&mut tx, "a", &[]).await.unwrap().is_empty());
    assert_eq!(blobs::known(&mut tx, "a", &[asked[0], asked[0]]).await.unwrap().len(), 1);
}

async fn accounts_do_not_share_digests(db: &Db) {
    let mut tx = db.store.begin().await.unwrap();
    blobs::learn(&mut tx, "a", "d", &known("of a", 1)).await.unwrap();
    assert!(blobs::known(&mut tx, "b", &["d"]).await.unwrap().is_empty());
    blobs::learn(&mut tx, "b", "d", &known("of b", 2)).await.unwrap();
    assert_eq!(blobs::known(&mut tx, "a", &["d"]).await.unwrap()["d"], known("of a", 1));
    assert_eq!(blobs::known(&mut tx, "b", &["d"]).await.unwrap()["d"], known("of b", 2));
}

/// SHA-1 can be forged: a later upload must not take the place of an earlier one.
async fn the_first_blob_of_a_digest_stays(db: &Db) {
    let mut tx = db.store.begin().await.unwrap();
    for blob in ["first", "second"] {
        blobs::learn(&mut tx, "a", "d", &known(blob, 1)).await.unwrap();
    }
    assert_eq!(blobs::known(&mut tx, "a", &["d"]).await.unwrap()["d"], known("first", 1));
}

async fn a_compressed_form_is_remembered(db: &Db) {
    let mut tx = db.store.begin().await.unwrap();
    let form = Variant { blob: "small".to_owned(), size: 1 << 40 };
    assert!(blobs::variants(&mut tx, &["b", "other"], "gzip").await.unwrap().is_empty());
    blobs::put_variant(&mut tx, "b", "gzip", Some(&form)).await.unwrap();
    blobs::put_variant(&mut tx, "c", "gzip", Some(&form)).await.unwrap();
    blobs::put_variant(&mut tx, "b", "br", None).await.unwrap();
    let of = |blob: &str, form: Option<&Variant>| HashMap::from([(blob.to_owned(), form.cloned())]);
    assert_eq!(blobs::variants(&mut tx, &["b", "other"], "gzip").await.unwrap(), of("b", Some(&form)));
    assert_eq!(blobs::variants(&mut tx, &["c", "b"], "br").await.unwrap(), of("b", None));
    blobs::put_variant(&mut tx, "b", "gzip", None).await.unwrap();
    assert_eq!(blobs::variants(&mut tx, &["b"], "gzip").await.unwrap(), of("b", Some(&form)));
}
