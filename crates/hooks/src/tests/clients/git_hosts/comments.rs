//! One comment a pull request, for all sites of the repository, edited in place.

use super::world::{OTHER_SITE, World, deploy, host_of, other_deploy};
use crate::outgoing::Meaning;
use crate::tests::lab::SITE;
use model::{DeployState, Timestamp};
use serde_json::{Value, json};
use testbed::both;

both!(
    a_comment_is_made_once_and_edited,
    sites_of_a_repository_share_a_comment,
    sites_at_once_make_one_comment,
    a_comment_that_was_deleted_is_made_anew,
    a_comment_from_before_a_crash_is_found,
    another_accounts_comment_is_left_alone,
    pull_requests_have_comments_of_their_own,
);

const KINDS: [&str; 3] =
    ["github_commit_comment", "github_app_review_comment", "gitlab_merge_request_comment"];

fn text(comment: &Value) -> &str {
    comment["body"].as_str().expect("a text")
}

async fn a_comment_is_made_once_and_edited(world: &World) {
    for (number, kind) in (1..).zip(KINDS) {
        let hook = world.hook_of(kind).await;
        for (event, state, says) in [
            ("deploy_created", DeployState::Enqueued, "👷 Deploy Preview for *site* queued."),
            ("deploy_building", DeployState::Building, "👷 Deploy Preview for *site* processing."),
            ("deploy_succeeded", DeployState::Ready, "✅ Deploy Preview for *site* ready!"),
            ("deploy_building", DeployState::Building, "✅ Deploy Preview for *site* ready!"),
        ] {
            let mut deploy = deploy(state);
            deploy.review_id = Some(number);
            let tried = world.tell(&hook, event, &deploy).await;
            assert_eq!(tried.meaning, Meaning::Delivered, "{kind} {event}: {tried:?}");
            let comments = world.comments().await;
            let last = comments.last().expect("a comment");
            assert!(text(last).contains(says), "{kind} {event}: {}", text(last));
        }
        let methods: Vec<_> = world.heard().await.iter().map(|one| one["method"].clone()).collect();
        let edit = if host_of(kind) == "github" { "PATCH" } else { "PUT" };
        assert_eq!(methods, ["GET", "POST", edit, edit], "{kind}");
    }
    assert_eq!(world.comments().await.len(), 3);
}

async fn sites_of_a_repository_share_a_comment(world: &World) {
    let one = world.hook_of("github_commit_comment").await;
    let other = world.hook_at(OTHER_SITE, "github_commit_comment", world.data("github")).await;
    world.tell(&one, "deploy_succeeded", &deploy(DeployState::Ready)).await;
    world.tell(&other, "deploy_building", &other_deploy(DeployState::Building)).await;
    let [comment] = world.comments().await.try_into().expect("one comment");
    let lines: Vec<_> = text(&comment).lines().filter(|line| line.starts_with("| ")).collect();
    assert_eq!(lines.len(), 3, "{}", text(&comment));
    assert!(lines[1].starts_with("| other | 👷 Deploy Preview processing."), "{}", lines[1]);
    assert!(lines[2].starts_with("| site | ✅ Deploy Preview ready!"), "{}", lines[2]);
    assert!(lines[2].contains("(https://deploy-preview-7--site.example/)"), "{}", lines[2]);
    world.tell(&other, "deploy_failed", &other_deploy(DeployState::Error)).await;
    let [comment] = world.comments().await.try_into().expect("one comment");
    assert!(text(&comment).contains("### ❌ Deploys of 2 sites: 1 ready"), "{}", text(&comment));
    assert_eq!(comment["edits"], 2);
    world.heard().await;
}

async fn sites_at_once_make_one_comment(world: &World) {
    let one = world.hook_of("github_commit_comment").await;
    let other = world.hook_at(OTHER_SITE, "github_app_review_comment", world.data("github")).await;
    for review in 30..34 {
        let (mut a, mut b) = (deploy(DeployState::Ready), other_deploy(DeployState::Ready));
        (a.review_id, b.review_id) = (Some(review), Some(review));
        let (first, second) = futures_util::join!(
            world.tell(&one, "deploy_succeeded", &a),
            world.tell(&other, "deploy_succeeded", &b)
        );
        assert_eq!((first.meaning, second.meaning), (Meaning::Delivered, Meaning::Delivered));
        let comments = world.comments().await;
        let list = format!("/github/repos/o/r/issues/{review}/comments");
        let ours: Vec<_> = comments.iter().filter(|comment| comment["list"] == list.as_str()).collect();
        let [comment] = ours.as_slice() else { panic!("one comment, not {}", ours.len()) };
        assert!(
            text(comment).contains("| site |") && text(comment).contains("| other |"),
            "{}",
            text(comment)
        );
    }
    world.heard().await;
}

async fn a_comment_that_was_deleted_is_made_anew(world: &World) {
    for kind in ["github_commit_comment", "gitlab_merge_request_comment"] {
        let hook = world.hook_of(kind).await;
        world.tell(&hook, "deploy_building", &deploy(DeployState::Building)).await;
        world.delete_comments().await;
        world.tell(&hook, "deploy_succeeded", &deploy(DeployState::Ready)).await;
        let [comment] = world.comments().await.try_into().expect("one comment");
        assert!(text(&comment).contains("ready!"), "{kind}");
        let statuses: Vec<_> = world.heard().await.iter().map(|one| one["status"].clone()).collect();
        assert_eq!(statuses, [200, 201, 404, 201], "{kind}");
        world.delete_comments().await;
    }
}

async fn a_comment_from_before_a_crash_is_found(world: &World) {
    let hook = world.hook_of("github_commit_comment").await;
    let path = format!("{}/repos/o/r/issues/7/comments", world.api_url("github"));
    for number in 0..120 {
        world.post(&path, json!({"body": format!("comment {number}")})).await;
    }
    world.tell(&hook, "deploy_building", &deploy(DeployState::Building)).await;
    world.lose_memory().await;
    world.tell(&hook, "deploy_succeeded", &deploy(DeployState::Ready)).await;
    let comments = world.comments().await;
    let ours: Vec<_> = comments.iter().filter(|one| text(one).contains("<!-- boathook:comment:")).collect();
    let [comment] = ours.as_slice() else { panic!("one of ours, not {}", ours.len()) };
    assert!(text(comment).contains("ready!"));
    let asked: Vec<_> = world.heard().await.into_iter().filter(|one| one["method"] == "GET").collect();
    assert_eq!(asked.len(), 4, "two pages each time");
}

async fn another_accounts_comment_is_left_alone(world: &World) {
    let hook = world.hook_of("github_commit_comment").await;
    let path = format!("{}/repos/o/r/issues/7/comments", world.api_url("github"));
    let foreign = "<!-- boathook:comment:0123456789abcdef01234567 -->\nof another server";
    world.post(&path, json!({"body": foreign})).await;
    world.tell(&hook, "deploy_succeeded", &deploy(DeployState::Ready)).await;
    let comments = world.comments().await;
    assert_eq!((comments.len(), text(&comments[0])), (2, foreign));
    world.heard().await;
}

async fn pull_requests_have_comments_of_their_own(world: &World) {
    let hook = world.hook_of("github_commit_comment").await;
    let mut second = deploy(DeployState::Ready);
    (second.review_id, second.id) = (Some(8), "695735a500000000000000aa".into());
    second.created_at = Timestamp(second.created_at.0 - 1000);
    world.tell(&hook, "deploy_succeeded", &deploy(DeployState::Ready)).await;
    world.tell(&hook, "deploy_succeeded", &second).await;
    assert_eq!(world.comments().await.len(), 2);
    let mut none = deploy(DeployState::Ready);
    none.review_id = None;
    let tried = world.tell(&hook, "deploy_succeeded", &none).await;
    let why = "nothing to tell: the deploy belongs to no pull or merge request";
    assert_eq!((tried.meaning, &tried.request.read()["note"]), (Meaning::Delivered, &json!(why)));
    assert_eq!(world.heard().await.len(), 4, "{SITE}");
}
