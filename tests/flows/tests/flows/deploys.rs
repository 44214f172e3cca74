//! From files to a live site, and the moves of the live pointer.

use crate::support::{event_names, id, live_site, says, sha1, site_now, text};
use serde_json::{Value, json};
use testkit::{both, s3};

both! {
    /// Digest, uploads, ready, live: the walk that every command line makes.
    async fn a_deploy_goes_live(p: Platform) {
        let owner = p.owner();
        let site = owner.create_site("first").await;
        let deploy = owner.deploy(id(&site), &[("index.html", "<h1>hi</h1>"), ("a/b.txt", "deep")]).await;
        assert_eq!(deploy["context"], "production");
        assert_eq!(deploy["required"], json!([]));
        assert!(deploy["published_at"].is_string() && deploy["error_message"].is_null(), "{deploy}");
        let site = site_now(&owner, id(&site)).await;
        assert_eq!(site["published_deploy"]["id"], deploy["id"]);
        let visitor = p.visitor();
        for address in
            [text(&site, "url"), text(&deploy, "deploy_ssl_url"), text(&deploy["links"], "permalink")]
        {
            let page = visitor.open(&format!("{address}/")).await.expect(200);
            assert_eq!(
                (
                    page.text().as_str(),
                    page.header("content-type").unwrap_or_default().starts_with("text/html")
                ),
                ("<h1>hi</h1>", true)
            );
            assert_eq!(visitor.open(&format!("{address}/a/b.txt")).await.expect(200).text(), "deep");
            assert_eq!(visitor.open(&format!("{address}/none")).await.status, 404);
        }
    }
}

s3! {
    /// The same with blobs in a bucket.
    async fn a_deploy_from_a_bucket(p: Platform) {
        let owner = p.owner();
        let site = owner.create_site("bucket").await;
        let large = "0123456789".repeat(100_000);
        owner.deploy(id(&site), &[("index.html", "from afar"), ("large.txt", &large)]).await;
        says(&p, "bucket", "from afar").await;
        assert_eq!(p.visitor().site("bucket", "/large.txt").await.expect(200).text(), large);
    }
}

both! {
    /// What the account has uploaded once is never asked for again.
    async fn known_files_are_not_uploaded_again(p: Platform) {
        let owner = p.owner();
        let (site, _) = live_site(&owner, "again").await;
        let same = owner.new_deploy(id(&site), json!({})).await;
        let answer = owner.digest(id(&site), id(&same), &[("index.html", "hello")]).await.expect(200).json();
        assert_eq!(answer["required"], json!([]), "{answer}");
        owner.ready(id(&same)).await;
        let more = owner.new_deploy(id(&site), json!({})).await;
        let files = [("index.html", "hello"), ("copy.html", "hello"), ("new.html", "new")];
        let answer = owner.digest(id(&site), id(&more), &files).await.expect(200).json();
        assert_eq!(answer["required"], json!([sha1(b"new")]));
        owner.upload(id(&more), "new.html", b"new").await.expect(200);
        owner.ready(id(&more)).await;
        assert_eq!(p.visitor().site("again", "/copy.html").await.expect(200).text(), "hello");
    }
}

both! {
    /// A draft can be visited at its own address and nowhere else.
    async fn drafts_stay_unpublished(p: Platform) {
        let owner = p.owner();
        let (site, live) = live_site(&owner, "drafty").await;
        let draft = owner.deploy_draft(id(&site), &[("index.html", "draft")]).await;
        assert_eq!((&draft["context"], &draft["draft"]), (&json!("deploy-preview"), &json!(true)));
        assert!(draft["published_at"].is_null(), "{draft}");
        says(&p, "drafty", "hello").await;
        assert_eq!(
            p.visitor().open(&format!("{}/", text(&draft, "deploy_ssl_url"))).await.expect(200).text(),
            "draft"
        );
        assert_eq!(site_now(&owner, id(&site)).await["published_deploy"]["id"], live["id"]);
    }
}

both! {
    /// `deploy --alias`: a label that leads to the newest deploy of its branch.
    async fn aliases_lead_to_their_newest_deploy(p: Platform) {
        let owner = p.owner();
        let (site, _) = live_site(&owner, "aliased").await;
        let branch = json!({ "draft": false, "branch": "feat/New Thing" });
        let mut urls = Vec::new();
        for content in ["one", "two"] {
            let deploy = owner.deploy_as(id(&site), &[("index.html", content)], branch.clone()).await;
            assert_eq!(
                (&deploy["context"], &deploy["branch"]),
                (&json!("branch-deploy"), &json!("feat/New Thing"))
            );
            urls.push(text(&deploy, "deploy_ssl_url").to_owned());
            let alias = p.visitor().open(&format!("{}/", urls[0])).await.expect(200);
            assert_eq!(alias.text(), content);
        }
        assert!(urls[0].contains("//feat-new-thing--aliased.") && urls[0] == urls[1], "{urls:?}");
        says(&p, "aliased", "hello").await;
        let branches = owner.get(&format!("/sites/{}/deployed-branches", id(&site))).await.expect(200).json();
        let slugs: Vec<&Value> = branches.as_array().expect("a list").iter().map(|b| &b["slug"]).collect();
        assert_eq!(slugs, ["feat-new-thing"]);
    }
}

both! {
    /// A permalink shows what it always showed.
    async fn permalinks_never_change(p: Platform) {
        let owner = p.owner();
        let (site, first) = live_site(&owner, "fixed").await;
        let second = owner.deploy(id(&site), &[("index.html", "later"), ("extra.html", "x")]).await;
        says(&p, "fixed", "later").await;
        let permalink = |deploy: &Value| format!("{}/", text(&deploy["links"], "permalink"));
        let visitor = p.visitor();
        assert_eq!(visitor.open(&permalink(&first)).await.expect(200).text(), "hello");
        assert_eq!(visitor.open(&permalink(&second)).await.expect(200).text(), "later");
        assert_eq!(visitor.open(&format!("{}extra.html", permalink(&first))).await.status, 404);
        visitor.site(&format!("{}--nobody", id(&first)), "/").await.expect(404);
    }
}

both! {
    /// Restore names a deploy; rollback takes the one before.
    async fn earlier_deploys_come_back(p: Platform) {
        let owner = p.owner();
        let (site, first) = live_site(&owner, "back").await;
        let second = owner.deploy(id(&site), &[("index.html", "second")]).await;
        let restore = |deploy: &Value| format!("/sites/{}/deploys/{}/restore", id(&site), id(deploy));
        let restored = owner.post(&restore(&first), json!({})).await.expect(201).json();
        assert_eq!(restored["id"], first["id"]);
        says(&p, "back", "hello").await;
        owner.post(&restore(&second), json!({})).await.expect(201);
        says(&p, "back", "second").await;
        owner.put(&format!("/sites/{}/rollback", id(&site)), json!({})).await.expect(204);
        says(&p, "back", "hello").await;
        let names = event_names(&owner, id(&site)).await;
        assert_eq!(names.iter().filter(|name| *name == "deploy_restored").count(), 3, "{names:?}");
    }
}

both! {
    /// With nothing before, there is nothing to roll back to.
    async fn a_first_deploy_cannot_be_rolled_back(p: Platform) {
        let owner = p.owner();
        let (site, _) = live_site(&owner, "only").await;
        owner.put(&format!("/sites/{}/rollback", id(&site)), json!({})).await.refusal(422);
        says(&p, "only", "hello").await;
    }
}

both! {
    /// A locked site takes deploys in and shows none of them until one is published after the unlock.
    async fn a_lock_holds_the_site(p: Platform) {
        let owner = p.owner();
        let (site, first) = live_site(&owner, "held").await;
        let locked = owner.post(&format!("/deploys/{}/lock", id(&first)), json!({})).await.expect(200).json();
        assert_eq!(locked["locked"], true);
        assert_eq!(site_now(&owner, id(&site)).await["published_deploy"]["locked"], true);
        let waiting = owner.deploy(id(&site), &[("index.html", "waiting")]).await;
        assert!(waiting["published_at"].is_null() && waiting["locked"] == false, "{waiting}");
        says(&p, "held", "hello").await;
        let unlocked =
            owner.post(&format!("/deploys/{}/unlock", id(&first)), json!({})).await.expect(200).json();
        assert_eq!(unlocked["locked"], false);
        says(&p, "held", "hello").await;
        owner.deploy(id(&site), &[("index.html", "newest")]).await;
        says(&p, "held", "newest").await;
    }
}

both! {
    /// A deploy that a newer one has overtaken does not take the site back.
    async fn the_newer_deploy_wins(p: Platform) {
        let owner = p.owner();
        let site = owner.create_site("race").await;
        let older = owner.new_deploy(id(&site), json!({})).await;
        let newer = owner.deploy(id(&site), &[("index.html", "newer")]).await;
        owner.fill(id(&site), id(&older), &[("index.html", "older")]).await;
        let older = owner.ready(id(&older)).await;
        assert!(older["published_at"].is_null() && newer["published_at"].is_string(), "{older}");
        says(&p, "race", "newer").await;
    }
}

both! {
    /// `deploy --site NAME` uses the name where ids stand.
    async fn sites_are_deployed_to_by_name(p: Platform) {
        let owner = p.owner();
        let site = owner.create_site("by-name").await;
        let deploy = owner.deploy("by-name", &[("index.html", "named")]).await;
        assert_eq!(deploy["site_id"], site["id"]);
        let again = owner.get(&format!("/sites/by-name/deploys/{}", id(&deploy))).await.expect(200).json();
        assert_eq!(again["id"], deploy["id"]);
        says(&p, "by-name", "named").await;
    }
}

both! {
    /// More than 100 files: the client asks for an async answer and polls for what is missing.
    async fn many_files_are_taken_in_async(p: Platform) {
        let owner = p.owner();
        let site = owner.create_site("many").await;
        let files: Vec<(String, String)> =
            (0..150).map(|n| (format!("f{n}.txt"), format!("file {n}"))).collect();
        let digest: serde_json::Map<String, Value> =
            files.iter().map(|(path, content)| (path.clone(), sha1(content.as_bytes()).into())).collect();
        let deploy = owner.new_deploy(id(&site), json!({})).await;
        let path = format!("/sites/{}/deploys/{}", id(&site), id(&deploy));
        owner.put(&path, json!({ "files": digest, "async": true, "draft": false })).await.expect(200);
        let prepared = testkit::until("the list of missing files", async || {
            let deploy = owner.get(&path).await.expect(200).json();
            matches!(text(&deploy, "state"), "prepared" | "uploading" | "uploaded" | "ready")
                .then_some(deploy)
        })
        .await;
        assert_eq!(prepared["required"].as_array().map(Vec::len), Some(150));
        for (path, content) in &files {
            owner.upload(id(&deploy), path, content.as_bytes()).await.expect(200);
        }
        owner.ready(id(&deploy)).await;
        assert_eq!(p.visitor().site("many", "/f149.txt").await.expect(200).text(), "file 149");
        let listed = owner.get(&format!("/sites/{}/files", id(&site))).await.expect(200).json();
        assert_eq!(listed.as_array().map(Vec::len), Some(150));
    }
}
