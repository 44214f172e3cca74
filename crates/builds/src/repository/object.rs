//! Reads the commit that a fresh checkout is at out of Git's own files: a process of Git costs a small
//! build more than most of its steps. It knows what a clone or fetch has just written, SHA-1, one
//! version of the index of packs, whole objects; anything else is `None`, and Git is asked.

use flate2::read::ZlibDecoder;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

/// Bytes of a commit that are read.
const COMMIT_MAX: u64 = 256 * 1024;
/// How an index of a pack begins: its mark, and version 2.
const INDEX: [u8; 8] = [0xff, b't', b'O', b'c', 0, 0, 0, 2];
/// Where the table by first byte begins in an index, where the names do, and bytes of a name.
const TABLE: u64 = 8;
const NAMES: u64 = TABLE + 256 * 4;
const NAME: usize = 20;
/// What the header of a commit in a pack says of its kind.
const COMMIT: u8 = 1;

/// What is checked out.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) sha: String,
    pub(super) branch: String,
    pub(super) author: String,
    /// The first paragraph of the message, as one line.
    pub(super) title: String,
}

/// What is checked out in `repo`, where it can be told without Git.
pub(super) fn head(repo: &Path) -> Option<Head> {
    let git = repo.join(".git");
    let text = |name: &str| std::fs::read_to_string(git.join(name)).ok();
    let reference = text("HEAD")?.strip_prefix("ref: ")?.trim_end().to_owned();
    let branch = reference.strip_prefix("refs/heads/")?.to_owned();
    let sha = text(&reference)?.trim_end().to_owned();
    let name: [u8; NAME] = hex::decode(&sha).ok()?.try_into().ok()?;
    let objects = git.join("objects");
    let commit = loose(&objects, &sha).or_else(|| packed(&objects, &name))?;
    let (author, title) = describe(&commit)?;
    Some(Head { sha, branch, author, title })
}

/// An object that has a file to itself.
fn loose(objects: &Path, sha: &str) -> Option<String> {
    let file = File::open(objects.join(&sha[..2]).join(&sha[2..])).ok()?;
    let all = inflate(file)?;
    let (header, commit) = all.split_once('\0')?;
    header.starts_with("commit ").then(|| commit.to_owned())
}

/// An object of one of the packs.
fn packed(objects: &Path, name: &[u8; NAME]) -> Option<String> {
    let packs = std::fs::read_dir(objects.join("pack")).ok()?.flatten().map(|entry| entry.path());
    packs.filter(|path| path.extension().is_some_and(|kind| kind == "idx")).find_map(|index| {
        let at = find(&File::open(&index).ok()?, name)?;
        unpack(&File::open(index.with_extension("pack")).ok()?, at)
    })
}

/// Where the pack of an index has an object.
fn find(index: &File, name: &[u8; NAME]) -> Option<u64> {
    let number = |at: u64| {
        let mut bytes = [0; 4];
        index.read_exact_at(&mut bytes, at).ok().map(|()| u64::from(u32::from_be_bytes(bytes)))
    };
    let mut mark = [0; INDEX.len()];
    index.read_exact_at(&mut mark, 0).ok()?;
    let slot = |first: u8| number(TABLE + u64::from(first) * 4);
    let (all, end) = (slot(u8::MAX)?, slot(name[0])?);
    let begin = if name[0] == 0 { 0 } else { slot(name[0] - 1)? };
    let (mut low, mut high) = (begin, end);
    while mark == INDEX && low < high {
        let middle = low.midpoint(high);
        let mut found = [0; NAME];
        index.read_exact_at(&mut found, NAMES + middle * NAME as u64).ok()?;
        match found.cmp(name) {
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Greater => high = middle,
            std::cmp::Ordering::Equal => {
                // names, then checksums, then places; a place past 2 GB is in another table
                let place = number(NAMES + all * (NAME as u64 + 4) + middle * 4)?;
                return (place < 1 << 31).then_some(place);
            }
        }
    }
    None
}

/// A whole commit in a pack.
fn unpack(pack: &File, at: u64) -> Option<String> {
    let mut header = [0; 10];
    pack.read_exact_at(&mut header, at).ok()?;
    let length = header.iter().position(|byte| byte & 0x80 == 0)? as u64 + 1;
    let is_commit = (header[0] >> 4) & 7 == COMMIT;
    is_commit.then(|| inflate(Place { file: pack, at: at + length }))?
}

/// A file from some place on.
struct Place<'a> {
    file: &'a File,
    at: u64,
}

impl Read for Place<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.file.read_at(buffer, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

/// What is squeezed there, when it is text and not too long.
fn inflate(squeezed: impl Read) -> Option<String> {
    let mut text = String::new();
    ZlibDecoder::new(squeezed).take(COMMIT_MAX).read_to_string(&mut text).ok()?;
    ((text.len() as u64) < COMMIT_MAX).then_some(text)
}

/// Author and title of a commit. One in another encoding is left to Git.
fn describe(commit: &str) -> Option<(String, String)> {
    let (headers, message) = commit.split_once("\n\n")?;
    if headers.lines().any(|line| line.starts_with("encoding ")) {
        return None;
    }
    let author = headers.lines().find_map(|line| line.strip_prefix("author "))?;
    let author = author.split_once('<')?.0.trim().to_owned();
    let lines = message.lines().map(str::trim_end).skip_while(|line| line.is_empty());
    let title: Vec<&str> = lines.take_while(|line| !line.is_empty()).collect();
    Some((author, title.join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    fn git(folder: &Path, arguments: &[&str]) -> String {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=Ada <A> Ł", "-c", "user.email=ada@example.org", "-c", "gc.auto=0"]);
        let output = command.args(arguments).current_dir(folder).output().expect("git runs");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    /// What Git says of the commit that is checked out.
    fn said(repo: &Path) -> Option<Head> {
        let text = git(repo, &["log", "-1", "--format=%H%n%an%n%s"]);
        let mut lines = text.lines().map(str::to_owned);
        let branch = git(repo, &["branch", "--show-current"]);
        let mut next = || lines.next().unwrap_or_default();
        Some(Head { sha: next(), branch, author: next(), title: next() })
    }

    fn repository() -> (tempfile::TempDir, std::path::PathBuf) {
        let dir = tempfile::tempdir().expect("a folder");
        git(dir.path(), &["init", "--quiet", "--initial-branch=feat/x", "repo"]);
        let repo = dir.path().join("repo");
        (dir, repo)
    }

    #[test]
    fn a_commit_reads_as_git_shows_it() {
        let (_dir, repo) = repository();
        for message in ["One", "\n\nTwo  \nlines \n\nand a body\n", "ünï: <x>", ""] {
            let commit =
                ["commit", "--quiet", "--allow-empty", "--allow-empty-message", "--cleanup=verbatim"];
            git(&repo, &[&commit[..], &["--message", message]].concat());
            assert_eq!(head(&repo), said(&repo), "{message:?}");
        }
    }

    #[test]
    fn commits_are_found_in_packs() {
        let (dir, repo) = repository();
        for number in 0..40 {
            std::fs::write(repo.join("file"), number.to_string()).expect("written");
            git(&repo, &["add", "file"]);
            git(&repo, &["commit", "--quiet", "--message", &format!("Number {number}")]);
        }
        let address = format!("file://{}", repo.display());
        for (name, depth) in [("one", "--depth=1"), ("all", "--depth=100")] {
            git(dir.path(), &["clone", "--quiet", depth, &address, name]);
            let clone = dir.path().join(name);
            let found = head(&clone);
            assert_eq!(found.as_ref().map(|head| head.title.as_str()), Some("Number 39"));
            assert_eq!(found, said(&clone));
        }
    }

    #[test]
    fn what_is_not_known_is_left_to_git() {
        let (dir, repo) = repository();
        assert_eq!(head(&repo), None, "no commit");
        let latin = ["-c", "i18n.commitEncoding=ISO-8859-1", "commit", "--quiet", "--allow-empty"];
        git(&repo, &[&latin[..], &["--message", "x"]].concat());
        assert_eq!(head(&repo), None, "another encoding");
        git(&repo, &["commit", "--quiet", "--allow-empty", "--message", "y"]);
        assert!(head(&repo).is_some());
        git(&repo, &["checkout", "--quiet", "--detach"]);
        assert_eq!(head(&repo), None, "no branch");
        git(&repo, &["checkout", "--quiet", "feat/x"]);
        git(&repo, &["pack-refs", "--all"]);
        assert_eq!(head(&repo), None, "the branch is elsewhere");
        assert_eq!(head(dir.path()), None, "no repository");
    }
}
