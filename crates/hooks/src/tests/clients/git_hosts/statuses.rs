//! Statuses, deployments and check runs: each state in each host's words, in order, once.

use super::world::{World, deploy, host_of, other_deploy};
use crate::MASK;
use crate::outgoing::Meaning;
use crate::tests::lab::{ACCOUNT, SITE};
use events::Event;
use model::{Deploy, DeployState, Page};
use serde_json::{Value, json};
use testbed::both;

both!(
    every_state_is_told_in_the_hosts_words,
    what_was_told_is_not_told_again,
    a_late_event_moves_nothing_back,
    two_tries_at_once_end_at_the_newer_state,
    a_newer_deploy_of_the_commit_takes_over,
    a_commit_that_was_left_waits_for_nothing,
    a_renamed_site_keeps_its_context,
    a_deployment_is_made_once,
    a_check_run_is_made_once_and_shows_what_was_noticed,
    without_the_right_to_check_runs_there_is_a_status,
    a_hook_of_one_event_hears_of_the_whole_life,
    three_hooks_of_a_site_tell_once,
);

const KINDS: [&str; 8] = [
    "github_commit_status",
    "github_app_commit_status",
    "gitlab_commit_status",
    "bitbucket_commit_status",
    "gitea_commit_status",
    "github_deployment",
    "github_app_checks",
    "github_commit_comment",
];

fn canceled() -> Deploy {
    Deploy { error_message: Some("Canceled".into()), ..deploy(DeployState::Error) }
}

/// A commit of its own for each deploy.
fn of_commit(number: usize, deploy: Deploy) -> Deploy {
    let commit_ref = Some(format!("{number:040x}"));
    Deploy { id: format!("{number:024x}"), commit_ref, ..deploy }
}

/// The state in the last request.
fn state_of(requests: &[Value]) -> String {
    let body = &requests.last().expect("a request")["body"];
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    format!("{}{}{}", text("state"), text("status"), text("conclusion"))
}

fn expected(kind: &str, stage: usize) -> &'static str {
    // queued, waiting for review, building, ready, failed, canceled, rejected
    let words = match kind {
        "github_deployment" => ["queued", "pending", "in_progress", "success", "failure", "error", "error"],
        "github_app_checks" => [
            "queued",
            "queued",
            "in_progress",
            "completedsuccess",
            "completedfailure",
            "completedcancelled",
            "completedcancelled",
        ],
        "github_commit_comment" => [""; 7],
        _ => match host_of(kind) {
            "gitlab" => ["pending", "pending", "running", "success", "failed", "canceled", "canceled"],
            "bitbucket" => {
                ["INPROGRESS", "INPROGRESS", "INPROGRESS", "SUCCESSFUL", "FAILED", "STOPPED", "STOPPED"]
            }
            _ => ["pending", "pending", "pending", "success", "failure", "error", "error"],
        },
    };
    words[stage]
}

async fn every_state_is_told_in_the_hosts_words(world: &World) {
    for kind in KINDS {
        let hook = world.hook_of(kind).await;
        world.lose_memory().await;
        let stages = [
            ("deploy_created", deploy(DeployState::Enqueued)),
            ("deploy_request_pending", deploy(DeployState::PendingReview)),
            ("deploy_building", deploy(DeployState::Building)),
            ("deploy_succeeded", deploy(DeployState::Ready)),
            ("deploy_failed", deploy(DeployState::Error)),
            ("deploy_failed", canceled()),
            ("deploy_request_rejected", deploy(DeployState::Rejected)),
        ];
        for (number, (event, deploy)) in stages.into_iter().enumerate() {
            let tried = world.tell(&hook, event, &of_commit(number + 1, deploy)).await;
            assert_eq!(tried.meaning, Meaning::Delivered, "{kind} {event}: {tried:?}");
            assert_eq!(state_of(&world.heard().await), expected(kind, number), "{kind} {event}");
        }
    }
}

async fn what_was_told_is_not_told_again(world: &World) {
    for kind in KINDS {
        let hook = world.hook_of(kind).await;
        world.lose_memory().await;
        let first = world.tell(&hook, "deploy_succeeded", &deploy(DeployState::Ready)).await;
        assert_eq!(first.meaning, Meaning::Delivered, "{kind}: {first:?}");
        let asked = world.heard().await.len();
        let again = world.tell(&hook, "deploy_succeeded_after_failing", &deploy(DeployState::Ready)).await;
        assert_eq!((again.meaning, again.status), (Meaning::Delivered, None), "{kind}");
        assert!(
            again.request.read()["note"].as_str().is_some_and(|why| why.contains("already")),
            "{again:?}"
        );
        assert!(world.heard().await.is_empty() && asked > 0, "{kind}");
    }
}

async fn a_late_event_moves_nothing_back(world: &World) {
    for kind in KINDS {
        let hook = world.hook_of(kind).await;
        world.lose_memory().await;
        for (number, end) in
            [deploy(DeployState::Ready), deploy(DeployState::Error), canceled()].into_iter().enumerate()
        {
            let number = number + 10;
            let of = |deploy| of_commit(number, deploy);
            world.answers(500, json!({}), json!({})).await;
            let failed = world.tell(&hook, "deploy_building", &of(deploy(DeployState::Building))).await;
            assert_eq!(failed.meaning, Meaning::Failed(None), "{kind}");
            world.tell(&hook, "deploy_succeeded", &of(end)).await;
            let told = state_of(&world.heard().await);
            for (event, late) in
                [("deploy_building", DeployState::Building), ("deploy_created", DeployState::New)]
            {
                let late = world.tell(&hook, event, &of(deploy(late))).await;
                assert_eq!((late.meaning, late.status), (Meaning::Delivered, None), "{kind} after {told}");
            }
            assert!(world.heard().await.is_empty(), "{kind}: nothing follows {told}");
        }
    }
}

async fn two_tries_at_once_end_at_the_newer_state(world: &World) {
    let hook = world.hook_of("github_commit_status").await;
    for number in 20..26 {
        let (building, ready) =
            (of_commit(number, deploy(DeployState::Building)), of_commit(number, deploy(DeployState::Ready)));
        let (a, b) = futures_util::join!(
            world.tell(&hook, "deploy_building", &building),
            world.tell(&hook, "deploy_succeeded", &ready)
        );
        assert_eq!((a.meaning, b.meaning), (Meaning::Delivered, Meaning::Delivered), "{a:?} {b:?}");
        assert_eq!(state_of(&world.heard().await), "success");
    }
}

async fn a_newer_deploy_of_the_commit_takes_over(world: &World) {
    let hook = world.hook_of("github_commit_status").await;
    let old = deploy(DeployState::Error);
    let mut new = deploy(DeployState::Building);
    new.id = "695735a5000000000000000f".into();
    new.created_at = old.created_at.plus_millis(1);
    world.tell(&hook, "deploy_failed", &old).await;
    assert_eq!(state_of(&world.heard().await), "failure");
    world.tell(&hook, "deploy_building", &new).await;
    assert_eq!(state_of(&world.heard().await), "pending", "the commit is built again");
    new.state = DeployState::Ready;
    world.tell(&hook, "deploy_succeeded", &new).await;
    assert_eq!(state_of(&world.heard().await), "success");
    world.tell(&hook, "deploy_failed_after_succeeding", &old).await;
    assert!(world.heard().await.is_empty(), "what became of the old one is history");
}

async fn a_commit_that_was_left_waits_for_nothing(world: &World) {
    for (kind, [waits, ends]) in [
        ("github_commit_status", ["pending", "error"]),
        ("gitlab_commit_status", ["pending", "canceled"]),
        ("bitbucket_commit_status", ["INPROGRESS", "STOPPED"]),
        ("gitea_commit_status", ["pending", "error"]),
    ] {
        let hook = world.hook_of(kind).await;
        world.lose_memory().await;
        let (gone, built) = ("a".repeat(40), "b".repeat(40));
        let of = |sha: &String, state| Deploy { commit_ref: Some(sha.clone()), ..deploy(state) };
        world.tell(&hook, "deploy_created", &of(&gone, DeployState::Enqueued)).await;
        assert_eq!(state_of(&world.heard().await), waits, "{kind}");
        world.answers(500, json!({}), json!({})).await;
        let failed = world.tell(&hook, "deploy_building", &of(&built, DeployState::Building)).await;
        assert_eq!(failed.meaning, Meaning::Failed(None), "{kind}: it is tried again");
        world.heard().await;
        world.tell(&hook, "deploy_succeeded", &of(&built, DeployState::Ready)).await;
        let heard = world.heard().await;
        let told: Vec<_> = heard.iter().map(|one| one["path"].as_str().unwrap_or_default()).collect();
        assert!(told.len() == 2 && told[0].contains(&gone) && told[1].contains(&built), "{kind}: {told:?}");
        assert_eq!(state_of(&heard[..1]), ends, "{kind}");
        world.tell(&hook, "deploy_created", &of(&gone, DeployState::Enqueued)).await;
        assert!(world.heard().await.is_empty(), "{kind}: a late event moves nothing back");
    }
}

async fn a_renamed_site_keeps_its_context(world: &World) {
    let hook = world.hook_of("github_commit_status").await;
    let context = |requests: Vec<Value>| requests[0]["body"]["context"].clone();
    world.tell(&hook, "deploy_succeeded", &of_commit(1, deploy(DeployState::Ready))).await;
    assert_eq!(context(world.heard().await), "netlify/site/deploy-preview");
    world.change_site(SITE, |site| site.name = "renamed".into()).await;
    let mut next = of_commit(2, deploy(DeployState::Ready));
    next.name = "renamed".into();
    world.tell(&hook, "deploy_succeeded", &next).await;
    assert_eq!(context(world.heard().await), "netlify/site/deploy-preview");
    let later = world.hook_of("gitea_commit_status").await;
    world.lose_memory().await;
    world.tell(&later, "deploy_succeeded", &next).await;
    assert_eq!(context(world.heard().await), "netlify/site/deploy-preview", "also for later hooks");
}

async fn a_deployment_is_made_once(world: &World) {
    let hook = world.hook_of("github_deployment").await;
    let stages = [("deploy_building", DeployState::Building), ("deploy_succeeded", DeployState::Ready)];
    for (event, state) in stages {
        world.tell(&hook, event, &deploy(state)).await;
        // as after a crash between the answer and the note of it
        world.lose_memory().await;
    }
    let heard = world.heard().await;
    let called: Vec<_> = heard.iter().map(|one| one["operation"].as_str().unwrap_or_default()).collect();
    let (list, make, say) =
        ("repos/list-deployments", "repos/create-deployment", "repos/create-deployment-status");
    assert_eq!(called, [list, make, say, list, say]);
    let made = &heard[1]["body"];
    assert_eq!(made["environment"], "netlify/site/deploy-preview-7");
    assert_eq!((&made["required_contexts"], &made["transient_environment"]), (&json!([]), &json!(true)));
    let said = &heard[4]["body"];
    assert_eq!(said["environment_url"], "https://deploy-preview-7--site.example");
}

async fn a_check_run_is_made_once_and_shows_what_was_noticed(world: &World) {
    let hook = world.hook_of("github_app_checks").await;
    world.tell(&hook, "deploy_building", &deploy(DeployState::Building)).await;
    let mut ready = deploy(DeployState::Ready);
    ready.summary = Some(json!({"status": "ready", "messages": [
        {"type": "info", "title": "2 redirect rules processed", "description": "All <fine>."},
    ]}));
    world.tell(&hook, "deploy_succeeded", &ready).await;
    let heard = world.heard().await;
    let called: Vec<_> = heard.iter().map(|one| one["operation"].as_str().unwrap_or_default()).collect();
    assert_eq!(called, ["checks/create", "checks/update"]);
    let output = &heard[1]["body"]["output"];
    assert_eq!(output["title"], "Deploy Preview ready!");
    assert_eq!(output["summary"], "- 2 redirect rules processed\\: All \\<fine\\>.\n");
    world.tell(&hook, "deploy_building", &deploy(DeployState::Building)).await;
    assert!(world.heard().await.is_empty());
}

async fn without_the_right_to_check_runs_there_is_a_status(world: &World) {
    let hook = world.hook_of("github_app_checks").await;
    let refusal = json!({"message": "You must authenticate via a GitHub App."});
    world.answers(403, json!({}), refusal).await;
    let tried = world.tell(&hook, "deploy_succeeded", &deploy(DeployState::Ready)).await;
    assert_eq!((tried.meaning, tried.status), (Meaning::Delivered, Some(201)), "{tried:?}");
    let heard = world.heard().await;
    assert_eq!(heard[1]["operation"], "repos/create-commit-status");
    assert_eq!(heard[1]["body"]["state"], "success");
}

/// Records an event of a deploy, as the deploys feature does.
async fn happen(world: &World, event: Event) {
    let mut tx = world.cx.begin().await.expect("the database answers");
    events::record(&mut tx, &world.cx, ACCOUNT, SITE, &event).await.expect("an event");
    tx.commit().await.expect("the database answers");
}

async fn live(world: &World) {
    let boxed = |state| Box::new(deploy(state));
    for event in [
        Event::DeployCreated(boxed(DeployState::Enqueued)),
        Event::DeployBuilding(boxed(DeployState::Building)),
        Event::DeploySucceeded(boxed(DeployState::Ready)),
    ] {
        happen(world, event).await;
        world.deliver().await;
    }
}

async fn a_hook_of_one_event_hears_of_the_whole_life(world: &World) {
    let hook = world.hook_of("github_commit_status").await;
    live(world).await;
    let heard = world.heard().await;
    let states: Vec<_> = heard.iter().map(|one| one["body"]["state"].clone()).collect();
    assert_eq!(states, ["pending", "pending", "success"], "subscribed to deploy_failed alone");
    assert_eq!(heard[2]["body"]["target_url"], "https://deploy-preview-7--site.example");
    assert_eq!(heard[1]["body"]["description"], "Deploy Preview processing.");
    let all =
        crate::list_deliveries(&world.cx, &hook.id, (None, None), Page::default()).await.expect("a list");
    assert_eq!(all.len(), 3);
    for delivery in all {
        let found = crate::get_delivery(&world.cx, &hook.id, &delivery.id).await.expect("the delivery");
        let record = serde_json::to_string(&found).expect("JSON");
        assert!(!record.contains(super::world::TOKEN), "{record}");
        assert_eq!(found.attempts[0].request["headers"]["Authorization"], MASK);
        assert_eq!(found.attempts[0].request["body"]["context"], "netlify/site/deploy-preview");
    }
}

async fn three_hooks_of_a_site_tell_once(world: &World) {
    for _ in 0..3 {
        world.hook_of("github_commit_status").await;
    }
    live(world).await;
    assert_eq!(world.heard().await.len(), 3, "one request a state, however many hooks");
    let other = world.hook_at(super::world::OTHER_SITE, "github_commit_status", world.data("github")).await;
    world.tell(&other, "deploy_succeeded", &other_deploy(DeployState::Ready)).await;
    assert_eq!(world.heard().await[0]["body"]["context"], "netlify/other/deploy-preview");
}
