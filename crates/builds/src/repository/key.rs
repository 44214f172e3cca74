//! The deploy key of a site, as a file that ssh takes.

use crate::failure::{Failure, Outcome};
use context::Context;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use store::deploy_keys;
use store::sites::SiteRow;

/// Under which the accounts feature seals private halves of deploy keys.
const PURPOSE: &str = "deploy_keys";

/// Name of the file.
pub(super) const KEY: &str = "key";

/// Writes the site's deploy key into `folder`; nothing when the site has none.
pub(crate) async fn write_key(cx: &Context, site: &SiteRow, folder: &Path) -> Outcome<Option<PathBuf>> {
    let Some(id) = site.info.build.deploy_key_id.as_deref().filter(|id| !id.is_empty()) else {
        return Ok(None);
    };
    let mut db = cx.read().await?;
    let key = deploy_keys::find(&mut db, id).await?.filter(|key| key.account_id == site.account_id);
    let key = key.ok_or_else(|| Failure::build("the site's deploy key does not exist any more"))?;
    let file = folder.join(KEY);
    write_private(&file, &cx.open(PURPOSE, &key.sealed)?).map_err(Failure::disk)?;
    Ok(Some(file))
}

fn write_private(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut out =
        std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(file)?;
    out.write_all(bytes)?;
    // ssh refuses a key whose last line is not ended
    if bytes.ends_with(b"\n") { Ok(()) } else { out.write_all(b"\n") }
}

/// What `GIT_SSH_COMMAND` is: nobody is asked anything, an unknown host is remembered, and a host
/// whose key changed is refused. Git hands it to a shell.
pub(crate) fn ssh_command(key: Option<&Path>, known_hosts: &Path) -> String {
    let mut command = "ssh -F none -o BatchMode=yes -o StrictHostKeyChecking=accept-new".to_owned();
    command.push_str(&format!(" -o UserKnownHostsFile={}", quoted(known_hosts)));
    if let Some(key) = key {
        command.push_str(&format!(" -o IdentitiesOnly=yes -i {}", quoted(key)));
    }
    command
}

fn quoted(path: &Path) -> String {
    format!("'{}'", path.to_string_lossy().replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn the_key_is_for_the_owner_alone_and_ends_its_line() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("key");
        write_private(&file, b"KEY").expect("written");
        assert_eq!(std::fs::read(&file).expect("read"), b"KEY\n");
        assert_eq!(std::fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn paths_are_quoted_for_the_shell() {
        let command = ssh_command(Some(Path::new("/w o/it's")), Path::new("/k"));
        assert!(command.ends_with(r"-o IdentitiesOnly=yes -i '/w o/it'\''s'"), "{command}");
        assert!(ssh_command(None, Path::new("/k")).ends_with("UserKnownHostsFile='/k'"));
    }
}
