//! What builds find on a machine: Git, Node, a sandbox, users of their own, the builder, and programs
//! that bring dependencies.

use super::{Args, Finding, version};
use crate::builder::builder;
use builds::builder::{State, VERSION};
use builds::{Layers, Program};

/// Oldest Node whose built-in proxy support lets an unmodified CLI in.
const NODE_WANTED: (u32, u32) = (22, 21);
/// Oldest Node that the builder runs on.
const NODE_NEEDED: (u32, u32) = builds::builder::OLDEST_NODE;
/// Where the users of the machine are.
const USERS: &str = "/etc/passwd";

pub(super) fn look(args: &Args) -> Vec<Finding> {
    let layers = builds::sandbox_report();
    let is_root = builds::runs_as_root();
    let known = std::fs::read_to_string(USERS).unwrap_or_default();
    let mut all = vec![git(), node(version("node").as_deref()), npm(version("npm"))];
    all.extend([
        sandbox(&layers),
        users(is_root, args.build_uids, &known, layers.is_strong()),
        the_builder(args),
    ]);
    all.push(programs(&builds::dependency_programs()));
    all
}

fn git() -> Finding {
    match version("git") {
        Some(version) => Finding::Fine(version),
        None => Finding::Short(
            "git is missing: builds cannot fetch repositories".into(),
            "apt-get install git".into(),
        ),
    }
}

fn node(found: Option<&str>) -> Finding {
    let wanted = format!("{}.{}", NODE_WANTED.0, NODE_WANTED.1);
    let cure = format!("install Node {wanted} or newer, for builds with npm and for the Netlify CLI");
    match found {
        None => Finding::Short(
            "node is missing: sites with a package.json, plugins or functions cannot be built".into(),
            cure,
        ),
        Some(found) if node_version(found) >= Some(NODE_WANTED) => Finding::Fine(format!("node {found}")),
        Some(found) if node_version(found) >= Some(NODE_NEEDED) => Finding::Short(
            format!("node {found} is older than {wanted}: it builds, but `boathook netlify` needs newer"),
            cure,
        ),
        Some(found) => Finding::Short(
            format!(
                "node {found} is older than {}.{}: sites with plugins or functions cannot be built",
                NODE_NEEDED.0, NODE_NEEDED.1
            ),
            cure,
        ),
    }
}

fn node_version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.trim_start_matches('v').split('.').map(|n| n.parse().ok());
    Some((numbers.next()??, numbers.next()??))
}

fn npm(found: Option<String>) -> Finding {
    match found {
        Some(found) => {
            Finding::Fine(format!("npm {found}; yarn, pnpm, bun and other versions of Node come by it"))
        }
        None => Finding::Short(
            "npm is missing: packages cannot be installed, nor the builder".into(),
            "install npm, which comes with Node".into(),
        ),
    }
}

fn sandbox(layers: &Layers) -> Finding {
    if let (Ok(()), Err(why)) = (&layers.bubblewrap, &layers.groups) {
        return Finding::Short(
            format!("builds run in bubblewrap without a bound on memory: {why}"),
            "let the server make control groups, by Delegate=yes in its systemd unit say".into(),
        );
    }
    let cure = "apt-get install bubblewrap, and allow unprivileged user namespaces";
    match (&layers.bubblewrap, &layers.landlock) {
        (Ok(()), _) => Finding::Fine("builds run in bubblewrap, bounded by control groups".into()),
        (Err(why), Ok(())) => {
            Finding::Short(format!("builds run under landlock only; bubblewrap: {why}"), cure.into())
        }
        (Err(why), Err(_)) => {
            Finding::Wrong(format!("no sandbox works, so builds are refused; bubblewrap: {why}"), cure.into())
        }
    }
}

/// Whether each build has a user to itself. `known` is the machine's list of users.
fn users(is_root: bool, (first, last): (u32, u32), known: &str, strong: bool) -> Finding {
    let cure = "choose another range with BOATHOOK_BUILD_UIDS".to_owned();
    if !is_root {
        let what = "builds run as this server's own user, since it is not root".to_owned();
        return match strong {
            true => Finding::Fine(format!("{what}; bubblewrap keeps them apart")),
            false => Finding::Short(
                format!("{what}: they can signal each other and the server"),
                "run the server as root, which gives each build a user of its own, or see to bubblewrap"
                    .into(),
            ),
        };
    }
    let mut ids = known.lines().filter_map(|line| Some((line.split(':').next()?, line.split(':').nth(2)?)));
    let taken = ids.find(|(_, id)| id.parse().is_ok_and(|id: u32| (first..=last).contains(&id)));
    match taken {
        Some((name, id)) => Finding::Wrong(
            format!("{name} has user id {id}, which builds run as: they could read and kill what is theirs"),
            cure,
        ),
        None => Finding::Fine(format!("each build runs as a user of its own, {first} to {last}")),
    }
}

fn the_builder(args: &Args) -> Finding {
    let builder = builder(&args.data, args.builder_dir.as_deref());
    let place = builder.folder().display();
    let cure = "boathook builder install, when nobody waits for a build".to_owned();
    match builder.state() {
        State::Ready => Finding::Fine(format!("@netlify/build {VERSION} is in {place}")),
        State::Missing => Finding::Short(
            format!(
                "@netlify/build {VERSION} is not in {place}: the first build with plugins or functions installs it, 200 MB by npm"
            ),
            cure,
        ),
        State::Other(found) => Finding::Short(
            format!(
                "{place} holds @netlify/build {found}: the next build with plugins or functions replaces it by {VERSION}"
            ),
            cure,
        ),
    }
}

/// What other languages need. A machine whose sites have none lacks nothing.
fn programs(all: &[Program]) -> Finding {
    let (there, missing): (Vec<&Program>, Vec<&Program>) = all.iter().partition(|one| one.is_there);
    let names: Vec<_> = there.iter().map(|one| one.name).collect();
    let there = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    let told =
        |one: &&Program| format!("no {} for a {} (apt-get install {})", one.name, one.file, one.package);
    let missing: Vec<_> = missing.iter().map(told).collect();
    let missing = if missing.is_empty() { String::new() } else { format!("; {}", missing.join(", ")) };
    Finding::Fine(format!("programs that bring dependencies of other languages: {there}{missing}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::MailConfig;

    fn said(finding: &Finding) -> (&str, &str) {
        match finding {
            Finding::Fine(what) => ("ok", what),
            Finding::Short(what, _) => ("short", what),
            Finding::Wrong(what, _) => ("WRONG", what),
        }
    }

    fn check(finding: &Finding, kind: &str, words: &str) {
        let (found, what) = said(finding);
        assert!(found == kind && what.contains(words), "{finding:?}");
    }

    #[test]
    fn versions_are_read() {
        assert_eq!(node_version("v22.21.1"), Some((22, 21)));
        assert!(node_version("v20.20.2") < Some(NODE_WANTED) && node_version("v24.0.0") > Some(NODE_WANTED));
        assert_eq!(node_version("node"), None);
    }

    #[test]
    fn a_node_is_told_by_what_it_is_too_old_for() {
        check(&node(Some("v22.21.0")), "ok", "node v22.21.0");
        check(&node(Some("v20.20.2")), "short", "it builds, but `boathook netlify` needs newer");
        check(&node(Some("v18.1.0")), "short", "sites with plugins or functions cannot be built");
        check(&node(None), "short", "cannot be built");
        check(&npm(None), "short", "nor the builder");
        check(&npm(Some("11.0.0".into())), "ok", "npm 11.0.0");
    }

    #[test]
    fn sandboxes_are_told_by_what_they_lack() {
        let no = || Err("no".to_owned());
        for (bubblewrap, landlock, groups, kind, words) in [
            (Ok(()), Ok(()), Ok(()), "ok", "bounded by control groups"),
            (Ok(()), Ok(()), no(), "short", "without a bound on memory: no"),
            (no(), Ok(()), Ok(()), "short", "under landlock only; bubblewrap: no"),
            (no(), no(), no(), "WRONG", "builds are refused"),
        ] {
            check(&sandbox(&Layers { bubblewrap, landlock, groups }), kind, words);
        }
    }

    #[test]
    fn users_of_builds_are_nobody_elses() {
        let known = "root:x:0:0:root:/root:/bin/bash\nann:x:2005:2005::/home/ann:/bin/bash\n";
        check(&users(true, (3000, 3010), known, true), "ok", "a user of its own, 3000 to 3010");
        check(&users(true, (2000, 2010), known, true), "WRONG", "ann has user id 2005");
        check(&users(false, (2000, 2010), known, true), "ok", "bubblewrap keeps them apart");
        check(&users(false, (2000, 2010), known, false), "short", "can signal each other");
    }

    #[test]
    fn the_builder_is_told_by_its_state() {
        let dir = tempfile::tempdir().expect("a folder");
        let args = Args {
            data: dir.path().join("data"),
            listen: "127.0.0.1:0".parse().expect("an address"),
            builder_dir: Some(dir.path().join("builder")),
            build_uids: (1, 2),
            mail: MailConfig::default(),
        };
        check(&the_builder(&args), "short", "the first build with plugins or functions installs it");
        let package = dir.path().join("builder/node_modules/@netlify/build");
        std::fs::create_dir_all(&package).expect("made");
        for (version, kind, words) in
            [("1.0.0", "short", "holds @netlify/build 1.0.0"), (VERSION, "ok", "/builder")]
        {
            let text = format!(r#"{{"version":"{version}"}}"#);
            std::fs::write(package.join("package.json"), text).expect("written");
            check(&the_builder(&args), kind, words);
        }
    }

    #[test]
    fn missing_programs_are_named_with_their_packages() {
        let program = |name, is_there| Program { name, file: "Gemfile", package: "ruby-bundler", is_there };
        let found = programs(&[program("python3", true), program("bundle", false)]);
        check(&found, "ok", "languages: python3; no bundle for a Gemfile (apt-get install ruby-bundler)");
        check(&programs(&[program("bundle", false)]), "ok", "languages: none; no bundle");
    }
}
