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
fn what_cannot_be_set_is_left_out_and_told() {
    let text = "/a\n Server: x\n CONTENT-LENGTH: 1\n Set-Cookie: a=b\n X Y: 1\n Z: a\u{1}b\n/b\n TE: x\n";
    let (rules, errors) = parse_file(text);
    let told: Vec<_> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "2: Server cannot be set by a rule: the server itself answers for it",
            "3: CONTENT-LENGTH cannot be set by a rule: the server itself answers for it",
            "5: \"X Y\" cannot be the name of a header",
            "6: the value of \"Z\" holds a character that no header can carry",
            "8: TE cannot be set by a rule: the server itself answers for it",
        ]
    );
    assert_eq!((rules.len(), rules[0].values.len(), &*rules[0].values["Set-Cookie"]), (1, 1, "a=b"));
}

#[test]
fn an_entry_lives_with_the_headers_that_can_be_set() {
    let entry =
        |path: &str, values: &str| format!("[[headers]]\nfor = \"{path}\"\nvalues = {{ {values} }}\n");
    let text = entry("/a", "\"X Y\" = \"1\", X = \"2\", Date = \"3\"") + &entry("/b", "Upgrade = \"1\"");
    let (rules, errors) = parse_toml(&(text + &entry("/c", "Basic-Auth = \"a:b\"")));
    let lines: Vec<_> = errors.iter().map(|error| error.line).collect();
    assert_eq!(lines, [1, 1, 2]);
    let paths: Vec<_> = rules.iter().map(|rule| (rule.path.as_str(), rule.values.len())).collect();
    assert_eq!(paths, [("/a", 1), ("/c", 1)]);
}

#[test]
fn rules_that_older_deploys_kept_set_no_more() {
    let values = [("Server", "x"), ("X Y", "1"), ("Z", "a\u{1}b"), ("X", "1")];
    let values = values.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let matcher = HeaderMatcher::new(vec![HeaderRule { path: "/a".to_owned(), values }]);
    assert_eq!(matcher.find("/a").headers, [("X".to_owned(), "1".to_owned())]);
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
