//! The seeds of the fuzz targets and mutations of them, the same ones in every run.

mod mutate;
mod properties;

use std::borrow::Cow;

/// Pieces that mean something to one of the parsers.
const WORDS: [&str; 40] = [
    "/",
    "//",
    "*",
    "/*",
    ":",
    ":a",
    ":splat",
    "!",
    "#",
    "=",
    "?",
    "&",
    "%",
    "%2F",
    "%2e",
    "%00",
    "%ff",
    "..",
    "/./",
    " ",
    "\t",
    "\n",
    "\r\n",
    "\u{feff}",
    "\0",
    "é",
    "\u{202e}",
    "https://h.example",
    "http://",
    "200",
    "404!",
    "301",
    "-1",
    "99999999999",
    "Country=",
    "Role=a,",
    "Basic-Auth: a:b",
    "X: y",
    "[[redirects]]\n",
    "from = \"/a\"\n",
];

fn hold(target: &str, property: fn(&[u8])) {
    mutate::hold(target, &WORDS, property);
}

fn text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

#[test]
fn redirects_files() {
    hold("redirects_file", |bytes| properties::redirects_file(&text(bytes)));
}

#[test]
fn headers_files() {
    hold("headers_file", |bytes| properties::headers_file(&text(bytes)));
}

#[test]
fn configs() {
    hold("config", |bytes| properties::config(&text(bytes)));
}

#[test]
fn paths() {
    hold("clean_path", |bytes| properties::clean_path(&text(bytes)));
}
