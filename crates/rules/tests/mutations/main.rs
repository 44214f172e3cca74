//! The seeds of the fuzz targets and mutations of them, the same ones in every run.

mod properties;

use std::fs;
use std::path::PathBuf;

/// Mutations of each seed: enough to find what is near, few enough for every run of the tests.
const MUTATIONS: usize = 500;
/// Changes of one mutation, at most.
const CHANGES: usize = 6;
/// Longest input that mutations grow to, in bytes.
const GROWTH: usize = 4096;
/// Pieces that mean something to one of the parsers.
const WORDS: [&str; 40] = [
    "/",
    "//",
    "*",
    "/*",
    ":",
    ":a",
    ":splat",
    "!",
    "#",
    "=",
    "?",
    "&",
    "%",
    "%2F",
    "%2e",
    "%00",
    "%ff",
    "..",
    "/./",
    " ",
    "\t",
    "\n",
    "\r\n",
    "\u{feff}",
    "\0",
    "é",
    "\u{202e}",
    "https://h.example",
    "http://",
    "200",
    "404!",
    "301",
    "-1",
    "99999999999",
    "Country=",
    "Role=a,",
    "Basic-Auth: a:b",
    "X: y",
    "[[redirects]]\n",
    "from = \"/a\"\n",
];

/// A small generator (xorshift): the tests need variety, no secrets.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap_or_default() % sides.max(1)
    }
}

fn seeds(target: &str) -> Vec<String> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seeds")).join(target);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<_> = entries.map(|entry| entry.expect("a folder can be listed").path()).collect();
    files.sort();
    files.iter().map(|file| fs::read_to_string(file).expect("a seed is text")).collect()
}

fn hold(target: &str, property: fn(&str)) {
    let seeds = seeds(target);
    assert!(seeds.len() >= 10, "{target} has lost its seeds");
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    for seed in &seeds {
        property(seed);
        for _ in 0..MUTATIONS {
            property(&mutated(seed, &seeds, &mut dice));
        }
    }
}

fn mutated(seed: &str, seeds: &[String], dice: &mut Dice) -> String {
    let mut bytes = seed.as_bytes().to_vec();
    for _ in 0..=dice.roll(CHANGES) {
        change(&mut bytes, seeds, dice);
    }
    bytes.truncate(GROWTH);
    String::from_utf8_lossy(&bytes).into_owned()
}

fn change(bytes: &mut Vec<u8>, seeds: &[String], dice: &mut Dice) {
    let at = dice.roll(bytes.len() + 1);
    let until = (at + dice.roll(9)).min(bytes.len());
    match dice.roll(5) {
        0 => drop(bytes.splice(at..until, WORDS[dice.roll(WORDS.len())].bytes())),
        1 => drop(bytes.drain(at..until)),
        2 => bytes.extend_from_within(at..),
        3 => {
            let other = seeds[dice.roll(seeds.len())].as_bytes();
            bytes.truncate(at);
            bytes.extend_from_slice(&other[dice.roll(other.len() + 1)..]);
        }
        _ => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << dice.roll(8);
            }
        }
    }
}

#[test]
fn redirects_files() {
    hold("redirects_file", properties::redirects_file);
}

#[test]
fn headers_files() {
    hold("headers_file", properties::headers_file);
}

#[test]
fn configs() {
    hold("config", properties::config);
}

#[test]
fn paths() {
    hold("clean_path", properties::clean_path);
}
