//! The log of a build: its forms, its sections, its stream, and who may read it.

use crate::builds::{built, linked, trigger};
use crate::support::{id, repository};
use serde_json::{Value, json};
use std::time::Duration;
use testkit::{Actor, Platform, both, until_within};

/// How long a small build may take.
const BUILD: Duration = Duration::from_secs(150);

/// A site whose build was done: the site and its build.
async fn built_site(p: &Platform, owner: &Actor, cmd: &str) -> (Value, Value) {
    let repository = repository(&[("page.txt", "page")]);
    let (site, hook) = linked(owner, "logs", &repository, cmd).await;
    trigger(&p.anonymous(), &hook, "").await;
    built(owner, id(&site)).await;
    let builds = owner.get(&format!("/sites/{}/builds", id(&site))).await.expect(200).json();
    // the deploy is ready a moment before its build is over
    let build = until_within(BUILD, "the end of the build", async || {
        let build = owner.get(&format!("/builds/{}", id(&builds[0]))).await.expect(200).json();
        (build["done"] == true).then_some(build)
    });
    (site, build.await)
}

/// The data of the events of this kind in a stream.
fn events(stream: &str, kind: &str) -> Vec<Value> {
    let of = |event: &str| {
        let name = event.lines().find_map(|line| line.strip_prefix("event: ")).unwrap_or("message");
        let data = event.lines().find_map(|line| line.strip_prefix("data: "))?;
        (name == kind).then(|| serde_json::from_str(data).expect("JSON"))
    };
    stream.split("\n\n").filter_map(of).collect()
}

const COLOURED: &str = "printf '\\033[31mred\\033[0m words\\n'; mkdir out && cp page.txt out/index.html";

both! {
    /// Whole as text with and without colours, in pieces as JSON, as a list for command lines.
    async fn a_log_is_had_in_every_form(p: Platform) {
        let owner = p.owner();
        let (_, build) = built_site(&p, &owner, COLOURED).await;
        let log = format!("/builds/{}/log", id(&build));
        let ansi = owner.get(&format!("{log}?format=ansi")).await.expect(200).text();
        let text = owner.get(&format!("{log}?format=text")).await.expect(200);
        assert!(ansi.contains("build: \u{1b}[31mred\u{1b}[0m words\n"), "{ansi}");
        assert!(text.text().contains("build: red words\n") && text.header("content-disposition").is_none());
        assert!(text.text().contains("build: (took "), "how long a command ran: {}", text.text());
        let pieces = owner.get(&format!("{log}?limit=2")).await.expect(200);
        assert_eq!((pieces.text().lines().count(), pieces.header("x-next-line")), (2, Some("2")));
        let saved = owner.get(&format!("{log}?format=text&download=true&from=2")).await.expect(200);
        let name = format!("attachment; filename=\"build-{}.log\"", id(&build));
        assert_eq!(saved.header("content-disposition"), Some(name.as_str()));
        assert_eq!(saved.text().lines().count() + 2, text.text().lines().count());
        owner.get(&format!("{log}?format=html")).await.refusal(400);
        let deploy = build["deploy_id"].as_str().expect("an id");
        let list = owner.get(&format!("/deploys/{deploy}/log")).await.expect(200).json();
        assert_eq!(list.as_array().map(Vec::len), Some(text.text().lines().count()));
    }
}

both! {
    /// Each part with its first line and its time, with the build and in its stream.
    async fn sections_are_told_with_the_build_and_in_the_stream(p: Platform) {
        let owner = p.owner();
        let (_, build) = built_site(&p, &owner, COLOURED).await;
        let sections = build["sections"].as_array().expect("a list").clone();
        let names: Vec<_> = sections.iter().filter_map(|section| section["name"].as_str()).collect();
        assert!(names.starts_with(&["queued", "clone"]) && names.contains(&"build"), "{names:?}");
        assert!(sections.iter().all(|section| section["duration_ms"].is_i64() && section["ended_at"].is_string()));
        assert_eq!(sections.last().map(|last| &last["ended_at"]), Some(&build["finished_at"]));
        assert_eq!(sections[0]["started_at"], build["created_at"], "the time in line counts");
        let stream = owner.get(&format!("/builds/{}/log/stream", id(&build))).await.expect(200).text();
        let begun: Vec<_> = events(&stream, "section").iter().map(|event| (event["name"].clone(), event["first_line"].clone())).collect();
        let expect: Vec<_> = sections.iter().map(|section| (section["name"].clone(), section["first_line"].clone())).collect();
        assert_eq!(begun, expect);
        let end = json!([{ "state": "done", "sections": sections }]);
        assert_eq!(json!(events(&stream, "end")), end);
        let from = sections[2]["first_line"].as_i64().expect("a number");
        let rest = owner.get(&format!("/builds/{}/log/stream?from={from}", id(&build))).await.expect(200).text();
        assert_eq!(events(&rest, "message").first().map(|line| &line["line"]), Some(&json!(from)));
    }
}

both! {
    /// Private unless the site says otherwise, and then the log alone is open.
    async fn logs_are_for_members_unless_the_site_opens_them(p: Platform) {
        let owner = p.owner();
        let (site, build) = built_site(&p, &owner, COLOURED).await;
        let deploy = build["deploy_id"].as_str().expect("an id").to_owned();
        let logs = [
            format!("/builds/{}/log", id(&build)),
            format!("/builds/{}/log/stream", id(&build)),
            format!("/deploys/{deploy}/log"),
        ];
        let (nobody, stranger) = (p.anonymous(), p.outsider().await);
        for (private, to_nobody, to_stranger) in [(None, 401, 404), (Some(false), 200, 200), (Some(true), 401, 404)] {
            if let Some(private) = private {
                let repo = json!({ "repo": { "private_logs": private } });
                owner.patch(&format!("/sites/{}", id(&site)), repo).await.expect(200);
            }
            for log in &logs {
                assert_eq!(nobody.get(log).await.status, to_nobody, "{log} {private:?}");
                assert_eq!(stranger.get(log).await.status, to_stranger, "{log} {private:?}");
                owner.get(log).await.expect(200);
            }
            nobody.get(&format!("/builds/{}", id(&build))).await.refusal(401);
        }
        nobody.get("/builds/65a000000000000000000000/log").await.refusal(401);
        stranger.get("/builds/65a000000000000000000000/log").await.refusal(404);
    }
}
