//! The parser and the matcher of `_headers`.

#![no_main]

#[path = "../../crates/rules/tests/mutations/properties.rs"]
mod properties;

libfuzzer_sys::fuzz_target!(|text: &str| properties::headers_file(text));
