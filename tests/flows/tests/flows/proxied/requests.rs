//! What a provider gets (X1 to X12, X17, X22 to X24, X27).

use super::world::{Demo, ask, ask_host};
use crate::support::id;
use model::Clock as _;
use serde_json::json;
use testkit::both;

both! {
    /// Whatever stands behind the name goes to the endpoint as it was written.
    async fn the_rest_of_the_path_goes_to_the_endpoint(p: Platform) {
        let demo = Demo::start(&p, "/x/y?key=1").await;
        for (asked, expect) in [
            ("", "/x/y?key=1"),
            ("/", "/x/y?key=1"),
            ("?a=b", "/x/y?key=1&a=b"),
            ("/a", "/x/y/a?key=1"),
            ("/a/", "/x/y/a/?key=1"),
            ("//a//b", "/x/y//a//b?key=1"),
            ("/a%2Fb%20c%C3%A4", "/x/y/a%2Fb%20c%C3%A4?key=1"),
            ("/a+b;c=d:e@f!$&'()*,~", "/x/y/a+b;c=d:e@f!$&'()*,~?key=1"),
            ("/a%", "/x/y/a%?key=1"),
            ("/a?q=%2f+%20;&q=&&=%zz", "/x/y/a?key=1&q=%2f+%20;&q=&&=%zz"),
            ("/.hidden/a..b/...", "/x/y/.hidden/a..b/...?key=1"),
            ("/%252e%252e/a", "/x/y/%252e%252e/a?key=1"),
        ] {
            let reply = ask(&p, "harbour", &format!("GET /.netlify/demo{asked}"), &[], b"").await;
            assert_eq!(reply.text(), format!("the add-on got GET {expect}"), "{asked}");
            assert_eq!(demo.came().path, expect, "{asked}");
        }
    }
}

both! {
    /// Nothing climbs out of the endpoint's path, and no other name leads there.
    async fn paths_do_not_leave_the_endpoint(p: Platform) {
        let demo = Demo::start(&p, "/x").await;
        for path in
            ["/..", "/../y", "/a/../b", "/./a", "/%2e%2e/y", "/.%2E/y", "/a%2f..%2fb", "/a%5C..%5Cb", "/..;/y"]
        {
            let reply = ask(&p, "harbour", &format!("GET /.netlify/demo{path}"), &[], b"").await;
            assert_eq!(reply.status, 400, "{path}");
        }
        // neither the names of others nor rules for everything answer there
        for path in [
            "/.netlify/demos", "/.netlify/demo-x/a", "/.netlify/dem", "/.netlify/Demo/", "/.netlify/%64emo/",
            "/.netlify/", "/.netlify//demo/", "/.netlify/other/", "/a/../.netlify/demo/",
        ] {
            let reply = ask(&p, "harbour", &format!("GET {path}"), &[], b"").await;
            assert_eq!(reply.status, 404, "{path}: {}", reply.text());
        }
        assert_eq!(demo.provider.lines(), [""; 0]);
    }
}

both! {
    /// Methods and bodies arrive, also none at all.
    async fn every_method_arrives_with_its_body(p: Platform) {
        let demo = Demo::start(&p, "").await;
        let megabyte: Vec<u8> = (0..1 << 20).map(|n: u32| (n % 251) as u8).collect();
        for method in ["POST", "PUT", "PATCH", "DELETE"] {
            for body in [&b""[..], &megabyte] {
                let kind = [("Content-Type", "application/x-www-form-urlencoded")];
                let reply = ask(&p, "harbour", &format!("{method} /.netlify/demo/a"), &kind, body).await;
                assert_eq!(reply.status, 200, "{method}");
                let came = demo.came();
                assert_eq!((came.line(), came.body == body), (format!("{method} /a"), true));
                let length = (method != "DELETE" || !body.is_empty()).then(|| body.len().to_string());
                assert_eq!(came.header("Content-Length"), length.as_deref(), "{method}");
            }
        }
        for method in ["HEAD", "OPTIONS", "PURGE"] {
            let reply = ask(&p, "harbour", &format!("{method} /.netlify/demo/a"), &[], b"").await;
            let (line, body) = (format!("{method} /a"), format!("the add-on got {method} /a"));
            let length = body.len().to_string();
            assert_eq!((reply.status, reply.all("content-length")), (200, vec![length.as_str()]), "{method}");
            assert_eq!(reply.text(), if method == "HEAD" { "" } else { &body });
            assert_eq!(demo.came().line(), line);
        }
    }
}

both! {
    /// The platform says which instance it is, proves it, and lets nobody say it instead.
    async fn the_platform_vouches_for_the_instance(p: Platform) {
        let demo = Demo::start(&p, "/x").await;
        let sent = [
            ("X-NF-UUID", "forged"),
            ("x-nf-uuid", "forged again"),
            ("X-NF-ID", "forged"),
            ("X-Nf-Site-Url", "https://forged.example"),
            ("X-NF-SIGN", "forged"),
            ("X-NF-Sign-Previous", "forged"),
            ("X-NF-Anything", "forged"),
            ("X-Mine", "1"),
            ("X-Hop", "1"),
            ("Connection", "close, X-Hop, X-NF-UUID, x-nf-id, X-NF-SITE-URL, X-Nf-Sign, Host"),
            ("X-Forwarded-For", "192.0.2.1"),
            ("X-Forwarded-Host", "forged.example"),
        ];
        assert_eq!(ask(&p, "harbour", "GET /.netlify/demo/", &sent, b"").await.status, 200);
        let came = demo.came();
        let (own, host) = (demo.provider.url().replace("http://", ""), format!("harbour.localhost:{}", p.address().port()));
        let site_url = demo.site["url"].as_str().expect("a site has an address");
        for (name, expect) in [
            ("X-NF-UUID", demo.uuid.as_str()),
            ("X-NF-ID", "remote-1"),
            ("X-NF-SITE-URL", site_url),
            ("Host", &own),
            ("X-Mine", "1"),
            ("X-Forwarded-For", "192.0.2.1, 127.0.0.1"),
            ("X-Forwarded-Proto", "http"),
            ("X-Forwarded-Host", &host),
        ] {
            assert_eq!(came.header(name), Some(expect), "{name} in {:?}", came.headers);
        }
        let platform: Vec<_> =
            came.headers.iter().map(|(name, _)| name.as_str()).filter(|name| name.to_ascii_lowercase().starts_with("x-nf-")).collect();
        assert_eq!(platform, ["X-Nf-Request-Id", "X-NF-UUID", "X-NF-ID", "X-NF-SITE-URL", "X-Nf-Sign"]);
        for gone in ["x-hop", "connection", "authorization"] {
            assert_eq!(came.any_case(gone), None, "{gone}");
        }
        let mut claims = demo.claims(&came);
        let left = claims["exp"].as_i64().expect("a time") - p.clock().now().seconds();
        assert!((240..=300).contains(&left), "{left}");
        claims.as_object_mut().expect("claims are an object").remove("exp");
        assert_eq!(claims, json!({ "site_url": site_url, "id": "remote-1", "netlify_id": demo.uuid }));
    }
}

both! {
    /// A signature serves for a minute, and never for so long that it has run out.
    async fn signatures_stay_fresh(p: Platform) {
        let demo = Demo::start(&p, "").await;
        let mut seen = Vec::new();
        for seconds in [0, 59, 1, 3600] {
            p.clock().advance(std::time::Duration::from_secs(seconds));
            ask(&p, "harbour", "GET /.netlify/demo/", &[], b"").await;
            let came = demo.came();
            let left = demo.claims(&came)["exp"].as_i64().expect("a time") - p.clock().now().seconds();
            assert!((240..=300).contains(&left), "{left}");
            seen.push(came.header("X-Nf-Sign").expect("it is signed").to_owned());
        }
        seen.dedup();
        assert_eq!(seen.len(), 3);
    }
}

both! {
    /// An id that is no header value goes encoded; the signature says it as it is.
    async fn any_id_can_be_sent(p: Platform) {
        let demo = Demo::start_as(&p, "/x", "ä b\r\nX-Evil: 1").await;
        ask(&p, "harbour", "GET /.netlify/demo/", &[], b"").await;
        let came = demo.came();
        assert_eq!(came.header("X-NF-ID"), Some("%C3%A4%20b%0D%0AX-Evil%3A%201"));
        assert_eq!((demo.claims(&came)["id"].as_str(), came.any_case("x-evil")), (Some("ä b\r\nX-Evil: 1"), None));
    }
}

both! {
    /// What lets a visitor in on the site is not handed to a provider.
    async fn cookies_of_the_site_stay_here(p: Platform) {
        let demo = Demo::start(&p, "").await;
        for (sent, expect) in [
            ("a=1; nf_jwt=x.y.z; b=2", Some("a=1; b=2")),
            ("nf_jwt=x.y.z", None),
            ("nf_site_access=00; nf_jwt=x", None),
            ("a=1; b=nf_jwt=2", Some("a=1; b=nf_jwt=2")),
        ] {
            ask(&p, "harbour", "GET /.netlify/demo/", &[("Cookie", sent)], b"").await;
            let came = demo.came();
            assert_eq!(came.any_case("cookie"), expect, "{sent}");
            assert_eq!(came.any_case("authorization"), None, "{sent}");
        }
    }
}

both! {
    /// The instance of a site serves its previews and domains too, and says the primary address.
    async fn previews_and_domains_lead_to_the_same_instance(p: Platform) {
        let (demo, owner) = (Demo::start(&p, "").await, p.owner());
        let live = owner.get(&format!("/sites/{}", id(&demo.site))).await.expect(200).json();
        let deploy = live["published_deploy"]["id"].as_str().expect("a deploy is live").to_owned();
        let port = p.address().port();
        let domain = json!({ "custom_domain": "harbour.example.org" });
        owner.patch(&format!("/sites/{}", id(&demo.site)), domain).await.expect(200);
        let primary = owner.get(&format!("/sites/{}", id(&demo.site))).await.expect(200).json()["url"].clone();
        assert!(primary.as_str().is_some_and(|url| url.contains("harbour.example.org")), "{primary}");
        for host in [
            format!("harbour.localhost:{port}"),
            format!("{deploy}--harbour.localhost:{port}"),
            format!("harbour.example.org:{port}"),
        ] {
            let reply = ask_host(&p, &host, "GET /.netlify/demo/a", &[], b"").await;
            assert_eq!(reply.status, 200, "{host}: {}", reply.text());
            let came = demo.came();
            assert_eq!(came.header("X-NF-SITE-URL"), primary.as_str(), "{host}");
            assert_eq!(came.header("X-Forwarded-Host"), Some(host.as_str()));
            let claims = demo.claims(&came);
            assert_eq!((&claims["site_url"], &claims["netlify_id"]), (&primary, &json!(demo.uuid)), "{host}");
        }
    }
}
