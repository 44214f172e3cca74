//! Which files may answer a clean request path, best first, and the same relation the other way.

/// Number of ranks: the place of a file in the order of [`candidates`], 0 is best.
pub const RANKS: u8 = 5;

/// What is tried behind a path without its trailing slash, with the rank of each.
const GUESSES: [(&str, u8); 4] = [(".html", 1), (".htm", 2), ("/index.html", 3), ("/index.htm", 4)];

/// A path that ends so is a file by name: nothing is tried behind it.
const FILE_EXTENSIONS: [&str; 11] =
    [".html", ".htm", ".png", ".jpg", ".js", ".css", ".svg", ".gif", ".ico", ".woff", ".woff2"];

/// The files that answer `path` (as [`super::clean`] returns it), best first: `/p`, `/p.html`,
/// `/p.htm`, `/p/index.html`, `/p/index.htm`. With a trailing slash the first is left out: a file
/// is not a folder.
pub fn candidates(path: &str) -> impl Iterator<Item = String> + '_ {
    let folder = path.ends_with('/');
    let stem = path.strip_suffix('/').unwrap_or(path);
    let exact = (!folder).then(|| path.to_owned());
    let guesses = GUESSES.iter().filter(move |(suffix, _)| may_guess(path, stem, suffix));
    exact.into_iter().chain(guesses.map(move |(suffix, _)| format!("{stem}{suffix}")))
}

/// Every request path that `file` (a path from the root of the deploy, beginning with `/`) may
/// answer, with its rank. A map from request path to the file of the lowest rank, built over all
/// files, answers as a walk through [`candidates`] does; no two files share path and rank.
#[must_use]
pub fn request_paths_of(file: &str) -> Vec<(String, u8)> {
    let mut paths = vec![(file.to_owned(), 0)];
    for (suffix, rank) in GUESSES {
        let Some(stem) = file.strip_suffix(suffix) else {
            continue;
        };
        for path in [stem.to_owned(), format!("{stem}/")] {
            if !path.is_empty() && may_guess(&path, stem, suffix) {
                paths.push((path, rank));
            }
        }
    }
    paths
}

/// Whether `suffix` is tried behind `stem` for the request path `path`. The root has no name of its
/// own, so only its index files count.
fn may_guess(path: &str, stem: &str, suffix: &str) -> bool {
    let nameless = stem.is_empty() || stem.ends_with('/');
    let by_name = FILE_EXTENSIONS.iter().any(|extension| path.ends_with(extension));
    !by_name && (!nameless || (stem.is_empty() && suffix.starts_with('/')))
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use proptest::prelude::*;

    use super::*;

    fn check(path: &str, expect: &[&str]) {
        assert_eq!(candidates(path).collect::<Vec<_>>(), expect, "{path}");
    }

    #[test]
    fn candidates_in_the_order_of_the_contract() {
        check("/p", &["/p", "/p.html", "/p.htm", "/p/index.html", "/p/index.htm"]);
        check("/p/", &["/p.html", "/p.htm", "/p/index.html", "/p/index.htm"]);
        check("/", &["/index.html", "/index.htm"]);
        check("/x.css", &["/x.css"]);
        check("/x.html", &["/x.html"]);
        check(
            "/docs/next.js/",
            &[
                "/docs/next.js.html",
                "/docs/next.js.htm",
                "/docs/next.js/index.html",
                "/docs/next.js/index.htm",
            ],
        );
        check(
            "/x.json",
            &["/x.json", "/x.json.html", "/x.json.htm", "/x.json/index.html", "/x.json/index.htm"],
        );
        assert_eq!(candidates("/v1.2").nth(1).as_deref(), Some("/v1.2.html"));
        assert_eq!(candidates("/foohtml").count(), usize::from(RANKS));
    }

    #[test]
    fn a_page_beats_the_folder_of_the_same_name() {
        let map = path_map(&["/both/index.html".into(), "/both.html".into()]);
        assert_eq!(map["/both"].0, "/both.html");
        assert_eq!(map["/both/"].0, "/both.html");
        assert_eq!(map["/both/index.html"].0, "/both/index.html");
    }

    fn path_map(files: &[String]) -> HashMap<String, (String, u8)> {
        let mut map: HashMap<String, (String, u8)> = HashMap::new();
        for file in files {
            for (path, rank) in request_paths_of(file) {
                let entry = map.entry(path).or_insert_with(|| (file.clone(), rank));
                if rank < entry.1 {
                    *entry = (file.clone(), rank);
                }
            }
        }
        map
    }

    fn segment() -> impl Strategy<Value = String> {
        let stem = prop::sample::select(vec!["a", "b", "index", "a b", "ü", ""]);
        let tail = prop::sample::select(vec!["", ".html", ".htm", ".css", ".js", ".json", ".html.html", "."]);
        (stem, tail).prop_map(|(stem, tail)| format!("{stem}{tail}"))
    }

    fn file() -> impl Strategy<Value = String> {
        prop::collection::vec(segment().prop_filter("named", |name| !matches!(name.as_str(), "" | ".")), 1..4)
            .prop_map(|segments| format!("/{}", segments.join("/")))
    }

    proptest! {
        #[test]
        fn the_map_answers_as_the_walk_does(
            files in prop::collection::vec(file(), 0..12),
            asked in prop::collection::vec((file(), any::<bool>()), 1..12),
        ) {
            let map = path_map(&files);
            let present: HashSet<&String> = files.iter().collect();
            let stems = files.iter().flat_map(|file| request_paths_of(file)).map(|(path, _)| path);
            let asked = asked.into_iter().map(|(path, slash)| if slash { path + "/" } else { path });
            for path in asked.chain(stems).chain(["/".to_owned()]) {
                let walked = candidates(&path).find(|candidate| present.contains(candidate));
                let mapped = map.get(&path).map(|(file, _)| file.clone());
                prop_assert_eq!(walked, mapped, "{}", path);
            }
        }
    }
}
