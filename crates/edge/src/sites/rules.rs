//! The rules of a deploy, compiled once when it is loaded. Which
//! headers a path gets is worked out beforehand for the paths of files.

use super::ready::Ready;
use super::view::DeployView;
use http::{HeaderName, HeaderValue};
use rules::deploy::DeployRules;
use rules::headers::HeaderMatcher;
use rules::redirects::Matcher;
use std::borrow::Cow;
use std::collections::HashMap;

/// Headers of all blocks together; paths whose headers come on top are looked up when asked for.
const MAX_BLOCK_HEADERS: usize = 100_000;
/// Paths times the work for one that are worked out beforehand; paths on top are looked up when asked for.
const MAX_AHEAD: usize = 4_000_000;
/// What a rule costs in memory beside its text, in bytes.
const RULE_BYTES: u64 = 600;

/// Headers that rules give a path.
pub(crate) type Block = [(HeaderName, HeaderValue)];

/// The rules of one deploy.
#[derive(Default)]
pub(crate) struct RulesView {
    pub(crate) redirects: Matcher,
    pub(crate) headers: HeaderMatcher,
    /// Whether pages have one address each.
    pub(crate) pretty_urls: bool,
    blocks: Vec<Box<Block>>,
    /// Each block as it is written, where nothing about it depends on the answer.
    ready: Vec<Option<Ready>>,
    no_headers: Ready,
}

/// Which headers a path gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Ahead {
    /// None.
    #[default]
    None,
    /// The block of this number.
    Block(u16),
    /// Not worked out beforehand.
    Later,
}

impl RulesView {
    /// Compiles the rules that were kept with a deploy, and tells its paths their headers. Rules
    /// that cannot be read any more are none, with a line in the log. `pretty_urls` is what the site
    /// says, where the deploy says nothing.
    pub(crate) fn new(text: &str, pretty_urls: bool, deploy: &mut DeployView) -> Self {
        if text.is_empty() {
            return Self { pretty_urls, ..Self::default() };
        }
        let rules: DeployRules = serde_json::from_str(text).unwrap_or_else(|error| {
            tracing::error!(%error, "the rules of a deploy cannot be read");
            DeployRules::default()
        });
        let mut view = Self {
            pretty_urls: rules.pretty_urls.unwrap_or(pretty_urls),
            redirects: Matcher::new(rules.redirects),
            headers: HeaderMatcher::new(rules.headers),
            ..Self::default()
        };
        view.work_out(deploy);
        deploy.weigh(text.len() as u64 * 2 + RULE_BYTES * (view.redirects.len() + view.headers.len()) as u64);
        view
    }

    fn work_out(&mut self, deploy: &mut DeployView) {
        if self.headers.is_empty() {
            return;
        }
        let mut known: HashMap<Vec<(String, String)>, u16> = HashMap::new();
        let (mut headers, mut budget) = (0, MAX_AHEAD / self.headers.work());
        deploy.assign_headers(|path| {
            if budget == 0 {
                return Ahead::Later;
            }
            budget -= 1;
            let found = self.headers.find(path).headers;
            if found.is_empty() {
                return Ahead::None;
            }
            if let Some(number) = known.get(&found) {
                return Ahead::Block(*number);
            }
            let Ok(number) = u16::try_from(self.blocks.len()) else { return Ahead::Later };
            headers += found.len();
            if headers > MAX_BLOCK_HEADERS {
                return Ahead::Later;
            }
            let block = block(&found);
            self.ready.push(Ready::of(&block));
            self.blocks.push(block);
            known.insert(found, number);
            Ahead::Block(number)
        });
        deploy.weigh(headers as u64 * RULE_BYTES / 3);
    }

    /// The headers of a file as they are written, when they were worked out beforehand.
    pub(crate) fn ready(&self, headers: Ahead) -> Option<&Ready> {
        match headers {
            Ahead::None => Some(&self.no_headers),
            Ahead::Block(number) => self.ready.get(usize::from(number))?.as_ref(),
            Ahead::Later => None,
        }
    }

    /// Has files say this too where no rule gives them a header of that name.
    pub(crate) fn add_to_files(&mut self, name: &HeaderName, value: &HeaderValue) {
        self.no_headers.add(name, value);
        for (block, ready) in self.blocks.iter().zip(&mut self.ready) {
            if let Some(ready) = ready.as_mut().filter(|_| block.iter().all(|(known, _)| known != name)) {
                ready.add(name, value);
            }
        }
    }

    /// The headers for a path that is no file, or that was not worked out beforehand.
    pub(crate) fn look_up(&self, path: &str) -> Box<Block> {
        if self.headers.is_empty() { Box::default() } else { block(&self.headers.find(path).headers) }
    }

    /// The headers for a path.
    pub(crate) fn block(&self, path: &str, deploy: &DeployView) -> Cow<'_, Block> {
        match deploy.headers_of(path) {
            Some(Ahead::None) => Cow::Borrowed(&[]),
            Some(Ahead::Block(number)) => {
                Cow::Borrowed(self.blocks.get(usize::from(number)).map_or(&[][..], |block| block))
            }
            Some(Ahead::Later) | None => Cow::Owned(self.look_up(path).into_vec()),
        }
    }
}

/// Names and values as they are sent; the matcher has left out what cannot be.
fn block(headers: &[(String, String)]) -> Box<Block> {
    let ready = headers.iter().filter_map(|(name, value)| {
        Some((HeaderName::try_from(name.as_str()).ok()?, HeaderValue::try_from(value.as_str()).ok()?))
    });
    ready.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sites::view::tests::view;

    fn rules(headers: &str) -> String {
        let sources = rules::deploy::Sources { headers: Some(headers.to_owned()), ..Default::default() };
        let (rules, faults) = DeployRules::read(&sources);
        assert_eq!(faults, []);
        serde_json::to_string(&rules).expect("rules are JSON")
    }

    fn names(block: &Block) -> Vec<String> {
        block
            .iter()
            .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())))
            .collect()
    }

    #[test]
    fn paths_of_files_know_their_headers() {
        let mut deploy = view("s", &["/a.html", "/b.css", "/c/index.html"]).deploy;
        let text = rules("/*.css\n X: 1\n/a\n Y: 2\n/a.html\n Y: 3\n/no\n Z: 4\n");
        let view = RulesView::new(&text, false, &mut deploy);
        for (path, expect) in [
            ("/a", vec!["y: 2"]),
            ("/a/", vec!["y: 2"]),
            ("/a.html", vec!["y: 3"]),
            ("/b.css", vec!["x: 1"]),
            ("/c", vec![]),
            ("/no", vec!["z: 4"]),
        ] {
            assert_eq!(names(&view.block(path, &deploy)), expect, "{path}");
        }
        assert_eq!(view.blocks.len(), 3);
        assert_eq!(deploy.headers_of("/c"), Some(Ahead::None));
    }

    #[test]
    fn paths_beyond_the_budget_are_looked_up() {
        let mut deploy = view("s", &["/a", "/b", "/c"]).deploy;
        let many: String = (0..10_000).map(|n| format!("/*\n X{}: {n}\n", n % 50)).collect();
        let text = rules(&many);
        let view = RulesView::new(&text, false, &mut deploy);
        assert_eq!(view.block("/a", &deploy).len(), 50);
        assert_eq!(view.block("/nothing", &deploy).len(), 50);
    }

    #[test]
    fn the_configuration_of_a_deploy_goes_before_the_site() {
        let mut deploy = view("s", &["/a"]).deploy;
        for (text, expect) in [("", true), (r#"{"pretty_urls":false}"#, false), (r#"{"headers":[]}"#, true)] {
            assert_eq!(RulesView::new(text, true, &mut deploy).pretty_urls, expect, "{text}");
        }
    }

    #[test]
    fn rules_count_towards_the_weight_of_a_site() {
        let mut deploy = view("s", &["/a"]).deploy;
        let before = deploy.weight;
        RulesView::new(&rules("/a\n X: 1\n"), false, &mut deploy);
        assert!(deploy.weight > before + RULE_BYTES);
    }
}
