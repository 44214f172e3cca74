//! The cleaning of request paths.

#![no_main]

#[path = "../../crates/rules/tests/mutations/properties.rs"]
mod properties;

libfuzzer_sys::fuzz_target!(|text: &str| properties::clean_path(text));
