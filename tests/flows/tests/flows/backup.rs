//! One file that holds everything: taken while the server runs, restored into a new folder.

use crate::support::{id, live_site, lock_and_unlock, site_now};
use testkit::{Engine, Process, Receiver, on_process, program};

async fn moves_house(server: Process) {
    let owner = server.owner();
    let receiver = Receiver::start().await;
    let (site, deploy) = live_site(&owner, "moved").await;
    let hook = owner.hook(id(&site), &["deploy_locked"], &receiver.url(), Some("kept secret")).await;
    let (file, folder) = (server.folder().join("backup.zip"), server.folder().join("restored"));
    let (file, folder) = (file.to_str().expect("UTF-8"), folder.to_str().expect("UTF-8"));
    let data = server.data().to_str().expect("UTF-8");
    let taken = program(&["backup", "--data", data, file]);
    assert!(taken.success, "{}", taken.output);
    assert!(!program(&["backup", "--data", data, file]).success, "a backup is not written over");
    owner.delete(&format!("/sites/{}", id(&site))).await.expect(204);
    let restored = program(&["restore", "--data", folder, file]);
    assert!(restored.success, "{}", restored.output);
    assert!(!program(&["restore", "--data", folder, file]).success, "a folder in use is not written over");
    let second = Process::start_on(folder.as_ref()).await;
    assert_eq!(second.visitor().site("moved", "/").await.expect(200).text(), "hello");
    assert_eq!(site_now(&second.owner(), "moved").await["id"], site["id"]);
    lock_and_unlock(&second.owner(), id(&deploy)).await;
    let delivered = receiver.wait_for(1).await.remove(0);
    assert!(delivered.header("X-Nf-Sign").is_some(), "the key came along: {:?}", delivered.headers);
    second.owner().get(&format!("/hooks/{}", id(&hook))).await.expect(200);
}

/// Site, hook, secret and token are all there in the new folder.
#[test]
fn a_backup_holds_everything() {
    on_process(Engine::Sqlite, moves_house);
}

async fn stays(server: Process) {
    let nothing = server.folder().join("no-backup");
    std::fs::write(&nothing, "nothing of the kind").expect("a file can be written");
    let (nothing, empty) = (nothing.to_str().expect("UTF-8"), server.folder().join("empty"));
    let empty = empty.to_str().expect("UTF-8");
    for arguments in [
        ["restore", "--data", empty, nothing],
        ["restore", "--data", empty, "/no/such/file"],
        ["backup", "--data", empty, nothing],
    ] {
        let ended = program(&arguments);
        assert!(!ended.success && !ended.output.contains("panicked"), "{arguments:?}: {}", ended.output);
    }
    server.owner().get("/user").await.expect(200);
}

/// Commands that cannot work say so and break nothing.
#[test]
fn bad_backups_are_refused() {
    on_process(Engine::Sqlite, stays);
}
