//! Addresses and domains as they are given in flags: a slip is told at the start, not by sites that
//! nobody finds.

use url::Url;

/// Longest domain, as DNS has it, less what the names of sites take.
const DOMAIN_MAX: usize = 189;

/// The address of the API and the dashboard.
pub(crate) fn address(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    url.ok_or_else(|| "it looks like https://boathook.example.org".to_owned())
}

/// The domain of the sites, in small letters.
pub(crate) fn domain(text: &str) -> Result<String, String> {
    let domain = text.trim_end_matches('.').to_ascii_lowercase();
    let label = |label: &str| {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        (1..=63).contains(&label.len())
            && label.bytes().all(known)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let fits = domain.len() <= DOMAIN_MAX && domain.split('.').all(label);
    fits.then_some(domain)
        .ok_or_else(|| "it looks like sites.example.org, without http:// and port".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_are_names_alone() {
        let longest = format!("{}{}", "a.".repeat(DOMAIN_MAX / 2), "a");
        for (text, expect) in [
            ("localhost", Some("localhost")),
            ("Sites.Example.org.", Some("sites.example.org")),
            ("xn--gren-0ra.example", Some("xn--gren-0ra.example")),
            (&longest, Some(longest.as_str())),
            (&format!("a{longest}"), None),
            ("", None),
            ("foo bar", None),
            ("a..b", None),
            ("-a.example", None),
            ("*.example.org", None),
            ("http://example.org", None),
            ("example.org:8080", None),
        ] {
            assert_eq!(domain(text).ok().as_deref(), expect, "{text}");
        }
    }

    #[test]
    fn an_address_is_one_of_the_web() {
        for (text, fits) in
            [("https://b.example", true), ("b.example", false), ("b.example:80", false), ("ftp://b", false)]
        {
            assert_eq!(address(text).is_ok(), fits, "{text}");
        }
    }
}
