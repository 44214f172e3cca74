//! How this server itself speaks to GitHub, for hooks that bring no token of their own. Read from
//! the operator's settings; nothing is dialled here.

use std::fmt;

/// The server's own access. Without a token such hooks cannot tell anything.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct GithubSettings {
    /// Token of a GitHub App's installation, or of a person.
    pub token: Option<String>,
    /// Root of the API that the token is for, when it is not the public one.
    pub api_url: Option<String>,
}

impl fmt::Debug for GithubSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GithubSettings")
            .field("token", &self.token.as_ref().map(|_| "set"))
            .field("api_url", &self.api_url)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_not_printed() {
        let settings = GithubSettings { token: Some("s3cret".to_owned()), api_url: None };
        let printed = format!("{settings:?}");
        assert!(printed.contains("set") && !printed.contains("s3cret"), "{printed}");
    }
}
