//! Blobs: the same promises on disk and in a bucket.

use super::support::{give_up_after, service, unique};
use crate::Error;
use crate::blob::{Blobs, Digests, S3Settings};
use futures_util::TryStreamExt as _;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use std::ops::Range;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Runs each named `async fn(&Fixture)` once on disk and once in the bucket of the test services.
macro_rules! both_places {
    ($($rule:ident),+ $(,)?) => {
        mod disk {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $rule() {
                super::$rule(&super::Fixture::disk()).await;
            })+
        }
        mod s3 {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $rule() {
                super::$rule(&super::Fixture::s3()).await;
            })+
        }
    };
}

both_places!(
    a_blob_is_kept_under_its_digest,
    an_empty_blob_is_a_blob,
    parts_of_a_blob_are_streamed,
    what_is_missing_is_an_error,
    a_blob_put_twice_is_one,
    racing_puts_all_succeed,
    what_is_staged_is_not_visible,
    what_is_dropped_leaves_nothing,
    a_broken_write_cannot_be_kept,
    a_name_that_is_no_digest_is_refused,
    many_small_writes_make_one_blob,
    a_blob_of_twenty_megabytes_passes_through,
    a_blob_above_the_single_put_is_kept_in_parts,
    what_is_laid_becomes_a_blob_when_it_is_settled,
);

struct Fixture {
    blobs: Blobs,
    folder: TempDir,
}

impl Fixture {
    fn disk() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { blobs: Blobs::local(folder.path()).unwrap(), folder }
    }

    fn s3() -> Self {
        Self::bucket(service("BOATHOOK_TEST_S3_SECRET_KEY"))
    }

    fn bucket(secret_key: String) -> Self {
        // As the binary does at its start; the client of object_store takes what it finds.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let settings = S3Settings {
            endpoint: Some(service("BOATHOOK_TEST_S3_ENDPOINT")),
            region: "us-east-1".to_owned(),
            bucket: service("BOATHOOK_TEST_S3_BUCKET"),
            access_key: service("BOATHOOK_TEST_S3_ACCESS_KEY"),
            secret_key,
        };
        Self { blobs: Blobs::s3(&settings, folder.path()).unwrap(), folder }
    }

    /// Files below the fixture's folder: half-received ones, and blobs on disk.
    fn files(&self) -> Vec<PathBuf> {
        files_below(self.folder.path())
    }

    /// How many files the folder holds when `blobs` blobs are kept and none is being received.
    fn at_rest(&self, blobs: usize) -> usize {
        if self.blobs.path(&"0".repeat(64)).is_some() { blobs } else { 0 }
    }

    async fn streamed(&self, digest: &str, range: Range<u64>) -> Vec<u8> {
        let parts: Vec<_> = self.blobs.stream(digest, range).await.unwrap().try_collect().await.unwrap();
        parts.concat()
    }
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

/// Bytes that no other test puts: the bucket is shared and blobs are addressed by their contents.
fn bytes(size: usize) -> Vec<u8> {
    let salt = unique();
    let mut out = Vec::with_capacity(size + 32);
    let mut block = Sha256::digest(salt.as_bytes());
    while out.len() < size {
        out.extend_from_slice(&block);
        block = Sha256::digest(block);
    }
    out.truncate(size);
    out
}

fn digests(bytes: &[u8]) -> Digests {
    Digests {
        sha1: hex::encode(Sha1::digest(bytes)),
        sha256: hex::encode(Sha256::digest(bytes)),
        size: bytes.len() as u64,
    }
}

/// Few of them are flushed one by one, many together; another process finds what was not forgotten.
async fn what_is_laid_becomes_a_blob_when_it_is_settled(at: &Fixture) {
    if !at.blobs.can_lay() {
        assert!(at.blobs.path(&"0".repeat(64)).is_none(), "only a bucket lays nothing");
        assert!(at.blobs.lay(at.blobs.stage().await.unwrap(), "label").await.is_err());
        assert!(at.blobs.left().await.unwrap().is_empty());
        return;
    }
    for count in [1, 3, 40] {
        let mut all = Vec::new();
        for size in 1..=count {
            let bytes = bytes(size * 1000);
            let mut staged = at.blobs.stage().await.unwrap();
            staged.write(&bytes).await.unwrap();
            let laid = at.blobs.lay(staged, "label").await.unwrap();
            assert_eq!((laid.label.as_str(), &laid.digests), ("label", &digests(&bytes)));
            assert!(
                !at.blobs.contains(&laid.digests.sha256).await.unwrap(),
                "it may not outlive a power cut"
            );
            all.push(laid);
        }
        let next = Blobs::local(at.folder.path()).unwrap();
        let mut left = next.left().await.unwrap();
        left.sort_by_key(|laid| laid.digests.size);
        assert_eq!(left, all);
        assert_eq!(at.blobs.settle(all.clone()).await.unwrap(), all);
        assert_eq!(next.settle(left).await.unwrap(), all, "once more does no harm");
        for laid in &all {
            let got = at.blobs.get(&laid.digests.sha256).await.unwrap();
            assert_eq!(digests(&got), laid.digests);
        }
        at.blobs.forget(all).await.unwrap();
        assert!(next.left().await.unwrap().is_empty());
    }
}

async fn a_blob_is_kept_under_its_digest(at: &Fixture) {
    for size in [1, 100, 64 * 1024, 300_000] {
        let bytes = bytes(size);
        let expect = digests(&bytes);
        assert!(!at.blobs.contains(&expect.sha256).await.unwrap());
        assert_eq!(at.blobs.put(&bytes).await.unwrap(), expect);
        assert!(at.blobs.contains(&expect.sha256).await.unwrap());
        assert!(at.blobs.get(&expect.sha256).await.unwrap() == bytes, "{size} bytes");
        if let Some(path) = at.blobs.path(&expect.sha256) {
            assert!(std::fs::read(path).unwrap() == bytes);
        }
    }
    assert_eq!(at.files().len(), at.at_rest(4));
}

async fn an_empty_blob_is_a_blob(at: &Fixture) {
    let kept = at.blobs.put(b"").await.unwrap();
    assert_eq!(kept, digests(b""));
    assert!(at.blobs.contains(&kept.sha256).await.unwrap());
    assert!(at.blobs.get(&kept.sha256).await.unwrap().is_empty());
    assert!(at.streamed(&kept.sha256, 0..0).await.is_empty());
}

async fn parts_of_a_blob_are_streamed(at: &Fixture) {
    let size = 200_000;
    let whole = bytes(size);
    let digest = at.blobs.put(&whole).await.unwrap().sha256;
    let last = size as u64;
    for range in [0..last, 0..1, 1..2, 65_535..65_537, 70_000..190_001, last - 1..last, 5..5] {
        let part = at.streamed(&digest, range.clone()).await;
        let expect = usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap();
        assert!(part == whole[expect], "{range:?}");
    }
    assert!(
        at.streamed(&digest, last - 3..last + 9).await == whole[size - 3..],
        "a range that ends too late"
    );
}

async fn what_is_missing_is_an_error(at: &Fixture) {
    let digest = digests(&bytes(10)).sha256;
    assert!(!at.blobs.contains(&digest).await.unwrap());
    assert!(at.blobs.get(&digest).await.is_err());
    assert!(at.blobs.stream(&digest, 0..1).await.is_err());
}

async fn a_blob_put_twice_is_one(at: &Fixture) {
    let bytes = bytes(5000);
    let first = at.blobs.put(&bytes).await.unwrap();
    assert_eq!(at.blobs.put(&bytes).await.unwrap(), first);
    assert!(at.blobs.get(&first.sha256).await.unwrap() == bytes);
    assert_eq!(at.files().len(), at.at_rest(1));
}

async fn racing_puts_all_succeed(at: &Fixture) {
    let bytes = bytes(400_000);
    let put = |blobs: Blobs, bytes: Vec<u8>| async move { blobs.put(&bytes).await.unwrap() };
    let tasks: Vec<_> = (0..8).map(|_| tokio::spawn(put(at.blobs.clone(), bytes.clone()))).collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), digests(&bytes));
    }
    assert!(at.blobs.get(&digests(&bytes).sha256).await.unwrap() == bytes);
    assert_eq!(at.files().len(), at.at_rest(1));
}

async fn what_is_staged_is_not_visible(at: &Fixture) {
    let bytes = bytes(600_000);
    let digest = digests(&bytes).sha256;
    let mut staged = at.blobs.stage().await.unwrap();
    staged.write(&bytes[..10]).await.unwrap();
    assert_eq!(at.files().len(), 0, "a little waits in memory");
    staged.spill().await.unwrap();
    assert_eq!(at.files().len(), 1);
    staged.write(&bytes[10..]).await.unwrap();
    assert_eq!(staged.size(), 600_000);
    assert!(!at.blobs.contains(&digest).await.unwrap());
    assert_eq!(at.files().len(), 1);
    assert_eq!(at.blobs.keep(staged).await.unwrap().sha256, digest);
    assert!(at.blobs.contains(&digest).await.unwrap());
    assert_eq!(at.files().len(), at.at_rest(1));
}

async fn what_is_dropped_leaves_nothing(at: &Fixture) {
    let bytes = bytes(600_000);
    for written in [0, 10, 600_000] {
        let mut staged = at.blobs.stage().await.unwrap();
        staged.write(&bytes[..written]).await.unwrap();
        drop(staged);
        assert_eq!(at.files(), Vec::<PathBuf>::new(), "{written} bytes");
    }
    assert!(!at.blobs.contains(&digests(&bytes).sha256).await.unwrap());
}

/// What came before is lost then, and the rest alone must not pass for the whole.
async fn a_broken_write_cannot_be_kept(at: &Fixture) {
    let bytes = bytes(600_000);
    let mut staged = at.blobs.stage().await.unwrap();
    while give_up_after(1, staged.write(&bytes)).await.is_some() {
        staged = at.blobs.stage().await.unwrap();
    }
    assert!(staged.write(&bytes).await.is_err());
    assert!(at.blobs.keep(staged).await.is_err());
    let rest = digests(&bytes).sha256;
    assert!(!at.blobs.contains(&rest).await.unwrap());
}

async fn a_name_that_is_no_digest_is_refused(at: &Fixture) {
    let outside = at.folder.path().join("secret");
    std::fs::write(&outside, "s").unwrap();
    let good = "0123456789abcdef".repeat(4);
    let names = [
        String::new(),
        "..".to_owned(),
        "../secret".to_owned(),
        outside.display().to_string(),
        good[1..].to_owned(),
        format!("{good}0"),
        good.to_uppercase(),
        format!("..{}", &good[2..]),
        format!("ab/../{}", &good[6..]),
        format!("{}\0", &good[1..]),
        format!("{}\n", &good[1..]),
        format!("{} ", &good[1..]),
        format!("g{}", &good[1..]),
        "é".repeat(32),
    ];
    for name in names {
        let refused = |e: Error| matches!(&e, Error::Setting(said) if said == "not a blob digest");
        assert!(at.blobs.contains(&name).await.is_err_and(refused), "{name:?}");
        assert!(at.blobs.get(&name).await.is_err_and(refused), "{name:?}");
        assert!(at.blobs.stream(&name, 0..1).await.err().is_some_and(refused), "{name:?}");
        assert_eq!(at.blobs.path(&name), None, "{name:?}");
    }
}

async fn many_small_writes_make_one_blob(at: &Fixture) {
    let bytes = bytes(700_001);
    let mut staged = at.blobs.stage().await.unwrap();
    for part in bytes.chunks(997) {
        staged.write(part).await.unwrap();
        staged.write(b"").await.unwrap();
    }
    assert_eq!(at.blobs.keep(staged).await.unwrap(), digests(&bytes));
    assert!(at.blobs.get(&digests(&bytes).sha256).await.unwrap() == bytes);
}

async fn passes_through(at: &Fixture, size: usize) {
    let bytes = bytes(size);
    let mut staged = at.blobs.stage().await.unwrap();
    for part in bytes.chunks(1_000_003) {
        staged.write(part).await.unwrap();
    }
    let kept = at.blobs.keep(staged).await.unwrap();
    assert_eq!(kept, digests(&bytes));
    assert!(at.blobs.contains(&kept.sha256).await.unwrap());
    assert!(at.streamed(&kept.sha256, 0..kept.size).await == bytes, "{size} bytes");
    let end = at.streamed(&kept.sha256, kept.size - 9..kept.size).await;
    assert!(end == bytes[size - 9..]);
    assert_eq!(at.blobs.put(&bytes).await.unwrap(), kept);
    assert_eq!(at.files().len(), at.at_rest(1));
}

async fn a_blob_of_twenty_megabytes_passes_through(at: &Fixture) {
    passes_through(at, 20_000_000).await;
}

/// Above what a bucket takes in one request, and no whole number of parts.
async fn a_blob_above_the_single_put_is_kept_in_parts(at: &Fixture) {
    passes_through(at, (33 << 20) + 7).await;
}

#[tokio::test]
async fn a_blob_of_another_process_is_found() {
    let here = Fixture::disk();
    let there = Blobs::local(here.folder.path()).unwrap();
    let bytes = bytes(100);
    let digest = there.put(&bytes).await.unwrap().sha256;
    assert!(here.blobs.get(&digest).await.unwrap() == bytes);
}

#[tokio::test]
async fn a_place_that_is_no_folder_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("taken");
    std::fs::write(&file, "").unwrap();
    let refused = Blobs::local(&file).err().unwrap();
    assert!(matches!(&refused, Error::Io(what, _) if what.contains("taken")), "{refused}");
}

mod bucket {
    //! What only a bucket can show.

    mod s3 {
        use super::super::{Fixture, digests};

        #[tokio::test]
        async fn a_wrong_secret_is_an_error_and_does_not_show() {
            let Fixture { blobs, folder: _folder } = Fixture::bucket("not-the-secret-of-it".to_owned());
            let refused = blobs.put(b"refused").await.unwrap_err();
            assert!(!format!("{refused} {refused:?}").contains("not-the-secret-of-it"));
            assert!(blobs.contains(&digests(b"refused").sha256).await.is_err(), "not allowed is not absent");
        }

        #[tokio::test]
        async fn a_bucket_has_no_paths() {
            assert_eq!(Fixture::s3().blobs.path(&"0".repeat(64)), None);
        }
    }
}
