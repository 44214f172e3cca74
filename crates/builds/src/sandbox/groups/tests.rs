//! Groups of both versions, in folders that stand for the kernel's.

use super::*;
use std::io::Write as _;

fn write(folder: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let file = folder.join(name);
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("made");
        std::fs::write(file, text).expect("written");
    }
}

#[test]
fn groups_of_version_1_are_found_where_the_server_is() {
    let mounts = "tmpfs /sys/fs/cgroup tmpfs rw 0 0\ncgroup /c/cpu cgroup rw,cpu 0 0\n\
                  cgroup /c/memory cgroup rw,memory 0 0\ncgroup /c/pids cgroup rw,pids 0 0\n\
                  cgroup2 /c/unified cgroup2 rw 0 0\n";
    let own = "9:name=systemd:/\n8:pids:/\n4:memory:/own/of/it\n1:cpu,cpuacct:/x\n0::/\n";
    let expect = Base::V1 {
        pids: "/c/pids/".into(),
        memory: "/c/memory/own/of/it".into(),
        cpu: Some("/c/cpu/x".into()),
    };
    assert_eq!(among(mounts, own), Some(expect));
    assert_eq!(among("proc /proc proc rw 0 0\n", own), None);
}

#[test]
fn groups_of_version_2_need_memory_and_processes() {
    let dir = tempfile::tempdir().expect("a folder");
    let mounts = format!("cgroup2 {} cgroup2 rw 0 0\n", dir.path().display());
    let base = dir.path().join("system/boathook.service");
    write(&base, &[("cgroup.controllers", "cpu memory pids\n")]);
    let found = Some(Base::V2(base.clone()));
    assert_eq!(among(&mounts, "0::/system/boathook.service\n"), found);
    assert_eq!(among(&mounts, "0::/system/boathook.service/boathook-server\n"), found);
    write(&base, &[("cgroup.controllers", "cpu\n")]);
    assert_eq!(among(&mounts, "0::/system/boathook.service\n"), None);
}

#[test]
fn a_group_of_version_2_is_bounded_after_the_server_left_its_parent() {
    let dir = tempfile::tempdir().expect("a folder");
    let limits = BuildLimits { memory: 7 << 20, processes: 9, ..BuildLimits::default() };
    // the kernel makes these files with the folder
    write(
        &dir.path().join("b"),
        &[("cgroup.procs", ""), ("memory.events", "low 0\noom_kill 3\n"), ("pids.events", "max 2\n")],
    );
    let group = Base::V2(dir.path().to_owned()).make("b", &limits).expect("made");
    for (file, text) in [
        ("boathook-server/cgroup.procs", std::process::id().to_string().as_str()),
        ("cgroup.subtree_control", "+cpu"),
        ("b/memory.max", "7340032"),
        ("b/pids.max", "9"),
        ("b/memory.swap.max", "0"),
        ("b/cpu.weight", "10"),
    ] {
        assert_eq!(std::fs::read_to_string(dir.path().join(file)).ok().as_deref(), Some(text), "{file}");
    }
    assert_eq!((group.killed_for_memory(), group.refused_processes()), (3, 2));
    assert_eq!(group.doors().expect("open").len(), 1);
}

#[test]
fn the_processor_is_shared_also_where_the_rest_is_bounded_already() {
    let dir = tempfile::tempdir().expect("a folder");
    write(&dir.path().join("b"), &[("cgroup.procs", "")]);
    let control = dir.path().join("cgroup.subtree_control");
    for (enabled, then) in [("memory pids\n", "+cpu"), ("cpu memory pids\n", "cpu memory pids\n")] {
        std::fs::write(&control, enabled).expect("written");
        delegate(dir.path()).expect("it is delegated");
        assert_eq!(std::fs::read_to_string(&control).expect("read"), then);
        assert!(!dir.path().join(OWN).exists(), "the server moves once");
    }
}

#[test]
fn a_group_of_version_1_is_bounded_and_stands_back() {
    let dir = tempfile::tempdir().expect("a folder");
    let at = |name: &str| dir.path().join(name);
    for name in ["pids", "memory", "cpu"] {
        write(&at(name).join("b"), &[("cgroup.procs", ""), ("tasks", "")]);
    }
    let base = Base::V1 { pids: at("pids"), memory: at("memory"), cpu: Some(at("cpu")) };
    let limits = BuildLimits { memory: 7 << 20, processes: 9, ..BuildLimits::default() };
    let group = base.make("b", &limits).expect("made");
    for (file, text) in
        [("pids/b/pids.max", "9"), ("memory/b/memory.limit_in_bytes", "7340032"), ("cpu/b/cpu.shares", "102")]
    {
        assert_eq!(std::fs::read_to_string(at(file)).ok().as_deref(), Some(text), "{file}");
    }
    assert_eq!(group.doors().expect("open").len(), 3, "it is joined everywhere");
}

#[test]
fn processes_join_a_group_of_version_1_as_threads() {
    let dir = tempfile::tempdir().expect("a folder");
    let at = |name: &str| dir.path().join(name);
    for name in ["pids", "memory"] {
        write(&at(name).join("b"), &[("cgroup.procs", ""), ("tasks", "")]);
    }
    let base = Base::V1 { pids: at("pids"), memory: at("memory"), cpu: None };
    let group = base.make("b", &BuildLimits::default()).expect("made");
    for mut door in group.doors().expect("open") {
        door.write_all(b"0").expect("written");
    }
    for (file, text) in [("tasks", "0"), ("cgroup.procs", "")] {
        for name in ["pids/b", "memory/b"] {
            assert_eq!(std::fs::read_to_string(at(name).join(file)).expect("read"), text, "{name}/{file}");
        }
    }
}

#[test]
fn a_group_that_was_left_is_removed_and_no_other() {
    let dir = tempfile::tempdir().expect("a folder");
    let at = |name: &str| dir.path().join(name);
    for folder in ["pids/left", "pids/other", "memory/left"] {
        std::fs::create_dir_all(at(folder)).expect("made");
    }
    let base = Base::V1 { pids: at("pids"), memory: at("memory"), cpu: None };
    base.discard("left");
    base.discard("gone");
    assert_eq!(
        [at("pids/left"), at("memory/left"), at("pids/other")].map(|path| path.exists()),
        [false, false, true]
    );
}
