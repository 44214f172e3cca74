//! Uploads that are answered early, on both engines.

use super::{EARLY_ABOVE, recover, settle};
use crate::{Digest, NewDeploy, StreamedBody, create, take_digest, upload_file};
use bytes::Bytes;
use context::Context;
use futures_util::{StreamExt as _, TryStreamExt as _};
use model::DeployState;
use sha1::Sha1;
use sha2::Digest as _;
use std::collections::BTreeMap;
use std::path::PathBuf;
use store::accounts::{self, AccountRow};
use store::blob::Blobs;
use store::deploy_files::{self, UploadKind};
use store::deploys::{self, DeployInfo, DeployRow};
use store::sites::{self, SiteRow};
use testbed::{Bed, both};

both!(
    the_last_upload_finds_nothing_missing,
    uploads_of_a_small_deploy_are_not_early,
    what_an_earlier_process_answered_is_taken_up,
    a_disk_that_fails_is_asked_again,
    a_cancelled_deploy_leaves_nothing,
);

const LARGE: usize = EARLY_ABOVE as usize + 40;

fn text(number: usize) -> String {
    format!("file {number}")
}

fn sha1(content: &str) -> String {
    hex::encode(Sha1::digest(content))
}

/// A deploy of so many files, none of which is here.
async fn deploy(cx: &Context, files: usize) -> DeployRow {
    let now = cx.now();
    let site = SiteRow::new(&cx.uuid(), "a", "large", now);
    let mut tx = cx.begin().await.expect("a transaction");
    accounts::insert(&mut tx, &AccountRow::new("a", "a", "a", now)).await.expect("an account");
    sites::insert(&mut tx, &site).await.expect("a site");
    tx.commit().await.expect("a commit");
    let new = NewDeploy::uploaded(&site, false, None, DeployInfo::default());
    let id = create(cx, &site, new).await.expect("a deploy").id;
    let files: BTreeMap<_, _> = (0..files).map(|n| (format!("/{n}.txt"), sha1(&text(n)))).collect();
    take_digest(cx, &id, Digest { files: Some(files), ..Digest::default() }).await.expect("it is taken")
}

async fn again(cx: &Context, deploy: &DeployRow) -> DeployRow {
    let found = deploys::find(&mut cx.read().await.expect("a connection"), &deploy.id).await;
    found.expect("it can be read").expect("it is there")
}

/// Uploads a file, as the API does: with the deploy as it stands when the request begins.
async fn upload(cx: &Context, deploy: &DeployRow, number: usize) -> context::Result<()> {
    let bytes = Ok(Bytes::from(text(number)));
    let body: StreamedBody = futures_util::stream::iter([bytes]).boxed();
    let deploy = again(cx, deploy).await;
    upload_file(cx, &deploy, &format!("/{number}.txt"), body).await.map(|_| ())
}

async fn missing(cx: &Context, deploy: &DeployRow) -> Vec<String> {
    let mut db = cx.read().await.expect("a connection");
    deploy_files::missing(&mut db, &deploy.id, UploadKind::File).await.expect("a list")
}

/// Files that wait to be settled.
fn labelled(cx: &Context) -> Vec<PathBuf> {
    let folder = cx.settings.data_dir.join("spool/laid");
    std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("a file").path()).collect()
}

/// The same world as the next process finds it.
fn next_process(bed: &Bed) -> Context {
    Context { blobs: Blobs::local(&bed.cx.settings.data_dir).expect("a folder"), ..bed.cx.clone() }
}

async fn the_last_upload_finds_nothing_missing(bed: &Bed) {
    let (cx, deploy) = (&bed.cx, deploy(&bed.cx, LARGE).await);
    upload(cx, &deploy, 0).await.expect("it is taken");
    assert_eq!((cx.blobs.unsettled().count(), missing(cx, &deploy).await.len()), (1, LARGE), "it is early");
    let all = futures_util::stream::iter(1..LARGE).map(|number| upload(cx, &deploy, number));
    all.buffer_unordered(5).try_collect::<()>().await.expect("all are taken");
    let after = again(cx, &deploy).await;
    assert_eq!((after.state, after.pending), (DeployState::Uploaded, 0));
    let mut db = cx.read().await.expect("a connection");
    assert_eq!(store::jobs::count(&mut db, crate::PROCESS_JOB).await.expect("a number"), 1);
    let names: Vec<String> = (0..LARGE).map(|n| sha1(&text(n))).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let known = store::blobs::known(&mut db, "a", &names).await.expect("a table");
    assert_eq!(known.len(), LARGE);
    for (number, name) in names.into_iter().enumerate() {
        assert_eq!(cx.blobs.get(&known[name].blob).await.expect("its bytes"), text(number));
    }
    assert!(labelled(cx).is_empty());
}

async fn uploads_of_a_small_deploy_are_not_early(bed: &Bed) {
    let (cx, deploy) = (&bed.cx, deploy(&bed.cx, 3).await);
    upload(cx, &deploy, 1).await.expect("it is taken");
    assert_eq!((cx.blobs.unsettled().count(), missing(cx, &deploy).await.len()), (0, 2));
}

/// A process ends between answers and commits, and one of its files is cut short on the disk.
async fn what_an_earlier_process_answered_is_taken_up(bed: &Bed) {
    let deploy = deploy(&bed.cx, LARGE).await;
    let earlier = next_process(bed);
    for number in 0..4 {
        upload(&earlier, &deploy, number).await.expect("it is taken");
    }
    assert_eq!(earlier.blobs.unsettled().take().len(), 4, "the process is gone");
    let cut = labelled(&bed.cx).into_iter().find(|file| std::fs::read(file).expect("bytes") == b"file 2");
    std::fs::write(cut.expect("it waits"), "file").expect("a shorter file");
    let stranger = earlier.blobs.stage().await.expect("room");
    earlier.blobs.lay(stranger, "nobody").await.expect("a label");
    let later = next_process(bed);
    assert_eq!(recover(&later).await.expect("it works"), 5);
    let missing = missing(&later, &deploy).await;
    let there: Vec<bool> = (0..5).map(|n| !missing.contains(&sha1(&text(n)))).collect();
    assert_eq!(there, [true, true, false, true, false]);
    assert!(labelled(&later).is_empty());
    assert_eq!(again(&later, &deploy).await.pending, i64::try_from(missing.len()).expect("a number"));
}

async fn a_disk_that_fails_is_asked_again(bed: &Bed) {
    let (cx, deploy) = (&bed.cx, deploy(&bed.cx, LARGE).await);
    upload(cx, &deploy, 0).await.expect("it is taken");
    let (blobs, aside) = (cx.settings.data_dir.join("blobs"), bed.folder().join("aside"));
    std::fs::rename(&blobs, &aside).expect("a move");
    settle(cx, &deploy.id).await;
    assert_eq!((cx.blobs.unsettled().count(), missing(cx, &deploy).await.len()), (1, LARGE));
    std::fs::rename(&aside, &blobs).expect("a move");
    settle(cx, "another").await;
    assert_eq!(missing(cx, &deploy).await.len(), LARGE, "other deploys do not wait for it");
    settle(cx, &deploy.id).await;
    assert_eq!((cx.blobs.unsettled().count(), missing(cx, &deploy).await.len()), (0, LARGE - 1));
}

async fn a_cancelled_deploy_leaves_nothing(bed: &Bed) {
    let (cx, deploy) = (&bed.cx, deploy(&bed.cx, LARGE).await);
    upload(cx, &deploy, 0).await.expect("it is taken");
    crate::cancel(cx, &deploy.id).await.expect("it is cancelled");
    settle(cx, &deploy.id).await;
    assert_eq!((cx.blobs.unsettled().count(), labelled(cx).len()), (0, 0));
    assert_eq!(again(cx, &deploy).await.state, DeployState::Error);
}
