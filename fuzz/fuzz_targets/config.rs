//! The reader of `netlify.toml`, rules included.

#![no_main]

#[path = "../../crates/rules/tests/mutations/properties.rs"]
mod properties;

libfuzzer_sys::fuzz_target!(|text: &str| properties::config(text));
