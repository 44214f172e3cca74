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
const KEY: &str = "key";

/// Writes the site's deploy key into `folder`; nothing when the site has none. Whether the site may have
/// it was judged when it was named.
pub(crate) async fn write_key(cx: &Context, site: &SiteRow, folder: &Path) -> Outcome<Option<PathBuf>> {
    let Some(id) = site.info.build.deploy_key_id.as_deref().filter(|id| !id.is_empty()) else {
        return Ok(None);
    };
    let mut db = cx.read().await?;
    let key = deploy_keys::find(&mut db, id).await?;
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
}
