//! Split tests: which share of a site's visitors sees which branch.

pub(crate) mod create_split_test;
pub(crate) mod delete_split_test;
pub(crate) mod disable_split_test;
pub(crate) mod enable_split_test;
pub(crate) mod get_split_test;
pub(crate) mod get_split_tests;
pub(crate) mod update_split_test;
