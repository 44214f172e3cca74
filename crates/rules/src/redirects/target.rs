//! The target side of a rule: its text cut into pieces once, filled per request.

use super::captures::{Captured, Zone, write_template};
use super::rule::is_url;

#[derive(Debug, PartialEq, Eq)]
enum Part {
    Text(Box<str>),
    /// Index into the captures of the match.
    Capture(usize),
}

/// A compiled target.
#[derive(Debug)]
pub(super) struct Target {
    absolute: bool,
    base: Vec<(Zone, Part)>,
    query: Option<Vec<Part>>,
    fragment: Option<Vec<Part>>,
    /// Written as `//host/...`: the owner means another host.
    other_host: bool,
}

/// A target filled with what a request captured; every piece is encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Filled {
    /// Path, or absolute URL up to its path.
    pub base: String,
    pub query: Option<String>,
    pub fragment: Option<String>,
}

impl Target {
    /// Compiles `to` for captures of these names. A name that is not among them stays as text; of
    /// equal names the first counts; `:ab` holds the capture `a` if there is no capture before `a`
    /// that fits, as in the original.
    pub(super) fn new(to: &str, names: &[String]) -> Self {
        let absolute = is_url(to);
        let rooted = if absolute || to.starts_with('/') { to.to_owned() } else { format!("/{to}") };
        let (rest, fragment) = split_off(&rooted, '#');
        let (base, query) = split_off(rest, '?');
        let host_end = if absolute { host_end(base) } else { 0 };
        let host = parts(&base[..host_end], names).into_iter().map(|part| (Zone::Host, part));
        let path = parts(&base[host_end..], names).into_iter().map(|part| (Zone::Path, part));
        Self {
            absolute,
            base: host.chain(path).collect(),
            query: query.map(|query| parts(query, names)),
            fragment: fragment.map(|fragment| parts(fragment, names)),
            other_host: to.starts_with("//"),
        }
    }

    /// Whether the target is an absolute `http(s)` URL.
    pub(super) fn is_absolute(&self) -> bool {
        self.absolute
    }

    /// Fills in the captures. A path that begins with two slashes only because a capture was empty
    /// or began with one loses the second: it would name another host.
    pub(super) fn fill(&self, captures: &[Captured<'_>]) -> Filled {
        let mut base = String::new();
        for (zone, part) in &self.base {
            part.write(*zone, captures, &mut base);
        }
        if !self.absolute && !self.other_host && base.starts_with("//") {
            base = format!("/{}", base.trim_start_matches('/'));
        }
        Filled {
            base,
            query: self.query.as_ref().map(|parts| write_all(parts, Zone::Query, captures)),
            fragment: self.fragment.as_ref().map(|parts| write_all(parts, Zone::Fragment, captures)),
        }
    }
}

impl Part {
    fn write(&self, zone: Zone, captures: &[Captured<'_>], out: &mut String) {
        match self {
            Self::Text(text) => write_template(text, out),
            Self::Capture(index) => {
                if let Some(captured) = captures.get(*index) {
                    captured.write(zone, out);
                }
            }
        }
    }
}

fn write_all(parts: &[Part], zone: Zone, captures: &[Captured<'_>]) -> String {
    let mut out = String::new();
    parts.iter().for_each(|part| part.write(zone, captures, &mut out));
    out
}

fn split_off(text: &str, mark: char) -> (&str, Option<&str>) {
    match text.split_once(mark) {
        Some((before, behind)) => (before, Some(behind)),
        None => (text, None),
    }
}

/// Where the path of an absolute URL begins.
fn host_end(url: &str) -> usize {
    let host = url.find("://").map_or(0, |at| at + 3);
    url[host..].find('/').map_or(url.len(), |at| host + at)
}

fn parts(text: &str, names: &[String]) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(':') {
        plain.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let hit = names.iter().position(|name| rest.starts_with(name.as_str()));
        if let Some(index) = hit {
            push_text(&mut parts, &mut plain);
            parts.push(Part::Capture(index));
            rest = &rest[names[index].len()..];
        } else {
            plain.push(':');
        }
    }
    plain.push_str(rest);
    push_text(&mut parts, &mut plain);
    parts
}

fn push_text(parts: &mut Vec<Part>, plain: &mut String) {
    if !plain.is_empty() {
        parts.push(Part::Text(std::mem::take(plain).into()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(to: &str, captures: &[(&str, &str)]) -> Filled {
        let names: Vec<String> = captures.iter().map(|(name, _)| (*name).to_owned()).collect();
        let values: Vec<_> = captures.iter().map(|(_, value)| Captured::Path(value)).collect();
        Target::new(to, &names).fill(&values)
    }

    fn check(to: &str, captures: &[(&str, &str)], base: &str, query: Option<&str>, fragment: Option<&str>) {
        let filled = fill(to, captures);
        let found = (filled.base.as_str(), filled.query.as_deref(), filled.fragment.as_deref());
        assert_eq!(found, (base, query, fragment), "{to}");
    }

    #[test]
    fn fills_every_zone() {
        check("/x/:a/:b/:a?u=:a&v=:splat#:a", &[("a", "1")], "/x/1/:b/1", Some("u=1&v=:splat"), Some("1"));
        check("https://h.test/:a?k=v", &[("a", "1")], "https://h.test/1", Some("k=v"), None);
        check("/b/:y-:m", &[("y", "1"), ("m", "2")], "/b/1-2", None, None);
        check("/z/:a/:ab", &[("ab", "1"), ("a", "2")], "/z/2/1", None, None);
        check("/z/:ab", &[("a", "1")], "/z/1b", None, None);
        check("/c/:x/:y", &[("x", ":y"), ("y", "2")], "/c/:y/2", None, None);
        check("b", &[], "/b", None, None);
    }

    #[test]
    fn encodes_what_was_captured() {
        check("/b/:a", &[("a", "a b")], "/b/a%20b", None, None);
        check("/b/:a", &[("a", "a?b#c%d&é\0")], "/b/a%3Fb%23c%25d&%C3%A9%2F", None, None);
        check("/b?q=:a", &[("a", "x&w=2 +\r\n")], "/b", Some("q=x%26w%3D2%20%2B%0D%0A"), None);
        check("/b/:a", &[("a", "x\r\ny")], "/b/x%0D%0Ay", None, None);
        check("/a b/é%20", &[], "/a%20b/%C3%A9%20", None, None);
    }

    #[test]
    fn a_capture_cannot_choose_the_host() {
        check("/:a", &[("a", "/evil.test")], "/evil.test", None, None);
        check("/:a", &[("a", "\\evil.test")], "/%5Cevil.test", None, None);
        check("/:a/:b", &[("a", ""), ("b", "evil.test")], "/evil.test", None, None);
        check("https://:a.h.test/x", &[("a", "evil.test/")], "https://evil.test%2F.h.test/x", None, None);
        check("//h.test/x", &[], "//h.test/x", None, None);
    }

    #[test]
    fn query_values_keep_their_query_form() {
        let target = Target::new("/t/:id?z=:id", &["id".to_owned()]);
        let filled = target.fill(&[Captured::Query("a b&c/d".into())]);
        assert_eq!(filled.base, "/t/a+b%26c%2Fd");
        assert_eq!(filled.query.as_deref(), Some("z=a+b%26c%2Fd"));
    }
}
