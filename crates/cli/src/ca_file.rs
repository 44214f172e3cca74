//! The certificate of the server's own authority, as a file that Node reads: kept in the user's cache
//! folder, one file a server.

use crate::server::Server;
use anyhow::{Context as _, bail};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// First line of every certificate.
const BEGIN: &str = "-----BEGIN CERTIFICATE-----";

/// The user's cache folder by the rules of XDG; an empty or relative setting counts as none.
pub(crate) fn cache_folder(var: impl Fn(&str) -> Option<OsString>) -> anyhow::Result<PathBuf> {
    let absolute = |name: &str| var(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = absolute("XDG_CACHE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".cache")));
    let folder = folder.context("neither XDG_CACHE_HOME nor HOME says where to keep the certificate")?;
    Ok(folder.join("boathook"))
}

/// Writes the certificate for a server; the path of the file. A file of certificates that Node reads
/// already is taken in, since Node reads one file only.
pub(crate) fn write(
    folder: &Path,
    server: &Server,
    pem: &str,
    before: Option<&Path>,
) -> anyhow::Result<PathBuf> {
    if !pem.contains(BEGIN) {
        bail!(
            "{} did not answer with a certificate at /client-ca.pem: is it a Boathook server?",
            server.address()
        );
    }
    let file = folder.join(file_name(server));
    let before = before.filter(|other| *other != file).and_then(|other| std::fs::read_to_string(other).ok());
    let text = before.map_or_else(|| pem.to_owned(), |other| format!("{}\n{pem}", other.trim_end()));
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let fresh = folder.join(format!(".{}.{}", file_name(server), std::process::id()));
    std::fs::write(&fresh, text).with_context(|| format!("cannot write {}", fresh.display()))?;
    std::fs::rename(&fresh, &file).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(file)
}

fn file_name(server: &Server) -> String {
    let address = server.address();
    let name = address.split_once("://").map_or(address, |(_, host)| host);
    let safe = name.chars().map(|char| if char.is_ascii_alphanumeric() || char == '.' { char } else { '-' });
    format!("client-ca-{}.pem", safe.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEM: &str = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

    fn server() -> Server {
        Server { root: "http://[::1]:8888".parse().unwrap(), token: "t".to_owned() }
    }

    #[test]
    fn the_folder_follows_xdg() {
        for (xdg, home, expect) in [
            (Some("/c"), Some("/home/a"), Some("/c/boathook")),
            (Some(""), Some("/home/a"), Some("/home/a/.cache/boathook")),
            (Some("relative"), Some("/home/a"), Some("/home/a/.cache/boathook")),
            (None, None, None),
        ] {
            let var = |name: &str| if name == "HOME" { home } else { xdg }.map(OsString::from);
            assert_eq!(cache_folder(var).ok(), expect.map(PathBuf::from), "{xdg:?} {home:?}");
        }
    }

    #[test]
    fn certificates_are_written_beside_those_that_count_already() {
        let folder = tempfile::tempdir().unwrap();
        let other = folder.path().join("other.pem");
        std::fs::write(&other, "OTHER\n").unwrap();
        let file = write(&folder.path().join("new"), &server(), PEM, Some(&other)).unwrap();
        assert!(file.ends_with("client-ca----1--8888.pem"), "{}", file.display());
        assert_eq!(std::fs::read_to_string(&file).unwrap(), format!("OTHER\n{PEM}"));
        let again = write(&folder.path().join("new"), &server(), PEM, Some(&file)).unwrap();
        assert_eq!(std::fs::read_to_string(again).unwrap(), PEM);
        assert!(write(folder.path(), &server(), "<html>", None).is_err());
    }
}
