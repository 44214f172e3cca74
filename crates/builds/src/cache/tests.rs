//! Shelves and trees by themselves.

use super::shelf::{Meta, Shelf, move_aside, remove_all, root, sweep_gone, trim};
use super::tree::{self, Way};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::time::{Duration, Instant};

fn shelf(root: &Path, label: &str, used_at: i64, bytes: u64) -> Shelf {
    let shelf = Shelf::of(root, "s", label).expect("a short label");
    shelf.remove().expect("emptied");
    shelf.write(&Meta { used_at, bytes, ..Meta::default() }).expect("written");
    shelf
}

#[test]
fn those_that_were_not_used_for_longest_go_first() {
    let dir = tempfile::tempdir().expect("a folder");
    let root = dir.path().join("root");
    let shelves = [("new", 3, 10), ("old", 1, 10), ("middle", 2, 10)]
        .map(|(label, used_at, bytes)| shelf(&root, label, used_at, bytes));
    let there = || shelves.clone().map(|shelf| shelf.read().is_some());
    for (most, expect) in [
        (30, [true, true, true]),
        (29, [true, false, true]),
        (20, [true, false, true]),
        (10, [true, false, false]),
        (0, [false, false, false]),
    ] {
        trim(&root, most).expect("trimmed");
        assert_eq!(there(), expect, "{most}");
    }
    trim(&dir.path().join("none"), 0).expect("nothing is there to trim");
}

#[test]
fn a_label_is_a_folder_of_its_own_or_there_is_none() {
    let root = Path::new("/c");
    let folder = |label: &str| Shelf::of(root, "s", label).map(|shelf| shelf.folder().to_owned());
    assert_eq!(folder("production").as_deref(), Some(Path::new("/c/s/production")));
    assert_eq!(
        folder("branch-deploy:../../x").as_deref(),
        Some(Path::new("/c/s/branch%2Ddeploy%3A%2E%2E%2F%2E%2E%2Fx"))
    );
    assert!(folder(&"a".repeat(200)).is_some() && folder(&"a".repeat(201)).is_none());
}

#[test]
fn a_shelf_that_was_taken_is_not_taken_again() {
    let dir = tempfile::tempdir().expect("a folder");
    let shelf = shelf(&dir.path().join("root"), "x", 1, 2);
    assert!(shelf.take().expect("taken").is_some() && shelf.take().expect("nothing").is_none());
    assert_eq!(shelf.folder().metadata().expect("there").permissions().mode() & 0o777, 0o700);
}

#[test]
fn a_copy_follows_no_link_and_leaves_out_what_is_no_file() {
    let dir = tempfile::tempdir().expect("a folder");
    let (from, to) = (dir.path().join("from"), dir.path().join("to"));
    std::fs::create_dir_all(from.join("sub")).expect("made");
    std::fs::write(from.join("sub/run"), "x").expect("written");
    std::fs::set_permissions(from.join("sub/run"), std::fs::Permissions::from_mode(0o755)).expect("set");
    symlink("/etc", from.join("link")).expect("linked");
    let _socket = UnixListener::bind(from.join("socket")).expect("bound");
    tree::bring(&from, &to, None, Way::Copy).expect("copied");
    assert_eq!(std::fs::read_link(to.join("link")).expect("a link"), Path::new("/etc"));
    assert_eq!(to.join("sub/run").metadata().expect("there").permissions().mode() & 0o777, 0o755);
    assert!(from.join("sub/run").exists() && !to.join("socket").exists());
    assert!(tree::bytes(&to).expect("measured") >= 4096);
    assert_eq!(tree::bytes(&to.join("none")).expect("measured"), 0);
}

#[test]
fn what_is_thrown_away_leaves_its_place_whole_and_is_no_site() {
    let dir = tempfile::tempdir().expect("a folder");
    let root = dir.path().join("root");
    let shelf = shelf(&root, "x", 1, 2);
    let folder = shelf.folder().to_owned();
    let place = move_aside(&root, &folder).expect("moved").expect("it was there");
    assert!(!folder.exists() && place.join("meta.json").exists());
    assert_eq!(move_aside(&root, &folder).expect("nothing is there"), None);
    trim(&root, 0).expect("trimmed");
    assert!(place.exists(), "it is deleted by whoever moved it");
}

#[test]
fn what_an_earlier_process_left_is_deleted_and_stands_in_nobodys_way() {
    let dir = tempfile::tempdir().expect("a folder");
    let work_dir = dir.path().join("builds");
    let root = root(&work_dir);
    let gone = root.join(".gone");
    for number in 0..200 {
        let left = gone.join(format!("{}-{number}", std::process::id()));
        std::fs::create_dir_all(left.join("node_modules")).expect("made");
    }
    let shelf = shelf(&root, "x", 1, 2);
    let place = move_aside(&root, shelf.folder()).expect("moved").expect("it was there");
    assert!(place.join("meta.json").exists());
    sweep_gone(&work_dir);
    let patience = Instant::now() + Duration::from_secs(30);
    while std::fs::read_dir(&gone).expect("read").count() > 0 {
        assert!(Instant::now() < patience, "it is not deleted");
        std::thread::yield_now();
    }
}

#[test]
fn a_full_disk_is_freed_of_what_was_to_be_deleted_at_once() {
    let dir = tempfile::tempdir().expect("a folder");
    let work_dir = dir.path().join("builds");
    let gone = root(&work_dir).join(".gone/1-1");
    std::fs::create_dir_all(&gone).expect("made");
    assert!(remove_all(&work_dir).expect("removed"));
    assert!(!gone.exists() && !remove_all(&work_dir).expect("nothing is left"));
}
