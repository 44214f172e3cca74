//! The path side of a rule: literal text, `:name` for one segment, `*` for any number of them.
//! Time is linear in the path for every placement tried; nothing here backtracks exponentially.

use crate::paths::ENCODED_SLASH;

/// One step of a chunk.
#[derive(Debug, PartialEq, Eq)]
enum Piece {
    /// Text that must stand here, slashes included.
    Text(Box<str>),
    /// A slash and one segment that is not empty.
    Name,
}

/// What stands between two `*`.
#[derive(Debug, Default, PartialEq, Eq)]
struct Chunk {
    pieces: Vec<Piece>,
    /// Ends in the middle of a segment, as in `/pre*`: the `*` behind needs no slash before it.
    open: bool,
}

/// A compiled from-path. Captured texts come in the order of [`Pattern::names`].
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    chunks: Vec<Chunk>,
    names: Vec<String>,
}

impl Pattern {
    /// Compiles a from-path; a leading slash is added, trailing ones are dropped.
    pub(super) fn new(path: &str) -> Self {
        let mut pattern = Self { chunks: vec![Chunk::default()], names: Vec::new() };
        let path = path.strip_prefix('/').unwrap_or(path).trim_end_matches('/');
        if !path.is_empty() {
            path.split('/').for_each(|segment| pattern.push_segment(segment));
        }
        pattern
    }

    /// `*` counts at the end of a segment only; elsewhere it is text, as `:` is inside a segment.
    fn push_segment(&mut self, segment: &str) {
        if let Some(prefix) = segment.strip_suffix('*') {
            if !prefix.is_empty() {
                self.last().push_text(prefix);
                self.last().open = true;
            }
            self.names.push("splat".to_owned());
            self.chunks.push(Chunk::default());
        } else if let Some(name) = segment.strip_prefix(':').filter(|name| !name.is_empty()) {
            self.last().push_name();
            self.names.push(name.to_owned());
        } else {
            self.last().push_text(segment);
        }
    }

    fn last(&mut self) -> &mut Chunk {
        let index = self.chunks.len() - 1;
        &mut self.chunks[index]
    }

    /// Names in the order of the path; every `*` is called `splat`.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// The text, where the pattern is nothing but text.
    pub(super) fn literal(&self) -> Option<&str> {
        self.names.is_empty().then(|| self.head())
    }

    /// The text every matching path begins with, without a trailing slash.
    pub(super) fn head(&self) -> &str {
        match self.chunks[0].pieces.first() {
            Some(Piece::Text(text)) => text,
            _ => "",
        }
    }

    /// Whether the path may go on behind the pattern's own text.
    pub(super) fn ends_in_splat(&self) -> bool {
        self.chunks.len() > 1 && self.chunks[self.chunks.len() - 1].pieces.is_empty()
    }

    /// The captured texts if the decoded `path` matches. One trailing slash more than the pattern
    /// has does not matter.
    pub(super) fn captures<'p>(&self, path: &'p str) -> Option<Vec<&'p str>> {
        let mut found = Vec::with_capacity(self.names.len());
        let mut reached = self.chunks[0].run(path, 0, &mut found)?;
        if self.chunks.len() == 1 {
            return matches!(&path[reached..], "" | "/").then_some(found);
        }
        if !self.chunks[0].may_end(path, reached) {
            return None;
        }
        for (at, stop, texts) in self.place_all(path, reached)? {
            let splat = &path[reached..at];
            found.push(splat.strip_prefix('/').unwrap_or(splat));
            found.extend(texts);
            reached = stop;
        }
        Some(found)
    }

    /// Places all chunks behind the first, each as far right as it fits, so that every `*` takes
    /// all it can. Placing from the right leaves most room for what is still to come.
    fn place_all<'p>(&self, path: &'p str, start: usize) -> Option<Vec<Placed<'p>>> {
        let last = self.chunks.len() - 1;
        let mut placed = Vec::with_capacity(last);
        let mut end = path.len();
        for index in (1..=last).rev() {
            let place = self.chunks[index].place(&path[..end], start, index == last)?;
            end = place.0;
            placed.push(place);
        }
        placed.reverse();
        Some(placed)
    }
}

/// Where a chunk begins, where it ends, and what it captured.
type Placed<'p> = (usize, usize, Vec<&'p str>);

impl Chunk {
    fn push_text(&mut self, segment: &str) {
        if let Some(Piece::Text(text)) = self.pieces.last_mut() {
            *text = format!("{text}/{segment}").into();
        } else {
            self.pieces.push(Piece::Text(format!("/{segment}").into()));
        }
    }

    fn push_name(&mut self) {
        self.pieces.push(Piece::Name);
    }

    /// The rightmost place in `path`, from `start` on. The last chunk ends where the path does, one
    /// trailing slash apart.
    fn place<'p>(&self, path: &'p str, start: usize, last: bool) -> Option<Placed<'p>> {
        if self.pieces.is_empty() {
            return Some((path.len(), path.len(), Vec::new()));
        }
        let path = if last && path.len() > start { path.strip_suffix('/').unwrap_or(path) } else { path };
        let slashes = path.get(start..)?.rmatch_indices('/');
        slashes.map(|(at, _)| start + at).find_map(|at| {
            let mut texts = Vec::new();
            let stop = self.run(path, at, &mut texts)?;
            let fits = if last { stop == path.len() } else { self.may_end(path, stop) };
            fits.then_some((at, stop, texts))
        })
    }

    /// Whether a `*` may follow at `stop`.
    fn may_end(&self, path: &str, stop: usize) -> bool {
        self.open || matches!(path.as_bytes().get(stop), None | Some(b'/'))
    }

    /// Where the chunk ends if it stands at `at`; captured segments are added to `found`.
    fn run<'p>(&self, path: &'p str, at: usize, found: &mut Vec<&'p str>) -> Option<usize> {
        let mut rest = &path[at..];
        for piece in &self.pieces {
            rest = match piece {
                Piece::Text(text) => rest.strip_prefix(&**text)?,
                Piece::Name => {
                    let (segment, behind) = first_segment(rest)?;
                    found.push(segment);
                    behind
                }
            };
        }
        Some(path.len() - rest.len())
    }
}

/// The segment behind a leading slash, if it is not empty and holds no encoded slash.
fn first_segment(path: &str) -> Option<(&str, &str)> {
    let path = path.strip_prefix('/')?;
    let (segment, rest) = path.split_at(path.find('/').unwrap_or(path.len()));
    (!segment.is_empty() && !segment.contains(ENCODED_SLASH)).then_some((segment, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, path: &str, expect: Option<&[&str]>) {
        let found = Pattern::new(pattern).captures(path);
        assert_eq!(found.as_deref(), expect, "{pattern} on {path}");
    }

    #[test]
    fn text() {
        for (pattern, path, matches) in [
            ("/a", "/a", true),
            ("/a", "/a/", true),
            ("/a/", "/a", true),
            ("/a", "/a//", false),
            ("/a", "/A", false),
            ("/a", "/ab", false),
            ("/a", "/a/b", false),
            ("/a", "/a.html", false),
            ("/a.b", "/axb", false),
            ("a", "/a", true),
            ("/", "/", true),
            ("/", "/a", false),
            ("/x/pre:y", "/x/pre1", false),
            ("/x/pre:y", "/x/pre:y", true),
            ("/:", "/:", true),
            ("/:", "/x", false),
            ("/a*b", "/a*b", true),
            ("/a*b", "/axb", false),
        ] {
            check(pattern, path, matches.then_some(&[]));
        }
    }

    #[test]
    fn names() {
        check("/n/:y/:m", "/n/1/2", Some(&["1", "2"]));
        check("/n/:y/:m", "/n/1/2/", Some(&["1", "2"]));
        check("/n/:y/:m", "/n/1", None);
        check("/n/:y/:m", "/n//2", None);
        check("/n/:y/:m", "/n/1/2/3", None);
        check("/u/:id/edit", "/u/7/edit/", Some(&["7"]));
        check("/u/:id/edit", "/u/a\0b/edit", None);
        check("/f/:name.html", "/f/q", Some(&["q"]));
        assert_eq!(Pattern::new("/f/:name.html").names(), ["name.html"]);
    }

    #[test]
    fn splats() {
        check("/news/*", "/news", Some(&[""]));
        check("/news/*", "/news/", Some(&[""]));
        check("/news/*", "/news/x/", Some(&["x/"]));
        check("/news/*", "/news/x/y", Some(&["x/y"]));
        check("/news/*", "/news/a\0b", Some(&["a\0b"]));
        check("/news/*", "/newsx", None);
        check("/*", "/", Some(&[""]));
        check("/*", "/x/", Some(&["x/"]));
        check("*", "/x", Some(&["x"]));
        check("/pre*", "/pre", Some(&[""]));
        check("/pre*", "/pre/", Some(&[""]));
        check("/pre*", "/prex", Some(&["x"]));
        check("/pre*", "/pre/x/y", Some(&["x/y"]));
        check("/pre*/x", "/pre/x", Some(&[""]));
        check("/pre*/x", "/prea/x", Some(&["a"]));
        check("/pre*/x", "/pre/a/x", Some(&["a"]));
        check("/pre*/x", "/prex", None);
    }

    #[test]
    fn splats_in_the_middle() {
        check("/mid/*/end", "/mid/x/end", Some(&["x"]));
        check("/mid/*/end", "/mid/x/y/end/", Some(&["x/y"]));
        check("/mid/*/end", "/mid/end", Some(&[""]));
        check("/mid/*/end", "/mid/x/endz", None);
        check("/mid/*/end", "/midx/end", None);
        check("/*/x", "/x", Some(&[""]));
        check("/*/x", "/a/b/x", Some(&["a/b"]));
        check("/a/*/:c", "/a/x", Some(&["", "x"]));
        check("/a/*/:c", "/a/x/y/z", Some(&["x/y", "z"]));
        check("/two/:x/*", "/two/one", Some(&["one", ""]));
        check("/a/*/b/*", "/a/1/b/2", Some(&["1", "2"]));
        check("/a/*/b/*", "/a/1/b/2/b/3", Some(&["1/b/2", "3"]));
        check("/a/*/b/*", "/a/1/bc/2", None);
        check("/a/*/b/*/c", "/a/1/b/2", None);
    }

    #[test]
    fn text_and_head() {
        assert_eq!(Pattern::new("/a/b/").literal(), Some("/a/b"));
        assert_eq!(Pattern::new("/a/:b/c").literal(), None);
        assert_eq!(Pattern::new("/a/:b/c").head(), "/a");
        assert_eq!(Pattern::new("/pre*").head(), "/pre");
        assert_eq!(Pattern::new("/*").head(), "");
        assert!(Pattern::new("/a/*").ends_in_splat());
        assert!(!Pattern::new("/a/*/b").ends_in_splat());
    }
}
