//! Which hosts Git may ask, however it comes to know of them: by the site's address, by a redirect, or
//! by what the code names.

use super::world::World;
use crate::repository::SUBMODULES_DEEP;
use crate::{Cause, Push};
use context::GitPolicy;
use model::BuildState;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use test_hosts::GitHost;

const CALLED: &str = "leads only to addresses that this server does not call";

/// A world whose repository is there, under this policy.
async fn linked(url: &str, policy: &GitPolicy) -> World {
    let mut world = World::new().await;
    allow(&mut world, policy).await;
    link(&mut world, url).await;
    world
}

async fn allow(world: &mut World, policy: &GitPolicy) {
    let mut settings = (*world.cx.settings).clone();
    settings.git = policy.clone();
    world.cx.settings = Arc::new(settings);
}

async fn link(world: &mut World, url: &str) {
    world.site.info.build.repo_url = Some(url.to_owned());
    let mut tx = world.cx.begin().await.expect("the database answers");
    store::sites::update(&mut tx, &world.site).await.expect("written");
    tx.commit().await.expect("the database answers");
}

/// A policy that lets one address of loopback through.
fn only(address: &str) -> GitPolicy {
    let mut policy = GitPolicy::default();
    policy.addresses.allowed = vec![address.parse().expect("an address of this test")];
    policy
}

async fn error(world: &World, cause: Cause) -> String {
    let (build, _) = world.build(cause).await;
    assert_eq!(build.state, BuildState::Failed);
    build.error.expect("an error")
}

/// What a build of the newest commit serves.
async fn built(world: &World) -> Option<String> {
    let (build, deploy) = world.build(Cause::default()).await;
    assert_eq!(build.error, None, "{:#?}", world.log(&build.id).await);
    world.served(&deploy.id, "/it").await
}

/// Somebody on loopback who says the same to whoever comes first; what that one said.
fn listener(answer: String) -> (SocketAddr, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("bound");
    let heard = std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().expect("somebody comes");
        let (mut said, mut read) = (vec![0; 4096], 0);
        // what tells one from another may come in pieces
        while read < 24 && !said[..read].starts_with(b"SSH-2.0-") {
            let more = socket.read(&mut said[read..]).expect("they speak first");
            assert!(more > 0, "they say more");
            read += more;
        }
        // who hears nothing goes away
        let _ = socket.write_all(answer.as_bytes());
        String::from_utf8_lossy(&said[..read]).into_owned()
    });
    (address, heard)
}

#[tokio::test]
async fn addresses_inside_are_not_asked() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a free port");
    silent.set_nonblocking(true).expect("a socket can be told");
    let port = silent.local_addr().expect("bound").port();
    let mut world = linked("http://127.0.0.1/x", &GitPolicy::default()).await;
    for (url, host) in [
        (format!("http://127.0.0.1:{port}/x"), "127.0.0.1"),
        (format!("http://localhost:{port}/x"), "localhost"),
        (format!("http://0x7f000001:{port}/x"), "127.0.0.1"),
        (format!("http://[::ffff:127.0.0.1]:{port}/x"), "::ffff:127.0.0.1"),
        (format!("https://127.0.0.1:{port}/x"), "127.0.0.1"),
        (format!("git://127.0.0.1:{port}/x"), "127.0.0.1"),
        (format!("ssh://git@127.0.0.1:{port}/x"), "127.0.0.1"),
        ("git@localhost:x".to_owned(), "localhost"),
        ("http://169.254.169.254/x".to_owned(), "169.254.169.254"),
        ("ssh://git@[fd00::1]/x".to_owned(), "fd00::1"),
    ] {
        link(&mut world, &url).await;
        let push = Push { commit: Some("c".repeat(40)), ..Push::default() };
        for push in [None, Some(push)] {
            let error = error(&world, Cause { push, ..Cause::default() }).await;
            assert!(error.ends_with(&format!("`{host}` {CALLED}")), "{url}: {error}");
        }
    }
    assert!(silent.accept().is_err(), "nobody came");
}

/// No resolver of this machine need know the name: what dials is given the address that was judged.
#[tokio::test]
async fn every_transport_goes_where_was_judged() {
    for (scheme, says) in [
        ("http", "GET /team/x/info/refs?service=git-upload-pack HTTP/1.1\r\nHost: judged.localhost:"),
        ("https", "\u{16}\u{3}"),
        ("git", "git-upload-pack /team/x"),
        ("ssh", "SSH-2.0-"),
    ] {
        let (address, heard) = listener(String::new());
        let world =
            linked(&format!("{scheme}://judged.localhost:{}/team/x", address.port()), &only("127.0.0.1"))
                .await;
        let error = error(&world, Cause::default()).await;
        assert!(
            error.starts_with("the repository could not be cloned: ") && !error.contains(CALLED),
            "{error}"
        );
        let said = heard.join().expect("it heard something");
        assert!(said.contains(says), "{scheme}: {said:?}");
    }
}

#[tokio::test]
async fn a_host_that_is_not_reached_is_named() {
    let closed = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = closed.local_addr().expect("bound").port();
    drop(closed);
    let world = linked(&format!("http://127.0.0.1:{port}/x"), &only("127.0.0.1")).await;
    let error = error(&world, Cause::default()).await;
    let says = "the repository could not be cloned: `127.0.0.1` is not reached: Connection refused";
    assert!(error.starts_with(says), "{error}");
}

#[tokio::test]
async fn a_repository_that_moved_is_followed_as_far_as_the_policy_goes() {
    let host = GitHost::start();
    let repository = host.repository("team/site");
    repository.write("it", "moved\n");
    repository.write("netlify.toml", "[build]\ncommand = \"mkdir out; cp it out\"\npublish = \"out\"\n");
    let _commit = repository.commit("x");
    repository.push("main");
    let moved = |to: &str| {
        let to = format!("{to}/info/refs?service=git-upload-pack");
        listener(format!("HTTP/1.1 301 Moved Permanently\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n")).0
    };
    let mut world = linked(&format!("http://{}/old", moved(&repository.url)), &only("127.0.0.1")).await;
    world.site.info.build.repo_branch = Some("main".to_owned());
    assert_eq!(built(&world).await.as_deref(), Some("moved\n"));
    link(&mut world, &format!("http://{}/old", moved("http://127.0.0.2:9/inside"))).await;
    let error = error(&world, Cause::default()).await;
    let says =
        format!("the repository could not be cloned: `127.0.0.1` leads on to `127.0.0.2`, which {CALLED}");
    assert_eq!(error, says);
}

/// What a repository of the host is cloned from, and its only commit.
type Part = (String, String);

/// A repository of the host with one file and submodules.
fn part(host: &GitHost, name: &str, modules: &[(&str, &str)]) -> Part {
    let repository = host.repository(name);
    repository.write("it", &format!("{name}\n"));
    let command = "mkdir out; cat $(find . -name it) > out/it";
    repository.write("netlify.toml", &format!("[build]\ncommand = \"{command}\"\npublish = \"out\"\n"));
    let listed = modules.iter().enumerate();
    let listed = listed.map(|(n, (url, _))| format!("[submodule \"m{n}\"]\n\tpath = m{n}\n\turl = {url}\n"));
    let listed: String = listed.collect();
    if !listed.is_empty() {
        repository.write(".gitmodules", &listed);
    }
    for (n, (_, commit)) in modules.iter().enumerate() {
        repository.link(&format!("m{n}"), commit);
    }
    let commit = repository.commit("x");
    repository.push("main");
    (repository.url, commit)
}

#[tokio::test]
async fn submodules_of_submodules_come_along() {
    let host = GitHost::start();
    let (_, leaf) = part(&host, "team/leaf", &[]);
    let (_, twig) = part(&host, "team/twig", &[("../leaf.git", &leaf)]);
    let (url, _) = part(&host, "team/tree", &[("../twig.git", &twig), ("./../leaf.git", &leaf)]);
    let world = linked(&url, &only("127.0.0.1")).await;
    let built = built(&world).await.expect("a file");
    let mut lines: Vec<_> = built.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["team/leaf", "team/leaf", "team/tree", "team/twig"]);
}

#[tokio::test]
async fn submodules_lead_no_further_than_their_repository() {
    let host = GitHost::start();
    let commit = "c".repeat(40);
    let inside = ("http://127.0.0.2:9/x", commit.as_str());
    let (twig, inner) = part(&host, "team/twig", &[inside]);
    for (name, module, says) in [
        ("team/a", inside, "a submodule could not be fetched: `127.0.0.1` leads on to `127.0.0.2`, which"),
        (
            "team/b",
            (&*twig, &*inner),
            "a submodule could not be fetched: `127.0.0.1` leads on to `127.0.0.2`, which",
        ),
        ("team/c", ("ssh://git@127.0.0.2/x", &commit), "the host of a submodule `127.0.0.2`"),
        ("team/d", ("ext::sh -c id", &commit), "holds something that Git would not take"),
    ] {
        let world = linked(&part(&host, name, &[module]).0, &only("127.0.0.1")).await;
        let error = error(&world, Cause::default()).await;
        assert!(error.contains(says), "{module:?}: {error}");
    }
}

#[tokio::test]
async fn submodules_are_fetched_only_so_deep() {
    let host = GitHost::start();
    let mut last = part(&host, "deep/0", &[]);
    for deep in 1..=SUBMODULES_DEEP + 1 {
        last = part(&host, &format!("deep/{deep}"), &[(&last.0, &last.1)]);
        if deep == SUBMODULES_DEEP {
            let world = linked(&last.0, &only("127.0.0.1")).await;
            assert_eq!(built(&world).await.expect("a file").lines().count(), SUBMODULES_DEEP + 1);
        }
    }
    let world = linked(&last.0, &only("127.0.0.1")).await;
    let error = error(&world, Cause::default()).await;
    assert_eq!(error, format!("submodules are fetched {SUBMODULES_DEEP} deep, and there are more"));
}

/// Settings change: what everybody might link before is read no more.
#[tokio::test]
async fn what_is_on_this_machine_is_read_only_where_it_may_be() {
    let mut world = World::new().await;
    world.commit(&[("it", "here\n")], "x");
    world.commit_command("mkdir out; cp it out");
    allow(&mut world, &GitPolicy::default()).await;
    let error = error(&world, Cause::default()).await;
    assert!(error.starts_with("the repository is on this server's disk"), "{error}");
    world.site.info.linked_by_operator = true;
    let url = world.site.info.build.repo_url.clone().expect("a path");
    link(&mut world, &url).await;
    assert_eq!(built(&world).await.as_deref(), Some("here\n"));
}
