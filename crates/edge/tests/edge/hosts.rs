//! From a host name to a site and deploy.

use crate::support::Platform;
use model::DeployContext;
use store::sites::SiteInfo;
use testbed::both;

both!(
    each_kind_of_host_leads_to_its_deploy,
    what_is_not_there_says_which_part_is_missing,
    a_request_for_two_hosts_is_refused,
    a_disabled_site_is_away_and_comes_back,
    search_engines_are_asked_to_leave_out_what_is_not_published,
);

async fn each_kind_of_host_leads_to_its_deploy(p: &Platform) {
    let info = SiteInfo {
        custom_domain: Some("www.example.org".into()),
        domain_aliases: vec!["example.org".into()],
        ..SiteInfo::default()
    };
    let site = p.site_with("blog", info).await;
    let old = p.deploy(&site, &[("/index.html", "old")]).await;
    let new = p.deploy(&site, &[("/index.html", "new")]).await;
    p.publish(&site, &new).await;
    p.alias(&site, "feat-x", &old).await;
    for (host, expect) in [
        ("blog.localhost".to_owned(), "new"),
        ("BLOG.localhost:8888".to_owned(), "new"),
        ("blog.localhost.".to_owned(), "new"),
        (format!("{old}--blog.localhost"), "old"),
        (format!("{new}--blog.localhost"), "new"),
        ("feat-x--blog.localhost".to_owned(), "old"),
        ("Feat-X--blog.localhost".to_owned(), "old"),
        ("www.example.org".to_owned(), "new"),
        ("WWW.example.org:80".to_owned(), "new"),
    ] {
        let answer = p.get(&host, "/").await;
        assert_eq!((answer.status, answer.text().as_str()), (200, expect), "{host}");
    }
    let alias = p.get("example.org:80", "/a?b").await;
    assert_eq!((alias.status, alias.header("location")), (301, Some("http://www.example.org:80/a?b")));
}

async fn what_is_not_there_says_which_part_is_missing(p: &Platform) {
    let other = p.live("other", &[("/index.html", "x")]).await;
    p.site("empty").await;
    let foreign = p.deploy(&other, &[("/index.html", "x")]).await;
    for (host, title) in [
        ("nobody.localhost".to_owned(), "Site not found"),
        ("unknown.example.org".to_owned(), "Site not found"),
        ("localhost".to_owned(), "Site not found"),
        ("127.0.0.1".to_owned(), "Site not found"),
        (String::new(), "Site not found"),
        ("x".repeat(300), "Site not found"),
        ("empty.localhost".to_owned(), "Deploy not found"),
        ("none--other.localhost".to_owned(), "Deploy not found"),
        ("0123456789abcdef01234567--other.localhost".to_owned(), "Deploy not found"),
        (format!("{foreign}--empty.localhost"), "Deploy not found"),
    ] {
        let answer = p.get(&host, "/").await;
        assert_eq!(answer.status, 404, "{host}");
        assert!(answer.text().contains(title), "{host}: {}", answer.text());
        assert!(answer.header("x-nf-request-id").is_some());
    }
}

async fn a_request_for_two_hosts_is_refused(p: &Platform) {
    p.live("blog", &[("/index.html", "x")]).await;
    let answer = p
        .raw("GET / HTTP/1.1\r\nhost: blog.localhost\r\nhost: evil.localhost\r\nconnection: close\r\n\r\n")
        .await;
    assert_eq!(answer.status, 400);
    let absolute = "GET http://blog.localhost/ HTTP/1.1\r\nhost: evil.localhost\r\nconnection: close\r\n\r\n";
    assert_eq!(p.raw(absolute).await.text(), "x");
}

async fn a_disabled_site_is_away_and_comes_back(p: &Platform) {
    let site = p.live("blog", &[("/index.html", "x")]).await;
    assert_eq!(p.get("blog.localhost", "/").await.status, 200);
    p.disable(&site, true).await;
    let answer = p.get("blog.localhost", "/").await;
    assert_eq!(answer.status, 404);
    assert!(answer.text().contains("Site disabled"));
    p.disable(&site, false).await;
    assert_eq!(p.get("blog.localhost", "/").await.status, 200);
}

async fn search_engines_are_asked_to_leave_out_what_is_not_published(p: &Platform) {
    let info = SiteInfo {
        custom_domain: Some("www.example.org".into()),
        deploy_preview_custom_domain: Some("previews.example.org".into()),
        branch_deploy_custom_domain: Some("dev.example.org".into()),
        ..SiteInfo::default()
    };
    let site = p.site_with("blog", info).await;
    let files = [
        ("/index.html", "page"),
        ("/own.html", "own"),
        ("/ruled.html", "ruled"),
        ("/_headers", "/own.html\n X-Robots-Tag: all\n/ruled.html\n X-One: 1\n"),
        ("/_redirects", "/old / 301\n"),
    ];
    let live = p.deploy(&site, &files).await;
    p.publish(&site, &live).await;
    for (alias, context) in
        [("deploy-preview-7", DeployContext::DeployPreview), ("feat", DeployContext::BranchDeploy)]
    {
        let deploy = p.deploy_in(context, &site, &files).await;
        p.alias(&site, alias, &deploy).await;
    }
    for (host, out) in [
        ("blog.localhost", None),
        ("www.example.org", None),
        ("feat--blog.localhost", None),
        ("feat.dev.example.org", None),
        (&format!("{live}--blog.localhost"), Some("noindex")),
        ("deploy-preview-7--blog.localhost", Some("noindex")),
        ("deploy-preview-7.previews.example.org", Some("noindex")),
    ] {
        for (path, status, expect) in [
            ("/", 200, out),
            ("/ruled.html", 200, out),
            ("/own.html", 200, Some("all")),
            ("/nothing", 404, out),
            ("/old", 301, out),
        ] {
            // the first brings a file into memory, the second is answered from there
            for way in ["first", "at once"] {
                let answer = p.get(host, path).await;
                let found = (answer.status, answer.header("x-robots-tag"));
                assert_eq!(found, (status, expect), "{host}{path} {way}");
            }
        }
    }
}
