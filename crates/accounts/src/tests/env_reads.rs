//! Environment variables as clients and builds read them.

use super::world::first;
use super::{Refusal, World, refusal};
use crate::Principal;
use crate::env::{self, Filter, Resolved, ValueInput, VarInput};
use model::{EnvContext, EnvScope, EnvVar};
use testbed::both;

both!(
    variables_of_the_account_and_of_its_sites_are_kept_apart,
    a_site_of_another_account_is_not_found,
    what_was_made_says_who_made_it,
    lists_are_filtered_by_context_and_scope,
    a_build_gets_the_sites_values_over_the_accounts,
);

pub(super) fn value(context: &str, value: &str) -> ValueInput {
    let (context, parameter) = match context.strip_prefix("branch:") {
        Some(branch) => ("branch", Some(branch.to_owned())),
        None => (context, None),
    };
    ValueInput {
        context: Some(context.to_owned()),
        context_parameter: parameter,
        value: Some(value.to_owned()),
    }
}

pub(super) fn var(key: &str, values: &[(&str, &str)]) -> VarInput {
    VarInput {
        key: Some(key.to_owned()),
        values: Some(values.iter().map(|(context, text)| value(context, text)).collect()),
        ..VarInput::default()
    }
}

/// What a list shows, as `context=value` pairs in order.
pub(super) fn shown(var: &EnvVar) -> String {
    let pairs: Vec<_> = var.values.iter().map(|v| format!("{}={}", v.context.as_str(), v.value)).collect();
    pairs.join(" ")
}

pub(super) async fn make(w: &World, who: &Principal, site: Option<&str>, vars: Vec<VarInput>) -> Vec<EnvVar> {
    env::create(&w.cx, &who.user_id, first(who), site, vars).await.expect("new variables")
}

async fn keys(w: &World, who: &Principal, site: Option<&str>) -> String {
    let vars = env::list(&w.cx, first(who), site, &Filter::default()).await.unwrap();
    vars.into_iter().map(|var| var.key).collect::<Vec<_>>().join(" ")
}

async fn resolved(
    w: &World,
    who: &Principal,
    site: &str,
    context: EnvContext,
    branch: Option<&str>,
) -> Resolved {
    env::resolve(&w.cx, first(who), site, context, branch, EnvScope::Builds).await.unwrap()
}

async fn variables_of_the_account_and_of_its_sites_are_kept_apart(w: &World) {
    let owner = w.owner().await;
    let site = w.site(first(&owner), "blog").await;
    make(w, &owner, None, vec![var("B", &[("all", "1")]), var("A", &[("all", "2")])]).await;
    make(w, &owner, Some(&site.id), vec![var("A", &[("all", "3")])]).await;
    assert_eq!(keys(w, &owner, None).await, "A B");
    for by in [site.id.as_str(), "blog", "BLOG"] {
        assert_eq!(keys(w, &owner, Some(by)).await, "A", "{by}");
    }
    assert_eq!(keys(w, &owner, Some("")).await, "A B", "an empty site is none");
    assert_eq!(shown(&env::get(&w.cx, first(&owner), Some("blog"), "A").await.unwrap()), "all=3");
    let refused = env::list(&w.cx, first(&owner), Some("nowhere"), &Filter::default()).await;
    assert_eq!(refusal(refused), Refusal::NotFound);
    assert_eq!(refusal(env::get(&w.cx, first(&owner), None, "C").await), Refusal::NotFound);
}

async fn a_site_of_another_account_is_not_found(w: &World) {
    let owner = w.owner().await;
    let new = crate::account::NewAccount { name: "Other".into(), type_id: None };
    let other = crate::account::create(&w.cx, &owner, &new).await.unwrap();
    let site = w.site(&other.id, "foreign").await;
    for by in [site.id.as_str(), "foreign"] {
        let refused = env::list(&w.cx, first(&owner), Some(by), &Filter::default()).await;
        assert_eq!(refusal(refused), Refusal::NotFound);
        let vars = vec![var("A", &[("all", "1")])];
        let refused = env::create(&w.cx, &owner.user_id, first(&owner), Some(by), vars).await;
        assert_eq!(refusal(refused), Refusal::NotFound);
    }
}

async fn what_was_made_says_who_made_it(w: &World) {
    let owner = w.owner().await;
    let mut input = var("A", &[("all", "1"), ("dev", "2")]);
    input.scopes = Some(vec!["post-processing".into(), "builds".into()]);
    let made = &make(w, &owner, None, vec![input]).await[0];
    assert_eq!(shown(made), "dev=2 all=1");
    assert_eq!(made.scopes, [EnvScope::Builds, EnvScope::PostProcessing]);
    assert!(made.values.iter().all(|v| v.id.len() == 36) && made.values[0].id != made.values[1].id);
    let got = env::get(&w.cx, first(&owner), None, "A").await.unwrap();
    assert_eq!(&got, made);
    assert_eq!(got.updated_by.unwrap().email, "owner@localhost");
}

async fn lists_are_filtered_by_context_and_scope(w: &World) {
    let owner = w.owner().await;
    let runtime = VarInput { scopes: Some(vec!["runtime".into()]), ..var("RUN", &[("all", "r")]) };
    make(w, &owner, None, vec![var("DEV", &[("dev", "d")]), var("PROD", &[("production", "p")]), runtime])
        .await;
    for (contexts, scope, expect) in [
        (vec![], None, "DEV PROD RUN"),
        (vec!["dev"], None, "DEV RUN"),
        (vec!["dev", "production"], None, "DEV PROD RUN"),
        (vec!["production"], Some("functions"), "PROD"),
        (vec![], Some("runtime"), "DEV PROD RUN"),
    ] {
        let filter = Filter::parse(&contexts, scope).unwrap();
        let vars = env::list(&w.cx, first(&owner), None, &filter).await.unwrap();
        let left: Vec<_> = vars.into_iter().map(|var| var.key).collect();
        assert_eq!(left.join(" "), expect, "{contexts:?} {scope:?}");
    }
}

async fn a_build_gets_the_sites_values_over_the_accounts(w: &World) {
    let owner = w.owner().await;
    let site = w.site(first(&owner), "blog").await;
    let key = VarInput { is_secret: Some(true), ..var("KEY", &[("production", "account-secret")]) };
    let functions = VarInput { scopes: Some(vec!["functions".into()]), ..var("FN", &[("all", "f")]) };
    make(w, &owner, None, vec![var("BOTH", &[("all", "account")]), key, functions]).await;
    let both = var("BOTH", &[("production", "site"), ("branch:feat", "feat")]);
    make(w, &owner, Some("blog"), vec![both, var("KEY", &[("dev", "plain")])]).await;

    let production = resolved(w, &owner, &site.id, EnvContext::Production, None).await;
    let vars: Vec<_> = production.vars.iter().map(|(k, v)| format!("{k}={v}")).collect();
    assert_eq!(vars, ["BOTH=site", "KEY=account-secret"]);
    assert_eq!(production.secrets.into_iter().collect::<Vec<_>>(), ["KEY"]);
    let branch = resolved(w, &owner, &site.id, EnvContext::BranchDeploy, Some("feat")).await;
    assert_eq!(branch.vars["BOTH"], "feat");
    let other = resolved(w, &owner, &site.id, EnvContext::BranchDeploy, Some("fix")).await;
    assert_eq!((other.vars["BOTH"].as_str(), other.vars.len()), ("account", 1));
    let dev = resolved(w, &owner, &site.id, EnvContext::Dev, None).await;
    assert_eq!((dev.vars["KEY"].as_str(), dev.secrets.len()), ("plain", 0), "the site's own is no secret");
}
