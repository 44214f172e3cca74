//! Keeps secret values out of logs: whatever a build prints passes here first. Values are found as
//! they are, line by line, and in the forms in which programs commonly print them.

use aho_corasick::{AhoCorasick, MatchKind};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::collections::BTreeSet;
use std::fmt;

/// Shortest value that is masked; shorter ones would turn a log into stars without hiding anything.
pub(crate) const SHORTEST: usize = 4;
/// Shortest encoded form that is masked.
const SHORTEST_ENCODED: usize = 8;
/// What is shown instead.
pub(crate) const MASK: &str = "[secret]";
/// Lengths of line at which programs wrap base64.
const WRAPS: [usize; 2] = [64, 76];
/// What stays as it is in a URL.
const UNRESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
/// What `encodeURIComponent` leaves beside that.
const SCRIPT: AsciiSet = UNRESERVED.remove(b'!').remove(b'*').remove(b'\'').remove(b'(').remove(b')');

/// Values that must not be shown.
#[derive(Default)]
pub(crate) struct Masker {
    values: Option<AhoCorasick>,
}

impl fmt::Debug for Masker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Masker").finish_non_exhaustive()
    }
}

impl Masker {
    /// Masks `values`, each line of those that have several, and their encoded forms.
    pub(crate) fn new<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        let mut forms = BTreeSet::new();
        for value in values {
            add(&mut forms, value);
        }
        // of two that begin at the same place the longer one is masked
        let values = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&forms);
        Self { values: values.ok().filter(|_| !forms.is_empty()) }
    }

    pub(crate) fn mask(&self, text: String) -> String {
        match &self.values {
            Some(values) if values.is_match(&text) => {
                let mut out = String::with_capacity(text.len());
                values.replace_all_with(&text, &mut out, |_, _, out| {
                    out.push_str(MASK);
                    true
                });
                out
            }
            _ => text,
        }
    }
}

fn add(forms: &mut BTreeSet<String>, value: &str) {
    let whole = value.trim();
    let lines = whole.lines().map(str::trim);
    for part in std::iter::once(whole).chain(lines).filter(|part| part.len() >= SHORTEST) {
        if !part.contains('\n') {
            forms.insert(part.to_owned());
        }
        forms.extend(encoded(part).into_iter().filter(|form| form.len() >= SHORTEST_ENCODED));
    }
    // a value with its line end is what `echo` hands to other programs
    forms.extend(wrapped(value).chain(wrapped(whole)).chain(wrapped(&format!("{whole}\n"))));
}

/// Forms in which programs print a value.
fn encoded(value: &str) -> Vec<String> {
    let url = utf8_percent_encode(value, &UNRESERVED).to_string();
    let json = serde_json::to_string(value).unwrap_or_default();
    let mut forms = vec![
        url.replace("%20", "+"),
        utf8_percent_encode(value, &SCRIPT).to_string(),
        url.to_lowercase(),
        url,
        json.trim_matches('"').to_owned(),
        hex::encode(value),
        hex::encode_upper(value),
    ];
    for before in 0..3 {
        let core = core(before, value.as_bytes());
        forms.push(core.replace('+', "-").replace('/', "_"));
        forms.push(core);
    }
    // the forms that differ from the value; a lower-case form of what has no signs is no form
    forms.retain(|form| form != value && (form.len() != value.len() || !form.eq_ignore_ascii_case(value)));
    forms
}

/// The letters of base64 that `value` alone decides when `before` bytes precede it in a group of
/// three.
fn core(before: usize, value: &[u8]) -> String {
    let mut bytes = vec![0; before];
    bytes.extend_from_slice(value);
    let text = STANDARD_NO_PAD.encode(&bytes);
    let (from, to) = ((before * 8).div_ceil(6), bytes.len() * 8 / 6);
    text.get(from..to).unwrap_or_default().to_owned()
}

/// The lines of a long value's base64, as programs wrap it.
fn wrapped(value: &str) -> impl Iterator<Item = String> {
    let texts = [STANDARD_NO_PAD.encode(value), URL_SAFE_NO_PAD.encode(value)];
    texts.into_iter().flat_map(|text| {
        let lines = |wrap: usize| {
            let pieces = text.as_bytes().chunks(wrap).map(|line| String::from_utf8_lossy(line).into_owned());
            pieces.filter(|line| line.len() >= SHORTEST_ENCODED).collect::<Vec<_>>()
        };
        WRAPS.into_iter().filter(|wrap| text.len() > *wrap).flat_map(lines).collect::<Vec<_>>()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::STANDARD;

    #[test]
    fn secrets_do_not_show() {
        let masker = Masker::new(["hunter2", "abc", "hunter2-long", "line one\nline two\n", "", "    "]);
        for (line, shown) in [
            ("token=hunter2;", "token=[secret];"),
            ("hunter2-long hunter2", "[secret] [secret]"),
            ("abc is too short", "abc is too short"),
            ("  line two", "  [secret]"),
            ("nothing    here", "nothing    here"),
        ] {
            assert_eq!(masker.mask(line.to_owned()), shown);
        }
        assert_eq!(Masker::default().mask("hunter2".to_owned()), "hunter2");
    }

    #[test]
    fn the_shortest_masked_value_has_four_bytes() {
        let masker = Masker::new(["1234", "xyz"]);
        assert_eq!(masker.mask("1234 xyz".to_owned()), "[secret] xyz");
    }

    #[test]
    fn encoded_secrets_do_not_show() {
        let secret = "p@ss w\"ord/+é!";
        let masker = Masker::new([secret]);
        let json = serde_json::to_string(secret).expect("text");
        for (what, printed) in [
            ("a URL", "https://u:p%40ss%20w%22ord%2F%2B%C3%A9%21@h".to_owned()),
            ("a URL in lower case", "p%40ss%20w%22ord%2f%2b%c3%a9%21".to_owned()),
            ("a script", "p%40ss%20w%22ord%2F%2B%C3%A9!".to_owned()),
            ("a form", "q=p%40ss+w%22ord%2F%2B%C3%A9%21".to_owned()),
            ("JSON", format!("{{\"a\":{json}}}")),
            ("base64", STANDARD.encode(secret)),
            ("base64 of a login", STANDARD.encode(format!("u:{secret}"))),
            ("base64 of a longer login", STANDARD.encode(format!("me:{secret}x"))),
            ("base64 for URLs", URL_SAFE_NO_PAD.encode(secret)),
            ("hex", hex::encode(secret)),
            ("capital hex", hex::encode_upper(secret)),
        ] {
            let shown = masker.mask(printed.clone());
            assert!(shown.contains(MASK) && shown.len() < printed.len(), "{what}: {shown}");
        }
    }

    #[test]
    fn a_key_of_several_lines_does_not_show_in_one_piece_nor_wrapped() {
        let key = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\nMzEfYyjiWA4R4/M2bS1GB4t7NXp98C3S\n-----END KEY-----\n";
        let masker = Masker::new([key]);
        let shown = |text: String| {
            text.lines().map(|line| masker.mask(line.to_owned())).collect::<Vec<_>>().join("|")
        };
        assert_eq!(shown(key.to_owned()), [MASK; 4].join("|"));
        let escaped = serde_json::to_string(key).expect("text");
        assert!(!shown(escaped).contains("MIIE"));
        let whole = STANDARD.encode(key);
        assert!(shown(whole.clone()).starts_with(MASK));
        for wrap in WRAPS {
            let lines: Vec<_> = whole.as_bytes().chunks(wrap).map(String::from_utf8_lossy).collect();
            let text = shown(lines.join("\n"));
            assert!(text.split('|').all(|line| line.starts_with(MASK)), "{wrap}: {text}");
        }
    }

    #[test]
    fn what_is_no_secret_stays() {
        let masker = Masker::new(["Password"]);
        for line in ["password", "UGFz", "50617373"] {
            assert_eq!(masker.mask(line.to_owned()), line);
        }
        assert_eq!(format!("{masker:?}"), "Masker { .. }");
    }
}
