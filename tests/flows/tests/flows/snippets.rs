//! Snippets: made by API, in every page of the site and in nothing else.

use crate::support::id;
use http::Method;
use serde_json::{Value, json};
use testkit::{Answer, Platform, both};

const PAGE: &str = "<head><title>t</title></head><body><script>'</body>'</script>p</body>";

async fn ask(p: &Platform, method: Method, path: &str, with: &[(&str, &str)]) -> Answer {
    p.visitor().ask("snipped", method, path, with, "").await
}

both! {
    /// The life of a snippet, as the API and visitors see it.
    async fn a_snippet_is_in_every_page(p: Platform) {
        let owner = p.owner();
        let site = owner.create_site("snipped").await;
        let files =
            [("index.html", PAGE), ("404.html", PAGE), ("a.js", "'</head>'"), ("_redirects", "/app/* /index.html 200")];
        owner.deploy(id(&site), &files).await;
        let before = ask(&p, Method::GET, "/", &[]).await;
        let old_tag = before.header("etag").expect("a tag").to_owned();
        let list = format!("/sites/{}/snippets", id(&site));
        assert_eq!(owner.get(&list).await.expect(200).json(), json!([]));
        let sent = json!({ "title": "Count", "general": "<b>$&</b>", "general_position": "head", "goal": "<i/>", "goal_position": "footer" });
        let head = owner.post(&list, sent).await.expect(201).json();
        let sent = json!({ "title": "Chat", "general": "<u>f</u>", "general_position": "footer" });
        let foot = owner.post(&list, sent).await.expect(201).json();
        assert!(head["id"].as_i64().is_some_and(|number| number >= 1), "{head}");
        assert_eq!((&head["goal"], &head["goal_position"], &head["site_id"]), (&json!("<i/>"), &json!("footer"), &site["id"]));
        assert_eq!(owner.get(&list).await.json(), json!([head, foot]));

        let expect = "<head><title>t</title><b>$&</b></head><body><script>'</body>'</script>p<u>f</u></body>";
        for (path, status) in [("/", 200), ("/index.html", 200), ("/app/x", 200), ("/nowhere", 404)] {
            for with in [&[][..], &[("range", "bytes=0-3")], &[("accept-encoding", "gzip, br")], &[("if-none-match", &old_tag)]] {
                let answer = ask(&p, Method::GET, path, with).await.expect(status);
                assert_eq!(answer.text(), expect, "{path} {with:?}");
            }
        }
        let page = ask(&p, Method::GET, "/", &[]).await;
        let tag = page.header("etag").expect("a tag").to_owned();
        assert_eq!(ask(&p, Method::GET, "/", &[("if-none-match", &tag)]).await.expect(304).body.len(), 0);
        let length = expect.len().to_string();
        assert_eq!(ask(&p, Method::HEAD, "/", &[]).await.expect(200).header("content-length"), Some(length.as_str()));
        assert_eq!(ask(&p, Method::GET, "/a.js", &[]).await.text(), "'</head>'");

        let one = format!("{list}/{}", head["id"]);
        owner.put(&one, json!({ "general": "<b>2</b>" })).await.expect(204);
        assert_eq!(owner.get(&one).await.expect(200).json()["title"], "Count");
        let changed = ask(&p, Method::GET, "/", &[("if-none-match", &tag)]).await.expect(200);
        assert!(changed.text().contains("<b>2</b></head>") && changed.header("etag") != Some(&tag));
        for snippet in [&head, &foot] {
            owner.delete(&format!("{list}/{}", snippet["id"])).await.expect(204);
        }
        owner.get(&one).await.refusal(404);
        let after = ask(&p, Method::GET, "/", &[]).await;
        assert_eq!((after.text().as_str(), after.header("etag")), (PAGE, Some(old_tag.as_str())));
        ask(&p, Method::GET, "/", &[("range", "bytes=0-3")]).await.expect(206);
    }
}

both! {
    /// A text that is too long, a snippet of another site, and an id that is none.
    async fn what_cannot_be_is_refused(p: Platform) {
        let owner = p.owner();
        let site = owner.create_site("snipped").await;
        let other = owner.create_site("other").await;
        let list = |site: &Value| format!("/sites/{}/snippets", id(site));
        let said = owner.post(&list(&site), json!({ "general": "x".repeat(32 * 1024 + 1) })).await.refusal(422);
        assert!(said.contains("general"), "{said}");
        owner.post(&list(&site), json!({ "title": 7 })).await.refusal(422);
        let made = owner.post(&list(&site), json!({ "title": "t" })).await.expect(201).json();
        for path in [format!("{}/{}", list(&other), made["id"]), format!("{}/x", list(&site)), format!("{}/0", list(&site))] {
            owner.get(&path).await.refusal(404);
            owner.put(&path, json!({ "title": "u" })).await.refusal(404);
            owner.delete(&path).await.refusal(404);
        }
        assert_eq!(owner.get(&list(&site)).await.json(), json!([made]));
    }
}
