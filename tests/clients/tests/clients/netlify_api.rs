//! `@netlify/api` 15.1.2: the operations that the command lines do not reach.

use crate::support::{ApiClient, Receiver, Repository, Server};
use serde_json::{Value, json};

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("no {key} in {value}"))
}

/// The ids of a list.
fn ids(list: &Value) -> Vec<&str> {
    list.as_array().expect("a list").iter().map(|one| text(one, "id")).collect()
}

#[tokio::test]
async fn hooks() {
    let server = Server::start().await;
    let mut api = ApiClient::start(&server);
    let site = server.make_site("hooked").await;
    let types = api.must("listHookTypes", json!({})).await;
    let url =
        types.as_array().expect("a list").iter().find(|kind| kind["name"] == "url").expect("url is a type");
    assert!(url["events"].as_array().is_some_and(|events| events.contains(&json!("deploy_created"))));

    let data = json!({ "url": "https://example.org/in", "signature_secret": "hush" });
    let body = json!({ "type": "url", "event": "deploy_created", "data": data });
    let hook = api.must("createHookBySiteId", json!({ "site_id": site, "body": body })).await;
    let id = text(&hook, "id").to_owned();
    assert_eq!(hook["data"]["url"], "https://example.org/in");
    assert!(!hook.to_string().contains("hush"), "{hook}");
    let one = json!({ "hook_id": id });
    assert_eq!(api.must("getHook", one.clone()).await["event"], "deploy_created");
    assert_eq!(ids(&api.must("listHooksBySiteId", json!({ "site_id": site })).await), [id.as_str()]);
    let body = json!({ "event": "deploy_failed" });
    assert_eq!(
        api.must("updateHook", json!({ "hook_id": id, "body": body })).await["event"],
        "deploy_failed"
    );
    assert_eq!(api.must("enableHook", one.clone()).await["disabled"], false);
    api.must("deleteHook", one.clone()).await;
    assert_eq!(api.refused("getHook", one).await.0, 404);
    let bad = json!({ "type": "url", "event": "deploy_exploded", "data": { "url": "https://example.org" } });
    let (status, message) = api.refused("createHookBySiteId", json!({ "site_id": site, "body": bad })).await;
    assert!(status == 422 && message.contains("deploy_exploded"), "{status} {message}");
}

#[tokio::test]
async fn build_hooks() {
    let server = Server::start().await;
    let mut api = ApiClient::start(&server);
    let site = server.make_site("rebuilt").await;
    let repository = Repository::new(&server, "rebuilt");
    repository.write("index.html", "built");
    repository.commit("Page");
    repository.link(&server, &site, "", ".").await;

    let body = json!({ "title": "Nightly", "branch": "main" });
    let hook = api.must("createSiteBuildHook", json!({ "site_id": site, "body": body })).await;
    let one = json!({ "site_id": site, "id": text(&hook, "id") });
    assert_eq!(ids(&api.must("listSiteBuildHooks", json!({ "site_id": site })).await), [text(&hook, "id")]);
    let mut change = one.clone();
    change["body"] = json!({ "title": "Hourly", "branch": "main" });
    api.must("updateSiteBuildHook", change).await;
    assert_eq!(api.must("getSiteBuildHook", one.clone()).await["title"], "Hourly");

    let path = text(&hook, "url")
        .strip_prefix(&server.control_url())
        .expect("it is called at this server")
        .to_owned();
    let called = server.post_anonymously(&path).await;
    assert!((200..300).contains(&called.status), "{called:?}");
    let builds = api.must("listSiteBuilds", json!({ "site_id": site })).await;
    assert_eq!(builds.as_array().map(Vec::len), Some(1));
    let build = api.must("getSiteBuild", json!({ "build_id": text(&builds[0], "id") })).await;
    assert_eq!(build["deploy_id"], builds[0]["deploy_id"]);

    api.must("deleteSiteBuildHook", one).await;
    assert_eq!(server.post_anonymously(&path).await.status, 404);
}

/// Deploys one page by digest and upload: the deploy's id.
async fn deploy(api: &mut ApiClient, site: &str, page: &str) -> String {
    deploy_to(api, site, "", page).await
}

/// The same to a branch; an empty one is the production branch.
async fn deploy_to(api: &mut ApiClient, site: &str, branch: &str, page: &str) -> String {
    let sha = hex::encode(<sha1::Sha1 as sha1::Digest>::digest(page.as_bytes()));
    let body = json!({ "files": { "index.html": sha }, "branch": branch });
    let made = api.must("createSiteDeploy", json!({ "site_id": site, "body": body })).await;
    let id = text(&made, "id").to_owned();
    if made["required"] == json!([sha]) {
        let upload = json!({ "deploy_id": id, "path": "index.html", "body": page });
        api.must("uploadDeployFile", upload).await;
    }
    loop {
        let deploy = api.must("getDeploy", json!({ "deploy_id": id })).await;
        match text(&deploy, "state") {
            "ready" => return id,
            "error" => panic!("{deploy}"),
            _ => tokio::time::sleep(std::time::Duration::from_millis(100)).await,
        }
    }
}

#[tokio::test]
async fn deploys_files_and_the_way_back() {
    let server = Server::start().await;
    let mut api = ApiClient::start(&server);
    let site = server.make_site("history").await;
    let of_site = json!({ "site_id": site });
    let first = deploy(&mut api, &site, "first").await;
    let second = deploy(&mut api, &site, "second").await;
    assert_eq!(server.visit("history", "/").await.text, "second");
    assert_eq!(ids(&api.must("listSiteDeploys", of_site.clone()).await), [second.as_str(), first.as_str()]);

    let files = api.must("listSiteFiles", of_site.clone()).await;
    assert_eq!((files.as_array().map(Vec::len), text(&files[0], "path")), (Some(1), "/index.html"));
    let file = api.must("getSiteFileByPathName", json!({ "site_id": site, "file_path": "index.html" })).await;
    assert_eq!((&file["size"], text(&file, "mime_type")), (&json!(6), "text/html"));

    api.must("restoreSiteDeploy", json!({ "site_id": site, "deploy_id": first })).await;
    assert_eq!(server.visit("history", "/").await.text, "first");
    api.must("restoreSiteDeploy", json!({ "site_id": site, "deploy_id": second })).await;
    api.must("rollbackSiteDeploy", of_site.clone()).await;
    assert_eq!(server.visit("history", "/").await.text, "first");

    api.must("deleteDeploy", json!({ "deploy_id": second })).await;
    assert_eq!(api.refused("getDeploy", json!({ "deploy_id": second })).await.0, 404);
    api.must("updateSiteMetadata", json!({ "site_id": site, "body": { "note": "kept" } })).await;
    assert_eq!(api.must("getSiteMetadata", of_site).await["note"], "kept");
}

#[tokio::test]
async fn split_tests() {
    let server = Server::start().await;
    let mut api = ApiClient::start(&server);
    let site = server.make_site("split").await;
    let of_site = json!({ "site_id": site });
    deploy(&mut api, &site, "live").await;
    deploy_to(&mut api, &site, "beta", "beta").await;
    let body = json!({ "branch_tests": { "main": 0, "beta": 100 } });
    let made = api.must("createSplitTest", json!({ "site_id": site, "body": body })).await;
    assert_eq!(
        (&made["active"], &made["branches"][1]),
        (&json!(false), &json!({ "branch": "beta", "percentage": 100 }))
    );
    let one = json!({ "site_id": site, "split_test_id": text(&made, "id") });
    assert_eq!(ids(&api.must("getSplitTests", of_site.clone()).await), [text(&made, "id")]);
    assert_eq!(server.visit("split", "/").await.text, "live");
    api.must("enableSplitTest", one.clone()).await;
    assert_eq!(server.visit("split", "/").await.text, "beta");
    let mut change = one.clone();
    change["body"] = json!({ "branch_tests": { "main": 100, "beta": 0 } });
    assert_eq!(api.must("updateSplitTest", change).await["active"], true);
    assert_eq!(server.visit("split", "/").await.text, "live");
    api.must("disableSplitTest", one.clone()).await;
    assert_eq!(api.must("getSplitTest", one).await["active"], false);
    let body = json!({ "branch_tests": { "main": 50, "gamma": 50 } });
    let (status, message) = api.refused("createSplitTest", json!({ "site_id": site, "body": body })).await;
    assert!(status == 422 && message.contains("gamma"), "{status} {message}");
}

#[tokio::test]
async fn snippets() {
    let server = Server::start().await;
    let mut api = ApiClient::start(&server);
    let site = server.make_site("snipped").await;
    let of_site = json!({ "site_id": site });
    deploy(&mut api, &site, "<head></head><body></body>").await;
    let body = json!({ "title": "Count", "general": "<b>$&</b>", "general_position": "head", "goal": "", "goal_position": "footer" });
    let made = api.must("createSiteSnippet", json!({ "site_id": site, "body": body })).await;
    assert!(made["id"].as_i64().is_some_and(|number| number >= 1), "{made}");
    let one = json!({ "site_id": site, "snippet_id": made["id"] });
    assert_eq!(api.must("listSiteSnippets", of_site.clone()).await, json!([made]));
    assert_eq!(server.visit("snipped", "/").await.text, "<head><b>$&</b></head><body></body>");
    let mut change = one.clone();
    change["body"] = json!({ "title": "Count", "general": "<i></i>", "general_position": "footer" });
    api.must("updateSiteSnippet", change).await;
    assert_eq!(api.must("getSiteSnippet", one.clone()).await["general_position"], "footer");
    assert_eq!(server.visit("snipped", "/").await.text, "<head></head><body><i></i></body>");
    api.must("deleteSiteSnippet", one.clone()).await;
    assert_eq!(api.refused("getSiteSnippet", one).await.0, 404);
    assert_eq!(api.must("listSiteSnippets", of_site).await, json!([]));
}

#[tokio::test]
async fn what_is_not_there_yet_says_its_name() {
    let server = Server::start().await;
    let mut api = ApiClient::start(&server);
    let site = server.make_site("later").await;
    for operation in ["listSiteAssets", "getDNSForSite"] {
        let (status, message) = api.refused(operation, json!({ "site_id": site })).await;
        assert!(status == 501 && message.contains(operation), "{operation}: {status} {message}");
    }
}

#[tokio::test]
async fn a_hook_is_called_for_a_deploy_of_this_client() {
    let server = Server::start().await;
    let mut api = ApiClient::start(&server);
    let mut receiver = Receiver::start().await;
    let site = server.make_site("told").await;
    let body = json!({ "type": "url", "event": "deploy_succeeded", "data": { "url": receiver.url() } });
    api.must("createHookBySiteId", json!({ "site_id": site, "body": body })).await;
    let id = deploy(&mut api, &site, "news").await;
    let told = receiver.next().await;
    assert_eq!(told.header("X-Netlify-Event"), "deploy_succeeded");
    let payload: Value = serde_json::from_slice(&told.body).expect("a JSON body");
    assert_eq!((text(&payload, "id"), text(&payload, "state")), (id.as_str(), "ready"));
}
