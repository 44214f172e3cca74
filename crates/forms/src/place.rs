//! Addresses of pages within a site, in one spelling. Pure.

/// The address of a page from the path of its file, or from the path of a request for it: without
/// `index.html`, `.html` and trailing slash, so that all spellings of a page are equal.
#[must_use]
pub fn of_page(path: &str) -> String {
    let stem = ["/index.html", "/index.htm", ".html", ".htm"]
        .into_iter()
        .find_map(|ending| path.strip_suffix(ending))
        .unwrap_or(path);
    let stem = stem.trim_end_matches('/');
    if stem.is_empty() { "/".to_owned() } else { stem.to_owned() }
}

/// The address within its site that a form on the page of `file` is sent to; none when it is the
/// page itself or leads out of the site.
pub(crate) fn of_action(file: &str, action: &str) -> Option<String> {
    let action = action.trim().split(['?', '#']).next().unwrap_or_default();
    let elsewhere =
        action.starts_with("//") || action.split('/').next().is_some_and(|part| part.contains(':'));
    if action.is_empty() || elsewhere {
        return None;
    }
    let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
    let path = if action.starts_with('/') { action.to_owned() } else { format!("{folder}/{action}") };
    let decoded = percent_encoding::percent_decode_str(&path).decode_utf8().ok()?;
    let place = of_page(&resolved(&decoded));
    (place != of_page(file)).then_some(place)
}

/// The path without `.` and `..`.
fn resolved(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/').filter(|part| !part.is_empty() && *part != ".") {
        if part == ".." {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    format!("/{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_spellings_of_a_page_are_one() {
        for (path, expect) in [
            ("/index.html", "/"),
            ("/", "/"),
            ("", "/"),
            ("/contact.html", "/contact"),
            ("/contact", "/contact"),
            ("/contact/", "/contact"),
            ("/contact/index.html", "/contact"),
            ("/a/b.htm", "/a/b"),
            ("/a.txt", "/a.txt"),
        ] {
            assert_eq!(of_page(path), expect, "{path}");
        }
    }

    #[test]
    fn actions_are_found_within_the_site() {
        for (file, action, expect) in [
            ("/index.html", "/thanks", Some("/thanks")),
            ("/index.html", "/thanks/?a=1#x", Some("/thanks")),
            ("/a/b.html", "thanks.html", Some("/a/thanks")),
            ("/a/b.html", "../thanks", Some("/thanks")),
            ("/a/b.html", "../../../x", Some("/x")),
            ("/index.html", "/merci%20bien", Some("/merci bien")),
            ("/index.html", "", None),
            ("/index.html", "#", None),
            ("/index.html", "/", None),
            ("/a/b.html", "b", None),
            ("/index.html", "https://example.org/x", None),
            ("/index.html", "//example.org/x", None),
            ("/index.html", "javascript:void(0)", None),
        ] {
            assert_eq!(of_action(file, action).as_deref(), expect, "{file} {action}");
        }
    }
}
