//! Reads the names of the tests that ran from nextest's JUnit file. Reads no other XML: two kinds of tag and two attributes.

/// One test that ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// The package, for example `boathook-store`.
    pub package: String,
    /// The path of the test in its binary, for example `sites::pg::insert`.
    pub test: String,
}

/// Every test of the report, in its order. nextest names a suite after its binary: the package
/// alone, or `package::file`, or `package::bin/name`.
pub fn tests(xml: &str) -> Vec<Ran> {
    let mut package = String::new();
    let mut ran = Vec::new();
    for tag in xml.split('<') {
        if let Some(attributes) = tag.strip_prefix("testsuite ") {
            let binary = attribute(attributes, "name").unwrap_or_default();
            package = binary.split("::").next().unwrap_or_default().to_owned();
        } else if let Some(attributes) = tag.strip_prefix("testcase ") {
            let test = attribute(attributes, "name").unwrap_or_default().to_owned();
            ran.push(Ran { package: package.clone(), test });
        }
    }
    ran
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let start = format!(" {name}=\"");
    // The first attribute has lost the space before it together with the name of the tag.
    let rest = match tag.strip_prefix(&start[1..]) {
        Some(rest) => rest,
        None => &tag[tag.find(&start)? + start.len()..],
    };
    rest.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="nextest-run" tests="3" failures="0" errors="0" time="0.1">
    <testsuite name="boathook-store" tests="1" disabled="0" errors="0" failures="0">
        <testcase name="sites::pg::insert" classname="boathook-store" timestamp="2026" time="0.01">
        </testcase>
    </testsuite>
    <testsuite name="boathook-api::routes" tests="2" disabled="0" errors="0" failures="1">
        <testcase classname="boathook-api::routes" name="walk" time="0.01">
            <failure message="left &lt;testcase right" type="test failure">said &lt;testcase name="x"</failure>
        </testcase>
        <testcase name="table" classname="boathook-api::routes" time="0.01"/>
    </testsuite>
</testsuites>"#;

    #[test]
    fn names_and_packages_are_read() {
        let found: Vec<_> = tests(REPORT).into_iter().map(|ran| (ran.package, ran.test)).collect();
        let expect =
            [("boathook-store", "sites::pg::insert"), ("boathook-api", "walk"), ("boathook-api", "table")];
        assert_eq!(found, expect.map(|(package, test)| (package.to_owned(), test.to_owned())));
    }

    #[test]
    fn no_report_has_no_tests() {
        assert_eq!(tests(""), []);
    }
}
