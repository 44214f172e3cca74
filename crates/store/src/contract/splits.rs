//! Split tests: what is written is read, one of a site is active, and a branch leads to its newest
//! ready deploy.

use super::support::{Db, NOW, both, deploy, is_taken};
use crate::deploys::DeployRow;
use crate::splits::{self, SplitRow};
use crate::{deploys, sites};
use model::{DeployContext, DeployState, SplitBranch};

both!(
    a_test_is_written_changed_and_deleted,
    one_test_of_a_site_is_active,
    a_branch_leads_to_its_newest_ready_deploy,
    tests_go_with_their_site,
);

fn test(id: &str, site: &str, age: i64) -> SplitRow {
    let branch = |branch: &str, percentage| SplitBranch { branch: branch.to_owned(), percentage };
    SplitRow {
        id: id.to_owned(),
        site_id: site.to_owned(),
        name: "Prices".to_owned(),
        branches: vec![branch("zebra", 33.3), branch("main", 66.7)],
        active: false,
        created_at: NOW.plus_millis(age),
        updated_at: NOW.plus_millis(age),
        unpublished_at: None,
    }
}

async fn a_test_is_written_changed_and_deleted(db: &Db) {
    db.account("a", &["s", "t"]).await;
    let mut tx = db.store.begin().await.unwrap();
    splits::insert(&mut tx, &test("2", "s", 1)).await.unwrap();
    splits::insert(&mut tx, &test("1", "s", 0)).await.unwrap();
    assert_eq!(splits::list(&mut tx, "s").await.unwrap(), [test("1", "s", 0), test("2", "s", 1)]);
    assert_eq!(
        (splits::count(&mut tx, "s").await.unwrap(), splits::count(&mut tx, "t").await.unwrap()),
        (2, 0)
    );
    let changed = SplitRow { name: String::new(), unpublished_at: Some(NOW), ..test("1", "s", 0) };
    assert!(splits::update(&mut tx, &changed).await.unwrap());
    assert_eq!(splits::find(&mut tx, "s", "1").await.unwrap(), Some(changed));
    assert_eq!(splits::find(&mut tx, "t", "1").await.unwrap(), None);
    assert!(!splits::update(&mut tx, &test("1", "t", 0)).await.unwrap());
    assert!(!splits::delete(&mut tx, "t", "1").await.unwrap());
    assert!(splits::delete(&mut tx, "s", "1").await.unwrap());
    assert!(!splits::delete(&mut tx, "s", "1").await.unwrap());
}

async fn one_test_of_a_site_is_active(db: &Db) {
    db.account("a", &["s", "t"]).await;
    let on = |id: &str, site: &str| SplitRow { active: true, ..test(id, site, 0) };
    let mut tx = db.store.begin().await.unwrap();
    splits::insert(&mut tx, &test("1", "s", 0)).await.unwrap();
    assert_eq!(splits::active(&mut tx, "s").await.unwrap(), None);
    splits::insert(&mut tx, &on("2", "s")).await.unwrap();
    splits::insert(&mut tx, &on("3", "t")).await.unwrap();
    assert_eq!(splits::active(&mut tx, "s").await.unwrap(), Some(on("2", "s")));
    tx.commit().await.unwrap();
    let mut tx = db.store.begin().await.unwrap();
    assert!(is_taken(&splits::update(&mut tx, &on("1", "s")).await));
}

async fn a_branch_leads_to_its_newest_ready_deploy(db: &Db) {
    let of = |id: &str, state, age, branch: &str| DeployRow {
        context: DeployContext::BranchDeploy,
        branch: Some(branch.to_owned()),
        ..deploy(id, state, age)
    };
    let preview =
        DeployRow { context: DeployContext::DeployPreview, ..of("6", DeployState::Ready, 6, "beta") };
    let draft = DeployRow { draft: true, ..of("7", DeployState::Ready, 7, "beta") };
    db.deploys(&[
        of("1", DeployState::Ready, 1, "beta"),
        of("2", DeployState::Ready, 2, "beta"),
        of("3", DeployState::Ready, 3, "other"),
        of("4", DeployState::Error, 4, "beta"),
        of("5", DeployState::Building, 5, "new"),
        preview,
        draft,
    ])
    .await;
    let mut tx = db.store.begin().await.unwrap();
    for (site, branch, expect) in
        [("s", "beta", Some("2")), ("s", "other", Some("3")), ("s", "new", None), ("t", "beta", None)]
    {
        let found = splits::deploy_of_branch(&mut tx, site, branch).await.unwrap();
        assert_eq!(found.as_deref(), expect, "{site} {branch}");
    }
    deploys::delete(&mut tx, "2").await.unwrap();
    assert_eq!(splits::deploy_of_branch(&mut tx, "s", "beta").await.unwrap().as_deref(), Some("1"));
}

async fn tests_go_with_their_site(db: &Db) {
    db.account("a", &["s"]).await;
    let mut tx = db.store.begin().await.unwrap();
    splits::insert(&mut tx, &test("1", "s", 0)).await.unwrap();
    sites::delete(&mut tx, "s").await.unwrap();
    assert_eq!(splits::list(&mut tx, "s").await.unwrap(), []);
}
