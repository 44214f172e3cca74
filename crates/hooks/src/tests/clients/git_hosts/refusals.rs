//! What is not told at all, and what a host's refusal means.

use super::world::{TOKEN, World, deploy, host_of};
use crate::MASK;
use crate::outgoing::Meaning;
use crate::tests::lab::SITE;
use context::GithubSettings;
use model::{BuildSettings, Deploy, DeployState};
use serde_json::{Value, json};
use std::time::Duration;
use testbed::both;

both!(
    there_may_be_nothing_to_tell,
    the_sites_repository_is_told,
    refusals_say_what_helps,
    a_refusal_is_tried_again,
    the_servers_token_is_the_last_resort,
    the_token_is_on_no_record,
    an_id_that_is_no_commit_stays_here,
);

const EVERY: [&str; 10] = [
    "github_commit_status",
    "github_commit_comment",
    "github_deployment",
    "github_app_commit_status",
    "github_app_checks",
    "github_app_review_comment",
    "gitlab_commit_status",
    "gitlab_merge_request_comment",
    "bitbucket_commit_status",
    "gitea_commit_status",
];

async fn there_may_be_nothing_to_tell(world: &World) {
    let manual = Deploy { commit_ref: None, ..deploy(DeployState::Ready) };
    for kind in EVERY {
        let mut data = world.data(host_of(kind));
        let hook = world.hook_at(SITE, kind, data.clone()).await;
        data["repo"] = Value::Null;
        let unlinked = world.hook_at(SITE, kind, data).await;
        for (hook, event, deploy, why) in [
            (&hook, "deploy_succeeded", &manual, "the deploy has no commit"),
            (&unlinked, "deploy_succeeded", &deploy(DeployState::Ready), "the site has no repository"),
            (
                &hook,
                "deploy_locked",
                &deploy(DeployState::Ready),
                "the event does not change how the commit's deploy went",
            ),
            (&hook, "submission_created", &manual, "the event is not about a deploy"),
        ] {
            let tried = world.tell(hook, event, deploy).await;
            let note = format!("nothing to tell: {why}");
            assert_eq!(
                (tried.meaning, &tried.request.read()["note"]),
                (Meaning::Delivered, &json!(note)),
                "{kind}"
            );
        }
    }
    assert!(world.heard().await.is_empty());
}

async fn an_id_that_is_no_commit_stays_here(world: &World) {
    let hook = world.hook_of("github_commit_status").await;
    for text in ["../../x", "HEAD", "", "5a7f8c?x=1", &"a".repeat(65)] {
        let odd = Deploy { commit_ref: Some(text.to_owned()), ..deploy(DeployState::Ready) };
        let tried = world.tell(&hook, "deploy_succeeded", &odd).await;
        assert_eq!((tried.meaning, tried.status), (Meaning::Delivered, None), "{text}");
    }
    let tried = world.tell_body(&world.cx, &hook, "deploy_succeeded", r#"{"id": "1"}"#).await;
    assert!(tried.error.is_some_and(|(_, why)| why.contains("list of fields")));
    assert!(world.heard().await.is_empty());
}

async fn the_sites_repository_is_told(world: &World) {
    for (kind, url, expect) in [
        ("github_commit_status", "https://github.com/acme/shop.git", "/github/repos/acme/shop/statuses/"),
        (
            "gitlab_commit_status",
            "git@gitlab.com:acme/web/shop.git",
            "/gitlab/projects/acme%2Fweb%2Fshop/statuses/",
        ),
        (
            "bitbucket_commit_status",
            "https://bitbucket.org/acme/shop",
            "/bitbucket/repositories/acme/shop/commit/",
        ),
        ("gitea_commit_status", "https://git.acme.example/acme/shop", "/gitea/repos/acme/shop/statuses/"),
    ] {
        let build = BuildSettings { repo_url: Some(url.into()), ..BuildSettings::default() };
        world.change_site(SITE, |site| site.info.build = build).await;
        let mut data = world.data(host_of(kind));
        data["repo"] = Value::Null;
        let hook = world.hook_at(SITE, kind, data).await;
        world.tell(&hook, "deploy_succeeded", &deploy(DeployState::Ready)).await;
        let path = world.heard().await[0]["path"].as_str().expect("a path").to_owned();
        assert!(path.starts_with(expect), "{path}");
    }
    let elsewhere = world.hook_at(SITE, "github_commit_status", json!({"access_token": TOKEN})).await;
    let build = BuildSettings {
        provider: Some("gitlab".into()),
        repo_path: Some("a/b".into()),
        ..BuildSettings::default()
    };
    world.change_site(SITE, |site| site.info.build = build).await;
    let tried = world.tell(&elsewhere, "deploy_succeeded", &deploy(DeployState::Ready)).await;
    let (_, why) = tried.error.expect("it cannot be told");
    assert_eq!(why, "the site's repository is at gitlab.com; name another in the hook's `repo`");
}

async fn refusals_say_what_helps(world: &World) {
    let hook = world.hook_of("github_commit_status").await;
    let reset = (world.cx.now().seconds() + 90).to_string();
    let used_up = json!({"x-ratelimit-remaining": "0", "x-ratelimit-reset": reset});
    for (status, headers, wait, says) in [
        (401, json!({}), None, "does not accept the access token"),
        (403, json!({}), None, "repo:status"),
        (404, json!({}), None, "no such repository"),
        (422, json!({}), None, "does not know the commit yet"),
        (301, json!({"location": "/x"}), None, "has moved"),
        (500, json!({}), None, "GitHub answered 500"),
        (410, json!({}), None, "switched off"),
        (429, json!({"retry-after": "120"}), Some(120), "120 s"),
        (403, json!({"retry-after": "60"}), Some(60), "60 s"),
        (403, used_up, Some(90), "s of patience"),
    ] {
        world.answers(status, headers, json!({"message": "no"})).await;
        let tried = world.tell(&hook, "deploy_succeeded", &deploy(DeployState::Ready)).await;
        let Meaning::Failed(asked) = tried.meaning else { panic!("{status} is a failure") };
        assert_eq!(asked.map(|asked| asked.as_secs()), wait, "{status}");
        assert_eq!(tried.status, Some(i64::from(status)));
        let (class, why) = tried.error.expect("a reason");
        assert!(class == "status" && why.contains(says), "{status}: {why}");
    }
    world.heard().await;
}

async fn a_refusal_is_tried_again(world: &World) {
    for kind in EVERY {
        let hook = world.hook_of(kind).await;
        let once = Deploy { id: world.cx.id(), review_id: Some(50), ..deploy(DeployState::Ready) };
        world.lose_memory().await;
        world.answers(422, json!({}), json!({"message": "No commit found"})).await;
        let first = world.tell(&hook, "deploy_succeeded", &once).await;
        assert_eq!(first.meaning, Meaning::Failed(None), "{kind}");
        let second = world.tell(&hook, "deploy_succeeded", &once).await;
        assert_eq!(second.meaning, Meaning::Delivered, "{kind}: {second:?}");
        world.heard().await;
        world.delete_comments().await;
    }
}

async fn the_servers_token_is_the_last_resort(world: &World) {
    let apps = ["github_app_commit_status", "github_app_checks", "github_app_review_comment"];
    let github =
        GithubSettings { token: Some("server-t0ken".into()), api_url: Some(world.api_url("github")) };
    let server = world.configured(|settings| settings.github = github);
    for kind in apps {
        let hook = world.hook_at(SITE, kind, json!({"repo": "o/r"})).await;
        assert_eq!(hook.kind, kind);
        let without = world.tell(&hook, "deploy_succeeded", &deploy(DeployState::Ready)).await;
        let (_, why) = without.error.expect("it cannot be told");
        assert!(without.meaning == Meaning::Failed(None) && why.contains("BOATHOOK_GITHUB_TOKEN"), "{why}");
        assert!(world.heard().await.is_empty());
        let with = world.tell_as(&server, &hook, "deploy_succeeded", &deploy(DeployState::Ready)).await;
        assert_eq!(with.meaning, Meaning::Delivered, "{kind}: {with:?}");
        assert!(!format!("{with:?}").contains("server-t0ken"));
        assert!(!world.heard().await.is_empty());
    }
}

async fn the_token_is_on_no_record(world: &World) {
    for kind in EVERY {
        let hook = world.hook_of(kind).await;
        world.lose_memory().await;
        for status in [201, 401, 500] {
            if status != 201 {
                world.answers(status, json!({}), json!({})).await;
            }
            world.clock.advance(Duration::from_millis(1));
            let (id, created_at) = (world.cx.id(), world.cx.now());
            let commit_ref = Some(id.clone());
            let other = Deploy { id, commit_ref, created_at, ..deploy(DeployState::Ready) };
            let tried = world.tell(&hook, "deploy_succeeded", &other).await;
            assert!(!format!("{tried:?}").contains(TOKEN), "{kind} {status}: {tried:?}");
            let sent = tried.request.read();
            assert!(sent["body"].is_object() || sent["method"] == "GET", "{kind}: {tried:?}");
            assert_eq!(sent["headers"]["Authorization"], MASK, "{kind}");
        }
        let shown = crate::get(&world.cx, &hook.id).await.expect("the hook");
        assert!(!serde_json::to_string(&shown).expect("JSON").contains(TOKEN));
    }
    world.heard().await;
}
