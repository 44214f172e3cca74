//! Rule files of a deploy, from the upload to what visitors get.

use crate::builds::{built, linked, trigger};
use crate::support::{id, repository, text};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use serde_json::{Value, json};
use testkit::{Answer, Platform, both};

const REDIRECTS: &str = "/old/* /new/:splat 302\n\
    /broken\n\
    /l /fr 302 Language=fr\n\
    /l /en 302\n\
    /c /au 302 Country=au\n\
    /index.html /new/x 302\n\
    /admin/* 200! Role=admin\n\
    /admin/* /login.html 401!\n\
    /app/* /index.html 200\n\
    /gone /x 404!\n";
const HEADERS: &str = "/*\n  X-Frame-Options: DENY\n  Cache-Control: max-age=60\n  nonsense\n\
    /secret\n  Basic-Auth: ann:one bob:two\n\
    : no name\n";
const TOML: &str = "[[redirects]]\nfrom = \"/toml\"\nto = \"/old/toml\"\nstatus = 308\n\
    [[redirects]]\nfrom = \"/old/*\"\nto = \"/never\"\n\
    [[redirects]]\nto = \"/nowhere\"\n\
    [[headers]]\nfor = \"/secret\"\n[headers.values]\nX-Frame-Options = \"SAMEORIGIN\"\n";
const FILES: [(&str, &str); 8] = [
    ("index.html", "home"),
    ("login.html", "log in"),
    ("admin/page.html", "for admins"),
    ("secret.html", "secret"),
    ("404.html", "lost"),
    ("_redirects", REDIRECTS),
    ("_headers", HEADERS),
    ("netlify.toml", TOML),
];

/// `GET` with headers of the visitor's own.
async fn ask(p: &Platform, site: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    p.visitor().ask(site, Method::GET, path, headers, "").await
}

/// Status and where it leads, or what it says.
fn outcome(answer: &Answer) -> (u16, String) {
    (answer.status, answer.header("location").map_or_else(|| answer.text(), ToOwned::to_owned))
}

fn messages(deploy: &Value) -> Vec<String> {
    let messages = deploy["summary"]["messages"].as_array().expect("messages");
    let line = |message: &Value| {
        format!("{}: {}\n{}", text(message, "type"), text(message, "title"), text(message, "details"))
    };
    messages.iter().map(line).collect()
}

both! {
    /// Redirects and rewrites, by path and by what the visitor says of itself; broken lines are told.
    async fn rules_of_a_deploy_are_followed(p: Platform) {
        let owner = p.owner();
        let site = owner.create_site("ruled").await;
        let deploy = owner.deploy(id(&site), &FILES).await;
        for (path, headers, expect) in [
            ("/old/a/b?c=d", &[][..], (302, "/new/a/b?c=d")),
            ("/toml", &[], (308, "/old/toml")),
            ("/index.html", &[], (200, "home")),
            ("/app/deep/link", &[], (200, "home")),
            ("/l", &[("accept-language", "fr-CH, en")], (302, "/fr")),
            ("/l", &[("accept-language", "de, fr")], (302, "/en")),
            ("/l", &[("cookie", "nf_lang=fr"), ("accept-language", "de")], (302, "/fr")),
            ("/c", &[("cookie", "nf_country=AU")], (302, "/au")),
            ("/c", &[], (404, "lost")),
            ("/gone", &[], (404, "lost")),
            ("/nowhere", &[], (404, "lost")),
            ("/_redirects", &[], (404, "lost")),
            ("/_headers", &[], (404, "lost")),
            ("/netlify.toml", &[], (404, "lost")),
        ] {
            let answer = ask(&p, "ruled", path, headers).await;
            assert_eq!(outcome(&answer), (expect.0, expect.1.to_owned()), "{path} {headers:?}");
        }
        let told = messages(&deploy);
        assert_eq!(told[0], "info: 11 redirect rules processed\n");
        assert_eq!(told[1], "info: 3 header rules processed\n");
        assert!(told[2].starts_with("warning: Redirect rules in _redirects were left out\n- Line 2: "), "{told:?}");
        assert!(told[3].starts_with("warning: Redirect rules in netlify.toml were left out\n- Rule 3: "), "{told:?}");
        assert!(told[4].starts_with("warning: Header rules in _headers were left out\n- Line 7: "), "{told:?}");
        assert_eq!(told.len(), 5);
    }
}

both! {
    /// Headers of the rules go out with pages and with nothing else; a password guards a page.
    async fn header_rules_are_sent_and_passwords_asked_for(p: Platform) {
        let owner = p.owner();
        let site = owner.create_site("guarded").await;
        owner.deploy(id(&site), &FILES).await;
        let page = ask(&p, "guarded", "/", &[]).await;
        assert_eq!((page.header("x-frame-options"), page.header("cache-control")), (Some("DENY"), Some("max-age=60")));
        let lost = ask(&p, "guarded", "/nowhere", &[]).await;
        assert_eq!((lost.status, lost.header("x-frame-options")), (404, Some("DENY")));
        assert_ne!(lost.header("cache-control"), Some("max-age=60"));
        assert_eq!(ask(&p, "guarded", "/toml", &[]).await.header("x-frame-options"), None);
        for path in ["/secret", "/secret.html", "/secret/"] {
            let refused = ask(&p, "guarded", path, &[]).await;
            assert_eq!(refused.status, 401, "{path}");
            assert!(refused.header("www-authenticate").is_some_and(|how| how.starts_with("Basic ")), "{path}");
            let wrong = format!("Basic {}", STANDARD.encode("ann:two"));
            assert_eq!(ask(&p, "guarded", path, &[("authorization", &wrong)]).await.status, 401);
        }
        let right = format!("Basic {}", STANDARD.encode("bob:two"));
        let shown = ask(&p, "guarded", "/secret", &[("authorization", &right)]).await.expect(200);
        assert_eq!((shown.text().as_str(), shown.header("x-frame-options")), ("secret", Some("SAMEORIGIN")));
        assert_eq!(shown.header("basic-auth"), None);
    }
}

both! {
    /// A page for a role is shown to whose token says so, signed with the secret of the site.
    async fn roles_are_those_of_a_verified_token(p: Platform) {
        let owner = p.owner();
        let site = owner.create_site("roles").await;
        owner.deploy(id(&site), &FILES).await;
        let token = |roles: Value, secret: &str, exp: i64| {
            let claims = json!({ "app_metadata": { "authorization": { "roles": roles } }, "exp": exp });
            format!("nf_jwt={}", signing::sign_hs256(&claims.to_string(), secret.as_bytes()))
        };
        let far = 9_999_999_999;
        let admin = token(json!(["admin"]), "a-secret", far);
        let refused = (401, "log in".to_owned());
        assert_eq!(outcome(&ask(&p, "roles", "/admin/page", &[("cookie", &admin)]).await), refused, "the site's own secret is nobody's");
        let changed = owner.patch(&format!("/sites/{}", id(&site)), json!({ "jwt_secret": "a-secret" })).await;
        assert!(!changed.expect(200).text().contains("a-secret"));
        let shown = ask(&p, "roles", "/admin/page", &[("cookie", &admin)]).await;
        assert_eq!(outcome(&shown), (200, "for admins".to_owned()));
        for cookie in [
            token(json!(["user"]), "a-secret", far),
            token(json!(["admin"]), "another", far),
            token(json!(["admin"]), "a-secret", 1),
            "nf_jwt=admin".to_owned(),
            String::new(),
        ] {
            assert_eq!(outcome(&ask(&p, "roles", "/admin/page", &[("cookie", &cookie)]).await), refused, "{cookie}");
        }
        owner.patch(&format!("/sites/{}", id(&site)), json!({ "jwt_secret": "b-secret" })).await.expect(200);
        assert_eq!(outcome(&ask(&p, "roles", "/admin/page", &[("cookie", &admin)]).await), refused, "rotated");
        let admin = token(json!(["admin"]), "b-secret", far);
        let shown = ask(&p, "roles", "/admin/page", &[("cookie", &admin)]).await;
        assert_eq!(outcome(&shown), (200, "for admins".to_owned()));
    }
}

both! {
    /// Each page has one address where the site wants that, and only there.
    async fn pretty_urls_are_a_switch_of_the_site(p: Platform) {
        let owner = p.owner();
        let site = owner.create_site("pretty").await;
        let files = [("index.html", "home"), ("about.html", "about"), ("docs/index.html", "docs")];
        owner.deploy(id(&site), &files).await;
        assert_eq!(outcome(&ask(&p, "pretty", "/about/", &[]).await), (200, "about".to_owned()));
        let on = json!({ "processing_settings": { "html": { "pretty_urls": true } } });
        owner.patch(&format!("/sites/{}", id(&site)), on).await.expect(200);
        for (path, expect) in [
            ("/about/?a=b", (301, "/about?a=b")),
            ("/docs", (301, "/docs/")),
            ("/about", (200, "about")),
            ("/about.html", (200, "about")),
            ("/docs/", (200, "docs")),
            ("/", (200, "home")),
        ] {
            let answer = ask(&p, "pretty", path, &[]).await;
            assert_eq!(outcome(&answer), (expect.0, expect.1.to_owned()), "{path}");
        }
    }
}

both! {
    /// The configuration of a repository has its say although it lies beside the publish directory.
    async fn rules_of_a_repository_come_with_its_builds(p: Platform) {
        let owner = p.owner();
        let toml = "[[redirects]]\nfrom = \"/from\"\nto = \"/to\"\n[[redirects]]\nfrom = 1\n";
        let repository = repository(&[("index.html", "built"), ("netlify.toml", toml)]);
        let (site, hook) = linked(&owner, "ruled-build", &repository, "mkdir out && cp index.html out").await;
        trigger(&p.anonymous(), &hook, "").await;
        let deploy = built(&owner, id(&site)).await;
        assert_eq!(deploy["state"], "ready", "{deploy}");
        assert_eq!(outcome(&ask(&p, "ruled-build", "/from", &[]).await), (301, "/to".to_owned()));
        assert_eq!(outcome(&ask(&p, "ruled-build", "/netlify.toml", &[]).await).0, 404);
        let told = messages(&deploy);
        assert!(told[2].contains("netlify.toml") && told[2].contains("Rule 2"), "{told:?}");
    }
}
