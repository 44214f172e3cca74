//! Attempts to break out of a build, in every sandbox that builds run in: what must not be reached,
//! and what must not be used up.

use super::world::World;
use crate::Cause;
use context::{BuildLimits, BuildPolicy, Sandbox};
use std::fs::Permissions;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::net::{SocketAddr, UnixListener};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command};

/// The sandboxes that must hold.
const SANDBOXES: [Sandbox; 2] = [Sandbox::Strict, Sandbox::Landlock];
/// A user beside those of builds.
const STRANGER: u32 = 1_999_999_999;

/// What a build tries, in shell; to succeed is to escape. An attempt that succeeds changes nothing, so
/// that a sandbox with a hole costs a test and not the machine.
const ATTEMPTS: &[(&str, &str)] = &[
    ("the database", "cat $DATA/db"),
    ("the key of what is encrypted", "cat $DATA/key"),
    ("the server's folder", "ls -A $DATA | grep -v builds"),
    ("keys for git", "ls $DATA/builds/*/git"),
    ("files of another build", "cat $DATA/builds/other/repo/secret"),
    ("files of other people", "cat $OUTSIDE/open"),
    ("homes", "ls -A /root /home"),
    ("passwords", "head -c 1 /etc/shadow"),
    ("logs and data of services", "ls /var/log /var/lib /srv /mnt /boot"),
    ("the server's environment", "cat /proc/$SERVER/environ | grep ."),
    ("the first process's environment", "cat /proc/1/environ | grep ."),
    ("the server's memory", "exec 3< /proc/$SERVER/mem"),
    ("the server's files through it", "ls /proc/$SERVER/root/ /proc/$SERVER/cwd/ /proc/1/root/"),
    ("the server's open files", "ls /proc/$SERVER/fd/ | grep ."),
    ("signals to the server", "kill -0 $SERVER"),
    ("signals to another's process", "kill -0 $STRANGER"),
    ("tracing another's process", "exec 3< /proc/$STRANGER/mem"),
    (
        "writing to the system",
        "for d in / /etc /usr /run /dev /var; do mkdir $d/boathook-$NAME && rmdir $d/boathook-$NAME && echo made; done | grep made",
    ),
    ("writing to files of the system", ": >> /etc/passwd || : >> /bin/sh"),
    ("writing beside its folders", "touch $DATA/x || touch $DATA/builds/x || touch ../x || touch $OUTSIDE/x"),
    (
        "sockets in the file system",
        "perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Peer => \"$ENV{OUTSIDE}/socket\") or exit 1'",
    ),
    (
        "sockets without a file",
        "perl -MSocket -e 'socket(S, AF_UNIX, SOCK_STREAM, 0) or exit 1; connect(S, pack_sockaddr_un(\"\\0$ENV{NAME}\")) or exit 1'",
    ),
    ("the hypervisor", "perl -e 'socket(S, 40, 1, 0) or exit 1'"),
    ("raw packets", "perl -e 'socket(S, 17, 3, 0) or exit 1'"),
    ("typing into a terminal", "perl -MErrno -e 'my $c = q(x); ioctl(STDIN, 0x5412, $c); exit $!{EPERM}'"),
    ("a terminal", "perl -e 'open(T, q(+<), q(/dev/tty)) or exit 1'"),
    ("keys in the kernel", "perl -MErrno -e 'syscall($ENV{KEYCTL}, 0, -3, 0); exit $!{EPERM}'"),
    ("a user namespace", "unshare --user true"),
    ("a mount namespace", "unshare --mount true"),
    (
        "a mount",
        // of a file system that does not exist, which only who may mount gets to hear
        "perl -MErrno -e 'my ($none, $home) = (q(none), $ENV{HOME}); syscall($ENV{MOUNT}, $none, $home, $none, 0, 0); exit $!{EPERM}'",
    ),
    (
        "disks and memory as devices",
        "ls /dev/mem /dev/kmsg /dev/vd* /dev/sd* /dev/nvme* | grep . && head -c 1 /dev/vda",
    ),
    (
        "files that the server left open",
        "for f in /proc/self/fd/*; do case ${f##*/} in [0-3]|255) ;; *) readlink $f;; esac; done | grep .",
    ),
    ("rights of root", "grep '^Cap\\(Eff\\|Prm\\|Bnd\\).*[1-9a-f]' /proc/self/status | grep -v Bnd"),
    ("new rights", "grep 'NoNewPrivs:.0' /proc/self/status"),
    ("other groups", "test \"$(id -G)\" != \"$(id -g)\""),
    (
        "leaving its control group",
        "for g in /sys/fs/cgroup/*/cgroup.procs /sys/fs/cgroup/cgroup.procs; do echo 0 > $g && echo left; done | grep left",
    ),
    (
        "raising its limits",
        "ulimit -u unlimited || ulimit -n unlimited || ulimit -f unlimited || test $(nice -n -20 nice) -lt 10",
    ),
    ("core dumps", "test $(ulimit -c) != 0"),
    ("variables of the server", "env | grep -i '^cargo\\|^boathook\\|^database'"),
];

/// What a build needs all the same.
const NEEDS: &[(&str, &str)] = &[
    ("its own folders", "touch $HOME/a $TMPDIR/b ./d"),
    ("a name", "test \"$(id -u)\" != 0"),
    ("devices without content", "head -c 1 /dev/urandom > /dev/null"),
    ("pairs of sockets", "perl -MSocket -e 'socketpair(A, B, AF_UNIX, SOCK_STREAM, 0) or exit 1'"),
    ("the network", "perl -MSocket -e 'socket(S, AF_INET, SOCK_STREAM, 0) or exit 1'"),
    ("names of hosts", "cat /etc/resolv.conf"),
    ("threads and processes", "cat <(echo x) | grep x"),
];

/// A site whose build makes the attempts.
const ATTEMPTS_TOML: &str = "[build]\ncommand = \"bash attempts.sh\"\npublish = \"out\"\n";

fn policy(sandbox: Sandbox) -> impl FnOnce(&mut BuildPolicy) {
    move |policy| policy.sandbox = sandbox
}

async fn world(change: impl FnOnce(&mut BuildPolicy)) -> World {
    let world = World::with(change).await;
    // landlock's builds walk through to their folders
    for folder in [world.path(""), world.path("data")] {
        std::fs::set_permissions(folder, Permissions::from_mode(0o711)).expect("passable");
    }
    world
}

/// Files, sockets and processes that are none of a build's business, open as far as others are
/// careless.
struct Temptations {
    _socket: UnixListener,
    _abstract: UnixListener,
    stranger: Child,
}

impl Temptations {
    fn lay(world: &World) -> Self {
        let outside = world.path("outside");
        for folder in [&outside, &world.path("data/builds"), &world.path("data/builds/other/repo")] {
            std::fs::create_dir_all(folder).expect("made");
        }
        for file in ["outside/open", "data/key", "data/builds/other/repo/secret"] {
            std::fs::write(world.path(file), "it").expect("written");
            std::fs::set_permissions(world.path(file), Permissions::from_mode(0o644)).expect("open");
        }
        chown(world.path("data/builds/other/repo/secret"), Some(STRANGER), None).expect("given");
        let socket = UnixListener::bind(outside.join("socket")).expect("a socket");
        for path in [outside.clone(), outside.join("socket")] {
            std::fs::set_permissions(path, Permissions::from_mode(0o777)).expect("open");
        }
        let name = SocketAddr::from_abstract_name(&world.site.id).expect("a name");
        let mut sleep = Command::new("sleep");
        Self {
            _socket: socket,
            _abstract: UnixListener::bind_addr(&name).expect("a socket"),
            stranger: sleep.arg("600").uid(STRANGER).spawn().expect("it starts"),
        }
    }
}

impl Drop for Temptations {
    fn drop(&mut self) {
        self.stranger.kill().and_then(|()| self.stranger.wait()).expect("it is ours");
    }
}

/// Attempts that do no harm where nothing stops them: without a sandbox they succeed.
const HARMLESS: [&str; 14] = [
    "the database",
    "the key of what is encrypted",
    "files of another build",
    "files of other people",
    "passwords",
    "the server's environment",
    "the server's memory",
    "signals to the server",
    "signals to another's process",
    "sockets in the file system",
    "sockets without a file",
    "keys in the kernel",
    "a user namespace",
    "rights of root",
];

fn script(world: &World, stranger: u32, wanted: impl Fn(&str) -> bool) -> String {
    let mut script = format!(
        "DATA={} OUTSIDE={} SERVER={} STRANGER={stranger} NAME={} KEYCTL={} MOUNT={}\nexport OUTSIDE NAME KEYCTL MOUNT\nmkdir out\n",
        world.path("data").display(),
        world.path("outside").display(),
        std::process::id(),
        world.site.id,
        libc::SYS_keyctl,
        libc::SYS_mount,
    );
    for (what, how) in ATTEMPTS.iter().filter(|(what, _)| wanted(what)) {
        script += &format!("( {how}; ) > /dev/null 2>&1 && echo \"reached: {what}\" >> out/it\n");
    }
    for (what, how) in NEEDS {
        script += &format!("( {how}; ) > /dev/null 2>&1 || echo \"missing: {what}\" >> out/it\n");
    }
    script + "echo end >> out/it"
}

#[tokio::test]
async fn no_attempt_to_escape_succeeds() {
    for sandbox in SANDBOXES {
        let world = world(policy(sandbox)).await;
        let temptations = Temptations::lay(&world);
        let script = script(&world, temptations.stranger.id(), |_| true);
        world.commit(&[("attempts.sh", &script), ("netlify.toml", ATTEMPTS_TOML)], "Attempts");
        let (build, deploy) = world.build(Cause::default()).await;
        assert_eq!(build.error, None, "{sandbox:?}: {:#?}", world.log(&build.id).await);
        let it = world.served(&deploy.id, "/it").await;
        assert_eq!(it.as_deref(), Some("end\n"), "{sandbox:?}");
    }
}

#[tokio::test]
async fn without_a_sandbox_the_same_attempts_succeed() {
    let world = world(policy(Sandbox::Off)).await;
    let temptations = Temptations::lay(&world);
    let script = script(&world, temptations.stranger.id(), |what| HARMLESS.contains(&what));
    world.commit(&[("attempts.sh", &script), ("netlify.toml", ATTEMPTS_TOML)], "Attempts");
    let (build, deploy) = world.build(Cause::default()).await;
    assert_eq!(build.error, None, "{:#?}", world.log(&build.id).await);
    let it = world.served(&deploy.id, "/it").await.expect("a file");
    for what in HARMLESS {
        assert!(it.contains(&format!("reached: {what}\n")), "{what}: {it}");
    }
}

#[tokio::test]
async fn two_builds_have_two_users() {
    let world = world(policy(Sandbox::Strict)).await;
    world.commit_command("mkdir out; id -u > out/it; id -un >> out/it");
    let users = async |world: &World| {
        let (_, deploy) = world.build(Cause::default()).await;
        world.served(&deploy.id, "/it").await.expect("a file")
    };
    let (first, last) = BuildLimits::default().users;
    let shown = users(&world).await;
    let (id, name) = shown.trim().split_once('\n').expect("two lines");
    assert!((first..=last).contains(&id.parse().expect("a number")) && name == "build", "{shown}");
    let other = World::with(policy(Sandbox::Strict)).await;
    other.commit_command(&format!("mkdir out; touch out/x; test $(id -u) != {id}"));
    // held as another build would hold it
    let held = crate::sandbox::Cell::enter(&other.cx.settings.builds, "held").expect("a cell");
    let (build, _) = other.build(Cause::default()).await;
    assert!(build.error.is_none() || held.user() != id.parse().ok(), "{:?}", build.error);
}

/// A bound, the way to reach it, and what is said then. No way leads far beyond: a bound that does not
/// hold costs a test and not the machine.
type Bound = (&'static str, fn(&mut BuildLimits), &'static str, &'static str);

const BOUNDS: &[Bound] = &[
    (
        "a fork bomb",
        |limits| limits.processes = 64,
        "perl -e 'for (1..500) { my $child = fork; defined($child) or exit 3; $child or sleep 600 }'",
        "the build needed more than 64 processes at once",
    ),
    (
        "a memory hog",
        |limits| limits.memory = 64 << 20,
        "perl -e 'push @all, q(x) x (1 << 20) for 1..512'",
        "the build used more than 64 MB of memory and was stopped",
    ),
    (
        "a disk filler",
        |limits| limits.disk = 20 << 20,
        "head -c 30M /dev/zero > big; sleep 600",
        "the build used more than 20 MB of disk and was stopped",
    ),
    (
        "temporary files",
        |limits| limits.disk = 20 << 20,
        "head -c 30M /dev/zero > $TMPDIR/big; sleep 600",
        "the build used more than 20 MB of disk and was stopped",
    ),
    (
        "a deleted file that is still open",
        |limits| limits.disk = 20 << 20,
        "exec 3> gone; rm gone; head -c 30M /dev/zero >&3; sleep 600",
        "the build used more than 20 MB of disk and was stopped",
    ),
    (
        "many small files",
        |limits| limits.files = 300,
        "touch $(seq 500); sleep 600",
        "the build made more than 300 files and was stopped",
    ),
    (
        "a file without end",
        |limits| limits.file = 1 << 20,
        "head -c 30M /dev/zero > big || exit 7",
        "the build command failed with exit code 7",
    ),
    (
        "many open files",
        |limits| limits.open_files = 64,
        "for i in $(seq 10 100); do eval \"exec $i< /dev/null\" || exit 8; done",
        "the build command failed with exit code 8",
    ),
    (
        "a disk that runs full",
        |limits| limits.spare = u64::MAX,
        "sleep 600",
        "the server's disk has less than 17592186044415 MB left; the build was stopped to spare it",
    ),
];

#[tokio::test]
async fn whoever_takes_too_much_is_stopped_and_told_why() {
    for sandbox in SANDBOXES {
        for (what, limit, command, says) in BOUNDS {
            let world = world(|policy| {
                policy.sandbox = sandbox;
                limit(&mut policy.limits);
            })
            .await;
            world.commit_command(command);
            let (build, _) = world.build(Cause::default()).await;
            assert_eq!(
                build.error.as_deref(),
                Some(*says),
                "{what} in {sandbox:?}: {:#?}",
                world.log(&build.id).await
            );
            let left = std::fs::read_dir(world.path("data/builds")).expect("a folder").count();
            assert_eq!(left, 0, "{what} in {sandbox:?} leaves nothing");
        }
    }
}

#[tokio::test]
async fn the_server_answers_while_a_fork_bomb_rages() {
    let world = world(|policy| policy.limits.processes = 200).await;
    world.commit_command("perl -e 'fork for 1..11; sleep 3' & sleep 3; exit 9");
    let (build, _) = world.ask(Cause::default()).await;
    let answers = async {
        let mut answers = 0;
        while !world.look(&build.id).await.0.state.is_final() {
            let run = tokio::process::Command::new("true").status().await;
            answers += u32::from(run.expect("the server can start processes").success());
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        answers
    };
    let ((), answers) = tokio::join!(world.work(), answers);
    assert!(answers > 0);
    assert_eq!(
        world.look(&build.id).await.0.error.as_deref(),
        Some("the build needed more than 200 processes at once")
    );
}

#[tokio::test]
async fn builds_are_nice_and_leave_the_server_as_it_is() {
    let session = || std::fs::read_to_string("/proc/self/autogroup").ok();
    let before = session();
    for sandbox in SANDBOXES {
        let world = world(policy(sandbox)).await;
        world.commit_command("mkdir out; nice > out/it");
        let (build, deploy) = world.build(Cause::default()).await;
        assert_eq!(build.error, None, "{sandbox:?}: {:#?}", world.log(&build.id).await);
        assert_eq!(world.served(&deploy.id, "/it").await.as_deref(), Some("10\n"), "{sandbox:?}");
    }
    assert_eq!(session(), before, "the server's session is its own");
}

#[tokio::test]
async fn what_stays_behind_is_gone_before_the_next_step() {
    for sandbox in SANDBOXES {
        let world = world(policy(sandbox)).await;
        let name = format!("left-{}", world.site.id);
        world.commit_command(&format!(
            "mkdir out; touch out/x; for i in 1 2 3; do (setsid bash -c 'trap \"\" HUP TERM; exec -a {name} sleep 600' > /dev/null 2>&1 < /dev/null &) ; done"
        ));
        let (build, _) = world.build(Cause::default()).await;
        assert_eq!(build.error, None, "{sandbox:?}");
        assert!(!super::stopping::runs(&name), "{sandbox:?}: a daemon outlives its build");
    }
}
