//! The reader of pages with forms.

#![no_main]

#[path = "../../crates/forms/tests/mutations/properties.rs"]
mod properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::page(bytes));
