//! Snippets: what is written is read, in the order in which it was made.

use super::support::{Db, both};
use crate::sites;
use crate::snippets::{self, SnippetRow};

both!(a_snippet_is_written_changed_and_deleted, a_number_is_given_once, snippets_go_with_their_site);

fn snippet(site: &str, title: &str) -> SnippetRow {
    SnippetRow {
        id: 0,
        site_id: site.to_owned(),
        title: title.to_owned(),
        general: "<script>'$1' & \"q\"</script>".to_owned(),
        general_position: "head".to_owned(),
        goal: "<i>goal</i>".to_owned(),
        goal_position: "footer".to_owned(),
    }
}

async fn a_snippet_is_written_changed_and_deleted(db: &Db) {
    db.account("a", &["s", "t"]).await;
    let mut tx = db.store.begin().await.unwrap();
    let first = snippets::insert(&mut tx, &snippet("s", "first")).await.unwrap();
    let second = snippets::insert(&mut tx, &snippet("s", "second")).await.unwrap();
    let third = snippets::insert(&mut tx, &snippet("t", "third")).await.unwrap();
    assert!(first >= 1 && second > first && third > second);
    let of = |id: i64, title: &str| SnippetRow { id, ..snippet("s", title) };
    assert_eq!(snippets::list(&mut tx, "s").await.unwrap(), [of(first, "first"), of(second, "second")]);
    let changed = SnippetRow { general_position: "footer".to_owned(), ..of(first, "changed") };
    assert!(snippets::update(&mut tx, &changed).await.unwrap());
    assert_eq!(snippets::find(&mut tx, "s", first).await.unwrap(), Some(changed));
    assert_eq!(snippets::find(&mut tx, "t", first).await.unwrap(), None);
    assert!(!snippets::update(&mut tx, &of(third, "x")).await.unwrap());
    assert!(!snippets::delete(&mut tx, "s", third).await.unwrap());
    assert!(snippets::delete(&mut tx, "s", first).await.unwrap());
    assert_eq!(snippets::list(&mut tx, "s").await.unwrap(), [of(second, "second")]);
}

async fn a_number_is_given_once(db: &Db) {
    db.account("a", &["s"]).await;
    let mut tx = db.store.begin().await.unwrap();
    let first = snippets::insert(&mut tx, &snippet("s", "first")).await.unwrap();
    assert!(snippets::delete(&mut tx, "s", first).await.unwrap());
    assert!(snippets::insert(&mut tx, &snippet("s", "second")).await.unwrap() > first);
}

async fn snippets_go_with_their_site(db: &Db) {
    db.account("a", &["s"]).await;
    let mut tx = db.store.begin().await.unwrap();
    snippets::insert(&mut tx, &snippet("s", "first")).await.unwrap();
    sites::delete(&mut tx, "s").await.unwrap();
    assert_eq!(snippets::list(&mut tx, "s").await.unwrap(), []);
}
