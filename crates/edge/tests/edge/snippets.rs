//! Snippets in pages as they arrive: in every form of an answer, and in nothing else.

use crate::support::{Answer, Platform};
use flate2::read::GzDecoder;
use std::io::Read as _;
use store::sites::SiteRow;
use store::snippets::SnippetRow;
use store::{ChangeKind, Tx};
use testbed::both;

both!(
    pages_of_every_status_carry_them_and_nothing_else_does,
    head_and_compressed_answers_agree_with_the_page,
    a_change_is_seen_at_once_and_a_tag_holds_until_the_next,
    a_range_of_a_page_is_the_whole_page,
    large_pages_carry_them_too,
    the_password_page_carries_them_too,
);

const HOST: &str = "site.localhost";
const PAGE: &str = "<html><head><!-- </head> --><title>x</title></head><body>'</body>'<p>hi</body></html>";

/// Puts the snippets of a site in place of those it has.
async fn put(p: &Platform, site: &str, snippets: &[(&str, &str)]) {
    let mut tx = p.cx.begin().await.unwrap();
    for row in store::snippets::list(&mut tx, site).await.unwrap() {
        store::snippets::delete(&mut tx, site, row.id).await.unwrap();
    }
    for (general, position) in snippets {
        let (general, general_position) = ((*general).to_owned(), (*position).to_owned());
        let row = SnippetRow { site_id: site.to_owned(), general, general_position, ..SnippetRow::default() };
        store::snippets::insert(&mut tx, &row).await.unwrap();
    }
    let row = store::sites::find(&mut tx, site).await.unwrap().unwrap();
    store::sites::update(&mut tx, &SiteRow { updated_at: p.cx.now(), ..row }).await.unwrap();
    changed(p, tx, site).await;
}

async fn changed(p: &Platform, mut tx: Tx, site: &str) {
    tx.changed(ChangeKind::Site, site, p.cx.now()).await.unwrap();
    tx.commit().await.unwrap();
}

fn length(answer: &Answer) -> usize {
    answer.header("content-length").unwrap().parse().unwrap()
}

fn unpacked(answer: &Answer) -> String {
    let mut text = String::new();
    match answer.header("content-encoding") {
        Some("br") => brotli::Decompressor::new(&answer.body[..], 4096).read_to_string(&mut text).unwrap(),
        _ => GzDecoder::new(&answer.body[..]).read_to_string(&mut text).unwrap(),
    };
    text
}

async fn pages_of_every_status_carry_them_and_nothing_else_does(p: &Platform) {
    let lookalike = "'</head></body>'";
    let files = [
        ("/index.html", PAGE),
        ("/404.html", "<HEAD></HEAD><BODY>none</BODY>"),
        ("/plain.html", "<p>no tags</p>"),
        ("/a.js", lookalike),
        ("/a.json", lookalike),
        ("/a.css", lookalike),
        ("/a.txt", lookalike),
        ("/_redirects", "/app/* /index.html 200\n/closed /index.html 410\n"),
    ];
    let site = p.live("site", &files).await;
    p.live("other", &files).await;
    put(p, &site, &[("<b>$&</b>", "head"), ("<i>$1</i>", "footer"), ("<u/>", "head"), ("<s/>", "moon")])
        .await;
    let page = p.get(HOST, "/").await;
    let expect = "<html><head><!-- </head> --><title>x</title><b>$&</b><u/></head><body>'</body>'<p>hi<i>$1</i></body></html>";
    assert_eq!((page.status, page.text().as_str(), length(&page)), (200, expect, expect.len()));
    for (path, status) in [("/app/deep", 200), ("/closed", 410)] {
        let rewritten = p.send("GET", HOST, path, &[("accept-encoding", "gzip, br")]).await;
        assert_eq!((rewritten.status, rewritten.text().as_str()), (status, expect), "{path}");
    }
    let missing = p.get(HOST, "/nowhere").await;
    let expect = "<HEAD><b>$&</b><u/></HEAD><BODY>none<i>$1</i></BODY>";
    assert_eq!((missing.status, missing.text().as_str(), length(&missing)), (404, expect, expect.len()));
    assert_eq!(p.get(HOST, "/plain").await.text(), "<p>no tags</p>");
    for path in ["/a.js", "/a.json", "/a.css", "/a.txt"] {
        let answer = p.send("GET", HOST, path, &[("range", "bytes=1-7")]).await;
        assert_eq!((answer.status, answer.text().as_str()), (206, "</head>"), "{path}");
        assert_eq!(p.get(HOST, path).await.text(), lookalike, "{path}");
    }
    assert_eq!(p.get("other.localhost", "/").await.text(), PAGE);
    assert_eq!(p.send("POST", HOST, "/", &[]).await.status, 405);
}

async fn head_and_compressed_answers_agree_with_the_page(p: &Platform) {
    let page = format!("<head></head><body>{}</body>", "<p>more</p>".repeat(300));
    let site = p.live("site", &[("/index.html", &page), ("/404.html", &page)]).await;
    put(p, &site, &[("<b>h</b>", "head"), ("<b>f</b>", "body")]).await;
    let plain = p.get(HOST, "/").await;
    let expect = page.replace("</head>", "<b>h</b></head>").replace("</body>", "<b>f</b></body>");
    assert_eq!((plain.text(), plain.header("content-encoding")), (expect.clone(), None));
    assert_eq!((plain.header("vary"), plain.header("accept-ranges")), (Some("accept-encoding"), None));
    for (path, accept, expected) in [
        ("/", "gzip, br", "br"),
        ("/", "gzip", "gzip"),
        ("/nowhere", "br;q=0.5, gzip", "gzip"),
        ("/nowhere", "br", "br"),
    ] {
        let packed = p.send("GET", HOST, path, &[("accept-encoding", accept)]).await;
        assert_eq!((packed.header("content-encoding"), length(&packed)), (Some(expected), packed.body.len()));
        assert_eq!((unpacked(&packed), packed.header("vary")), (expect.clone(), Some("accept-encoding")));
        assert!(packed.body.len() < expect.len() / 4);
    }
    for accept in ["identity", "br", "gzip"] {
        let asked = [("accept-encoding", accept)];
        let (get, head) = (p.send("GET", HOST, "/", &asked).await, p.send("HEAD", HOST, "/", &asked).await);
        assert!(head.body.is_empty() && !get.body.is_empty());
        for name in ["content-length", "content-encoding", "content-type", "etag", "vary", "last-modified"] {
            assert_eq!(head.header(name), get.header(name), "{accept}: {name}");
        }
    }
}

async fn a_change_is_seen_at_once_and_a_tag_holds_until_the_next(p: &Platform) {
    let page = format!("<head></head>{}", "<p>more</p>".repeat(300));
    let site = p.live("site", &[("/index.html", &page)]).await;
    let mut tags = Vec::new();
    for snippets in
        [&[][..], &[("1", "head")], &[("2", "head")], &[("2", "head"), ("3", "head")], &[("2", "head")]]
    {
        p.clock.advance(std::time::Duration::from_secs(1));
        put(p, &site, snippets).await;
        let text: String = snippets.iter().map(|(text, _)| *text).collect();
        let answer = p.get(HOST, "/").await;
        assert!(answer.text().starts_with(&format!("<head>{text}</head>")), "{snippets:?}");
        let tag = answer.header("etag").unwrap().to_owned();
        let date = answer.header("last-modified").unwrap().to_owned();
        tags.push((tag.clone(), date.clone()));
        for accept in ["identity", "gzip", "br"] {
            let accept = ("accept-encoding", accept);
            let first = p.send("GET", HOST, "/", &[accept]).await;
            let own = first.header("etag").unwrap();
            let again = p.send("GET", HOST, "/", &[accept, ("if-none-match", own)]).await;
            assert_eq!((again.status, again.body.len()), (304, 0), "{snippets:?} {accept:?}");
        }
        let dated = p.send("GET", HOST, "/", &[("if-modified-since", &date)]).await;
        assert_eq!(dated.status, 304, "{snippets:?}");
        for (old, old_date) in tags.iter().rev().skip(1).filter(|(old, _)| *old != tag) {
            assert_eq!(p.send("GET", HOST, "/", &[("if-none-match", old)]).await.status, 200, "{snippets:?}");
            assert_eq!(p.send("GET", HOST, "/", &[("if-modified-since", old_date)]).await.status, 200);
        }
    }
    assert_eq!(tags[2].0, tags[4].0, "the same page has the same tag");
    assert_eq!(tags.iter().map(|(tag, _)| tag).collect::<std::collections::HashSet<_>>().len(), 4);
}

async fn a_range_of_a_page_is_the_whole_page(p: &Platform) {
    let site = p.live("site", &[("/index.html", PAGE)]).await;
    put(p, &site, &[("<b>h</b>", "head")]).await;
    let whole = p.get(HOST, "/").await;
    for range in ["bytes=0-3", "bytes=-5", "bytes=0-1,4-5", "bytes=9999-"] {
        let answer = p.send("GET", HOST, "/", &[("range", range)]).await;
        assert_eq!((answer.status, answer.text()), (200, whole.text()), "{range}");
        assert_eq!((answer.header("content-range"), answer.header("accept-ranges")), (None, None));
    }
}

async fn large_pages_carry_them_too(p: &Platform) {
    // One that is kept in memory no more, and one that is not compressed any more.
    for (name, paragraphs) in [("medium", 10_000), ("large", 60_000)] {
        let page = format!("<head></head><body>{}</body>", "<p>more</p>".repeat(paragraphs));
        let site = p.live(name, &[("/index.html", &page)]).await;
        put(p, &site, &[("<b>h</b>", "head"), ("<b>f</b>", "footer")]).await;
        let expect = page.replace("</head>", "<b>h</b></head>").replace("</body>", "<b>f</b></body>");
        let host = format!("{name}.localhost");
        let answer = p.get(&host, "/").await;
        assert!(answer.text() == expect && length(&answer) == expect.len(), "{name}");
        let packed = p.send("GET", &host, "/", &[("accept-encoding", "gzip")]).await;
        let (encoding, text) = match packed.header("content-encoding") {
            Some("gzip") => ("gzip", unpacked(&packed)),
            _ => ("none", packed.text()),
        };
        assert!(text == expect, "{name}");
        assert_eq!(encoding, if name == "medium" { "gzip" } else { "none" });
    }
}

async fn the_password_page_carries_them_too(p: &Platform) {
    let site = p.live("site", &[("/index.html", PAGE)]).await;
    put(p, &site, &[("<b>h</b>", "head"), ("<b>f</b>", "footer")]).await;
    let mut tx = p.cx.begin().await.unwrap();
    let mut row = store::sites::find(&mut tx, &site).await.unwrap().unwrap();
    row.info.password_hash = Some("nobody's".to_owned());
    store::sites::update(&mut tx, &row).await.unwrap();
    changed(p, tx, &site).await;
    let answer = p.get(HOST, "/").await;
    assert_eq!((answer.status, length(&answer)), (401, answer.body.len()));
    assert!(answer.text().contains("<b>h</b></head>") && answer.text().contains("<b>f</b></body>"));
    p.disable(&site, true).await;
    assert!(!p.get(HOST, "/").await.text().contains("<b>h</b>"));
}
