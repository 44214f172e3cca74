//! `boathook builder`: installs what builds with plugins and functions are driven through, and says
//! whether it is there. The first build that needs it installs it too; an operator may rather do it
//! when nobody waits.

use builds::builder::{Builder, Progress, State, VERSION};
use clap::Args;
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Where the builder is.
#[derive(Args, Clone, Debug)]
pub struct BuilderArgs {
    /// Folder of the server's data
    #[arg(long, env = "BOATHOOK_DATA", default_value = "boathook-data", value_name = "DIR")]
    pub data: PathBuf,

    /// Folder of the builder, in place of one in the data folder
    #[arg(long, env = "BOATHOOK_BUILDER_DIR", value_name = "DIR")]
    pub builder_dir: Option<PathBuf>,
}

impl BuilderArgs {
    fn builder(&self) -> Builder {
        builder(&self.data, self.builder_dir.as_deref())
    }
}

/// The builder of the server with this data folder.
pub(crate) fn builder(data: &Path, chosen: Option<&Path>) -> Builder {
    // builds run elsewhere than this command, so that a relative folder would lead them astray
    let data = std::path::absolute(data).unwrap_or_else(|_| data.to_owned());
    Builder::at(chosen.map_or_else(|| data.join("builder").join(VERSION), Path::to_owned))
}

/// Installs the builder, with its progress.
///
/// # Errors
/// A sentence that says what is missing on this machine, or what npm said.
pub async fn install(args: &BuilderArgs, out: &mut (impl Write + Send)) -> anyhow::Result<()> {
    let builder = args.builder();
    if builder.state() == State::Ready {
        writeln!(out, "@netlify/build {VERSION} is installed in {}.", builder.folder().display())?;
        return Ok(());
    }
    builder.install(&Printed(Mutex::new(out))).await.map_err(anyhow::Error::msg)
}

/// Progress as lines.
struct Printed<'a, W>(Mutex<&'a mut W>);

impl<W: Write + Send> Progress for Printed<'_, W> {
    fn tell(&self, line: String) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            // a reader that has gone away is no reason to stop installing
            let _gone = writeln!(self.0.lock(), "{line}");
        })
    }
}

/// Says whether the builder is there; whether it is.
///
/// # Errors
/// When nothing can be printed.
pub fn status(args: &BuilderArgs, out: &mut impl Write) -> anyhow::Result<bool> {
    let builder = args.builder();
    let (state, place) = (builder.state(), builder.folder().display());
    match &state {
        State::Ready => writeln!(out, "@netlify/build {VERSION} is installed in {place}.")?,
        State::Missing => {
            writeln!(
                out,
                "The builder is not installed. Builds with plugins or functions install it when they first need it; `boathook builder install` does it now."
            )?;
        }
        State::Other(version) => {
            writeln!(
                out,
                "{place} holds @netlify/build {version}; `boathook builder install` brings {VERSION}."
            )?;
        }
    }
    Ok(state == State::Ready)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(args: &BuilderArgs, expect: (bool, &str)) {
        let mut out = Vec::new();
        let ready = status(args, &mut out).expect("printed");
        let said = String::from_utf8(out).expect("text");
        assert!(ready == expect.0 && said.contains(expect.1), "{ready} {said}");
    }

    #[test]
    fn the_status_tells_what_is_there() {
        let dir = tempfile::tempdir().expect("a folder");
        let args = BuilderArgs { data: dir.path().to_owned(), builder_dir: None };
        check(&args, (false, "is not installed"));
        let package = dir.path().join("builder").join(VERSION).join("node_modules/@netlify/build");
        std::fs::create_dir_all(&package).expect("made");
        for (version, expect) in
            [("1.0.0", (false, "holds @netlify/build 1.0.0")), (VERSION, (true, "is installed in"))]
        {
            std::fs::write(package.join("package.json"), format!(r#"{{"version":"{version}"}}"#))
                .expect("written");
            check(&args, expect);
        }
        check(
            &BuilderArgs { builder_dir: Some(dir.path().join("other")), ..args },
            (false, "is not installed"),
        );
    }
}
