//! One file that holds everything of an embedded server: database, blobs, keys. It is taken while
//! the server runs, and it holds the key: whoever has the file has the secrets.

use crate::data_dir::{DATABASE, DataDir, KEY};
use anyhow::{Context as _, bail};
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// Entry that says what the file is; its content is the format's version.
const MARK: &str = "boathook-backup";
/// Version of the format.
const FORMAT: &str = "1";
/// Folder of the blobs.
const BLOBS: &str = "blobs";

/// Settings of `boathook backup`.
#[derive(clap::Args, Clone, Debug)]
pub struct BackupArgs {
    /// Data folder of the server
    #[arg(long, env = "BOATHOOK_DATA", default_value = "boathook-data", value_name = "DIR")]
    pub data: PathBuf,
    /// File to write; it must not exist
    pub file: PathBuf,
}

/// Settings of `boathook restore`.
#[derive(clap::Args, Clone, Debug)]
pub struct RestoreArgs {
    /// Data folder to make; it must be empty or missing
    #[arg(long, env = "BOATHOOK_DATA", default_value = "boathook-data", value_name = "DIR")]
    pub data: PathBuf,
    /// Backup to read
    pub file: PathBuf,
}

/// Takes a backup. The database is copied first: blobs are never changed and only added, so that
/// every blob the copy names is there afterwards.
///
/// # Errors
/// When the data folder is not one, or the file exists or cannot be written.
pub async fn backup(args: &BackupArgs) -> anyhow::Result<String> {
    let database = args.data.join(DATABASE);
    if !database.exists() {
        bail!(
            "{} holds no embedded database; with PostgreSQL and S3, back those up with their own tools",
            args.data.display()
        );
    }
    let copies = tempfile::tempdir_in(&args.data).context("cannot make a temporary folder")?;
    let copy = copies.path().join(DATABASE);
    store::snapshot(&database, &copy).await.context("cannot copy the database")?;
    let (data, file) = (args.data.clone(), args.file.clone());
    let written = tokio::task::spawn_blocking(move || write(&data, &copy, &file)).await??;
    Ok(format!(
        "{} files in {}; it holds the server's key: keep it as safe as the server",
        written,
        args.file.display()
    ))
}

fn write(data: &Path, database: &Path, file: &Path) -> anyhow::Result<usize> {
    let out = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
    let out = out.with_context(|| format!("cannot make {}", file.display()))?;
    let mut zip = ZipWriter::new(BufWriter::new(out));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored).large_file(true);
    zip.start_file(MARK, options)?;
    zip.write_all(FORMAT.as_bytes())?;
    let mut files = vec![(DATABASE.to_owned(), database.to_owned()), (KEY.to_owned(), data.join(KEY))];
    for folder in sorted(&data.join(BLOBS))? {
        for blob in sorted(&folder)? {
            let name = blob.strip_prefix(data)?.display().to_string();
            files.push((name, blob));
        }
    }
    for (name, path) in &files {
        zip.start_file(name.as_str(), options)?;
        let mut content = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        std::io::copy(&mut content, &mut zip)?;
    }
    zip.finish()?.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?;
    Ok(files.len())
}

fn sorted(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut paths = entries.map(|entry| entry.map(|e| e.path())).collect::<Result<Vec<_>, _>>()?;
    paths.sort();
    Ok(paths)
}

/// Puts a backup into an empty or missing folder.
///
/// # Errors
/// When the folder holds something, or the file is no backup of a known format.
pub async fn restore(args: &RestoreArgs) -> anyhow::Result<String> {
    let args = args.clone();
    tokio::task::spawn_blocking(move || read(&args)).await?
}

fn read(args: &RestoreArgs) -> anyhow::Result<String> {
    if args.data.exists() && args.data.read_dir()?.next().is_some() {
        bail!("{} is not empty; restore into a new folder", args.data.display());
    }
    let file = File::open(&args.file).with_context(|| format!("cannot read {}", args.file.display()))?;
    let mut zip = ZipArchive::new(file).with_context(|| format!("{} is no backup", args.file.display()))?;
    check_mark(&mut zip)
        .with_context(|| format!("{} is no backup that this program knows", args.file.display()))?;
    let data = DataDir::open(&args.data)?;
    let mut count = 0;
    for index in 0..zip.len() {
        let mut entry = zip.by_index(index)?;
        let name = entry.name().map(std::borrow::Cow::into_owned).unwrap_or_default();
        if name == MARK {
            continue;
        }
        put(data.path(), &name, &mut entry)?;
        count += 1;
    }
    Ok(format!(
        "{count} files restored into {}; start it with: boathook serve --data {}",
        args.data.display(),
        args.data.display()
    ))
}

fn check_mark(zip: &mut ZipArchive<impl Read + Seek>) -> anyhow::Result<()> {
    let mut format = String::new();
    zip.by_name(MARK)?.take(16).read_to_string(&mut format)?;
    if format != FORMAT {
        bail!("format {}", model::quoted(&format));
    }
    Ok(())
}

/// Writes one entry; only names that a backup writes are taken.
fn put(data: &Path, name: &str, content: &mut impl Read) -> anyhow::Result<()> {
    let parts: Vec<&str> = name.split('/').collect();
    let hex = |text: &str, len| text.len() == len && text.bytes().all(|b| b.is_ascii_hexdigit());
    let known = match parts[..] {
        [single] => single == DATABASE || single == KEY,
        [folder, first, rest] => folder == BLOBS && hex(first, 2) && hex(rest, 62),
        _ => false,
    };
    if !known {
        bail!("the backup holds {}, which no backup writes", model::quoted(name));
    }
    let path = data.join(name);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
    std::io::copy(content, &mut file)?;
    Ok(file.sync_all()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_a_backup_are_written() {
        let dir = tempfile::tempdir().unwrap();
        let blob = format!("blobs/ab/{}", "c".repeat(62));
        for name in [DATABASE, KEY, &blob] {
            put(dir.path(), name, &mut &b"x"[..]).unwrap();
        }
        for name in ["../x", "/etc/x", "blobs/../key2", "blobs/ab/short", "owner-token", ""] {
            assert!(put(dir.path(), name, &mut &b"x"[..]).is_err(), "{name}");
        }
    }
}
