//! How a program gets to a build that needs another one than the machine has: from the npm registry, and
//! a package manager whose digest a site pins by corepack, which holds it to that. What an earlier build
//! of the branch brought is there already.

use super::{CONFIGURED, LOCAL};
use deploys::Beneath;
use serde::Deserialize;
use std::io::Read as _;
use std::path::Path;

/// Bytes of a `package.json` that is looked at.
const PACKAGE_MAX: u64 = 1 << 20;
/// Where global packages are, below the home of a build.
const GLOBAL: &str = ".local/lib/node_modules";

/// A version that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// By `packageManager`: `1.22.0`, or `9.1.0+sha512.ab`.
    Pinned(String),
    /// By a variable, or because no older one will do.
    Said(String),
    /// By what reads the lock file, where the machine has none; empty for any.
    Guess(String),
}

/// The npm package of a program, and its version; empty for any.
fn package<'a>(program: &'a str, version: &'a str) -> (&'a str, &'a str) {
    let version = version.split('+').next().unwrap_or_default();
    match (program, version) {
        // its newest version in the registry is one that nobody should use
        ("yarn", "") => ("yarn", "1"),
        ("yarn", version) if version != "1" && !version.starts_with("1.") => ("@yarnpkg/cli-dist", version),
        other => other,
    }
}

/// Whether a folder of packages below the home has this version of a package, or one that begins so.
pub(super) fn is_there(home: &Path, packages: &str, package: &str, version: &str) -> bool {
    #[derive(Deserialize)]
    struct Package {
        version: String,
    }
    // a build wrote it, and may have put a link there
    let file = Beneath::open(home, Path::new(""))
        .and_then(|home| home.file(&Path::new(packages).join(package).join("package.json")));
    let mut text = String::new();
    let read = file.ok().and_then(|file| file.take(PACKAGE_MAX).read_to_string(&mut text).ok());
    let found = read.and_then(|_| serde_json::from_str::<Package>(&text).ok());
    found.is_some_and(|Package { version: found }| {
        // some packages of Node write it as `v18.20.8`
        let rest = found.trim_start_matches('v').strip_prefix(version);
        rest.is_some_and(|rest| version.is_empty() || rest.is_empty() || rest.starts_with('.'))
    })
}

/// Whether nothing but the characters of versions is in it: it becomes a word of a command.
fn is_plain(version: &str) -> bool {
    version.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-+^~".contains(&b))
}

/// What is to be known of a machine and a build.
pub(super) struct Around<'a> {
    pub(super) home: &'a Path,
    pub(super) has_corepack: bool,
    /// Whether the build's variables name a registry to npm alone.
    pub(super) names_registry: bool,
}

/// The command that brings a package manager; none when it is there, or when the version is none.
pub(super) fn command(program: &str, version: &Version, around: &Around<'_>) -> Option<String> {
    let (Version::Pinned(text) | Version::Said(text) | Version::Guess(text)) = version;
    if !is_plain(text) {
        return None;
    }
    if pins_digest(program, version) && around.has_corepack {
        // it asks its own hosts unless it is told of the registry that npm asks
        let asks = if around.names_registry { "COREPACK_NPM_REGISTRY=\"$NPM_CONFIG_REGISTRY\" " } else { "" };
        return Some(format!(
            "mkdir -p \"$HOME/{LOCAL}/bin\" && corepack enable --install-directory \"$HOME/{LOCAL}/bin\" && {asks}corepack install"
        ));
    }
    let (package, version) = package(program, text);
    if is_there(around.home, GLOBAL, package, version) {
        return None;
    }
    let at = if version.is_empty() { "" } else { "@" };
    Some(format!(
        "npm install --global --prefix \"$HOME/{LOCAL}\" {CONFIGURED} --prefer-offline --no-audit --no-fund --loglevel=error {package}{at}{version}"
    ))
}

/// Whether a site holds a program that corepack knows to a digest.
pub(super) fn pins_digest(program: &str, version: &Version) -> bool {
    matches!(version, Version::Pinned(text) if text.contains('+')) && matches!(program, "yarn" | "pnpm")
}
