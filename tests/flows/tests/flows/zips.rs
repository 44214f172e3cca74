//! A whole site as one zip.

use crate::support::{id, live_site, says, zip_of};
use http::Method;
use testkit::both;

both! {
    /// The oldest way to deploy.
    async fn a_zip_is_a_deploy(p: Platform) {
        let owner = p.owner();
        let site = owner.create_site("zipped").await;
        let zip = zip_of(&[("index.html", "from a zip"), ("css/a.css", "a{}")]);
        let deploy = owner.post_zip(&format!("/sites/{}/deploys", id(&site)), zip).await.expect(200).json();
        let deploy = owner.ready(id(&deploy)).await;
        assert!(deploy["published_at"].is_string(), "{deploy}");
        says(&p, "zipped", "from a zip").await;
        assert_eq!(p.visitor().site("zipped", "/css/a.css").await.expect(200).text(), "a{}");
    }
}

both! {
    /// A zip for a deploy that exists already.
    async fn a_zip_fills_a_deploy(p: Platform) {
        let owner = p.owner();
        let site = owner.create_site("filled").await;
        let deploy = owner.new_deploy(id(&site), serde_json::json!({})).await;
        let path = format!("/api/v1/sites/{}/deploys/{}", id(&site), id(&deploy));
        let zip = zip_of(&[("index.html", "filled")]);
        owner.send(Method::PUT, &path, "application/zip", zip.into()).await.expect(200);
        owner.ready(id(&deploy)).await;
        says(&p, "filled", "filled").await;
    }
}

both! {
    /// What macOS adds to every zip is no part of the site, and the summary says so.
    async fn a_zip_of_macos_is_a_site(p: Platform) {
        let owner = p.owner();
        let site = owner.create_site("finder").await;
        for (more, title) in [
            (&[][..], None),
            (&[(".DS_Store", "x")][..], Some("1 file of macOS was left out")),
            (
                &[("__MACOSX/._index.html", "x"), ("a/.DS_Store", "x"), ("a/__MACOSX/b", "x")][..],
                Some("3 files of macOS were left out"),
            ),
        ] {
            let files = [&[("index.html", "hello"), ("a/.DS_Storey", "kept"), ("._x", "kept")][..], more].concat();
            let path = format!("/sites/{}/deploys", id(&site));
            let deploy = owner.post_zip(&path, zip_of(&files)).await.expect(200).json();
            let deploy = owner.ready(id(&deploy)).await;
            let messages = deploy["summary"]["messages"].as_array().expect("messages");
            let said = messages.iter().find(|m| m["title"].as_str().is_some_and(|t| t.contains("macOS")));
            assert_eq!(said.map(|message| message["title"].as_str().expect("a title")), title, "{deploy}");
            let paths = owner.get(&format!("/sites/{}/files", id(&site))).await.expect(200).json();
            let paths: Vec<_> = paths.as_array().expect("a list").iter().map(|f| &f["path"]).collect();
            assert_eq!(paths, ["/._x", "/a/.DS_Storey", "/index.html"]);
        }
    }
}

both! {
    /// A refused zip leaves a failed deploy that says why, and the site as it was.
    async fn bad_zips_are_refused(p: Platform) {
        let owner = p.owner();
        let (site, live) = live_site(&owner, "slip").await;
        let good = zip_of(&[("index.html", "good")]);
        for (what, zip) in [
            ("a path that steps out", zip_of(&[("index.html", "x"), ("../../evil", "y")])),
            ("an absolute path", zip_of(&[("//etc/cron.d/evil", "y")])),
            ("a back-slash", zip_of(&[("..\\evil", "y")])),
            ("no zip", b"certainly no zip".to_vec()),
            ("half a zip", good[..good.len() / 2].to_vec()),
            ("a bomb", zip_of(&[("zeros", &"\0".repeat(100 << 20))])),
        ] {
            owner.post_zip(&format!("/sites/{}/deploys", id(&site)), zip).await.refusal(422);
            let deploys = owner.get(&format!("/sites/{}/deploys", id(&site))).await.expect(200).json();
            let newest = &deploys[0];
            assert!(newest["state"] == "error" && newest["error_message"].is_string(), "{what}: {newest}");
            assert_ne!(newest["id"], live["id"], "{what}");
        }
        says(&p, "slip", "hello").await;
    }
}
