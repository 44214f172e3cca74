//! The environment that makes an unmodified Netlify CLI talk to another server (contract clients 2
//! and 2a). Pure: what the process already has is a parameter.

use crate::preload;
use crate::server::Server;
use anyhow::anyhow;
use std::path::{Path, PathBuf};

/// Variables in the order they are printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment(Vec<(&'static str, String)>);

/// What no program should ask a proxy for: this machine, whatever it is called.
const LOCAL: [&str; 4] = ["127.0.0.1", "localhost", "::1", ".localhost"];

/// Files that Node loads.
#[derive(Debug)]
pub(crate) struct Files {
    /// Certificate of the server's authority.
    pub(crate) ca: PathBuf,
    /// Script for log sockets.
    pub(crate) sockets: PathBuf,
}

/// What the process has already of variables that are added to.
#[derive(Debug, Default)]
pub(crate) struct Before {
    /// `no_proxy`.
    pub(crate) no_proxy: String,
    /// `NODE_OPTIONS`.
    pub(crate) node_options: String,
}

impl Environment {
    /// For a server, files that Node loads, and what is set already.
    ///
    /// # Errors
    /// When the address or the path of the file cannot stand in a variable.
    pub(crate) fn new(server: &Server, files: &Files, before: &Before) -> anyhow::Result<Self> {
        let root = server.address();
        let (ca, sockets) = (text(&files.ca)?, text(&files.sockets)?);
        // Setting CI would silence the CLI's usage reports too, but also its questions. Sending them
        // to the server's own address keeps the questions and lets nothing leave for the vendor.
        let reports = format!("{root}/telemetry");
        Ok(Self(vec![
            ("NETLIFY_API_URL", format!("{root}/api/v1")),
            ("NETLIFY_WEB_UI", root.to_owned()),
            ("NETLIFY_AUTH_TOKEN", server.token.clone()),
            ("NODE_USE_ENV_PROXY", "1".to_owned()),
            // Lower case: the CLI would send every API call through an upper-case HTTPS_PROXY.
            ("https_proxy", proxy(server)?),
            ("no_proxy", direct(server, &before.no_proxy)),
            ("NODE_EXTRA_CA_CERTS", ca.to_owned()),
            ("NODE_OPTIONS", preload::options(sockets, &before.node_options)),
            ("NO_UPDATE_NOTIFIER", "1".to_owned()),
            ("NETLIFY_TEST_TRACK_URL", reports.clone()),
            ("NETLIFY_TEST_IDENTIFY_URL", reports.clone()),
            ("NETLIFY_TEST_ERROR_REPORT_URL", reports),
        ]))
    }

    /// Names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (*name, value.as_str()))
    }
}

fn text(path: &Path) -> anyhow::Result<&str> {
    path.to_str().ok_or_else(|| anyhow!("{} is not readable as text", path.display()))
}

/// The server as a proxy: it answers for the vendor hosts that the CLI has written into its code.
fn proxy(server: &Server) -> anyhow::Result<String> {
    let mut proxy = server.root.clone();
    let refused = |()| anyhow!("{} cannot be a proxy's address", server.root);
    proxy.set_username("boathook").map_err(refused)?;
    proxy.set_password(Some(&server.token)).map_err(refused)?;
    Ok(proxy.as_str().trim_end_matches('/').to_owned())
}

/// Hosts that are reached directly: this machine, the server with its sites, and what was set before.
fn direct(server: &Server, before: &str) -> String {
    let host = server.root.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let below = format!(".{host}");
    let known = before.split(',').map(str::trim).filter(|name| !name.is_empty());
    let mut names: Vec<&str> = Vec::new();
    for name in LOCAL.into_iter().chain([host.as_str(), below.as_str()]).chain(known) {
        let is_address_suffix = name == below && host.parse::<std::net::IpAddr>().is_ok();
        if !names.contains(&name) && !is_address_suffix {
            names.push(name);
        }
    }
    names.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(root: &str, token: &str, no_proxy: &str) -> Environment {
        let server = Server { root: root.parse().unwrap(), token: token.to_owned() };
        let files = Files { ca: "/cache/ca.pem".into(), sockets: "/cache/x.cjs".into() };
        let before = Before { no_proxy: no_proxy.to_owned(), ..Before::default() };
        Environment::new(&server, &files, &before).unwrap()
    }

    fn get(environment: &Environment, name: &str) -> String {
        environment.iter().find(|(each, _)| *each == name).unwrap().1.to_owned()
    }

    #[test]
    fn everything_a_client_needs_is_there() {
        let environment = of("http://localhost:8888", "bh_x", "");
        for (name, expect) in [
            ("NETLIFY_API_URL", "http://localhost:8888/api/v1"),
            ("NETLIFY_WEB_UI", "http://localhost:8888"),
            ("NETLIFY_AUTH_TOKEN", "bh_x"),
            ("NODE_USE_ENV_PROXY", "1"),
            ("https_proxy", "http://boathook:bh_x@localhost:8888"),
            ("no_proxy", "127.0.0.1,localhost,::1,.localhost"),
            ("NODE_EXTRA_CA_CERTS", "/cache/ca.pem"),
            ("NODE_OPTIONS", "--require \"/cache/x.cjs\""),
            ("NO_UPDATE_NOTIFIER", "1"),
            ("NETLIFY_TEST_TRACK_URL", "http://localhost:8888/telemetry"),
            ("NETLIFY_TEST_IDENTIFY_URL", "http://localhost:8888/telemetry"),
            ("NETLIFY_TEST_ERROR_REPORT_URL", "http://localhost:8888/telemetry"),
        ] {
            assert_eq!(get(&environment, name), expect, "{name}");
        }
        assert_eq!(environment.iter().count(), 12);
        let names: Vec<_> = environment.iter().map(|(name, _)| name).collect();
        assert!(!names.contains(&"CI") && !names.contains(&"HTTPS_PROXY"));
    }

    #[test]
    fn tokens_are_escaped_in_the_proxy_address() {
        assert_eq!(get(&of("http://h:1", "a@b:c/d", ""), "https_proxy"), "http://boathook:a%40b%3Ac%2Fd@h:1");
    }

    #[test]
    fn the_server_and_what_was_set_are_reached_directly() {
        for (root, before, expect) in [
            ("https://boat.example", "", "127.0.0.1,localhost,::1,.localhost,boat.example,.boat.example"),
            ("http://10.0.0.7:8888", "", "127.0.0.1,localhost,::1,.localhost,10.0.0.7"),
            ("http://[::1]:8888", "", "127.0.0.1,localhost,::1,.localhost"),
            ("http://localhost", "intra, localhost", "127.0.0.1,localhost,::1,.localhost,intra"),
        ] {
            assert_eq!(get(&of(root, "t", before), "no_proxy"), expect, "{root}");
        }
    }
}
