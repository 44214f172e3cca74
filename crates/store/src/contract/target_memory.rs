//! What was told to other services: found by account and key, changed from the version that was read.

use super::support::{Db, NOW, both};
use crate::target_memory::{Memory, Place, find, forget, insert, replace};
use crate::{accounts, sites};

both!(
    of_two_who_read_the_same_one_writes,
    accounts_see_nothing_of_each_other,
    it_goes_with_its_owner,
    what_is_old_is_forgotten
);

fn place(account: &str, key: &str, site: Option<&str>) -> Place {
    Place { account_id: account.into(), key: key.into(), site_id: site.map(Into::into) }
}

async fn of_two_who_read_the_same_one_writes(db: &Db) {
    db.account("a", &["s"]).await;
    let place = place("a", "k", Some("s"));
    let mut tx = db.store.begin().await.unwrap();
    assert_eq!(find(&mut tx, &place).await.unwrap(), None);
    assert!(!replace(&mut tx, &place, 1, "0", None).await.unwrap());
    assert!(insert(&mut tx, &place, "1", None).await.unwrap());
    assert!(!insert(&mut tx, &place, "2", None).await.unwrap());
    tx.commit().await.unwrap();
    let mut tx = db.store.begin().await.unwrap();
    assert!(replace(&mut tx, &place, 1, "3", None).await.unwrap());
    assert!(!replace(&mut tx, &place, 1, "4", None).await.unwrap());
    let found = find(&mut tx, &place).await.unwrap();
    assert_eq!(found, Some(Memory { value: "3".into(), version: 2 }));
}

async fn accounts_see_nothing_of_each_other(db: &Db) {
    db.account("a", &["s"]).await;
    db.account("b", &["t"]).await;
    let (one, other) = (place("a", "k", None), place("b", "k", None));
    let mut tx = db.store.begin().await.unwrap();
    assert!(insert(&mut tx, &one, "1", None).await.unwrap());
    assert_eq!(find(&mut tx, &other).await.unwrap(), None);
    assert!(!replace(&mut tx, &other, 1, "2", None).await.unwrap());
    assert!(insert(&mut tx, &other, "3", None).await.unwrap());
    assert_eq!(find(&mut tx, &one).await.unwrap().unwrap().value, "1");
}

async fn it_goes_with_its_owner(db: &Db) {
    db.account("a", &["s", "t"]).await;
    let places = [place("a", "s", Some("s")), place("a", "t", Some("t")), place("a", "both", None)];
    let mut tx = db.store.begin().await.unwrap();
    for place in &places {
        assert!(insert(&mut tx, place, "1", None).await.unwrap());
    }
    sites::delete(&mut tx, "s").await.unwrap();
    let mut left = Vec::new();
    for place in &places {
        left.push(find(&mut tx, place).await.unwrap().is_some());
    }
    assert_eq!(left, [false, true, true]);
    accounts::delete(&mut tx, "a").await.unwrap();
    assert_eq!(find(&mut tx, &places[2]).await.unwrap(), None);
}

async fn what_is_old_is_forgotten(db: &Db) {
    db.account("a", &["s"]).await;
    let mut tx = db.store.begin().await.unwrap();
    for (key, expires) in [("1", Some(-2)), ("2", Some(-1)), ("3", Some(0)), ("4", Some(1)), ("5", None)] {
        let expires = expires.map(|ms| NOW.plus_millis(ms));
        assert!(insert(&mut tx, &place("a", key, None), "", expires).await.unwrap());
    }
    assert_eq!(forget(&mut tx, NOW, 2).await.unwrap(), 2);
    assert!(find(&mut tx, &place("a", "3", None)).await.unwrap().is_some(), "the oldest go first");
    assert_eq!(forget(&mut tx, NOW, 2).await.unwrap(), 1);
    assert_eq!(forget(&mut tx, NOW, 2).await.unwrap(), 0);
    let kept = place("a", "4", None);
    assert!(find(&mut tx, &kept).await.unwrap().is_some());
    assert!(replace(&mut tx, &kept, 1, "", Some(NOW)).await.unwrap(), "a later end counts");
    assert_eq!(forget(&mut tx, NOW, 2).await.unwrap(), 1);
    assert!(find(&mut tx, &place("a", "5", None)).await.unwrap().is_some());
}
