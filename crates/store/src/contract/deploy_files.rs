//! What a deploy consists of, and the count of uploads that lets exactly one caller finish it.

use super::support::{Db, both, deploy};
use crate::deploy_files::{self as files, FunctionZip, Manifest, Served, ServedFile, UploadKind, Variant};
use crate::{Store, deploys};
use model::DeployState;
use std::collections::BTreeMap;

both!(
    a_large_manifest_is_read_back_whole,
    a_manifest_replaces_an_earlier_one,
    functions_are_written_back_alone,
    what_the_edge_serves_is_read_back_whole,
    uploads_are_crossed_off,
    uploads_are_crossed_off_together,
    kinds_and_deploys_are_told_apart,
    one_of_many_arrivals_is_the_last,
    an_upload_that_arrives_twice_counts_once,
    nothing_is_expected_any_more,
);

/// Files of the largest manifest here.
const MANY: usize = 5000;

fn large_manifest() -> Manifest {
    let path = |n: usize| format!("/{n:04}/ünï 日本語 \"{n}\" \\ 𝄞 e\u{301}.html");
    let files = (0..MANY).map(|n| (path(n), format!("{n:040x}"))).collect();
    let function = FunctionZip {
        sha: "f".repeat(64),
        size: 1 << 33,
        runtime: Some("js".to_owned()),
        invocation_mode: Some("background".to_owned()),
        timeout: Some(26),
    };
    let functions = [("hello".to_owned(), function), ("bare".to_owned(), FunctionZip::default())];
    Manifest { files, functions: functions.into() }
}

fn small_manifest() -> Manifest {
    Manifest { files: [("/".to_owned(), "1".repeat(40))].into(), functions: BTreeMap::new() }
}

fn served() -> Served {
    let file = |path: &str, gzip: Option<Variant>| ServedFile {
        path: path.to_owned(),
        blob: "b".repeat(64),
        sha1: "1".repeat(40),
        size: u64::MAX,
        mime: "text/html; charset=UTF-8".to_owned(),
        gzip,
        br: None,
    };
    let small = Variant { blob: "c".repeat(64), size: 0 };
    let files = vec![file("/a b/ü.html", Some(small)), file("/z", None)];
    Served { files, rules: r#"{"redirects":["\u0000 ü"]}"#.to_owned() }
}

/// Deploys `d` and `e` of one site.
async fn two_deploys(db: &Db) {
    db.deploys(&[deploy("d", DeployState::Uploading, 0), deploy("e", DeployState::Uploading, 0)]).await;
}

async fn a_large_manifest_is_read_back_whole(db: &Db) {
    two_deploys(db).await;
    let manifest = large_manifest();
    assert_eq!(manifest.files.len(), MANY);
    let mut tx = db.store.begin().await.unwrap();
    assert_eq!(files::manifest(&mut tx, "d").await.unwrap(), None);
    files::put_manifest(&mut tx, "d", &manifest).await.unwrap();
    tx.commit().await.unwrap();
    let mut db = db.store.read().await.unwrap();
    assert!(files::manifest(&mut db, "d").await.unwrap().unwrap() == manifest);
    assert_eq!(files::manifest(&mut db, "e").await.unwrap(), None);
}

async fn a_manifest_replaces_an_earlier_one(db: &Db) {
    two_deploys(db).await;
    let mut tx = db.store.begin().await.unwrap();
    files::put_manifest(&mut tx, "d", &large_manifest()).await.unwrap();
    files::put_served(&mut tx, "d", &served()).await.unwrap();
    files::put_manifest(&mut tx, "d", &small_manifest()).await.unwrap();
    assert_eq!(files::manifest(&mut tx, "d").await.unwrap(), Some(small_manifest()));
    assert_eq!(files::served(&mut tx, "d").await.unwrap(), None, "it was made from the earlier one");
}

async fn functions_are_written_back_alone(db: &Db) {
    two_deploys(db).await;
    let mut tx = db.store.begin().await.unwrap();
    files::put_manifest(&mut tx, "d", &small_manifest()).await.unwrap();
    let functions = large_manifest().functions;
    files::put_functions(&mut tx, "d", &functions).await.unwrap();
    files::put_functions(&mut tx, "e", &functions).await.unwrap();
    let expect = Manifest { functions, ..small_manifest() };
    assert_eq!(files::manifest(&mut tx, "d").await.unwrap(), Some(expect));
    assert_eq!(files::manifest(&mut tx, "e").await.unwrap(), None);
}

async fn what_the_edge_serves_is_read_back_whole(db: &Db) {
    two_deploys(db).await;
    let mut tx = db.store.begin().await.unwrap();
    for id in ["d", "e"] {
        files::put_manifest(&mut tx, id, &small_manifest()).await.unwrap();
        assert_eq!(files::served(&mut tx, id).await.unwrap(), None);
    }
    for expect in [served(), Served::default()] {
        files::put_served(&mut tx, "d", &expect).await.unwrap();
        assert_eq!(files::served(&mut tx, "d").await.unwrap(), Some(expect));
    }
    assert_eq!(files::served(&mut tx, "e").await.unwrap(), None);
    assert_eq!(files::manifest(&mut tx, "d").await.unwrap(), Some(small_manifest()));
}

fn digests(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

/// Expects these files for deploy `d`, and counts them as a feature does.
async fn expect_files(db: &Db, names: &[String]) {
    let mut row = deploy("d", DeployState::Uploading, 0);
    row.pending = i64::try_from(names.len()).unwrap();
    let mut tx = db.store.begin().await.unwrap();
    assert!(deploys::update(&mut tx, &row, DeployState::Uploading).await.unwrap());
    files::expect_uploads(&mut tx, "d", UploadKind::File, names).await.unwrap();
    tx.commit().await.unwrap();
}

async fn arrive(store: Store, digest: String) -> Option<i64> {
    let mut tx = store.begin().await.unwrap();
    let left = files::arrived(&mut tx, "d", UploadKind::File, &digest).await.unwrap();
    tx.commit().await.unwrap();
    left
}

async fn uploads_are_crossed_off(db: &Db) {
    two_deploys(db).await;
    expect_files(db, &digests(&["c", "a", "b"])).await;
    let mut tx = db.store.begin().await.unwrap();
    files::expect_uploads(&mut tx, "d", UploadKind::File, &digests(&["a", "a"])).await.unwrap();
    for (digest, left, missing) in
        [("b", Some(2), &["a", "c"][..]), ("b", None, &["a", "c"]), ("never asked for", None, &["a", "c"])]
            .into_iter()
            .chain([("a", Some(1), &["c"][..]), ("c", Some(0), &[])])
    {
        assert_eq!(files::arrived(&mut tx, "d", UploadKind::File, digest).await.unwrap(), left, "{digest}");
        assert_eq!(files::missing(&mut tx, "d", UploadKind::File).await.unwrap(), missing, "{digest}");
    }
    assert_eq!(deploys::find(&mut tx, "d").await.unwrap().unwrap().pending, 0);
}

async fn uploads_are_crossed_off_together(db: &Db) {
    two_deploys(db).await;
    expect_files(db, &digests(&["a", "b", "c"])).await;
    let mut tx = db.store.begin().await.unwrap();
    files::expect_uploads(&mut tx, "d", UploadKind::Function, &digests(&["f"])).await.unwrap();
    files::expect_uploads(&mut tx, "e", UploadKind::File, &digests(&["b"])).await.unwrap();
    let kind = UploadKind::File;
    for (named, crossed, left) in [
        (&["a", "c", "a", "f", "never asked for"][..], &["a", "c"][..], 1),
        (&["a"], &[], 1),
        (&[], &[], 1),
        (&["b"], &["b"], 0),
    ] {
        for name in crossed {
            let pending = 3 - i64::from(left == 0) * 2;
            assert_eq!(files::awaited(&mut tx, "d", kind, name).await.unwrap(), Some(pending), "{name}");
        }
        let expect = crossed.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(files::arrived_together(&mut tx, "d", kind, named).await.unwrap(), (expect, left));
        assert_eq!(files::awaited(&mut tx, "d", kind, "a").await.unwrap(), None);
    }
    assert_eq!(files::missing(&mut tx, "d", UploadKind::Function).await.unwrap(), ["f"]);
    assert_eq!(files::missing(&mut tx, "e", kind).await.unwrap(), ["b"]);
}

async fn kinds_and_deploys_are_told_apart(db: &Db) {
    two_deploys(db).await;
    expect_files(db, &digests(&["x"])).await;
    let mut tx = db.store.begin().await.unwrap();
    files::expect_uploads(&mut tx, "d", UploadKind::Function, &digests(&["f"])).await.unwrap();
    assert_eq!(files::missing(&mut tx, "d", UploadKind::Function).await.unwrap(), ["f"]);
    assert_eq!(files::arrived(&mut tx, "d", UploadKind::Function, "x").await.unwrap(), None);
    assert_eq!(files::arrived(&mut tx, "e", UploadKind::File, "x").await.unwrap(), None);
    assert_eq!(files::missing(&mut tx, "d", UploadKind::File).await.unwrap(), ["x"]);
    assert!(files::missing(&mut tx, "e", UploadKind::File).await.unwrap().is_empty());
}

/// How many upload at once below.
const UPLOADERS: usize = 20;

async fn one_of_many_arrivals_is_the_last(db: &Db) {
    two_deploys(db).await;
    let names: Vec<String> = (0..UPLOADERS).map(|n| format!("{n:040x}")).collect();
    expect_files(db, &names).await;
    let tasks: Vec<_> = names.into_iter().map(|name| tokio::spawn(arrive(db.store.clone(), name))).collect();
    let mut left = Vec::new();
    for task in tasks {
        left.push(task.await.unwrap().unwrap());
    }
    left.sort_unstable();
    let each_number_once: Vec<i64> = (0..i64::try_from(UPLOADERS).unwrap()).collect();
    assert_eq!(left, each_number_once);
}

async fn an_upload_that_arrives_twice_counts_once(db: &Db) {
    two_deploys(db).await;
    expect_files(db, &digests(&["x", "y"])).await;
    let tasks: Vec<_> = (0..8).map(|_| tokio::spawn(arrive(db.store.clone(), "x".to_owned()))).collect();
    let mut counted = Vec::new();
    for task in tasks {
        counted.extend(task.await.unwrap());
    }
    assert_eq!(counted, [1]);
}

async fn nothing_is_expected_any_more(db: &Db) {
    two_deploys(db).await;
    expect_files(db, &digests(&["x", "y"])).await;
    let mut tx = db.store.begin().await.unwrap();
    files::expect_uploads(&mut tx, "d", UploadKind::Function, &digests(&["f"])).await.unwrap();
    files::expect_uploads(&mut tx, "e", UploadKind::File, &digests(&["x"])).await.unwrap();
    files::expect_nothing(&mut tx, "d").await.unwrap();
    for kind in [UploadKind::File, UploadKind::Function] {
        assert!(files::missing(&mut tx, "d", kind).await.unwrap().is_empty());
    }
    assert_eq!(files::missing(&mut tx, "e", UploadKind::File).await.unwrap(), ["x"]);
    assert_eq!(files::arrived(&mut tx, "d", UploadKind::File, "x").await.unwrap(), None);
}
