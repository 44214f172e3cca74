//! What belongs to one build and is stored beside it, on both engines: reports of plugins, and the
//! token with which they are sent.

use super::world::{elsewhere, insert_site};
use crate::plugin_runs::{RUNS_MAX, latest, of_deploy, record};
use crate::{Cause, start};
use context::Error;
use model::{BuildSettings, PluginRun};
use store::build_passes::{self, BuildPass};
use store::builds::BuildRow;
use store::deploys::DeployRow;
use store::sites::SiteRow;
use testbed::{Bed, Setup, both};

/// A site with a build that waits.
struct Waiting {
    bed: Bed,
    site: SiteRow,
    build: BuildRow,
    deploy: DeployRow,
}

impl Setup for Waiting {
    async fn on(bed: Bed) -> Self {
        let cx = &bed.cx;
        let site = insert_site(cx, BuildSettings { repo_branch: None, ..elsewhere() }).await;
        let (build, deploy) = start(cx, &site, Cause::default()).await.expect("a build");
        Self { bed, site, build, deploy }
    }
}

fn report(package: &str, state: &str) -> PluginRun {
    PluginRun { package: package.into(), state: state.into(), ..PluginRun::default() }
}

async fn reports_are_kept_in_their_order(at: &Waiting) {
    let cx = &at.bed.cx;
    for (package, state) in [("a", "success"), ("b", "failed_plugin"), ("a", "skipped")] {
        // whatever it says of its deploy, it is about the one it was sent to
        let sent = PluginRun { deploy_id: "another".into(), ..report(package, state) };
        let kept = record(cx, &at.deploy, sent).await.expect("kept");
        assert_eq!(kept.deploy_id, at.deploy.id);
    }
    let all = of_deploy(cx, &at.deploy.id).await.expect("read");
    let all: Vec<_> = all.iter().map(|run| (run.package.as_str(), run.state.as_str())).collect();
    assert_eq!(all, [("a", "success"), ("b", "failed_plugin"), ("a", "skipped")]);
    for (packages, state, expect) in [
        (&["a", "b", "none"][..], None, &["skipped", "failed_plugin"][..]),
        (&["a"], Some("success"), &["success"]),
        (&["b"], Some("success"), &[]),
        (&[], None, &[]),
    ] {
        let found = latest(cx, &at.site.id, packages, state).await.expect("read");
        let states: Vec<_> = found.iter().map(|run| run.state.as_str()).collect();
        assert_eq!(states, expect, "{packages:?} {state:?}");
    }
}

async fn only_so_many_reports_are_kept(at: &Waiting) {
    let cx = &at.bed.cx;
    for _ in 0..RUNS_MAX {
        record(cx, &at.deploy, report("a", "success")).await.expect("kept");
    }
    let one_more = record(cx, &at.deploy, report("a", "success")).await;
    assert!(matches!(one_more, Err(Error::Unprocessable(_))), "{one_more:?}");
    let many = vec!["a"; usize::try_from(RUNS_MAX).expect("a small number") + 1];
    assert!(matches!(latest(cx, &at.site.id, &many, None).await, Err(Error::Invalid(_))));
}

async fn a_token_is_taken_away_with_its_build(at: &Waiting) {
    let cx = &at.bed.cx;
    let pass = |build_id: &str, life: i64| BuildPass {
        build_id: build_id.to_owned(),
        account_id: at.site.account_id.clone(),
        site_id: at.site.id.clone(),
        deploy_id: at.deploy.id.clone(),
        expires_at: cx.now().plus_millis(life),
    };
    let (other, _) = start(cx, &at.site, Cause { branch: Some("other".into()), ..Cause::default() })
        .await
        .expect("another build");
    let mut tx = cx.begin().await.expect("a transaction");
    let own = pass(&at.build.id, 60_000);
    for (pass, hash) in
        [(&own, "own"), (&pass(&other.id, 60_000), "other"), (&pass(&other.id, -1), "expired")]
    {
        build_passes::insert(&mut tx, pass, hash).await.expect("written");
    }
    tx.commit().await.expect("a commit");
    let mut db = cx.read().await.expect("the database answers");
    assert_eq!(build_passes::find(&mut db, "own").await.expect("read"), Some(own));
    drop(db);
    crate::engine::revoke_pass(cx, &at.build.id).await;
    let mut db = cx.read().await.expect("the database answers");
    for (hash, there) in [("own", false), ("other", true), ("expired", false)] {
        assert_eq!(build_passes::find(&mut db, hash).await.expect("read").is_some(), there, "{hash}");
    }
}

both!(reports_are_kept_in_their_order, only_so_many_reports_are_kept, a_token_is_taken_away_with_its_build,);
