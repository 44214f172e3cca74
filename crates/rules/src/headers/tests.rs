//! Header rules against paths: merging, overriding, and what is never sent.

use super::*;

fn matcher(text: &str) -> HeaderMatcher {
    let (rules, errors) = parse_file(text);
    assert_eq!(errors, []);
    HeaderMatcher::new(rules)
}

fn check(text: &str, path: &str, expect: &[(&str, &str)]) {
    let mut headers = matcher(text).find(path).headers;
    headers.sort();
    let found: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(found, expect, "{path}");
}

#[test]
fn later_rules_override_by_name() {
    let text = "/*\n  X: 1\n  Y: 1\n/a\n  X: 2\n/b\n  x: 3\n";
    check(text, "/", &[("X", "1"), ("Y", "1")]);
    check(text, "/a", &[("X", "2"), ("Y", "1")]);
    check(text, "/b", &[("Y", "1"), ("x", "3")]);
}

#[test]
fn lines_of_a_block_are_joined() {
    let text = "/a\n X: one\n X: two\n Y: a , b,c\n Z: 1 # kept\n no colon\n # comment\n W: a:b\n";
    check(text, "/a", &[("W", "a:b"), ("X", "one, two"), ("Y", "a, b, c"), ("Z", "1 # kept")]);
}

#[test]
fn values_of_several_lines_become_one() {
    for (value, expect) in [
        (
            "'''\n  default-src 'self';\r\n\n  img-src a.example ,\n b.example\n'''",
            "default-src 'self'; img-src a.example, b.example",
        ),
        ("[\"a\\n b\", \"c\"]", "a b, c"),
        ("\"a\\rb\"", "a b"),
        ("\"a,,b\"", "a, , b"),
        ("\" \\n \"", ""),
    ] {
        let (rules, errors) =
            parse_toml(&format!("[[headers]]\nfor = \"/\"\n[headers.values]\nX = {value}\n"));
        assert_eq!(errors, [], "{value}");
        assert_eq!(rules[0].values["X"], expect, "{value}");
    }
}

#[test]
fn reserved_and_impossible_headers_are_left_out() {
    let text = "/a\n Server: x\n CONTENT-LENGTH: 1\n Set-Cookie: a=b\n X Y: 1\n Z: a\u{1}b\n";
    check(text, "/a", &[("Set-Cookie", "a=b")]);
}

#[test]
fn passwords_come_apart() {
    let matcher =
        matcher("/*\n X: 1\n/p/*\n basic-auth: u:p\n basic-auth: v:q:r\n/broken\n Basic-Auth: none\n");
    assert!(matcher.has_basic_auth());
    assert_eq!(matcher.find("/").basic_auth, None);
    assert_eq!(matcher.find("/broken").basic_auth, Some(Vec::new()));
    let set = matcher.find("/p/x");
    assert_eq!(set.headers, [("X".to_owned(), "1".to_owned())]);
    let users: Vec<_> =
        set.basic_auth.iter().flatten().map(|one| (one.user.as_str(), one.password.as_str())).collect();
    assert_eq!(users, [("u", "p"), ("v", "q:r")]);
    assert!(!HeaderMatcher::default().has_basic_auth());
}

#[test]
fn passwords_are_not_printed() {
    let (rules, _) = parse_file("/p\n Basic-Auth: user:hunter2\n");
    let printed = format!("{rules:?} {:?}", HeaderMatcher::new(rules.clone()).find("/p"));
    assert!(printed.contains("user") && !printed.contains("hunter2"), "{printed}");
}

#[test]
fn faults_are_reported_by_line() {
    let (rules, errors) = parse_file("X: 1\n/a\n : 2\n Y:\n Z: 3\n");
    let lines: Vec<_> = errors.iter().map(|error| error.line).collect();
    assert_eq!(lines, [1, 3, 4]);
    assert_eq!(rules.len(), 1);
}

#[test]
fn duplicates_keep_the_last() {
    let (file, _) = parse_file("/a\n X: 1\n/b\n X: 1\n/a\n X: 1\n");
    let merged = merge(file.clone(), file[1..2].to_vec());
    let paths: Vec<_> = merged.iter().map(|rule| rule.path.as_str()).collect();
    assert_eq!(paths, ["/a", "/b"]);
}

#[test]
fn the_limit_on_rules_holds() {
    let text: String = (0..=MAX_HEADER_RULES).map(|number| format!("/{number}\n X: 1\n")).collect();
    let (rules, errors) = parse_file(&text);
    assert_eq!((rules.len(), errors.len()), (MAX_HEADER_RULES, 1));
}

#[test]
fn a_path_has_a_bounded_number_of_headers() {
    let text: String =
        (0..=MAX_PATH_HEADERS).map(|number| format!("/*\n X{number}: 1\n X0: {number}\n")).collect();
    let set = matcher(&format!("{text}/*\n Basic-Auth: a:b\n")).find("/a");
    assert_eq!(set.headers.len(), MAX_PATH_HEADERS);
    let first = set.headers.iter().find(|(name, _)| name == "X0").map(|(_, value)| value.as_str());
    assert_eq!(first, Some(MAX_PATH_HEADERS.to_string().as_str()));
    assert!(set.basic_auth.is_some());
}

#[test]
fn what_is_too_long_is_left_out() {
    for (length, path, fine) in
        [(MAX_VALUE_BYTES, 2048, true), (MAX_VALUE_BYTES + 1, 2048, false), (1, 2048, true), (1, 2049, false)]
    {
        let (path, value) = (format!("/{}", "a".repeat(path - 1)), "v".repeat(length));
        let toml = format!("[[headers]]\nfor = \"{path}\"\nvalues = {{ X = \"{value}\" }}");
        let (rules, errors) = parse_toml(&toml);
        assert_eq!((rules.len(), errors.len()), if fine { (1, 0) } else { (0, 1) }, "{length}");
    }
    let half = "v".repeat(MAX_VALUE_BYTES / 2);
    let (rules, errors) = parse_file(&format!("/a\n X: {half}\n X: {half}\n/{}\n Y: 1\n", "b".repeat(2048)));
    assert_eq!(errors.iter().map(|error| error.line).collect::<Vec<_>>(), [3, 4]);
    assert_eq!(rules[0].values["X"], half);
}
