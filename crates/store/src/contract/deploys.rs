//! Deploys: moved only from the state they were read in, listed newest first, reached by labels.

use super::support::{Db, NOW, assert_same, both, deploy, site};
use crate::deploys::{self, DeployRow, Filter};
use crate::query::q;
use crate::{Conn, Error, sites};
use model::{DeployContext, DeployState, Page};
use serde_json::json;

both!(
    a_deploy_is_read_back_whole,
    every_state_and_context_is_read_back,
    a_word_of_another_version_is_an_error,
    an_update_needs_the_state_it_began_from,
    one_of_two_movers_wins,
    a_list_is_filtered,
    a_list_is_paged_newest_first,
    the_outcome_before_is_of_the_same_kind,
    the_deploy_live_before_is_found,
    unfinished_deploys_are_found,
    a_label_leads_to_one_deploy,
    a_deploy_goes_with_its_labels,
);

const ALL_STATES: [DeployState; 11] = [
    DeployState::New,
    DeployState::PendingReview,
    DeployState::Enqueued,
    DeployState::Building,
    DeployState::Prepared,
    DeployState::Uploading,
    DeployState::Uploaded,
    DeployState::Processing,
    DeployState::Ready,
    DeployState::Error,
    DeployState::Rejected,
];

fn ids(rows: &[DeployRow]) -> Vec<&str> {
    rows.iter().map(|row| row.id.as_str()).collect()
}

fn on_branch(
    id: &str,
    state: DeployState,
    age: i64,
    context: DeployContext,
    branch: Option<&str>,
) -> DeployRow {
    DeployRow { context, branch: branch.map(str::to_owned), ..deploy(id, state, age) }
}

fn published(id: &str, age: i64) -> DeployRow {
    DeployRow { published_at: Some(NOW.plus_millis(age)), ..deploy(id, DeployState::Ready, age) }
}

async fn a_deploy_is_read_back_whole(db: &Db) {
    let mut row = on_branch("d", DeployState::Uploading, 1, DeployContext::BranchDeploy, Some("feature/ü"));
    row.build_id = Some("b".to_owned());
    row.draft = true;
    row.pending = 7;
    row.published_at = Some(NOW);
    row.info.title = Some("it's \"one\"".to_owned());
    row.info.review_id = Some(i64::MAX);
    row.info.skipped = Some(false);
    row.info.functions_config = json!({"z": {"schedule": "@daily"}, "a": []});
    row.info.ready_at = Some(NOW);
    db.deploys(&[row.clone(), deploy("bare", DeployState::New, 0)]).await;
    let mut db = db.store.read().await.unwrap();
    assert_same(&deploys::find(&mut db, "d").await.unwrap().unwrap(), &row);
    assert_same(
        &deploys::find(&mut db, "bare").await.unwrap().unwrap(),
        &deploy("bare", DeployState::New, 0),
    );
    assert!(deploys::find(&mut db, "D").await.unwrap().is_none());
}

async fn every_state_and_context_is_read_back(db: &Db) {
    let contexts = [DeployContext::Production, DeployContext::DeployPreview, DeployContext::BranchDeploy];
    let rows: Vec<DeployRow> = ALL_STATES
        .iter()
        .flat_map(|state| contexts.map(|context| (*state, context)))
        .map(|(state, context)| {
            on_branch(&format!("{}-{}", state.as_str(), context.as_str()), state, 0, context, None)
        })
        .collect();
    db.deploys(&rows).await;
    let mut db = db.store.read().await.unwrap();
    for row in rows {
        assert_same(&deploys::find(&mut db, &row.id).await.unwrap().unwrap(), &row);
    }
}

async fn a_word_of_another_version_is_an_error(db: &Db) {
    db.deploys(&[deploy("d", DeployState::Ready, 0)]).await;
    let mut tx = db.store.begin().await.unwrap();
    tx.run(q!("UPDATE deploys SET state = 'orbiting' WHERE id = 'd'")).await.unwrap();
    let refused = deploys::find(&mut tx, "d").await.unwrap_err();
    assert!(matches!(refused, Error::Document("deploys.state", _)), "{refused}");
    assert!(!refused.to_string().contains("orbiting"), "errors carry no value of a row");
}

async fn an_update_needs_the_state_it_began_from(db: &Db) {
    db.deploys(&[deploy("d", DeployState::New, 0), deploy("other", DeployState::New, 0)]).await;
    let mut tx = db.store.begin().await.unwrap();
    let mut changed = on_branch("d", DeployState::Uploading, 0, DeployContext::DeployPreview, Some("b"));
    changed.draft = true;
    changed.pending = 2;
    changed.build_id = Some("build".to_owned());
    changed.updated_at = NOW.plus_millis(4);
    changed.published_at = Some(NOW);
    changed.info.title = Some("t".to_owned());
    assert!(deploys::update(&mut tx, &changed, DeployState::New).await.unwrap());
    assert_same(&deploys::find(&mut tx, "d").await.unwrap().unwrap(), &changed);
    let late = deploy("d", DeployState::Error, 0);
    assert!(!deploys::update(&mut tx, &late, DeployState::New).await.unwrap());
    assert_same(&deploys::find(&mut tx, "d").await.unwrap().unwrap(), &changed);
    let gone = deploy("gone", DeployState::Ready, 0);
    assert!(!deploys::update(&mut tx, &gone, DeployState::New).await.unwrap());
    assert_eq!(deploys::find(&mut tx, "other").await.unwrap().unwrap().state, DeployState::New);
}

async fn one_of_two_movers_wins(db: &Db) {
    db.deploys(&[deploy("d", DeployState::Processing, 0)]).await;
    let mover = |store: crate::Store, to: DeployState| async move {
        let mut tx = store.begin().await.unwrap();
        let moved = deploys::update(&mut tx, &deploy("d", to, 0), DeployState::Processing).await.unwrap();
        tx.commit().await.unwrap();
        moved.then_some(to)
    };
    let movers = (0..8).map(|n| if n % 2 == 0 { DeployState::Ready } else { DeployState::Error });
    let tasks: Vec<_> = movers.map(|to| tokio::spawn(mover(db.store.clone(), to))).collect();
    let mut winners = Vec::new();
    for task in tasks {
        winners.extend(task.await.unwrap());
    }
    let mut db = db.store.read().await.unwrap();
    assert_eq!(winners, [deploys::find(&mut db, "d").await.unwrap().unwrap().state]);
}

async fn listed(db: &mut Conn, filter: &Filter, page: Page) -> Vec<String> {
    deploys::list(db, filter, page).await.unwrap().into_iter().map(|row| row.id).collect()
}

/// Branch, state, whether production: the deploys that are listed.
type Case<'a> = (Option<&'a str>, Option<&'a str>, Option<bool>, &'a [&'a str]);

async fn a_list_is_filtered(db: &Db) {
    use DeployContext::{BranchDeploy, DeployPreview, Production};
    use DeployState::{Error, New, Ready};
    db.deploys(&[
        on_branch("p1", Ready, 1, Production, Some("main")),
        on_branch("p2", Error, 2, Production, Some("main")),
        on_branch("v3", Ready, 3, DeployPreview, Some("fix")),
        on_branch("b4", New, 4, BranchDeploy, Some("fix")),
        on_branch("b5", Ready, 5, BranchDeploy, None),
    ])
    .await;
    let mut tx = db.store.begin().await.unwrap();
    sites::insert(&mut tx, &site("a", "other")).await.unwrap();
    let foreign = DeployRow { site_id: "other".to_owned(), ..deploy("foreign", Ready, 6) };
    deploys::insert(&mut tx, &foreign).await.unwrap();
    let cases: [Case<'_>; 9] = [
        (None, None, None, &["b5", "b4", "v3", "p2", "p1"]),
        (Some("main"), None, None, &["p2", "p1"]),
        (Some("fix"), None, None, &["b4", "v3"]),
        (Some("nothing"), None, None, &[]),
        (None, Some("ready"), None, &["b5", "v3", "p1"]),
        (None, Some("no such state"), None, &[]),
        (None, None, Some(true), &["p2", "p1"]),
        (None, None, Some(false), &["b5", "b4", "v3"]),
        (Some("fix"), Some("ready"), Some(false), &["v3"]),
    ];
    for (branch, state, production, expect) in cases {
        let own = |text: Option<&str>| text.map(str::to_owned);
        let filter = Filter { site_id: "s".to_owned(), branch: own(branch), state: own(state), production };
        assert_eq!(listed(&mut tx, &filter, Page::default()).await, expect, "{filter:?}");
    }
}

async fn a_list_is_paged_newest_first(db: &Db) {
    let rows = [("d1", 1), ("d3", 2), ("d2", 2), ("d4", 3), ("d0", 4)];
    db.deploys(&rows.map(|(id, age)| deploy(id, DeployState::Ready, age))).await;
    let filter = Filter { site_id: "s".to_owned(), ..Filter::default() };
    let mut db = db.store.read().await.unwrap();
    let expect: [(u32, &[&str]); 4] = [(1, &["d0", "d4"]), (2, &["d3", "d2"]), (3, &["d1"]), (4, &[])];
    for (number, page) in expect {
        assert_eq!(listed(&mut db, &filter, Page { number, size: 2 }).await, page, "page {number}");
    }
}

async fn the_outcome_before_is_of_the_same_kind(db: &Db) {
    use DeployContext::{BranchDeploy, Production};
    use DeployState::{Building, Error, Ready};
    let rows = [
        on_branch("p1", Ready, 1, Production, None),
        on_branch("p2", Error, 2, Production, None),
        on_branch("p3", Building, 3, Production, None),
        on_branch("p4", Ready, 4, Production, None),
        on_branch("x1", Error, 1, BranchDeploy, Some("x")),
        on_branch("y2", Ready, 2, BranchDeploy, Some("y")),
        on_branch("x3", Ready, 3, BranchDeploy, Some("x")),
    ];
    db.deploys(&rows).await;
    let mut db = db.store.read().await.unwrap();
    let expect = [None, Some(Ready), Some(Error), Some(Error), None, None, Some(Error)];
    for (row, before) in rows.iter().zip(expect) {
        assert_eq!(deploys::previous_outcome(&mut db, row).await.unwrap(), before, "{}", row.id);
    }
}

async fn the_deploy_live_before_is_found(db: &Db) {
    db.deploys(&[
        published("d1", 1),
        published("d2", 2),
        deploy("never live", DeployState::Ready, 3),
        DeployRow { state: DeployState::Error, ..published("broken", 4) },
        published("d5", 5),
        published("d6", 6),
    ])
    .await;
    let mut db = db.store.read().await.unwrap();
    for (site_id, current, before) in
        [("s", "d6", Some("d5")), ("s", "d5", Some("d2")), ("s", "d2", Some("d1")), ("s", "d1", None)]
            .into_iter()
            .chain([("s", "nothing", None), ("other", "d6", None)])
    {
        let found = deploys::published_before(&mut db, site_id, current).await.unwrap();
        assert_eq!(found.map(|row| row.id).as_deref(), before, "{site_id} {current}");
    }
}

async fn unfinished_deploys_are_found(db: &Db) {
    let rows = [("late", 9), ("early", 1), ("middle", 5)];
    db.deploys(&rows.map(|(id, age)| deploy(id, DeployState::Processing, age))).await;
    let mut db = db.store.read().await.unwrap();
    for (state, limit, expect) in [
        (DeployState::Processing, 9, &["early", "middle", "late"][..]),
        (DeployState::Processing, 2, &["early", "middle"]),
        (DeployState::Ready, 9, &[]),
    ] {
        assert_eq!(ids(&deploys::in_state(&mut db, state, limit).await.unwrap()), expect);
    }
}

async fn a_label_leads_to_one_deploy(db: &Db) {
    db.deploys(&[deploy("d1", DeployState::Ready, 1), deploy("d2", DeployState::Ready, 2)]).await;
    let mut tx = db.store.begin().await.unwrap();
    sites::insert(&mut tx, &site("a", "other")).await.unwrap();
    for (label, id) in [("main", "d1"), ("fix", "d1"), ("main", "d2")] {
        deploys::set_alias(&mut tx, "s", label, id).await.unwrap();
    }
    deploys::set_alias(&mut tx, "other", "main", "d1").await.unwrap();
    for (site_id, label, expect) in [
        ("s", "main", Some("d2")),
        ("s", "fix", Some("d1")),
        ("s", "MAIN", None),
        ("other", "main", Some("d1")),
    ] {
        let found = deploys::by_alias(&mut tx, site_id, label).await.unwrap();
        assert_eq!(found.as_deref(), expect, "{site_id} {label}");
    }
    let all = deploys::aliases(&mut tx, "s").await.unwrap();
    let all: Vec<_> = all.iter().map(|(label, row)| (label.as_str(), row.id.as_str())).collect();
    assert_eq!(all, [("fix", "d1"), ("main", "d2")]);
}

async fn a_deploy_goes_with_its_labels(db: &Db) {
    db.deploys(&[deploy("d1", DeployState::Ready, 1), deploy("d2", DeployState::Ready, 2)]).await;
    let mut tx = db.store.begin().await.unwrap();
    deploys::set_alias(&mut tx, "s", "one", "d1").await.unwrap();
    deploys::set_alias(&mut tx, "s", "two", "d2").await.unwrap();
    deploys::delete(&mut tx, "d1").await.unwrap();
    deploys::delete(&mut tx, "nothing").await.unwrap();
    assert!(deploys::find(&mut tx, "d1").await.unwrap().is_none());
    assert_eq!(deploys::by_alias(&mut tx, "s", "one").await.unwrap(), None);
    assert_eq!(deploys::aliases(&mut tx, "s").await.unwrap().len(), 1);
}
