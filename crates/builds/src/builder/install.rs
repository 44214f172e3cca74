//! Installing the builder: npm works in a folder beside the place, which takes the place when all is
//! there.

use super::lock::Lock;
use super::programs::check_node;
use super::{Builder, FILES, Progress, State, VERSION};
use std::io::{Error, ErrorKind, Result as Io};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;
use tokio::time::{Instant, sleep, timeout_at};

/// How long npm may take.
const LIMIT: Duration = Duration::from_secs(15 * 60);
/// How often progress is told.
const PROGRESS: Duration = Duration::from_secs(10);
/// Bytes of npm's complaint that are repeated.
const COMPLAINT_MAX: usize = 2000;
/// Files are open to all: builds run as other users. Scripts of packages stay off, none is needed.
const NPM: &str = "umask 022; exec npm ci --ignore-scripts --no-audit --no-fund --loglevel=error";

/// See [`Builder::install`].
pub(super) async fn install(builder: &Builder, progress: &dyn Progress) -> Result<(), String> {
    check_node().await?;
    let place = &builder.folder;
    let parent = place.parent().ok_or("the builder's folder cannot be the root")?;
    let disk = |error: Error| format!("the builder cannot be installed in {}: {error}", place.display());
    open_folder(parent).map_err(disk)?;
    let file = parent.join(format!(".{}.lock", name(place)));
    let waiting = progress.tell("Another install of the builder is under way; waiting for it.".to_owned());
    let _lock = Lock::take(&file, waiting).await.map_err(disk)?;
    if builder.state() == State::Ready {
        return Ok(());
    }
    let fresh = parent.join(format!(".{}.new", name(place)));
    prepare(&fresh).map_err(disk)?;
    progress.tell(format!("Installing @netlify/build {VERSION} with npm: some 440 packages, 200 MB.")).await;
    npm(&fresh, progress).await?;
    take_place(&fresh, place).map_err(disk)?;
    progress.tell(format!("The builder is installed in {}.", place.display())).await;
    Ok(())
}

fn name(place: &Path) -> String {
    place.file_name().map_or_else(|| "builder".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// Makes a folder that everybody may go through.
fn open_folder(folder: &Path) -> Io<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o755).create(folder)
}

fn prepare(fresh: &Path) -> Io<()> {
    remove(fresh)?;
    open_folder(fresh)?;
    std::fs::set_permissions(fresh, std::fs::Permissions::from_mode(0o755))?;
    FILES.iter().try_for_each(|(name, text)| std::fs::write(fresh.join(name), text))
}

fn remove(folder: &Path) -> Io<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// What was in the place goes only when the new one is whole.
fn take_place(fresh: &Path, place: &Path) -> Io<()> {
    let old = place.with_file_name(format!(".{}.old", name(place)));
    remove(&old)?;
    if place.exists() {
        std::fs::rename(place, &old)?;
    }
    std::fs::rename(fresh, place)?;
    remove(&old)
}

async fn npm(folder: &Path, progress: &dyn Progress) -> Result<(), String> {
    let mut command = Command::new("sh");
    command.args(["-c", NPM]).current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null());
    let output = command.stderr(Stdio::piped()).kill_on_drop(true).process_group(0).output();
    let ended = tokio::select! {
        ended = timeout_at(Instant::now() + LIMIT, output) => ended,
        never = tell(progress) => match never {},
    };
    let output = ended.map_err(|_| "npm did not end; the builder is not installed".to_owned())?;
    let output = output.map_err(|error| format!("npm cannot be started: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    if output.status.code() == Some(127) {
        return Err("the builder is installed by npm, and this server finds no npm".to_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let said: String = said.trim().chars().take(COMPLAINT_MAX).collect();
    Err(format!("npm could not install the builder: {said}"))
}

/// Tells that the install goes on, for as long as it is polled.
async fn tell(progress: &dyn Progress) -> std::convert::Infallible {
    let begun = Instant::now();
    loop {
        sleep(PROGRESS).await;
        let seconds = begun.elapsed().as_secs();
        progress.tell(format!("Still installing the builder, for {seconds} seconds so far.")).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_is_taken_as_a_whole() {
        let dir = tempfile::tempdir().expect("a folder");
        let (fresh, place) = (dir.path().join(".1.new"), dir.path().join("1"));
        for text in ["first", "second"] {
            prepare(&fresh).expect("prepared");
            assert!(fresh.join("package-lock.json").is_file());
            std::fs::write(fresh.join("mark"), text).expect("written");
            take_place(&fresh, &place).expect("taken");
            assert_eq!(std::fs::read_to_string(place.join("mark")).expect("read"), text);
            assert_eq!(std::fs::read_dir(dir.path()).expect("read").count(), 1, "nothing else is left");
        }
    }
}
