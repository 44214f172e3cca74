//! Environment variables as clients write them, and secrets that nothing lays open.

use super::env_reads::{make, shown, value, var};
use super::world::first;
use super::{Refusal, World, refusal};
use crate::Principal;
use crate::env::{self, Filter, VARS_MAX, ValueInput, VarInput};
use context::Result;
use model::{EnvContext, EnvScope, EnvVar};
use testbed::both;

both!(
    all_are_made_or_none,
    a_place_has_at_most_so_many_variables,
    setting_one_context_splits_all,
    a_variable_has_at_most_so_many_values,
    values_set_at_once_are_all_kept,
    a_variable_is_replaced_and_renamed,
    deleting_the_last_value_deletes_the_variable,
    no_way_of_reading_or_writing_shows_a_secret,
    values_are_encrypted_at_rest,
    variables_of_a_site_go_with_it_and_shared_ones_stay,
);

async fn set(w: &World, who: &Principal, key: &str, new: ValueInput) -> Result<EnvVar> {
    env::set_value(&w.cx, &who.user_id, first(who), None, key, new).await
}

async fn put(w: &World, who: &Principal, key: &str, change: VarInput) -> Result<EnvVar> {
    env::update(&w.cx, &who.user_id, first(who), None, key, change).await
}

async fn get(w: &World, who: &Principal, key: &str) -> EnvVar {
    env::get(&w.cx, first(who), None, key).await.expect("a variable")
}

/// What a build in production really gets.
async fn in_production(w: &World, who: &Principal, key: &str) -> String {
    let site = w.site(first(who), &format!("s{}", w.cx.id())).await;
    let production = EnvContext::Production;
    let got = env::resolve(&w.cx, first(who), &site.id, production, None, EnvScope::Builds).await.unwrap();
    got.vars[key].clone()
}

async fn all_are_made_or_none(w: &World) {
    let owner = w.owner().await;
    make(w, &owner, None, vec![var("OLD", &[("all", "1")])]).await;
    for (bad, expect) in [
        (var("OLD", &[("all", "2")]), Refusal::Unprocessable),
        (var("1BAD", &[("all", "2")]), Refusal::Invalid),
        (var("X", &[("staging", "2")]), Refusal::Invalid),
        (var("X", &[]), Refusal::Invalid),
        (var("NEW", &[("all", "twice")]), Refusal::Unprocessable),
    ] {
        let vars = vec![var("NEW", &[("all", "1")]), bad.clone()];
        let refused = env::create(&w.cx, &owner.user_id, first(&owner), None, vars).await;
        assert_eq!(refusal(refused), expect, "{bad:?}");
        assert_eq!(refusal(env::get(&w.cx, first(&owner), None, "NEW").await), Refusal::NotFound);
    }
    let again = vec![var("OLD", &[("all", "2")])];
    let error = env::create(&w.cx, &owner.user_id, first(&owner), None, again).await.unwrap_err();
    assert_eq!(error.to_string(), "environment variable OLD exists already");
}

async fn a_place_has_at_most_so_many_variables(w: &World) {
    let owner = w.owner().await;
    let many = (0..VARS_MAX).map(|n| var(&format!("V{n}"), &[("all", "")])).collect();
    make(w, &owner, None, many).await;
    let more = vec![var("MORE", &[("all", "")])];
    let refused = env::create(&w.cx, &owner.user_id, first(&owner), None, more.clone()).await;
    assert_eq!(refusal(refused), Refusal::Unprocessable);
    w.site(first(&owner), "blog").await;
    make(w, &owner, Some("blog"), more).await;
}

async fn setting_one_context_splits_all(w: &World) {
    let owner = w.owner().await;
    make(w, &owner, None, vec![var("K", &[("all", "old")])]).await;
    let set_one = set(w, &owner, "K", value("production", "new")).await.unwrap();
    assert!(set_one.values.iter().all(|v| v.context != EnvContext::All));
    for (context, expect) in
        [("production", "new"), ("dev", "old"), ("deploy-preview", "old"), ("branch-deploy", "old")]
    {
        let context = EnvContext::parse(context).unwrap();
        assert_eq!(get(w, &owner, "K").await.value_for(context, None), Some(expect), "{context:?}");
    }
    set(w, &owner, "K", value("branch:feat", "feat")).await.unwrap();
    assert_eq!(get(w, &owner, "K").await.value_for(EnvContext::BranchDeploy, Some("feat")), Some("feat"));
    assert_eq!(shown(&set(w, &owner, "K", value("all", "one")).await.unwrap()), "all=one");
    assert_eq!(refusal(set(w, &owner, "NONE", value("all", "1")).await), Refusal::NotFound);
    assert_eq!(refusal(set(w, &owner, "K", value("moon", "1")).await), Refusal::Invalid);
}

async fn a_variable_has_at_most_so_many_values(w: &World) {
    let owner = w.owner().await;
    let branches: Vec<_> = (0..env::VALUES_MAX).map(|n| format!("branch:b{n}")).collect();
    let values: Vec<_> = branches.iter().map(|branch| (branch.as_str(), "x")).collect();
    make(w, &owner, None, vec![var("K", &values)]).await;
    set(w, &owner, "K", value("branch:b0", "y")).await.expect("a value that is there already");
    assert_eq!(refusal(set(w, &owner, "K", value("branch:more", "x")).await), Refusal::Invalid);
}

async fn values_set_at_once_are_all_kept(w: &World) {
    let owner = w.owner().await;
    make(w, &owner, None, vec![var("K", &[("all", "old")])]).await;
    let (a, b, c) = tokio::join!(
        set(w, &owner, "K", value("production", "p")),
        set(w, &owner, "K", value("dev", "d")),
        set(w, &owner, "K", value("deploy-preview", "v"))
    );
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
    let var = get(w, &owner, "K").await;
    for (context, expect) in
        [(EnvContext::Production, "p"), (EnvContext::Dev, "d"), (EnvContext::DeployPreview, "v")]
    {
        assert_eq!(var.value_for(context, None), Some(expect));
    }
}

async fn a_variable_is_replaced_and_renamed(w: &World) {
    let owner = w.owner().await;
    make(w, &owner, None, vec![var("OLD", &[("all", "1")]), var("OTHER", &[("all", "1")])]).await;
    w.pass(5);
    let change = VarInput { scopes: Some(vec!["builds".into()]), ..var("NEW", &[("dev", "2")]) };
    let new = put(w, &owner, "OLD", change).await.unwrap();
    assert_eq!((new.key.as_str(), shown(&new).as_str()), ("NEW", "dev=2"));
    assert_eq!((new.scopes.as_slice(), new.updated_at), (&[EnvScope::Builds][..], w.cx.now()));
    assert_eq!(get(w, &owner, "NEW").await, new);
    assert_eq!(refusal(put(w, &owner, "OLD", VarInput::default()).await), Refusal::NotFound);
    let clash = VarInput { key: Some("OTHER".into()), ..VarInput::default() };
    assert_eq!(refusal(put(w, &owner, "NEW", clash).await), Refusal::Unprocessable);
    let unsaid = put(w, &owner, "NEW", VarInput::default()).await.unwrap();
    assert_eq!((shown(&unsaid), unsaid.scopes), ("dev=2".to_owned(), vec![EnvScope::Builds]));
}

async fn deleting_the_last_value_deletes_the_variable(w: &World) {
    let owner = w.owner().await;
    let account = first(&owner);
    let made = make(w, &owner, None, vec![var("K", &[("dev", "d"), ("production", "p")])]).await;
    let ids: Vec<_> = made[0].values.iter().map(|v| v.id.clone()).collect();
    let remove = async |id: &str| env::delete_value(&w.cx, &owner.user_id, account, None, "K", id).await;
    assert_eq!(refusal(remove("unknown").await), Refusal::NotFound);
    remove(&ids[0]).await.unwrap();
    assert_eq!(shown(&get(w, &owner, "K").await), "production=p");
    remove(&ids[1]).await.unwrap();
    assert_eq!(refusal(env::get(&w.cx, account, None, "K").await), Refusal::NotFound);
    assert_eq!(refusal(env::delete(&w.cx, account, None, "K").await), Refusal::NotFound);
    make(w, &owner, None, vec![var("K", &[("all", "again")])]).await;
    env::delete(&w.cx, account, None, "K").await.unwrap();
    assert_eq!(refusal(env::get(&w.cx, account, None, "K").await), Refusal::NotFound);
}

async fn no_way_of_reading_or_writing_shows_a_secret(w: &World) {
    let owner = w.owner().await;
    let secret = |values: &[(&str, &str)]| VarInput { is_secret: Some(true), ..var("K", values) };
    let mut answers = make(w, &owner, None, vec![secret(&[("all", "hunter2-hunter2")])]).await;
    answers.push(set(w, &owner, "K", value("production", "swordfish-swordfish")).await.unwrap());
    let back = VarInput { key: Some("L".into()), ..as_read(&get(w, &owner, "K").await) };
    answers.push(put(w, &owner, "K", back).await.unwrap());
    answers.push(get(w, &owner, "L").await);
    answers.extend(env::list(&w.cx, first(&owner), None, &Filter::default()).await.unwrap());
    let dev = Filter::parse(&["dev"], None).unwrap();
    answers.extend(env::list(&w.cx, first(&owner), None, &dev).await.unwrap());
    for answer in &answers {
        let text = serde_json::to_string(answer).unwrap();
        assert!(!text.contains("hunter2-") && !text.contains("swordfish-"), "{text}");
    }
    assert_eq!(
        in_production(w, &owner, "L").await,
        "swordfish-swordfish",
        "what was read and put back is kept"
    );
    let open = VarInput { is_secret: Some(false), ..VarInput::default() };
    assert_eq!(refusal(put(w, &owner, "L", open).await), Refusal::Unprocessable);
    let open = VarInput { is_secret: Some(false), ..as_read(&get(w, &owner, "L").await) };
    let opened = serde_json::to_string(&put(w, &owner, "L", open).await.unwrap()).unwrap();
    assert!(
        !opened.contains("hunter2-") && !opened.contains("swordfish-"),
        "only the masks are left: {opened}"
    );
}

/// What a client sends that saves what it read.
fn as_read(var: &EnvVar) -> VarInput {
    let values = var.values.iter().map(|v| value(v.context.as_str(), &v.value)).collect();
    VarInput { values: Some(values), ..VarInput::default() }
}

async fn values_are_encrypted_at_rest(w: &World) {
    let owner = w.owner().await;
    make(w, &owner, None, vec![var("K", &[("all", "not a secret, yet encrypted")])]).await;
    let place = store::env_vars::Place { account_id: first(&owner).to_owned(), site_id: String::new() };
    let mut db = w.cx.read().await.unwrap();
    let row = store::env_vars::find(&mut db, &place, "K").await.unwrap().unwrap();
    assert!(!row.sealed.windows(9).any(|window| window == b"encrypted"));
}

async fn variables_of_a_site_go_with_it_and_shared_ones_stay(w: &World) {
    let owner = w.owner().await;
    let site = w.site(first(&owner), "blog").await;
    make(w, &owner, None, vec![var("SHARED", &[("all", "1")])]).await;
    make(w, &owner, Some("blog"), vec![var("OWN", &[("all", "1")])]).await;
    let mut tx = w.cx.begin().await.unwrap();
    assert_eq!(store::env_vars::delete_for_site(&mut tx, &site.id).await.unwrap(), 1);
    assert_eq!(store::env_vars::delete_for_site(&mut tx, "").await.unwrap(), 0);
    tx.commit().await.unwrap();
    get(w, &owner, "SHARED").await;
    assert_eq!(refusal(env::get(&w.cx, first(&owner), Some("blog"), "OWN").await), Refusal::NotFound);
}
