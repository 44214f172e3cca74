//! Snippets of add-ons in the pages of a site: where they stand, in what, and from when to when. The rules
//! are those of contract add-ons section 10.

use crate::addons::register;
use crate::support::{id, text};
use flate2::read::GzDecoder;
use http::Method;
use serde_json::{Value, json};
use std::io::Read as _;
use testbed::{Came, Scripted, Turn};
use testkit::{Actor, Answer, Platform, both};

const PAGE: &str = "<html><head><title>t</title></head><body>p</body></html>";

fn snippet(html: &str, position: &str) -> Value {
    json!({ "title": "t", "position": position, "html": html })
}

/// A provider whose instances carry what its add-on is called; other requests get a page.
async fn provider() -> Scripted {
    Scripted::start(|came: &Came| match came.method.as_str() {
        "POST" if came.path == "/instances" => {
            let slug = came.json()["config"]["service_id"].as_str().unwrap_or_default().to_owned();
            let (head, foot) = (format!("<b>{slug}</b>"), format!("<i>{slug}</i>"));
            let snippets = json!([
                snippet(&head, "head"),
                snippet("<u>$&$1$$</u>", "head"),
                snippet(&foot, "footer"),
                snippet("<s/>", "body"),
                snippet("<moon/>", "moon"),
            ]);
            Turn::Json(201, json!({ "id": slug, "snippets": snippets }))
        }
        "GET" if came.path == "/manifest" => Turn::Json(200, json!({ "name": "Demo" })),
        "DELETE" => Turn::Empty(204),
        "GET" if came.path == "/page" => Turn::Text(200, "text/html", PAGE.to_owned()),
        _ => Turn::Json(200, json!({})),
    })
    .await
}

/// Gives a site an add-on; the address of the instance.
async fn give(owner: &Actor, site: &Value, slug: &str) -> String {
    let all = format!("/sites/{}/services/{slug}/instances", id(site));
    let made = owner.post(&all, json!({})).await.expect(201).json();
    format!("{all}/{}", id(&made))
}

async fn ask(p: &Platform, method: Method, path: &str, with: &[(&str, &str)]) -> Answer {
    p.visitor().ask("harbour", method, path, with, "").await
}

async fn page(p: &Platform, path: &str) -> String {
    ask(p, Method::GET, path, &[]).await.text()
}

both! {
    /// N1, N4, N5, N11, N15: each text once, at the first end of the head or the last of the body.
    async fn addon_snippets_stand_where_they_belong(p: Platform) {
        let (owner, provider) = (p.owner(), provider().await);
        register(&owner, "demo", &provider).await;
        let site = owner.create_site("harbour").await;
        let (head, foot) = ("<b>demo</b><u>$&$1$$</u>", "<i>demo</i><s/>");
        let cases = [
            ("index", PAGE.to_owned(), format!("<html><head><title>t</title>{head}</head><body>p{foot}</body></html>")),
            ("twice", "<head></head></head><body></body>x</body>y".to_owned(), format!("<head>{head}</head></head><body></body>x{foot}</body>y")),
            ("loud", "<HEAD></HeAd ><BODY></BODY\n>".to_owned(), format!("<HEAD>{head}</HeAd ><BODY>{foot}</BODY\n>")),
            ("quoted", "<head><script>'</head>'</script></head><body><!-- </body> --></body>".to_owned(),
                format!("<head><script>'</head>'</script>{head}</head><body><!-- </body> -->{foot}</body>")),
            ("half", "<body>p</body>".to_owned(), format!("<body>p{foot}</body>")),
            ("bare", "<p>no tags</p>".to_owned(), "<p>no tags</p>".to_owned()),
        ];
        let files: Vec<_> = cases.iter().map(|(name, html, _)| (format!("{name}.html"), html.as_str())).collect();
        let files: Vec<_> = files.iter().map(|(name, html)| (name.as_str(), *html)).collect();
        owner.deploy(id(&site), &files).await;
        give(&owner, &site, "demo").await;
        for (name, _, expect) in &cases {
            assert_eq!(&page(&p, &format!("/{name}.html")).await, expect, "{name}");
        }
    }
}

both! {
    /// N10: the site's own first, whenever they were made, then those of add-ons as they came, each in its
    /// provider's order.
    async fn addon_snippets_follow_those_of_the_site(p: Platform) {
        let (owner, provider) = (p.owner(), provider().await);
        let site = owner.create_site("harbour").await;
        owner.deploy(id(&site), &[("index.html", PAGE)]).await;
        for slug in ["zebra", "ant"] {
            register(&owner, slug, &provider).await;
            give(&owner, &site, slug).await;
            p.clock().advance(std::time::Duration::from_secs(1));
        }
        let own = json!({ "general": "<own/>", "general_position": "head" });
        owner.post(&format!("/sites/{}/snippets", id(&site)), own).await.expect(201);
        let expect = "<title>t</title><own/><b>zebra</b><u>$&$1$$</u><b>ant</b><u>$&$1$$</u></head>\
            <body>p<i>zebra</i><s/><i>ant</i><s/></body>";
        let shown = page(&p, "/").await;
        assert!(shown.contains(expect), "{shown}");
    }
}

both! {
    /// N3, N6, N9: pages of any status carry them, that which asks for the password too; no other file does,
    /// no other site, and nothing that another server says.
    async fn addon_snippets_are_in_pages_and_in_nothing_else(p: Platform) {
        let (owner, provider) = (p.owner(), provider().await);
        register(&owner, "demo", &provider).await;
        let site = owner.create_site("harbour").await;
        let lookalike = "'</head></body>'";
        let rules = format!("/proxied {}/page 200\n/app/* /index.html 200\n", provider.url());
        let files = [
            ("index.html", PAGE), ("404.html", PAGE), ("a.js", lookalike), ("a.json", lookalike),
            ("a.css", lookalike), ("a.txt", lookalike), ("_redirects", rules.as_str()),
        ];
        owner.deploy(id(&site), &files).await;
        let other = owner.create_site("other").await;
        owner.deploy(id(&other), &[("index.html", PAGE)]).await;
        give(&owner, &site, "demo").await;
        for (path, status) in [("/", 200), ("/app/x", 200), ("/nowhere", 404)] {
            let shown = ask(&p, Method::GET, path, &[]).await.expect(status).text();
            assert!(shown.contains("<b>demo</b>") && shown.contains("<i>demo</i>"), "{path}: {shown}");
        }
        for path in ["/a.js", "/a.json", "/a.css", "/a.txt"] {
            assert_eq!(page(&p, path).await, lookalike, "{path}");
        }
        assert_eq!(page(&p, "/proxied").await, PAGE);
        assert_eq!(p.visitor().site("other", "/").await.text(), PAGE);
        owner.patch(&format!("/sites/{}", id(&site)), json!({ "password": "open sesame" })).await.expect(200);
        let asked = ask(&p, Method::GET, "/", &[]).await.expect(401).text();
        assert!(asked.contains("<b>demo</b>") && asked.contains("<i>demo</i>"), "{asked}");
    }
}

both! {
    /// N2, N7, N8: every form of a page agrees on what is in it and how long that is.
    async fn forms_of_a_page_agree_on_addon_snippets(p: Platform) {
        let (owner, provider) = (p.owner(), provider().await);
        register(&owner, "demo", &provider).await;
        let site = owner.create_site("harbour").await;
        let long = format!("<head></head><body>{}</body>", "<p>more</p>".repeat(300));
        owner.deploy(id(&site), &[("index.html", &long)]).await;
        give(&owner, &site, "demo").await;
        let expect = long.replace("</head>", "<b>demo</b><u>$&$1$$</u></head>").replace("</body>", "<i>demo</i><s/></body>");
        let length = |answer: &Answer| answer.header("content-length").and_then(|text| text.parse().ok());
        let plain = ask(&p, Method::GET, "/", &[]).await.expect(200);
        assert_eq!((plain.text(), length(&plain)), (expect.clone(), Some(expect.len())));
        let packed = ask(&p, Method::GET, "/", &[("accept-encoding", "gzip")]).await.expect(200);
        let mut unpacked = String::new();
        GzDecoder::new(&packed.body[..]).read_to_string(&mut unpacked).expect("it is gzip");
        assert_eq!((packed.header("content-encoding"), length(&packed)), (Some("gzip"), Some(packed.body.len())));
        assert_eq!(unpacked, expect);
        for accept in ["identity", "gzip"] {
            let asked = [("accept-encoding", accept)];
            let (get, head) = (ask(&p, Method::GET, "/", &asked).await, ask(&p, Method::HEAD, "/", &asked).await);
            assert!(head.body.is_empty(), "{accept}");
            for name in ["content-length", "content-encoding", "content-type", "etag", "last-modified", "vary"] {
                assert_eq!(head.header(name), get.header(name), "{accept}: {name}");
            }
        }
        let part = ask(&p, Method::GET, "/", &[("range", "bytes=0-3")]).await.expect(200);
        assert_eq!(part.text(), expect, "a part of a page that is put together is the whole of it");
    }
}

both! {
    /// N12, N13, N14, D9: a change is in the next answer, nothing that was held before counts any more, and
    /// what goes is gone at once.
    async fn a_change_of_an_instance_is_seen_at_once(p: Platform) {
        let (owner, provider) = (p.owner(), provider().await);
        register(&owner, "demo", &provider).await;
        let site = owner.create_site("harbour").await;
        owner.deploy(id(&site), &[("index.html", PAGE)]).await;
        let mut held: Vec<(String, String, String)> = Vec::new();
        let mut one = String::new();
        for (step, expect) in [
            ("nothing", PAGE.to_owned()),
            ("given", PAGE.replace("</head>", "<b>demo</b><u>$&$1$$</u></head>").replace("</body>", "<i>demo</i><s/></body>")),
            ("changed", PAGE.replace("</head>", "<new/></head>")),
            ("told when shown", PAGE.replace("</head>", "<newer/></head>")),
            ("removed", PAGE.to_owned()),
            ("slow", PAGE.to_owned()),
            ("finished", PAGE.replace("</head>", "<late/></head>")),
            ("forced", PAGE.to_owned()),
        ] {
            p.clock().advance(std::time::Duration::from_secs(1));
            let says = |html: &str| json!({ "id": "r", "snippets": [snippet(html, "head")] });
            match step {
                "given" => one = give(&owner, &site, "demo").await,
                "changed" => {
                    provider.next([Turn::Json(200, says("<new/>"))]);
                    owner.put(&one, json!({})).await.expect(204);
                }
                "told when shown" => {
                    provider.next([Turn::Json(200, says("<newer/>"))]);
                    owner.get(&one).await.expect(200);
                }
                "removed" => drop(owner.delete(&one).await.expect(204)),
                "slow" => {
                    let mut answer = says("<late/>");
                    answer["state"] = "provisioning".into();
                    provider.next([Turn::Json(201, answer)]);
                    one = give(&owner, &site, "demo").await;
                }
                "finished" => {
                    provider.next([Turn::Json(200, json!({ "state": "active" }))]);
                    assert_eq!(text(&owner.get(&one).await.expect(200).json(), "state"), "active");
                }
                "forced" => drop(owner.delete(&format!("{one}?force=true")).await.expect(204)),
                _ => {}
            }
            let now = ask(&p, Method::GET, "/", &[]).await.expect(200);
            assert_eq!(now.text(), expect, "{step}");
            let head = |name: &str| now.header(name).unwrap_or_else(|| panic!("{step}: no {name}")).to_owned();
            let (tag, date) = (head("etag"), head("last-modified"));
            for (name, value) in [("if-none-match", &tag), ("if-modified-since", &date)] {
                ask(&p, Method::GET, "/", &[(name, value)]).await.expect(304);
            }
            for (page, old_tag, old_date) in held.iter().filter(|(page, ..)| *page != expect) {
                for (name, value) in [("if-none-match", old_tag), ("if-modified-since", old_date)] {
                    let again = ask(&p, Method::GET, "/", &[(name, value)]).await;
                    assert_eq!(again.status, 200, "{step}: {name} of {page}");
                }
            }
            held.push((expect, tag, date));
        }
    }
}
