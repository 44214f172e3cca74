//! Where the test services are: variables that `make test` sets. Without them a test fails and says
//! how it is run; a test that is skipped in silence proves nothing.

/// The value of a variable that tells where a test service is.
///
/// # Panics
/// When it is not set.
#[must_use]
#[track_caller]
pub fn service(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| {
        panic!("{variable} is not set: run through `make test` or `cargo xtask services`")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(
        expected = "BOATHOOK_TEST_X is not set: run through `make test` or `cargo xtask services`"
    )]
    fn a_missing_service_is_a_failure_that_says_what_to_do() {
        let _ = service("BOATHOOK_TEST_X");
    }
}
