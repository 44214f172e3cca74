//! Deploys with as many rules as a deploy may have, and with more: they live, what is left out is told,
//! and they cost the server a bounded part of its memory.

use crate::support::id;
use serde_json::Value;
use std::time::Duration;
use testkit::{Actor, Process, both, until_within};

/// Rules of each kind that a deploy may have.
const RULES: usize = 100_000;
/// Rules of each kind that one path may have to be judged by.
const JUDGED: usize = 10_000;
/// How long the deploy of that many may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);
/// By how much the memory of the server may grow for a live site with all of them, in bytes. What the
/// allocator keeps of the deploying alone differs by 200 MB from run to run.
const GROWTH: u64 = 900 << 20;

fn redirects(count: usize) -> String {
    (0..count).map(|number| format!("/old/{number}/* /new/{number}/:splat\n")).collect()
}

fn headers(count: usize) -> String {
    (0..count).map(|number| format!("/own/{number}\n X-Number: {number}\n")).collect()
}

/// The messages of a deploy with these rules.
async fn deployed(owner: &Actor, site: &str, redirects: &str, headers: &str) -> String {
    let files =
        [("index.html", "hello"), ("404.html", "nothing"), ("_redirects", redirects), ("_headers", headers)];
    let deploy = owner.new_deploy(site, serde_json::json!({ "draft": false })).await;
    owner.fill(site, id(&deploy), &files).await;
    let path = format!("/deploys/{}", id(&deploy));
    let deploy = until_within(PATIENCE, "the deploy to be ready", async || {
        let deploy = owner.get(&path).await.expect(200).json();
        assert_ne!(deploy["state"], "error", "{deploy}");
        (deploy["state"] == "ready").then_some(deploy)
    })
    .await;
    deploy["summary"]["messages"].as_array().map(|all| all.iter().map(told).collect()).unwrap_or_default()
}

fn told(message: &Value) -> String {
    format!("{}|{}|{}\n", message["title"], message["description"], message["details"]).replace('"', "")
}

#[track_caller]
fn tells(messages: &str, all: &[&str]) {
    for what in all {
        assert!(messages.contains(what), "{what} in {messages}");
    }
}

/// What the server holds, in bytes.
fn memory(p: &Process) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", p.id())).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("the kernel says so");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") << 10
}

both! {
    /// 100,000 of each kind are served; one more is told and left out. They are deployed once, since the
    /// limit itself is held where rules are read, and a deploy of that many takes its time.
    async fn as_many_rules_as_may_be(mut p: Process) {
        let (owner, visitor) = (p.owner(), p.visitor());
        let site = owner.create_site("many").await;
        visitor.site("many", "/").await.expect(404);
        let before = memory(&p);
        let messages = deployed(&owner, id(&site), &redirects(RULES + 1), &headers(RULES + 1)).await;
        tells(&messages, &[
            "100000 redirect rules processed|Some redirect rules could not be read and were left out.",
            "- Line 100001: more than 100000 rules",
            "100000 header rules processed|Some header rules could not be read and were left out.",
            "- Line 200001: more than 100000 rules",
        ]);
        for number in [0, RULES / 2, RULES - 1] {
            let moved = visitor.site("many", &format!("/old/{number}/x")).await.expect(301);
            assert_eq!(moved.header("location"), Some(format!("/new/{number}/x").as_str()));
            let own = visitor.site("many", &format!("/own/{number}")).await.expect(404);
            assert_eq!(own.header("x-number"), Some(number.to_string().as_str()));
        }
        for nothing in [format!("/old/{RULES}/x"), format!("/own/{RULES}"), "/old/none".to_owned()] {
            let found = visitor.site("many", &nothing).await.expect(404);
            assert_eq!((found.text().as_str(), found.header("x-number")), ("nothing", None), "{nothing}");
        }
        assert_eq!(visitor.site("many", "/").await.expect(200).text(), "hello");
        let grown = memory(&p).saturating_sub(before);
        assert!(grown < GROWTH, "{grown}");
    }
}

both! {
    /// More rules for one path than it may be judged by are told and left out; the others stand.
    async fn as_many_rules_of_one_path_as_may_be(mut p: Process) {
        let (owner, visitor) = (p.owner(), p.visitor());
        let site = owner.create_site("many").await;
        let names: String = (0..JUDGED + 5).map(|number| format!("/:name/{number} /new/{number}\n")).collect();
        let all: String = (0..JUDGED + 7).map(|number| format!("/*\n X-{}: {number}\n", number % 9)).collect();
        let messages = deployed(&owner, id(&site), &format!("{names}/a /b\n"), &all).await;
        tells(&messages, &[
            "10000 redirect rules processed",
            "- Line 1: 7 rules for paths that 10000 rules before them are for",
            "10000 header rules processed",
        ]);
        for number in [0, JUDGED - 1] {
            let moved = visitor.site("many", &format!("/x/{number}")).await.expect(301);
            assert_eq!(moved.header("location"), Some(format!("/new/{number}").as_str()));
        }
        visitor.site("many", &format!("/x/{}", JUDGED + 1)).await.expect(404);
        assert_eq!(visitor.site("many", "/").await.expect(200).header("x-0"), Some("9999"));
    }
}
