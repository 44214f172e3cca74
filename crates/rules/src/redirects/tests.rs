//! Rules against requests: what the first hit does.

use super::*;

fn facts(path_and_query: &str) -> RequestFacts<'_> {
    let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
    RequestFacts {
        scheme: "http",
        host: "main.test",
        path,
        query,
        cookies: "",
        accept_language: "",
        country: None,
        has_role: &|_| false,
    }
}

fn describe(outcome: &Outcome<'_>) -> String {
    match outcome {
        Outcome::NoRule => "-".to_owned(),
        Outcome::Denied => "denied".to_owned(),
        Outcome::Hit(hit) => match &hit.effect {
            Effect::Redirect { status, location } => format!("{status} {location}"),
            Effect::Rewrite { status, path, query } => {
                format!("serve {status} {path} {}", query.as_deref().unwrap_or("-"))
            }
            Effect::Proxy { url } => format!("proxy {url}"),
            Effect::NotFound => "404!".to_owned(),
        },
    }
}

fn check(rules: &str, asked: &RequestFacts<'_>, expect: &str) {
    let (rules, errors) = parse_file(rules);
    assert_eq!(errors, []);
    let matcher = Matcher::new(rules);
    assert_eq!(describe(&matcher.find(asked)), expect, "{}?{}", asked.path, asked.query);
}

#[test]
fn query_conditions() {
    for (rules, path, expect) in [
        ("/s id=:id /t/:id", "/s?id=5", "301 /t/5?id=5"),
        ("/s id=:id /t/:id", "/s?id=", "301 /t/?id="),
        ("/s id=:id /t/:id", "/s?id", "-"),
        ("/s id=:id /t/:id", "/s?id=a+b", "301 /t/a+b?id=a+b"),
        ("/s id=:id /t/:id", "/s?id=a%2Fb", "301 /t/a%2Fb?id=a%2Fb"),
        ("/s id=:id /t/:id", "/s?id=1&id=2", "301 /t/2?id=1&id=2"),
        ("/s id=:id tag=x /t/:id?z=:id", "/s?tag=y&tag=x&id=1", "301 /t/1?z=1"),
        ("/s id=:id tag=x /t/:id?z=:id", "/s?tag=x&tag=y&id=1", "-"),
        ("/s id= /t", "/s?id=", "301 /t?id="),
        ("/s id= /t", "/s?id=1", "-"),
        ("/s id /t", "/s", "301 /t"),
        ("/s/:id id=:id /t/:id", "/s/1?id=2", "301 /t/1?id=2"),
        ("/s id=x:y /t", "/s?id=x:y", "301 /t?id=x:y"),
        ("/a b=1 /c\n/a /d", "/a?b=2", "301 /d?b=2"),
    ] {
        check(rules, &facts(path), expect);
    }
}

#[test]
fn countries_languages_and_cookies() {
    let rules = "/c /au 302 Country=au,nz\n/c /o\n/l /fr 302 Language=fr\n/l /tw 302 Language=zh-tw\n\
                 /l /en 302 language=EN\n/l /o\n/k /b 302 Cookie=beta,alpha\n/k /x 302 Foo=bar\n/k /n";
    for (path, cookies, accept_language, country, expect) in [
        ("/c", "", "", None, "301 /o"),
        ("/c", "", "", Some("AU"), "302 /au"),
        ("/c", "nf_country=NZ", "", Some("us"), "302 /au"),
        ("/c", "nf_country=", "", Some("au"), "302 /au"),
        ("/l", "", "", None, "302 /en"),
        ("/l", "", "de,fr", None, "301 /o"),
        ("/l", "", "FR-fr;q=1, en", None, "302 /fr"),
        ("/l", "", "zh-TW", None, "301 /o"),
        ("/l", "nf_lang=zh-TW", "fr", None, "302 /tw"),
        ("/l", "nf_lang=fr-ca", "", None, "302 /fr"),
        ("/l", "nf_lang=fra", "", None, "301 /o"),
        ("/k", "", "", None, "301 /n"),
        ("/k", "x=1; alpha=2", "", None, "302 /b"),
        ("/k", "beta=", "", None, "301 /n"),
        ("/k", "Beta=1", "", None, "301 /n"),
    ] {
        check(rules, &RequestFacts { cookies, accept_language, country, ..facts(path) }, expect);
    }
}

#[test]
fn a_denied_role_yields_and_ends_in_denial() {
    let rules = "/a/* 200! Role=admin\n/b/* /z 302 Role=admin\n/b/* /y 302\n/c /z 302 Role=admin Country=au";
    let admin: &(dyn Fn(&[String]) -> bool + Sync) = &|roles| roles == ["admin"];
    check(rules, &facts("/a/1"), "denied");
    check(rules, &RequestFacts { has_role: admin, ..facts("/a/1") }, "serve 200 /a/1 -");
    check(rules, &facts("/b/1"), "302 /y");
    check(rules, &RequestFacts { has_role: admin, ..facts("/b/1") }, "302 /z");
    check(rules, &facts("/c"), "-");
    check(rules, &RequestFacts { country: Some("au"), ..facts("/c") }, "denied");
}

#[test]
fn a_rule_behind_a_denied_one_overrides_files() {
    let (rules, _) = parse_file("/a/* 200! Role=admin\n/* /index.html 200");
    let matcher = Matcher::new(rules);
    let Outcome::Hit(hit) = matcher.find(&facts("/a/1")) else { panic!("no hit") };
    assert!(hit.after_denial && hit.overrides_files());
    let Outcome::Hit(hit) = matcher.find(&facts("/b")) else { panic!("no hit") };
    assert!(!hit.overrides_files());
}

#[test]
fn one_more_slash_does_not_walk_around_a_protection() {
    let rules = "/admin /x 404!\n/admin/* 200! Role=x\n/p/:a /q 302";
    for path in ["/admin", "/admin/", "/admin//", "//admin", "/./admin", "/x/../admin", "/%61dmin"] {
        check(rules, &facts(path), "404!");
    }
    for path in ["//admin/x", "/admin//x", "/admin/./x", "/admin/%78"] {
        check(rules, &facts(path), "denied");
    }
    check(rules, &facts("/p/1//"), "-");
    check("/* /i 200", &facts("/a//"), "serve 200 /i -");
}

#[test]
fn origins() {
    let rules = "http://main.test/* /x/:splat\nhttps://main.test/s /y\nhttp://main.test:81/b /z\nhttp://Alt.test:80 /r";
    for (scheme, host, path, expect) in [
        ("http", "main.test", "/a", "301 /x/a"),
        ("http", "MAIN.test:8080", "/a", "301 /x/a"),
        ("https", "main.test", "/a", "-"),
        ("https", "main.test:8443", "/s", "301 /y"),
        ("http", "other.test", "/a", "-"),
        ("http", "alt.test", "/", "301 /r"),
        ("http", "[::1]", "/a", "-"),
    ] {
        check(rules, &RequestFacts { scheme, host, ..facts(path) }, expect);
    }
    check("http://main.test:81/b /z", &RequestFacts { host: "main.test:81", ..facts("/b") }, "301 /z");
    check("http://main.test:81/b /z", &facts("/b"), "-");
}

#[test]
fn effects_by_status() {
    let rules = "/a /b 0\n/c /d -1\n/e /f 600\n/i /j 304\n/n /m 404\n/nf /m 404!\n/p https://h.test/x?y=1 200 signed=K\n\
                 /q https://h.test/x 302\n/z http://h.test/:splat 503\n/s /t#u 308";
    for (path, expect) in [
        ("/a", "301 /b"),
        ("/c", "301 /d"),
        ("/e", "301 /f"),
        ("/i", "301 /j"),
        ("/n?x=1", "serve 404 /m x=1"),
        ("/nf", "404!"),
        ("/p?z=1", "proxy https://h.test/x?y=1"),
        ("/q?z=1", "302 https://h.test/x?z=1"),
        ("/z", "proxy http://h.test/:splat"),
        ("/s?a=b", "308 /t?a=b#u"),
    ] {
        check(rules, &facts(path), expect);
    }
}

#[test]
fn an_encoded_slash_is_text_for_a_splat_and_nothing_for_a_name() {
    check("/n/:a /x/:a", &facts("/n/a%2Fb"), "-");
    check("/n/* https://h.test/:splat 200", &facts("/n/a%2Fb/c"), "proxy https://h.test/a%2Fb/c");
    check("/n/* /x", &facts("/n/a%00"), "-");
}

#[test]
fn hits_go_on_behind_the_first() {
    let (rules, _) = parse_file("/x/* /early 302\n/x/y /exact 302\n/z /no 302\n/* /last 302");
    let matcher = Matcher::new(rules);
    let asked = facts("/x/y");
    let orders: Vec<_> = matcher.hits(&asked).map(|hit| hit.order).collect();
    assert_eq!(orders, [0, 1, 3]);
    assert_eq!(matcher.len(), 4);
}

#[test]
fn duplicates_keep_the_last() {
    let (file, _) = parse_file("/a /b\n/c /d\n/a /b");
    let (toml, _) =
        parse_toml("[[redirects]]\nfrom = \"/c\"\nto = \"/d\"\n[[redirects]]\nfrom = \"/e\"\nto = \"/f\"");
    let merged = merge(file, toml);
    let order: Vec<_> = merged.iter().map(|rule| rule.from.as_str()).collect();
    assert_eq!(order, ["/a", "/c", "/e"]);
}

#[test]
fn limits_hold() {
    let line = |length: usize| format!("/a /{}", "b".repeat(length - 4));
    assert_eq!(parse_file(&line(MAX_LINE_BYTES)).1, []);
    assert_eq!(parse_file(&line(MAX_LINE_BYTES + 1)).1.len(), 1);
    let many: String = (0..=MAX_RULES).map(|number| format!("/a{number} /b\n")).collect();
    let (rules, errors) = parse_file(&many);
    assert_eq!((rules.len(), errors.len()), (MAX_RULES, 1));
    assert_eq!(errors[0].line, MAX_RULES + 1);
    let matcher = Matcher::new([rules, parse_file("/late /x").0].concat());
    assert_eq!(matcher.len(), MAX_RULES);
    assert_eq!(describe(&matcher.find(&facts("/late"))), "-");
}

#[test]
fn many_rules_leave_few_candidates() {
    let texts = (0..20_000).map(|n| {
        format!("/old/{n} /new/{n}\n/blog/{n}/* /b/{n}/:splat\n/u{n}/:id /v/:id\n/post id={n} /p/{n}\n")
    });
    let (rules, errors) = parse_file(&texts.collect::<String>());
    assert_eq!(errors, []);
    let matcher = Matcher::new(rules);
    for (path, expect) in [
        ("/old/19999", "301 /new/19999"),
        ("/blog/777/x/y", "301 /b/777/x/y"),
        ("/u123/q", "301 /v/q"),
        ("/post?id=4242", "301 /p/4242?id=4242"),
        ("/none", "-"),
    ] {
        let asked = facts(path);
        let hits = matcher.hits(&asked);
        assert!(hits.candidate_count() <= 8, "{path}: {}", hits.candidate_count());
        assert_eq!(describe(&matcher.find(&asked)), expect);
    }
}

#[test]
fn a_path_that_no_rule_may_concern_has_no_hit() {
    let (rules, errors) = parse_file(
        "/a /x\n/b/* /x\n/c/:d/e /x 302!\n/f* /x\n/g/*/h /x 200 Role=r\n/ /x 302!\nhttps://h.test/i /x\n",
    );
    assert_eq!(errors, []);
    let matcher = Matcher::new(rules);
    for (path, concerned, overridden) in [
        ("/a", true, false),
        ("/a/", true, false),
        ("/ab", false, false),
        ("/b", true, false),
        ("/b/c/d", true, false),
        ("/c/1/e", true, true),
        ("/cx", true, true),
        ("/fx", true, false),
        ("/g/1/2/h", true, true),
        ("/", true, true),
        ("/i", true, false),
        ("/none", false, false),
        ("/é", false, false),
    ] {
        assert_eq!((matcher.may_apply(path), matcher.may_override(path)), (concerned, overridden), "{path}");
        let found = !matches!(matcher.find(&facts(path)), Outcome::NoRule);
        assert!(concerned || !found, "{path}");
    }
    let all = Matcher::new(parse_file("/* /x 200").0);
    assert!(all.may_apply("/any") && !all.may_override("/any"));
    assert!(!Matcher::default().may_apply("/any"));
}

#[test]
fn what_is_too_long_or_too_full_is_left_out() {
    let check = |from: usize, to: &str, fine: bool| {
        let rule = format!("[[redirects]]\nfrom = \"/{}\"\nto = \"{to}\"\n", "a".repeat(from - 1));
        let (rules, errors) = parse_toml(&rule);
        assert_eq!((rules.len(), errors.len()), if fine { (1, 0) } else { (0, 1) }, "{from} {}", to.len());
    };
    check(2048, "/b", true);
    check(2049, "/b", false);
    check(2, &"/".repeat(8192), true);
    check(2, &"/".repeat(8193), false);
    check(2, &"/:splat".repeat(64), true);
    check(2, &"/:splat".repeat(65), false);
}

#[test]
fn hosts_that_a_rule_is_for_are_known() {
    let (rules, errors) = parse_file("/a /b\nhttps://Es.main.test/* /es/:splat 200\nhttp://old.test:81/x /y");
    assert_eq!(errors, []);
    let matcher = Matcher::new(rules);
    for (host, expect) in
        [("es.main.test", true), ("old.test", true), ("main.test", false), ("", false), ("test", false)]
    {
        assert_eq!(matcher.names_host(host), expect, "{host}");
    }
}

#[test]
fn a_header_that_cannot_be_passed_on_is_told_and_its_rule_stays() {
    let text = "[[redirects]]\nfrom = \"/a\"\nto = \"/b\"\n[[redirects]]\nfrom = \"/x/*\"\nto = \"https://h.test/:splat\"\n\
                status = 200\nheaders = { Host = \"evil\", X-Key = \"k\", TE = \"trailers\", \"X Y\" = \"1\", Z = \"\\u0001\" }\n";
    let (rules, errors) = parse_toml(text);
    let told: Vec<_> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "2: Host cannot be set by a rule: the server itself answers for it",
            "2: TE cannot be set by a rule: the server itself answers for it",
            "2: \"X Y\" cannot be the name of a header",
            "2: the value of \"Z\" holds a character that no header can carry",
        ]
    );
    let headers: Vec<_> = rules[1].headers.keys().map(String::as_str).collect();
    assert_eq!((rules.len(), headers), (2, vec!["X-Key"]));
}
