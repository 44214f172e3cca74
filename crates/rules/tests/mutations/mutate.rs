//! Holds a property against the seeds of a fuzz target and mutations of them, the same ones in every
//! run. Knows no property; other crates hold theirs with it as well.

use std::fs;
use std::path::PathBuf;

/// Mutations of each seed: enough to find what is near, few enough for every run of the tests.
const MUTATIONS: usize = 500;
/// Changes of one mutation, at most.
const CHANGES: usize = 6;
/// Longest input that mutations grow to, in bytes.
const GROWTH: usize = 4096;
/// Seeds of a target at least: fewer have been lost.
const SEEDS: usize = 10;

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

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seeds")).join(target);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<_> = entries.map(|entry| entry.expect("a folder can be listed").path()).collect();
    files.sort();
    files.iter().map(|file| fs::read(file).expect("a seed can be read")).collect()
}

/// Holds the property. `words` are pieces that mean something to what is tested.
pub fn hold(target: &str, words: &[&str], property: fn(&[u8])) {
    let seeds = seeds(target);
    assert!(seeds.len() >= SEEDS, "{target} has lost its seeds");
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    for seed in &seeds {
        property(seed);
        for _ in 0..MUTATIONS {
            property(&mutated(seed, &seeds, words, &mut dice));
        }
    }
}

fn mutated(seed: &[u8], seeds: &[Vec<u8>], words: &[&str], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..=dice.roll(CHANGES) {
        change(&mut bytes, seeds, words, dice);
    }
    bytes.truncate(GROWTH);
    bytes
}

fn change(bytes: &mut Vec<u8>, seeds: &[Vec<u8>], words: &[&str], dice: &mut Dice) {
    let at = dice.roll(bytes.len() + 1);
    let until = (at + dice.roll(9)).min(bytes.len());
    match dice.roll(5) {
        0 => drop(bytes.splice(at..until, words[dice.roll(words.len())].bytes())),
        1 => drop(bytes.drain(at..until)),
        2 => bytes.extend_from_within(at..),
        3 => {
            let other = &seeds[dice.roll(seeds.len())];
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
