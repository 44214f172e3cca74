//! All rules of one deploy, from the three files that hold them. A fault in one line takes that line
//! out and nothing else: a deploy lives with the rules that can be read.

use serde::{Deserialize, Serialize};

use crate::config::{self, MAX_CONFIG_BYTES, to_json};
use crate::headers::{self, HeaderRule};
use crate::line_error::LineError;
use crate::redirects::{self, Rule};

/// File of redirect rules, at the root of a deploy.
pub const REDIRECTS_FILE: &str = "/_redirects";
/// File of header rules.
pub const HEADERS_FILE: &str = "/_headers";
/// File of both, and of the build.
pub const CONFIG_FILE: &str = "/netlify.toml";
/// What configures a deploy and is never served.
pub const FILES: [&str; 3] = [REDIRECTS_FILE, HEADERS_FILE, CONFIG_FILE];
/// Longest rule file that is read, in bytes: 100,000 rules of 80 characters.
pub const MAX_FILE_BYTES: usize = MAX_CONFIG_BYTES;

/// The texts of the three files, where a deploy has them.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// `_redirects`.
    pub redirects: Option<String>,
    /// `_headers`.
    pub headers: Option<String>,
    /// `netlify.toml`.
    pub config: Option<String>,
}

/// The rules of one deploy, in the order in which they are judged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DeployRules {
    /// Redirect rules.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub redirects: Vec<Rule>,
    /// Header rules.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<HeaderRule>,
    /// `build.processing.html.pretty_urls`; where absent the site's setting counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pretty_urls: Option<bool>,
}

/// What was wrong with one part of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which part.
    pub part: Part,
    /// Entries that were left out; never empty.
    pub errors: Vec<LineError>,
}

/// A part of a file, by what its errors count in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Lines of `_redirects`.
    RedirectLines,
    /// Lines of `_headers`.
    HeaderLines,
    /// Entries of `[[redirects]]`.
    RedirectEntries,
    /// Entries of `[[headers]]`.
    HeaderEntries,
    /// `netlify.toml` as a whole: none of it can be read.
    Config,
}

impl DeployRules {
    /// Reads and merges the rules: those of `_redirects` and `_headers` before those of
    /// `netlify.toml`. What cannot be read is left out and reported.
    #[must_use]
    pub fn read(sources: &Sources) -> (Self, Vec<Fault>) {
        let mut faults = Faults::default();
        let config = sources.config.as_deref().and_then(|text| faults.config(text)).unwrap_or_default();
        let entries = |key: &str| config.get(key).map(to_json);
        let lines =
            faults.note(Part::RedirectLines, file(sources.redirects.as_deref(), redirects::parse_file));
        let toml = faults.note(Part::RedirectEntries, redirects::from_json(entries("redirects").as_ref()));
        let mut redirects = redirects::merge(lines, toml);
        faults.left_out(Part::RedirectLines, redirects::bound(&mut redirects));
        let lines = faults.note(Part::HeaderLines, file(sources.headers.as_deref(), headers::parse_file));
        let toml = faults.note(Part::HeaderEntries, headers::from_json(entries("headers").as_ref()));
        let mut headers = headers::merge(lines, toml);
        faults.left_out(Part::HeaderLines, headers::bound(&mut headers));
        (Self { redirects, headers, pretty_urls: pretty_urls(&config) }, faults.0)
    }

    /// Whether there is nothing to keep.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A parsed file, or the one fault that it is too long.
fn file<T>(text: Option<&str>, parse: fn(&str) -> (Vec<T>, Vec<LineError>)) -> (Vec<T>, Vec<LineError>) {
    match text {
        None => (Vec::new(), Vec::new()),
        Some(text) if text.len() > MAX_FILE_BYTES => (Vec::new(), vec![too_long()]),
        Some(text) => parse(text),
    }
}

/// The fault of a file that is longer than [`MAX_FILE_BYTES`].
#[must_use]
pub fn too_long() -> LineError {
    LineError::new(1, format!("the file is longer than {MAX_FILE_BYTES} bytes"))
}

fn pretty_urls(config: &toml::Table) -> Option<bool> {
    config.get("build")?.get("processing")?.get("html")?.get("pretty_urls")?.as_bool()
}

#[derive(Default)]
struct Faults(Vec<Fault>);

impl Faults {
    fn note<T>(&mut self, part: Part, (rules, errors): (Vec<T>, Vec<LineError>)) -> Vec<T> {
        if !errors.is_empty() {
            self.0.push(Fault { part, errors });
        }
        rules
    }

    fn config(&mut self, text: &str) -> Option<toml::Table> {
        let table = if text.len() > MAX_FILE_BYTES { Err(too_long()) } else { config::table(text) };
        table.map_err(|error| self.0.push(Fault { part: Part::Config, errors: vec![error] })).ok()
    }

    fn left_out(&mut self, part: Part, why: Vec<String>) {
        if !why.is_empty() {
            self.0.push(Fault { part, errors: why.into_iter().map(|why| LineError::new(1, why)).collect() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MAX_JUDGED;
    use crate::redirects::MAX_RULES;

    fn read(redirects: &str, headers: &str, config: &str) -> (DeployRules, Vec<Fault>) {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        DeployRules::read(&Sources {
            redirects: some(redirects),
            headers: some(headers),
            config: some(config),
        })
    }

    const TOML: &str = "[build.processing.html]\npretty_urls = true\n[[redirects]]\nfrom = \"/t\"\nto = \"/u\"\n\
                        [[redirects]]\nfrom = \"/bad\"\n[[headers]]\nfor = \"/t\"\nvalues = { X = \"1\" }\n";

    #[test]
    fn files_come_before_the_configuration() {
        let (rules, faults) = read("/f /g\n/broken\n", "/f\n X: 1\n :\n", TOML);
        let from: Vec<_> = rules.redirects.iter().map(|rule| rule.from.as_str()).collect();
        let paths: Vec<_> = rules.headers.iter().map(|rule| rule.path.as_str()).collect();
        assert_eq!((from, paths, rules.pretty_urls), (vec!["/f", "/t"], vec!["/f", "/t"], Some(true)));
        let found: Vec<_> = faults.iter().map(|fault| (fault.part, fault.errors[0].line)).collect();
        assert_eq!(found, [(Part::RedirectLines, 2), (Part::RedirectEntries, 2), (Part::HeaderLines, 3)]);
    }

    #[test]
    fn a_broken_configuration_leaves_the_files_alone() {
        let (rules, faults) = read("/f /g", "", "[build\n");
        assert_eq!(rules.redirects.len(), 1);
        assert_eq!((faults.len(), faults[0].part, faults[0].errors[0].line), (1, Part::Config, 1));
    }

    #[test]
    fn rules_survive_being_kept() -> Result<(), serde_json::Error> {
        let (rules, _) = read("/f id=:id /g 200! Role=a\n", "/f\n Basic-Auth: a:b\n", TOML);
        let text = serde_json::to_string(&rules)?;
        assert_eq!(serde_json::from_str::<DeployRules>(&text)?, rules);
        assert!(!rules.is_empty() && DeployRules::read(&Sources::default()).0.is_empty());
        Ok(())
    }

    #[test]
    fn limits_hold() {
        let longest = format!("/a /b\n#{}", "x".repeat(MAX_FILE_BYTES - 7));
        assert_eq!(read(&longest, "", "").0.redirects.len(), 1);
        let (rules, faults) = read(&format!("{longest}x"), &format!("{longest}x"), &format!("{longest}x"));
        assert!(rules.is_empty());
        assert_eq!(faults.len(), 3);
        let inner: String = (0..1001).map(|n| format!("/{n}/*/x /y\n")).collect();
        let (rules, faults) = read(&format!("{inner}/z/* /y\n"), "", "");
        assert_eq!((rules.redirects.len(), faults.len()), (1001, 1));
        let crowd: String = (0..MAX_JUDGED + 2).map(|n| format!("/:a/{n} /y\n")).collect();
        let all: String = (0..=MAX_JUDGED).map(|n| format!("/*\n X: {n}\n")).collect();
        let (rules, faults) = read(&crowd, &all, "");
        assert_eq!((rules.redirects.len(), rules.headers.len()), (MAX_JUDGED, MAX_JUDGED));
        let told = |count| {
            [LineError::new(1, format!("{count} rules for paths that 10000 rules before them are for"))]
        };
        assert_eq!((&faults[0].errors[..], &faults[1].errors[..]), (&told(2)[..], &told(1)[..]));
        let apart: String = (0..MAX_JUDGED).map(|n| format!("/x id={n} /y\n/{n} /y\n/{n}x/* /y\n")).collect();
        assert_eq!(read(&apart, "", "").0.redirects.len(), 3 * MAX_JUDGED);
        let most: String = (0..MAX_RULES).map(|n| format!("/{n} /y\n")).collect();
        let (rules, faults) = read(&most, "", "[[redirects]]\nfrom = \"/a\"\nto = \"/b\"\n");
        let told = LineError::new(1, "1 rules behind the first 100000");
        assert_eq!((rules.redirects.len(), &faults[0].errors[..]), (MAX_RULES, &[told][..]));
        let walks: String = (0..10_001).map(|n| format!("/{n}/:a/:b/*.js\n X: 1\n")).collect();
        let (rules, faults) = read("", &walks, "");
        assert!(rules.headers.len() < 3_000 && !faults.is_empty(), "{}", rules.headers.len());
    }
}
