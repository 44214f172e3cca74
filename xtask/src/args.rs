//! The command line of `xtask`: words in, one `Command` out. Starts nothing.

use std::collections::BTreeSet;

use anyhow::{Result, bail};

/// Shown by `xtask help`, and behind every error about the command line.
pub const USAGE: &str = "\
usage: cargo xtask <command>

  test [--without pg,s3,clients] [-- <arguments for cargo nextest run>]
             start the services, run every test, compare the counts with xtask/floors.toml
  services [--without pg,s3,clients]
             start the services, print their environment, stay until Ctrl-C
  tidy       the rules of style and the table of dependency edges
  lint       rustfmt, clippy, tidy, and cargo-deny where it is installed
  generate [--check]
             write docs/reference from the code, or fail when it differs";

/// A group of tests that needs something from outside the workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Tests with `pg` as a segment of their path.
    Pg,
    /// Tests with `s3` as a segment of their path.
    S3,
    /// The package `boathook-test-clients`, and tests with `clients` as a segment of their path.
    Clients,
}

impl Class {
    /// The word for the command line, also the segment in a test's path.
    pub fn name(self) -> &'static str {
        match self {
            Class::Pg => "pg",
            Class::S3 => "s3",
            Class::Clients => "clients",
        }
    }

    fn parse(word: &str) -> Result<Class> {
        let known = [Class::Pg, Class::S3, Class::Clients];
        match known.into_iter().find(|class| class.name() == word) {
            Some(class) => Ok(class),
            None => bail!("`{word}` is not a class of tests; the classes are pg, s3 and clients"),
        }
    }
}

/// The classes a caller leaves out by name.
pub type Without = BTreeSet<Class>;

/// What `xtask test` was asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct TestOptions {
    /// Classes left out by name.
    pub without: Without,
    /// Passed through to `cargo nextest run`.
    pub nextest: Vec<String>,
}

/// One command of `xtask`.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    /// Print the usage.
    Help,
    /// Run the tests.
    Test(TestOptions),
    /// Start the services and stay.
    Services(Without),
    /// Check the rules of style.
    Tidy,
    /// Run every static check.
    Lint,
    /// Write or compare the reference.
    Generate {
        /// Compare only.
        check: bool,
    },
}

/// Reads the words after the program's name.
pub fn parse(words: impl IntoIterator<Item = String>) -> Result<Command> {
    let mut words: Vec<String> = words.into_iter().collect();
    if words.is_empty() {
        return Ok(Command::Help);
    }
    let rest = words.split_off(1);
    match words[0].as_str() {
        "help" | "--help" | "-h" => Ok(Command::Help),
        "test" => Ok(Command::Test(options(rest)?)),
        "services" => services(rest),
        "tidy" => bare(&rest, Command::Tidy),
        "lint" => bare(&rest, Command::Lint),
        "generate" => generate(&rest),
        other => bail!("there is no command `{other}`\n{USAGE}"),
    }
}

fn options(words: Vec<String>) -> Result<TestOptions> {
    let mut options = TestOptions::default();
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        if word == "--" {
            options.nextest = words.by_ref().collect();
        } else if word == "--without" {
            options.without.extend(classes(&words.next().unwrap_or_default())?);
        } else if let Some(list) = word.strip_prefix("--without=") {
            options.without.extend(classes(list)?);
        } else {
            bail!("`{word}` is not known here; arguments for nextest go behind `--`\n{USAGE}");
        }
    }
    Ok(options)
}

fn classes(list: &str) -> Result<Without> {
    list.split(',').map(|word| Class::parse(word.trim())).collect()
}

fn services(words: Vec<String>) -> Result<Command> {
    let options = options(words)?;
    if options.nextest.is_empty() {
        return Ok(Command::Services(options.without));
    }
    bail!("`services` runs no tests, so it takes no arguments for nextest")
}

fn generate(words: &[String]) -> Result<Command> {
    match words {
        [] => Ok(Command::Generate { check: false }),
        [flag] if flag == "--check" => Ok(Command::Generate { check: true }),
        _ => bail!("`generate` takes `--check` or nothing"),
    }
}

fn bare(rest: &[String], command: Command) -> Result<Command> {
    match rest.first() {
        None => Ok(command),
        Some(word) => bail!("this command takes no arguments, not `{word}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    fn check(line: &str, expect: &Command) {
        assert_eq!(&parsed(line).unwrap(), expect, "{line}");
    }

    fn check_refused(line: &str, part: &str) {
        let error = parsed(line).unwrap_err().to_string();
        assert!(error.contains(part), "{line}: {error}");
    }

    #[test]
    fn commands_are_read() {
        check("", &Command::Help);
        check("tidy", &Command::Tidy);
        check("generate", &Command::Generate { check: false });
        check("generate --check", &Command::Generate { check: true });
        check("services --without=s3", &Command::Services(Without::from([Class::S3])));
        check("test", &Command::Test(TestOptions::default()));
    }

    #[test]
    fn what_follows_the_dashes_goes_to_nextest() {
        let nextest = ["-E", "test(foo)", "--without"].map(str::to_owned).to_vec();
        let without = Without::from([Class::Pg, Class::S3]);
        check(
            "test --without pg,s3 -- -E test(foo) --without",
            &Command::Test(TestOptions { without, nextest }),
        );
    }

    #[test]
    fn a_wrong_word_is_named() {
        check_refused("bake", "no command `bake`");
        check_refused("test foo", "`foo`");
        check_refused("test --without mail", "`mail` is not a class");
        check_refused("test --without", "is not a class");
        check_refused("tidy now", "`now`");
        check_refused("services -- foo", "runs no tests");
        check_refused("generate --all", "--check");
    }
}
