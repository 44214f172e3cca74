//! Files and functions on their way in: what is refused leaves nothing behind.

use crate::support::{id, live_site, says, sha1, sha256, zip_of};
use serde_json::{Value, json};
use testkit::both;

both! {
    /// 422 makes a client stop; the right bytes still complete the deploy.
    async fn wrong_content_is_refused(p: Platform) {
        let owner = p.owner();
        let site = owner.create_site("wrong").await;
        let deploy = owner.new_deploy(id(&site), json!({})).await;
        owner.digest(id(&site), id(&deploy), &[("index.html", "right")]).await.expect(200);
        for (path, content) in
            [("index.html", &b"left"[..]), ("index.html", b""), ("unknown.html", b"whatever")]
        {
            let message = owner.upload(id(&deploy), path, content).await.refusal(422);
            assert!(message.contains("digest"), "{message}");
        }
        assert_eq!(owner.get(&format!("/deploys/{}", id(&deploy))).await.json()["state"], "uploading");
        assert_eq!(p.visitor().site("wrong", "/").await.status, 404);
        owner.upload(id(&deploy), "index.html", b"right").await.expect(200);
        owner.ready(id(&deploy)).await;
        says(&p, "wrong", "right").await;
    }
}

both! {
    /// A digest with one bad name is refused whole, and a better one is taken after it.
    async fn bad_names_in_a_digest_are_refused(p: Platform) {
        let owner = p.owner();
        let site = owner.create_site("names").await;
        let deploy = owner.new_deploy(id(&site), json!({})).await;
        let path = format!("/sites/{}/deploys/{}", id(&site), id(&deploy));
        let (long, segment) = ("a/".repeat(5_000) + "a", "a".repeat(300));
        for name in [
            "../x",
            "a/../../x",
            "..",
            ".",
            "",
            "/",
            "//etc/passwd",
            "a//b",
            "a/",
            "nul\0",
            "a\\..\\b",
            "line\nfeed",
            &long,
            &segment,
        ] {
            let files = json!({ "index.html": sha1(b"fine"), name: sha1(b"bad") });
            let answer = owner.put(&path, json!({ "files": files })).await;
            assert!((400..500).contains(&answer.status), "{name:?}: {}", answer.shown());
            assert!(answer.body.len() < 2000, "{name:?} makes a long message");
            let now = owner.get(&path).await.expect(200).json();
            assert_eq!((&now["state"], &now["required"]), (&json!("new"), &json!([])), "{name:?}");
        }
        for digest in ["", "xyz", &sha1(b"")[1..], &sha256(b"")] {
            owner.put(&path, json!({ "files": { "index.html": digest } })).await.refusal(422);
        }
        owner.fill(id(&site), id(&deploy), &[("index.html", "fine")]).await;
        owner.ready(id(&deploy)).await;
        says(&p, "names", "fine").await;
    }
}

both! {
    /// Upload addresses cannot step out of the deploy either.
    async fn bad_names_in_an_upload_are_refused(p: Platform) {
        let owner = p.owner();
        let (site, _) = live_site(&owner, "paths").await;
        let deploy = owner.new_deploy(id(&site), json!({})).await;
        owner.digest(id(&site), id(&deploy), &[("index.html", "new")]).await.expect(200);
        let long = "a".repeat(10_000);
        for name in [
            "../../x",
            "..%2f..%2fx",
            "%2e%2e/x",
            "a/%2e%2e/b",
            "x%00y",
            "%0a",
            "//etc/passwd",
            "%5c..%5cx",
            "%ff",
            &long,
        ] {
            let answer = owner.upload(id(&deploy), name, b"new").await;
            assert!((400..500).contains(&answer.status), "{name}: {}", answer.shown());
        }
        assert_eq!(owner.get(&format!("/deploys/{}", id(&deploy))).await.json()["state"], "uploading");
        says(&p, "paths", "hello").await;
        // the digest names the files; content that it waits for may come under any plain name
        owner.upload(id(&deploy), "/etc/passwd", b"new").await.expect(200);
        owner.ready(id(&deploy)).await;
        says(&p, "paths", "new").await;
        assert_eq!(p.visitor().site("paths", "/etc/passwd").await.status, 404);
    }
}

both! {
    /// Names that look odd and are fine: spaces, umlauts, plus signs, as clients escape them.
    async fn odd_names_are_served_as_they_are(p: Platform) {
        let owner = p.owner();
        let site = owner.create_site("odd").await;
        let names = [
            ("a b.txt", "a%20b.txt"),
            ("ä+ö&.txt", "%C3%A4+%C3%B6&.txt"),
            (".well-known/x.txt", ".well-known/x.txt"),
        ];
        let files: serde_json::Map<String, Value> =
            names.iter().map(|(name, _)| ((*name).to_owned(), sha1(name.as_bytes()).into())).collect();
        let deploy = owner.new_deploy(id(&site), json!({ "files": files })).await;
        assert_eq!(deploy["state"], "uploading", "{deploy}");
        for (name, escaped) in names {
            owner.upload(id(&deploy), escaped, name.as_bytes()).await.expect(200);
        }
        owner.ready(id(&deploy)).await;
        for (name, escaped) in names {
            assert_eq!(p.visitor().site("odd", &format!("/{escaped}")).await.expect(200).text(), name);
        }
    }
}

both! {
    /// Clients upload equal files once for each path, in any order, also after the deploy is complete.
    async fn equal_files_may_be_uploaded_twice(p: Platform) {
        let owner = p.owner();
        let site = owner.create_site("twins").await;
        let deploy = owner.new_deploy(id(&site), json!({})).await;
        let answer = owner
            .digest(id(&site), id(&deploy), &[("a.html", "same"), ("b.html", "same")])
            .await
            .expect(200)
            .json();
        assert_eq!(answer["required"], json!([sha1(b"same")]));
        for path in ["a.html", "b.html"] {
            let file = owner.upload(id(&deploy), path, b"same").await.expect(200).json();
            assert_eq!((&file["path"], &file["sha"]), (&json!(format!("/{path}")), &json!(sha1(b"same"))));
        }
        owner.ready(id(&deploy)).await;
        for path in ["/a.html", "/b.html"] {
            assert_eq!(p.visitor().site("twins", path).await.expect(200).text(), "same");
        }
    }
}

both! {
    /// Functions are taken in, listed, and answer 501 for the time being.
    async fn functions_are_listed(p: Platform) {
        let owner = p.owner();
        let site = owner.create_site("fun").await;
        let zip = zip_of(&[("hello.js", "exports.handler = async () => ({ statusCode: 200 })")]);
        let deploy = owner.new_deploy(id(&site), json!({})).await;
        let body = json!({ "files": {}, "functions": { "hello": sha256(&zip) } });
        let path = format!("/sites/{}/deploys/{}", id(&site), id(&deploy));
        let answer = owner.put(&path, body).await.expect(200).json();
        assert_eq!(answer["required_functions"], json!([sha256(&zip)]), "{answer}");
        let upload =
            format!("/deploys/{}/functions/hello?runtime=js&invocation_mode=background", id(&deploy));
        owner.put_bytes(&upload, b"other".to_vec()).await.refusal(422);
        owner.put_bytes(&upload, zip).await.expect(200);
        let deploy = owner.ready(id(&deploy)).await;
        let function = &deploy["available_functions"][0];
        assert_eq!(
            (&function["n"], &function["r"], &function["im"]),
            (&json!("hello"), &json!("js"), &json!("background"))
        );
        let visitor = p.visitor();
        assert_eq!(visitor.site("fun", "/.netlify/functions/hello").await.status, 501);
        assert_eq!(visitor.site("fun", "/.netlify/functions/none").await.status, 404);
        let listed = owner.get(&format!("/sites/{}/functions", id(&site))).await.expect(200).text();
        assert!(listed.contains("\"hello\""), "{listed}");
    }
}

both! {
    /// Names of functions that could not stand in an address.
    async fn bad_function_names_are_refused(p: Platform) {
        let owner = p.owner();
        let site = owner.create_site("names-of-functions").await;
        let deploy = owner.new_deploy(id(&site), json!({})).await;
        let path = format!("/sites/{}/deploys/{}", id(&site), id(&deploy));
        for name in ["", "../x", "a/b", "a b", "ü", ".hidden", &"a".repeat(300)] {
            owner.put(&path, json!({ "functions": { name: sha256(b"zip") } })).await.refusal(422);
        }
        assert_eq!(owner.get(&path).await.expect(200).json()["state"], "new");
    }
}
