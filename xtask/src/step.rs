//! One line for each step, with the time it took: what a reader of a CI log looks for first.

use std::time::Instant;

use anyhow::Result;

/// Runs `work`, says what it is before and how long it took after.
pub fn step<T>(what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    println!("xtask: {what} ...");
    let start = Instant::now();
    let result = work();
    let end = if result.is_ok() { "done" } else { "FAILED" };
    println!("xtask: {what}: {end} in {:.1} s", start.elapsed().as_secs_f64());
    result
}

/// Says one thing that is not a step.
pub fn note(what: &str) {
    println!("xtask: {what}");
}
