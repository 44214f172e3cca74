//! Files to deploy: half of them text that compresses, half noise that does not.

use anyhow::{Context as _, Result};
use sha1::{Digest as _, Sha1};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Folders that the files are spread over.
const FOLDERS: usize = 20;
/// Different words in text files.
const WORDS: usize = 4000;
/// Threads that read and hash files.
const THREADS: usize = 2;

/// A generator of numbers that look random (`SplitMix64`): quick, and the same again for one seed.
#[derive(Clone, Debug)]
pub struct Noise(pub u64);

impl Noise {
    /// A generator with a seed drawn from the system.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn drawn() -> Result<Self> {
        Ok(Self(getrandom::u64().map_err(anyhow::Error::msg)?))
    }

    /// The next number.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which must not be 0.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.draw() % end as u64).unwrap_or(0)
    }
}

/// A file on disk and where it goes.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Where it is.
    pub source: PathBuf,
    /// Where it goes in the site, beginning with a slash.
    pub path: String,
    /// Bytes.
    pub size: usize,
}

/// All files of a site.
pub struct Files {
    /// One after the other.
    pub list: Vec<Sample>,
    noise: Noise,
}

impl Files {
    /// Writes `count` files of half to one and a half times `mean` bytes under `root`.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn write(root: &Path, count: usize, mean: usize) -> Result<Self> {
        let mut noise = Noise::drawn()?;
        let words = words(&mut noise);
        let mut list = Vec::with_capacity(count);
        for number in 0..count {
            let kind = ["html", "bin", "js", "png"][number % 4];
            let path = format!("/part-{}/file-{number}.{kind}", number % FOLDERS);
            let source = root.join(&path[1..]);
            std::fs::create_dir_all(source.parent().unwrap_or(root))?;
            let size = mean / 2 + noise.below(mean + 1);
            let content =
                if number % 2 == 0 { text(&mut noise, &words, size) } else { bytes(&mut noise, size) };
            std::fs::write(&source, content).with_context(|| format!("cannot write {}", source.display()))?;
            list.push(Sample { source, path, size });
        }
        Ok(Self { list, noise })
    }

    /// Makes the first `count` files different from what they were, in place, so that nothing of them
    /// is known to a server that has seen them.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn salt(&mut self, count: usize) -> Result<()> {
        for sample in self.list.iter().take(count) {
            let mut file = std::fs::OpenOptions::new().write(true).open(&sample.source)?;
            write!(file, "/* {:016x} */", self.noise.draw())?;
        }
        Ok(())
    }

    /// Bytes of all files.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.list.iter().map(|sample| sample.size).sum()
    }

    /// SHA-1 of each file, by two threads, in the order of the list.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn digests(&self) -> Result<Vec<String>> {
        self.each(|_, content| Ok(hex::encode(Sha1::digest(content))))
    }

    /// What no deploy can do without: reads each file, hashes it, and writes it to a new folder, by two
    /// threads. With `flush`, each file is on the disk before the next.
    ///
    /// # Errors
    /// When one cannot be read or written.
    pub fn copy(&self, to: &Path, flush: bool) -> Result<()> {
        std::fs::create_dir(to)?;
        self.each(|number, content| {
            let digest = Sha1::digest(content);
            let mut file = std::fs::File::create_new(to.join(number.to_string()))?;
            file.write_all(content)?;
            if flush {
                file.sync_data()?;
            }
            Ok(digest[0])
        })
        .map(|_| ())
    }

    fn each<T: Send>(&self, work: impl Fn(usize, &[u8]) -> Result<T> + Sync) -> Result<Vec<T>> {
        let next = AtomicUsize::new(0);
        let run = || -> Result<Vec<(usize, T)>> {
            let mut done = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let Some(sample) = self.list.get(number) else { return Ok(done) };
                done.push((number, work(number, &std::fs::read(&sample.source)?)?));
            }
        };
        let parts = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(run)).collect();
            let join = |thread: std::thread::ScopedJoinHandle<'_, _>| {
                thread.join().map_err(|_| anyhow::anyhow!("a thread panicked"))?
            };
            threads.into_iter().map(join).collect::<Result<Vec<_>>>()
        })?;
        let mut all: Vec<(usize, T)> = parts.into_iter().flatten().collect();
        all.sort_by_key(|(number, _)| *number);
        Ok(all.into_iter().map(|(_, done)| done).collect())
    }
}

fn words(noise: &mut Noise) -> Vec<String> {
    let letter = |noise: &mut Noise| char::from(b'a' + u8::try_from(noise.below(26)).unwrap_or(0));
    let word = |noise: &mut Noise| (0..2 + noise.below(9)).map(|_| letter(noise)).collect();
    (0..WORDS).map(|_| word(noise)).collect()
}

/// Markup around words of which few are frequent and most are rare, as in any language.
fn text(noise: &mut Noise, words: &[String], size: usize) -> Vec<u8> {
    let mut out = String::with_capacity(size + 64);
    while out.len() < size {
        let frequent = noise.below(words.len()) * noise.below(words.len()) / words.len();
        let word = &words[frequent];
        // Writing to a string cannot fail.
        let _ = match noise.below(12) {
            0 => write!(out, "<p class=\"{word}\">"),
            1 => writeln!(out, "</p>"),
            _ => write!(out, "{word} "),
        };
    }
    out.truncate(size);
    out.into_bytes()
}

fn bytes(noise: &mut Noise, size: usize) -> Vec<u8> {
    let mut out: Vec<u8> = (0..size.div_ceil(8)).flat_map(|_| noise.draw().to_le_bytes()).collect();
    out.truncate(size);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn salt_changes_digests_and_not_sizes() {
        let dir = tempfile::tempdir().unwrap();
        let mut files = Files::write(dir.path(), 6, 1000).unwrap();
        let (before, bytes) = (files.digests().unwrap(), files.bytes());
        files.salt(2).unwrap();
        let after = files.digests().unwrap();
        let same: Vec<bool> = before.iter().zip(&after).map(|(a, b)| a == b).collect();
        assert_eq!(same, [false, false, true, true, true, true]);
        let on_disk = |sample: &Sample| std::fs::metadata(&sample.source).unwrap().len();
        assert_eq!(files.list.iter().map(on_disk).sum::<u64>(), bytes as u64);
    }

    #[test]
    fn a_copy_holds_the_same_bytes() {
        let dir = tempfile::tempdir().unwrap();
        let files = Files::write(&dir.path().join("a"), 3, 500).unwrap();
        files.copy(&dir.path().join("b"), true).unwrap();
        for (number, sample) in files.list.iter().enumerate() {
            let copy = std::fs::read(dir.path().join("b").join(number.to_string())).unwrap();
            assert!(copy == std::fs::read(&sample.source).unwrap() && copy.len() == sample.size);
        }
    }
}
