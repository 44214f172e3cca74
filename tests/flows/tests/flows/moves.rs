//! Deploys that end otherwise than live, and every move that is refused.

use crate::support::{id, live_site, says, text};
use serde_json::{Value, json};
use testkit::{Actor, Answer, both};

both! {
    /// What a client does when it fails half-way.
    async fn a_cancelled_deploy_is_over(p: Platform) {
        let owner = p.owner();
        let (site, _) = live_site(&owner, "stop").await;
        let deploy = owner.new_deploy(id(&site), json!({})).await;
        owner.digest(id(&site), id(&deploy), &[("index.html", "never")]).await.expect(200);
        for _ in 0..2 {
            let cancelled =
                owner.post(&format!("/deploys/{}/cancel", id(&deploy)), json!({})).await.expect(201).json();
            assert_eq!((text(&cancelled, "state"), text(&cancelled, "error_message")), ("error", "Canceled"));
        }
        owner.upload(id(&deploy), "index.html", b"never").await.refusal(422);
        says(&p, "stop", "hello").await;
        p.visitor().site(&format!("{}--stop", id(&deploy)), "/").await.expect(404);
    }
}

both! {
    /// Every deploy but the live one can go.
    async fn all_but_the_live_deploy_can_be_deleted(p: Platform) {
        let owner = p.owner();
        let (site, first) = live_site(&owner, "gone").await;
        let second = owner.deploy(id(&site), &[("index.html", "second")]).await;
        owner.delete(&format!("/deploys/{}", id(&second))).await.refusal(422);
        owner.delete(&format!("/sites/{}/deploys/{}", id(&site), id(&first))).await.expect(204);
        owner.get(&format!("/deploys/{}", id(&first))).await.refusal(404);
        let permalink = format!("{}/", text(&first["links"], "permalink"));
        assert_eq!(p.visitor().open(&permalink).await.status, 404);
        says(&p, "gone", "second").await;
        let left = owner.get(&format!("/sites/{}/deploys", id(&site))).await.expect(200).json();
        assert_eq!(left.as_array().map(Vec::len), Some(1), "{left}");
        owner.put(&format!("/sites/{}/rollback", id(&site)), json!({})).await.refusal(422);
    }
}

/// A deploy in each state that a client can bring it to.
async fn in_state(owner: &Actor, site: &str, state: &str) -> Value {
    let files = [("index.html", "unheard of")];
    let deploy = match state {
        "ready" => return owner.deploy_draft(site, &[("index.html", "hello")]).await,
        _ => owner.new_deploy(site, json!({})).await,
    };
    match state {
        "uploading" => drop(owner.digest(site, id(&deploy), &files).await.expect(200)),
        "error" => drop(owner.post(&format!("/deploys/{}/cancel", id(&deploy)), json!({})).await.expect(201)),
        _ => {}
    }
    let deploy = owner.get(&format!("/deploys/{}", id(&deploy))).await.expect(200).json();
    assert_eq!(deploy["state"], state);
    deploy
}

async fn attempt(owner: &Actor, site: &str, deploy: &str, verb: &str) -> Answer {
    match verb {
        "digest" => owner.digest(site, deploy, &[("index.html", "hello")]).await,
        "upload" => owner.upload(deploy, "index.html", b"something else").await,
        "restore" => owner.post(&format!("/sites/{site}/deploys/{deploy}/restore"), json!({})).await,
        "function" => owner.put_bytes(&format!("/deploys/{deploy}/functions/f"), b"zip".to_vec()).await,
        other => owner.post(&format!("/deploys/{deploy}/{other}"), json!({})).await,
    }
}

both! {
    /// No request moves a deploy in a way that the table of moves does not know.
    async fn illegal_moves_are_refused(p: Platform) {
        let owner = p.owner();
        let (site, live) = live_site(&owner, "moves").await;
        for (state, verbs) in [
            ("new", &["upload", "function", "restore", "lock", "unlock"][..]),
            ("uploading", &["upload", "function", "restore", "lock", "unlock"]),
            ("ready", &["digest", "upload", "function", "cancel", "lock", "unlock"]),
            ("error", &["digest", "upload", "function", "restore", "lock", "unlock"]),
        ] {
            let deploy = in_state(&owner, id(&site), state).await;
            for verb in verbs {
                let answer = attempt(&owner, id(&site), id(&deploy), verb).await;
                assert_eq!(answer.status, 422, "{verb} of a deploy that is {state}: {}", answer.shown());
                let now = owner.get(&format!("/deploys/{}", id(&deploy))).await.expect(200).json();
                assert_eq!((&now["state"], &now["published_at"]), (&json!(state), &Value::Null), "{verb}");
            }
        }
        let answer = attempt(&owner, id(&site), id(&live), "digest").await;
        assert_eq!(answer.status, 422, "the live deploy is immutable: {}", answer.shown());
        says(&p, "moves", "hello").await;
    }
}

both! {
    /// A deploy is found under its own site only.
    async fn a_deploy_belongs_to_one_site(p: Platform) {
        let owner = p.owner();
        let (site, deploy) = live_site(&owner, "mine").await;
        let other = owner.create_site("other").await;
        for path in
            [format!("/sites/{}/deploys/{}", id(&other), id(&deploy)), format!("/deploys/{}", id(&site))]
        {
            owner.get(&path).await.refusal(404);
        }
        let restore = format!("/sites/{}/deploys/{}/restore", id(&other), id(&deploy));
        owner.post(&restore, json!({})).await.refusal(404);
        assert_eq!(p.visitor().site("other", "/").await.status, 404);
    }
}
