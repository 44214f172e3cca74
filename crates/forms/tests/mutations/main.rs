//! The seeds of the fuzz targets and mutations of them, the same ones in every run.

#[path = "../../../rules/tests/mutations/mutate.rs"]
mod mutate;
mod properties;

/// Pieces that mean something to the reader of pages.
const TAGS: [&str; 36] = [
    "<",
    ">",
    "</",
    "/>",
    "<!--",
    "-->",
    "<form ",
    "</form>",
    "<form name=a netlify>",
    "<input ",
    "<input name=b>",
    "<textarea name=c>",
    "<select name=d>",
    "<script>",
    "</script>",
    "<template>",
    "<svg>",
    "<title>",
    "<plaintext>",
    "<![CDATA[",
    "<!doctype html>",
    " netlify",
    " NETLIFY",
    " data-netlify=\"true\"",
    " netlify-honeypot=bot",
    " data-netlify-recaptcha=true",
    " name=",
    " type=hidden",
    " name=form-name",
    " action=/x",
    "=",
    "\"",
    "'",
    "&amp;",
    "&#x41;",
    "\0",
];
/// Pieces that mean something to the readers of bodies.
const PIECES: [&str; 30] = [
    "\r\n",
    "\r",
    "\n",
    "\r\n\r\n",
    "--",
    "--X",
    "--X\r\n",
    "\r\n--X\r\n",
    "\r\n--X--",
    "--X--\r\n",
    "Content-Disposition: form-data; ",
    "Content-Type: text/plain",
    "name=\"",
    "name=\"form-name\"",
    "filename=\"a\"",
    "filename=",
    ";",
    ":",
    "\"",
    "\\\"",
    "%22",
    "form-name=contact",
    "form-name=",
    "contact",
    "=",
    "&",
    "+",
    "%",
    "%E2%82%AC",
    "\0",
];

#[test]
fn pages() {
    mutate::hold("form_page", &TAGS, properties::page);
}

#[test]
fn multipart_bodies() {
    mutate::hold("form_multipart", &PIECES, properties::multipart);
}

#[test]
fn urlencoded_bodies() {
    mutate::hold("form_urlencoded", &PIECES, properties::urlencoded);
}
