//! The parser and the matcher of `_redirects`.

#![no_main]

#[path = "../../crates/rules/tests/mutations/properties.rs"]
mod properties;

libfuzzer_sys::fuzz_target!(|text: &str| properties::redirects_file(text));
