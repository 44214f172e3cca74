//! Sites: found by what clients put where a site is meant, unique by name and domain, whole when
//! they go.

use super::support::{Db, NOW, assert_same, both, deploy, insert_account, is_taken, site};
use crate::query::q;
use crate::sites::{self, Filter, SiteRow};
use crate::{Conn, deploys, env_vars, users};
use model::{DeployState, Page, Role};
use serde_json::{Map, Value, json};

both!(
    a_site_is_found_by_id_name_and_domain,
    an_id_goes_before_a_name_and_a_name_before_a_domain,
    a_name_is_taken_once,
    a_domain_is_taken_once,
    a_domain_that_is_named_twice_is_the_sites_own,
    a_domain_of_deploys_is_owned_and_shows_no_page,
    an_update_frees_what_it_leaves,
    an_update_leaves_the_live_pointer_alone,
    a_list_is_filtered,
    a_list_is_paged_in_a_steady_order,
    wildcards_in_names_are_letters,
    the_live_pointer_moves,
    a_locked_row_makes_others_wait,
    a_site_goes_with_everything_it_has,
    metadata_is_replaced,
);

fn with_domains(name: &str, primary: Option<&str>, aliases: &[&str]) -> SiteRow {
    let mut row = site("a", name);
    row.info.custom_domain = primary.map(str::to_owned);
    row.info.domain_aliases = aliases.iter().map(|&alias| alias.to_owned()).collect();
    row
}

async fn a_site_is_found_by_id_name_and_domain(db: &Db) {
    let mut row = with_domains("shop", Some("www.Example.com"), &["example.com"]);
    row.id = "id-of-shop".to_owned();
    row.disabled = true;
    row.info.notification_email = Some("ü@example.com".to_owned());
    row.info.plugins = vec![json!({"package": "p"})];
    let mut tx = db.store.begin().await.unwrap();
    insert_account(&mut tx, "a").await;
    sites::insert(&mut tx, &row).await.unwrap();
    assert_same(&sites::find(&mut tx, "id-of-shop").await.unwrap().unwrap(), &row);
    assert_same(&sites::find_by_name(&mut tx, "shop").await.unwrap().unwrap(), &row);
    for domain in ["www.example.com", "example.com"] {
        assert_same(&sites::find_by_domain(&mut tx, domain).await.unwrap().unwrap(), &row);
    }
    for key in ["id-of-shop", "shop", "SHOP", "example.com", "WWW.EXAMPLE.COM"] {
        assert!(sites::find_any(&mut tx, key).await.unwrap().is_some(), "{key}");
    }
    for key in ["", "sho", "shop ", "com", "%", "ID-OF-SHOP", "' OR 1=1 --"] {
        assert!(sites::find_any(&mut tx, key).await.unwrap().is_none(), "{key}");
    }
}

async fn an_id_goes_before_a_name_and_a_name_before_a_domain(db: &Db) {
    let mut tx = db.store.begin().await.unwrap();
    insert_account(&mut tx, "a").await;
    let mut by_name = with_domains("two", None, &[]);
    by_name.name = "one".to_owned();
    let mut by_id = with_domains("one", None, &[]);
    by_id.name = "three".to_owned();
    for row in [&by_name, &by_id, &with_domains("four", Some("two"), &["three"])] {
        sites::insert(&mut tx, row).await.unwrap();
    }
    for (key, id) in [("one", "one"), ("two", "two"), ("three", "one"), ("four", "four")] {
        assert_eq!(sites::find_any(&mut tx, key).await.unwrap().unwrap().id, id, "{key}");
    }
}

async fn a_name_is_taken_once(db: &Db) {
    db.account("a", &["one", "two"]).await;
    let mut same_name = site("a", "other");
    same_name.name = "one".to_owned();
    let mut tx = db.store.begin().await.unwrap();
    assert!(is_taken(&sites::insert(&mut tx, &same_name).await));
    drop(tx);
    let mut renamed = site("a", "two");
    renamed.name = "one".to_owned();
    let mut tx = db.store.begin().await.unwrap();
    assert!(is_taken(&sites::update(&mut tx, &renamed).await));
}

async fn a_domain_is_taken_once(db: &Db) {
    db.account("a", &["two"]).await;
    let mut tx = db.store.begin().await.unwrap();
    sites::insert(&mut tx, &with_domains("one", Some("one.example"), &["alias.example"])).await.unwrap();
    tx.commit().await.unwrap();
    for (primary, aliases) in [
        (Some("one.example"), &[][..]),
        (Some("ALIAS.example"), &[]),
        (None, &["free.example", "One.Example"]),
    ] {
        let mut tx = db.store.begin().await.unwrap();
        assert!(
            is_taken(&sites::insert(&mut tx, &with_domains("new", primary, aliases)).await),
            "{primary:?}"
        );
        drop(tx);
        let mut tx = db.store.begin().await.unwrap();
        assert!(
            is_taken(&sites::update(&mut tx, &with_domains("two", primary, aliases)).await),
            "{primary:?}"
        );
    }
    let mut db = db.store.read().await.unwrap();
    assert!(sites::find_by_domain(&mut db, "free.example").await.unwrap().is_none());
    assert_eq!(sites::find_by_domain(&mut db, "one.example").await.unwrap().unwrap().id, "one");
}

/// Only another site's domain is taken.
async fn a_domain_that_is_named_twice_is_the_sites_own(db: &Db) {
    let row = with_domains("one", Some("one.example"), &["ONE.example", "two.example", "two.example"]);
    let mut tx = db.store.begin().await.unwrap();
    insert_account(&mut tx, "a").await;
    sites::insert(&mut tx, &row).await.unwrap();
    sites::update(&mut tx, &row).await.unwrap();
    let kind =
        tx.row(q!("SELECT kind FROM site_domains WHERE domain = 'one.example'")).await.unwrap().unwrap();
    assert_eq!(kind.text("kind").unwrap(), "primary");
    assert_eq!(sites::find_by_domain(&mut tx, "two.example").await.unwrap().unwrap().id, "one");
}

async fn a_domain_of_deploys_is_owned_and_shows_no_page(db: &Db) {
    db.account("a", &["other"]).await;
    let mut row = with_domains("one", Some("one.example"), &[]);
    row.info.branch_deploy_custom_domain = Some("Dev.one.example".to_owned());
    row.info.deploy_preview_custom_domain = Some("one.example".to_owned());
    let mut tx = db.store.begin().await.unwrap();
    sites::insert(&mut tx, &row).await.unwrap();
    for (domain, owned, shown) in
        [("one.example", true, true), ("dev.one.example", true, false), ("none.example", false, false)]
    {
        assert_eq!(sites::find_owner_of_domain(&mut tx, domain).await.unwrap().is_some(), owned, "{domain}");
        assert_eq!(sites::find_by_domain(&mut tx, domain).await.unwrap().is_some(), shown, "{domain}");
    }
    tx.commit().await.unwrap();
    let mut tx = db.store.begin().await.unwrap();
    let thief = with_domains("thief", Some("dev.one.example"), &[]);
    assert!(is_taken(&sites::insert(&mut tx, &thief).await));
}

async fn an_update_frees_what_it_leaves(db: &Db) {
    let mut tx = db.store.begin().await.unwrap();
    insert_account(&mut tx, "a").await;
    sites::insert(&mut tx, &with_domains("one", Some("old.example"), &["kept.example"])).await.unwrap();
    let mut changed = with_domains("one", None, &["kept.example", "new.example"]);
    changed.name = "renamed".to_owned();
    changed.updated_at = NOW.plus_millis(5);
    changed.disabled = true;
    sites::update(&mut tx, &changed).await.unwrap();
    assert_same(&sites::find(&mut tx, "one").await.unwrap().unwrap(), &changed);
    assert!(sites::find_by_domain(&mut tx, "old.example").await.unwrap().is_none());
    assert!(sites::find_by_name(&mut tx, "one").await.unwrap().is_none());
    let mut next = with_domains("next", Some("old.example"), &[]);
    next.name = "one".to_owned();
    sites::insert(&mut tx, &next).await.unwrap();
}

async fn an_update_leaves_the_live_pointer_alone(db: &Db) {
    db.account("a", &["s"]).await;
    let mut tx = db.store.begin().await.unwrap();
    let read_before = sites::find(&mut tx, "s").await.unwrap().unwrap();
    sites::set_published(&mut tx, "s", Some("d"), NOW).await.unwrap();
    sites::set_locked(&mut tx, "s", true, NOW).await.unwrap();
    sites::update(&mut tx, &read_before).await.unwrap();
    let row = sites::find(&mut tx, "s").await.unwrap().unwrap();
    assert_eq!((row.published_deploy_id.as_deref(), row.locked), (Some("d"), true));
}

async fn names(db: &mut Conn, filter: &Filter, page: Page) -> Vec<String> {
    sites::list(db, filter, page).await.unwrap().into_iter().map(|row| row.name).collect()
}

/// User, account, part of the name: the sites that are listed.
type Case<'a> = (Option<&'a str>, Option<&'a str>, Option<&'a str>, &'a [&'a str]);

async fn a_list_is_filtered(db: &Db) {
    db.account("a", &["blue-shop", "red-shop"]).await;
    db.account("b", &["blue-blog"]).await;
    let mut tx = db.store.begin().await.unwrap();
    let user = users::UserRow {
        id: "u".to_owned(),
        email: "u@example.com".to_owned(),
        full_name: String::new(),
        avatar_url: None,
        created_at: NOW,
        last_login: None,
    };
    users::insert(&mut tx, &user).await.unwrap();
    users::add_member(&mut tx, "a", "u", Role::Owner, NOW).await.unwrap();
    let cases: [Case<'_>; 9] = [
        (None, None, None, &["blue-blog", "blue-shop", "red-shop"]),
        (Some("u"), None, None, &["blue-shop", "red-shop"]),
        (Some("nobody"), None, None, &[]),
        (None, Some("b"), None, &["blue-blog"]),
        (Some("u"), Some("b"), None, &[]),
        (None, None, Some("blue"), &["blue-blog", "blue-shop"]),
        (None, None, Some("-SHOP"), &["blue-shop", "red-shop"]),
        (Some("u"), Some("a"), Some("blue"), &["blue-shop"]),
        (None, None, Some(""), &["blue-blog", "blue-shop", "red-shop"]),
    ];
    for (user_id, account_id, name, expect) in cases {
        let own = |text: Option<&str>| text.map(str::to_owned);
        let filter = Filter { user_id: own(user_id), account_id: own(account_id), name: own(name) };
        assert_eq!(names(&mut tx, &filter, Page::default()).await, expect, "{filter:?}");
    }
    assert_eq!(sites::count(&mut tx, "a").await.unwrap(), 2);
    assert_eq!(sites::count(&mut tx, "nobody").await.unwrap(), 0);
}

async fn a_list_is_paged_in_a_steady_order(db: &Db) {
    db.account("a", &["s1", "s2", "s3", "s4", "s5"]).await;
    let mut tx = db.store.begin().await.unwrap();
    sites::set_published(&mut tx, "s4", Some("d"), NOW.plus_millis(1)).await.unwrap();
    let all = Filter::default();
    let expect: [(u32, &[&str]); 4] = [(1, &["s4", "s1"]), (2, &["s2", "s3"]), (3, &["s5"]), (4, &[])];
    for (number, page) in expect {
        assert_eq!(names(&mut tx, &all, Page { number, size: 2 }).await, page, "page {number}");
    }
}

async fn wildcards_in_names_are_letters(db: &Db) {
    db.account("a", &["plain", "under_score", "per%cent", "back\\slash", "loud!"]).await;
    let mut db = db.store.read().await.unwrap();
    let cases: [(&str, &[&str]); 10] = [
        ("_", &["under_score"]),
        ("%", &["per%cent"]),
        ("\\", &["back\\slash"]),
        ("!", &["loud!"]),
        ("!%", &[]),
        ("r_s", &["under_score"]),
        ("p%n", &[]),
        ("rs", &[]),
        ("\\%", &[]),
        ("'", &[]),
    ];
    for (name, expect) in cases {
        let filter = Filter { name: Some(name.to_owned()), ..Filter::default() };
        assert_eq!(names(&mut db, &filter, Page::default()).await, expect, "{name}");
    }
}

async fn the_live_pointer_moves(db: &Db) {
    db.account("a", &["s", "other"]).await;
    let mut tx = db.store.begin().await.unwrap();
    for (at, pointer) in [(1, Some("d1")), (2, Some("d2")), (3, None)] {
        let now = NOW.plus_millis(at);
        sites::set_published(&mut tx, "s", pointer, now).await.unwrap();
        let row = sites::find(&mut tx, "s").await.unwrap().unwrap();
        assert_eq!((row.published_deploy_id.as_deref(), row.updated_at), (pointer, now));
    }
    assert_same(&sites::find(&mut tx, "other").await.unwrap().unwrap(), &site("a", "other"));
    for locked in [true, false] {
        sites::set_locked(&mut tx, "s", locked, NOW).await.unwrap();
        assert_eq!(sites::find(&mut tx, "s").await.unwrap().unwrap().locked, locked);
    }
    assert!(sites::lock_row(&mut tx, "nowhere").await.unwrap().is_none());
}

const RACERS: i64 = 8;
const ROUNDS: i64 = 10;

/// Reads and writes back what it read: without the lock, numbers would get lost.
async fn a_locked_row_makes_others_wait(db: &Db) {
    db.account("a", &["s"]).await;
    let racer = |store: crate::Store| async move {
        for _ in 0..ROUNDS {
            let mut tx = store.begin().await.unwrap();
            let row = sites::lock_row(&mut tx, "s").await.unwrap().unwrap();
            let number: i64 = row.published_deploy_id.map_or(0, |text| text.parse().unwrap());
            tokio::task::yield_now().await;
            sites::set_published(&mut tx, "s", Some(&(number + 1).to_string()), NOW).await.unwrap();
            tx.commit().await.unwrap();
        }
    };
    let tasks: Vec<_> = (0..RACERS).map(|_| tokio::spawn(racer(db.store.clone()))).collect();
    for task in tasks {
        task.await.unwrap();
    }
    let row = sites::find(&mut db.store.read().await.unwrap(), "s").await.unwrap().unwrap();
    assert_eq!(row.published_deploy_id, Some((RACERS * ROUNDS).to_string()));
}

/// Tables whose rows belong to a site, directly or through something of it.
const OF_A_SITE: [&str; 12] = [
    "SELECT COUNT(*) AS n FROM sites",
    "SELECT COUNT(*) AS n FROM site_domains",
    "SELECT COUNT(*) AS n FROM deploys",
    "SELECT COUNT(*) AS n FROM deploy_manifests",
    "SELECT COUNT(*) AS n FROM deploy_uploads",
    "SELECT COUNT(*) AS n FROM deploy_aliases",
    "SELECT COUNT(*) AS n FROM hooks",
    "SELECT COUNT(*) AS n FROM build_hooks",
    "SELECT COUNT(*) AS n FROM builds",
    "SELECT COUNT(*) AS n FROM build_logs",
    "SELECT COUNT(*) AS n FROM build_log",
    "SELECT COUNT(*) AS n FROM env_vars WHERE site_id <> ''",
];

/// One row of each such table for site `$1`, whose id starts all their ids.
const FILL: [&str; 11] = [
    "INSERT INTO site_domains (domain, site_id, kind) VALUES ($1 || '.example', $1, 'primary')",
    "INSERT INTO deploy_manifests (deploy_id, files, functions, served) VALUES ($1 || 'd', '{}', '{}', '')",
    "INSERT INTO deploy_uploads (deploy_id, kind, digest) VALUES ($1 || 'd', 'file', 'x')",
    "INSERT INTO deploy_aliases (site_id, alias, deploy_id) VALUES ($1, 'main', $1 || 'd')",
    "INSERT INTO hooks (id, site_id, kind, events, filters, data, sealed, options, created_at, updated_at)
     SELECT $1 || 'h', $1, 'url', '[]', '{}', '{}', sealed, '{}', 0, 0 FROM deploy_keys",
    "INSERT INTO hook_health (hook_id, failures, warnings, probe_wait) VALUES ($1 || 'h', 0, 0, 0)",
    "INSERT INTO build_hooks (id, site_id, title, branch, created_at) VALUES ($1 || 'b', $1, '', '', 0)",
    "INSERT INTO builds (id, site_id, account_id, deploy_id, state, cause, created_at)
     VALUES ($1 || 'b', $1, 'a', $1 || 'd', 'done', '{}', 0)",
    "INSERT INTO build_logs (build_id, lines, stored, changed_at, sections) VALUES ($1 || 'b', 0, 0, 0, '[]')",
    "INSERT INTO build_log (build_id, first_line, count, lines)
     SELECT $1 || 'b', 0, 0, sealed FROM deploy_keys",
    "INSERT INTO env_vars (account_id, site_id, key, scopes, is_secret, sealed, updated_at)
     SELECT 'a', $1, 'K', '[]', 0, sealed, 0 FROM deploy_keys",
];

async fn a_site_goes_with_everything_it_has(db: &Db) {
    db.account("a", &["s", "t"]).await;
    let mut tx = db.store.begin().await.unwrap();
    let key = "INSERT INTO deploy_keys (id, account_id, public_key, sealed, created_at) VALUES ('k', 'a', '', $1, 0)";
    tx.run(q!(key, [1, 2].as_slice())).await.unwrap();
    for id in ["s", "t"] {
        let mut row = deploy(&format!("{id}d"), DeployState::Ready, 0);
        row.site_id = id.to_owned();
        deploys::insert(&mut tx, &row).await.unwrap();
        for sql in FILL {
            tx.run(q!(sql, id)).await.unwrap_or_else(|e| panic!("{sql}: {e}"));
        }
    }
    tx.run(q!(FILL[FILL.len() - 1], "")).await.unwrap();
    for (delete, left) in [(None, 2), (Some("s"), 1), (Some("nowhere"), 1), (Some(""), 1), (Some("t"), 0)] {
        if let Some(id) = delete {
            sites::delete(&mut tx, id).await.unwrap();
        }
        for sql in OF_A_SITE {
            let row = tx.row(q!(sql)).await.unwrap().unwrap();
            assert_eq!(row.int("n").unwrap(), left, "{sql} after {delete:?}");
        }
    }
    let shared = env_vars::Place { account_id: "a".to_owned(), site_id: String::new() };
    assert_eq!(env_vars::count(&mut tx, &shared).await.unwrap(), 1, "the account's own variables stay");
}

async fn metadata_is_replaced(db: &Db) {
    db.account("a", &["s"]).await;
    let mut tx = db.store.begin().await.unwrap();
    assert_eq!(sites::metadata(&mut tx, "s").await.unwrap(), Map::new());
    assert_eq!(sites::metadata(&mut tx, "nowhere").await.unwrap(), Map::new());
    for value in [json!({"z": 1, "a": [null, "ü", 1.5]}), json!({"only": {"this": true}}), json!({})] {
        let Value::Object(metadata) = value else { panic!("an object") };
        sites::set_metadata(&mut tx, "s", &metadata, NOW.plus_millis(9)).await.unwrap();
        assert_eq!(sites::metadata(&mut tx, "s").await.unwrap(), metadata);
    }
    assert_eq!(sites::find(&mut tx, "s").await.unwrap().unwrap().updated_at, NOW.plus_millis(9));
}
