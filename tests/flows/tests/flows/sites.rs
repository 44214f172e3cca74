//! Sites, and the manners of the API that clients rely on everywhere.

use crate::support::{id, live_site, says, site_now, text};
use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};
use testkit::both;

both! {
    /// 422 makes command lines try again with a number behind the name.
    async fn names_are_unique(p: Platform) {
        let owner = p.owner();
        let site = owner.create_site("taken").await;
        let message = owner.post("/sites", json!({ "name": "Taken" })).await.refusal(422);
        assert!(message.contains("unique"), "{message}");
        for name in ["a b", "-a", "a--b", "ä", "a.b", &"x".repeat(64)] {
            owner.post("/sites", json!({ "name": name })).await.refusal(422);
        }
        let other = owner.post("/sites", json!({})).await.expect(201).json();
        owner.patch(&format!("/sites/{}", id(&other)), json!({ "name": "taken" })).await.refusal(422);
        assert_ne!(text(&site_now(&owner, id(&other)).await, "name"), "taken");
        assert_eq!(text(&site_now(&owner, "taken").await, "id"), id(&site));
    }
}

both! {
    /// A site is found by id, by name and by each of its domains.
    async fn a_site_has_several_names(p: Platform) {
        let owner = p.owner();
        let (site, _) = live_site(&owner, "manifold").await;
        let domains = json!({ "custom_domain": "www.example.org", "domain_aliases": ["example.org"] });
        let changed = owner.patch(&format!("/sites/{}", id(&site)), domains).await.expect(200).json();
        assert_eq!(changed["custom_domain"], "www.example.org");
        for key in [id(&site), "manifold", "www.example.org", "example.org"] {
            assert_eq!(id(&site_now(&owner, key).await), id(&site), "{key}");
        }
        for host in ["www.example.org", "WWW.Example.org:80"] {
            assert_eq!(p.visitor().get(host, "/").await.expect(200).text(), "hello", "{host}");
        }
        let thief = owner.create_site("thief").await;
        let theft = json!({ "custom_domain": "example.org" });
        owner.patch(&format!("/sites/{}", id(&thief)), theft).await.refusal(422);
        let cleared = json!({ "custom_domain": null, "domain_aliases": [] });
        owner.patch(&format!("/sites/{}", id(&site)), cleared).await.expect(200);
        assert_eq!(p.visitor().get("www.example.org", "/").await.status, 404);
    }
}

/// The address behind `rel` in a `Link` header.
fn linked(header: Option<&str>, rel: &str) -> Option<String> {
    let part = header?.split(", ").find(|part| part.ends_with(&format!("rel=\"{rel}\"")))?;
    Some(part.split_once('<')?.1.split_once('>')?.0.to_owned())
}

both! {
    /// Following `next` from page to page shows everything once.
    async fn lists_have_pages(p: Platform) {
        let owner = p.owner();
        let mut made = Vec::new();
        for n in 0..5 {
            made.push(id(&owner.create_site(&format!("page-{n}")).await).to_owned());
        }
        let root = p.addresses().control_url();
        let (mut seen, mut next) = (Vec::new(), Some(format!("{root}/api/v1/sites?filter=all&per_page=2")));
        while let Some(address) = next {
            let path = address.strip_prefix(&root).unwrap_or_else(|| panic!("{address} leads elsewhere"));
            let page = owner.send(Method::GET, path, "", Bytes::new()).await.expect(200);
            let sites = page.json();
            let sites = sites.as_array().expect("a list");
            assert!(sites.len() <= 2 && seen.len() <= 6, "{path}");
            seen.extend(sites.iter().map(|site| id(site).to_owned()));
            next = linked(page.header("link"), "next");
        }
        seen.sort();
        made.sort();
        assert_eq!(seen, made);
        let found = owner.get("/sites?name=page-3").await.expect(200).json();
        assert_eq!(found.as_array().map(Vec::len), Some(1), "{found}");
    }
}

both! {
    /// An answer without content says nothing about its content.
    async fn no_content_has_no_type(p: Platform) {
        let owner = p.owner();
        let site = owner.create_site("empty").await;
        let answer = owner.delete(&format!("/sites/{}", id(&site))).await.expect(204);
        assert_eq!((answer.header("content-type"), answer.body.len()), (None, 0));
    }
}

both! {
    /// Whatever goes wrong, the answer has the shape that clients read.
    async fn refusals_have_one_shape(p: Platform) {
        let (owner, anonymous) = (p.owner(), p.anonymous());
        let site = owner.create_site("shape").await;
        let bad =
            owner.send(Method::POST, "/api/v1/sites", "application/json", Bytes::from_static(b"{")).await;
        for (status, answer) in [
            (400, bad),
            (401, anonymous.get("/user").await),
            (401, p.actor(Some("no-token-of-this-server")).get("/user").await),
            (404, owner.get("/sites/none").await),
            (404, owner.get("/nothing/here").await),
            (404, owner.send(Method::DELETE, "/api/v1/user", "", Bytes::new()).await),
            (422, owner.patch(&format!("/sites/{}", id(&site)), json!({ "name": "no good" })).await),
            (501, owner.get("/dns_zones").await),
        ] {
            let message = answer.refusal(status);
            assert!(message.len() < 300, "{message}");
        }
    }
}

both! {
    /// Deleting a site takes all that belongs to it, and frees its name.
    async fn deleting_a_site_deletes_what_it_has(p: Platform) {
        let owner = p.owner();
        let (site, deploy) = live_site(&owner, "short-lived").await;
        let hook = owner.hook(id(&site), &["deploy_created"], "http://127.0.0.1:9/", None).await;
        owner.delete(&format!("/sites/{}", id(&site))).await.expect(204);
        for path in [
            format!("/sites/{}", id(&site)),
            format!("/deploys/{}", id(&deploy)),
            format!("/hooks/{}", id(&hook)),
        ] {
            owner.get(&path).await.refusal(404);
        }
        let host = format!("short-lived.localhost:{}", p.address().port());
        assert_eq!(p.visitor().get(&host, "/").await.status, 404);
        assert_eq!(p.visitor().get(&format!("{}--{host}", id(&deploy)), "/").await.status, 404);
        let again = owner.create_site("short-lived").await;
        assert_ne!(again["id"], site["id"]);
        assert_eq!(p.visitor().get(&host, "/").await.status, 404);
    }
}

both! {
    /// A site that is switched off answers no visitor and takes no deploy.
    async fn a_disabled_site_is_off(p: Platform) {
        let owner = p.owner();
        let (site, _) = live_site(&owner, "switch").await;
        owner.put(&format!("/sites/{}/disable", id(&site)), json!({})).await.expect(204);
        let off = p.visitor().site("switch", "/").await;
        assert!(off.status >= 400 && off.text() != "hello", "{}", off.shown());
        owner.post(&format!("/sites/{}/deploys", id(&site)), json!({})).await.refusal(422);
        owner.put(&format!("/sites/{}/enable", id(&site)), json!({})).await.expect(204);
        says(&p, "switch", "hello").await;
        owner.deploy(id(&site), &[("index.html", "on again")]).await;
        says(&p, "switch", "on again").await;
    }
}

both! {
    /// The fields without which command lines stumble (contract clients 3).
    async fn sites_have_the_fields_that_clients_read(p: Platform) {
        let owner = p.owner();
        let (site, _) = live_site(&owner, "fields").await;
        let site = site_now(&owner, id(&site)).await;
        for field in [
            "id",
            "name",
            "url",
            "ssl_url",
            "admin_url",
            "account_id",
            "account_slug",
            "account_name",
            "id_domain",
        ] {
            assert!(!text(&site, field).is_empty(), "{field}");
        }
        assert_eq!(site["use_envelope"], true);
        for field in ["build_settings", "feature_flags", "capabilities", "published_deploy"] {
            assert!(site[field].is_object(), "{field}: {}", site[field]);
        }
        let deploy = &site["published_deploy"];
        assert!(matches!(deploy["available_functions"], Value::Array(_)), "{deploy}");
        assert!(text(deploy, "id").len() == 24 && text(deploy, "id").bytes().all(|b| b.is_ascii_hexdigit()));
    }
}
