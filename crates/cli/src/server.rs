//! Which server a subcommand talks to, and as whom.

use anyhow::{Context as _, bail};
use clap::Args;
use std::io::ErrorKind;
use std::path::PathBuf;
use url::Url;

/// File in the data folder that holds the owner's token, left there by `boathook serve`.
const OWNER_TOKEN_FILE: &str = "owner-token";

/// A running server and the token to use there.
#[derive(Args, Clone, Debug)]
pub struct ServerArgs {
    /// Address of the server
    #[arg(
        long,
        env = "BOATHOOK_SERVER",
        default_value = "http://localhost:8888",
        value_name = "URL",
        value_parser = crate::address::server
    )]
    pub server: Url,

    /// Access token; when it is not given, the owner's token is read from the data folder
    #[arg(long, env = "BOATHOOK_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    pub token: Option<String>,

    /// Data folder of the server, for a server on this machine
    #[arg(long, env = "BOATHOOK_DATA", default_value = "boathook-data", value_name = "DIR")]
    pub data: PathBuf,
}

/// A server with the token to use there.
pub(crate) struct Server {
    /// `http://host:port`, without a path.
    pub(crate) root: Url,
    pub(crate) token: String,
}

impl ServerArgs {
    /// The server, with the token looked up.
    pub(crate) fn resolve(&self) -> anyhow::Result<Server> {
        Ok(Server { root: root(&self.server)?, token: self.token()? })
    }

    fn token(&self) -> anyhow::Result<String> {
        if let Some(token) = &self.token {
            return checked(token);
        }
        let file = self.data.join(OWNER_TOKEN_FILE);
        match std::fs::read_to_string(&file) {
            Ok(token) => checked(&token).with_context(|| format!("in {}", file.display())),
            Err(error) if error.kind() == ErrorKind::NotFound => bail!(
                "no access token: give one with --token or BOATHOOK_TOKEN (the dashboard's page {}/tokens makes \
                 them), or name the server's data folder with --data ({} does not exist)",
                self.server.as_str().trim_end_matches('/'),
                file.display()
            ),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", file.display())),
        }
    }
}

impl Server {
    /// `http://host:port` without a slash at the end.
    pub(crate) fn address(&self) -> &str {
        self.root.as_str().trim_end_matches('/')
    }
}

fn checked(token: &str) -> anyhow::Result<String> {
    let token = token.trim();
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        bail!("the access token is empty or has characters that no token has");
    }
    Ok(token.to_owned())
}

fn root(server: &Url) -> anyhow::Result<Url> {
    if !matches!(server.scheme(), "http" | "https") || server.host_str().is_none() {
        bail!("the server's address must look like http://localhost:8888, not {server}");
    }
    if !matches!(server.path(), "" | "/" | "/api/v1" | "/api/v1/") {
        bail!(
            "the server's address has no path: {} instead of {server}",
            server.origin().ascii_serialization()
        );
    }
    Ok(Url::parse(&server.origin().ascii_serialization())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_root(server: &str, expect: Option<&str>) {
        let found = root(&server.parse().unwrap()).ok();
        assert_eq!(found.as_ref().map(|url| url.as_str().trim_end_matches('/')), expect, "{server}");
    }

    #[test]
    fn addresses_lose_their_path() {
        check_root("http://localhost:8888", Some("http://localhost:8888"));
        check_root("https://boat.example/api/v1", Some("https://boat.example"));
        check_root("http://user:pw@h:1/?x#y", Some("http://h:1"));
        check_root("http://h/elsewhere", None);
        check_root("ftp://h", None);
        check_root("localhost:8888", None);
    }

    #[test]
    fn the_token_comes_from_the_flag_or_the_data_folder() {
        let folder = tempfile::tempdir().unwrap();
        let mut args = ServerArgs {
            server: "http://localhost:8888".parse().unwrap(),
            token: None,
            data: folder.path().to_owned(),
        };
        let missing = args.token().unwrap_err().to_string();
        assert!(missing.contains("--token") && missing.contains("http://localhost:8888/tokens"), "{missing}");
        std::fs::write(folder.path().join(OWNER_TOKEN_FILE), "from-file\n").unwrap();
        assert_eq!(args.token().unwrap(), "from-file");
        args.token = Some("from-flag".to_owned());
        assert_eq!(args.token().unwrap(), "from-flag");
        args.token = Some("a b".to_owned());
        assert!(args.token().is_err());
    }
}
