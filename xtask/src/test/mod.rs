//! `xtask test`: services up, every test, counts against the floors, services down.
//! Nothing is left out in silence: what is missing is an error before the first test.

mod doctests;
mod junit;

pub use junit::Ran;

use std::process::Command;

use anyhow::{Context, Result, anyhow, bail};

use crate::args::{Class, TestOptions, Without};
use crate::floors;
use crate::provision;
use crate::services::Services;
use crate::shell;
use crate::signals;
use crate::step::{note, step};
use crate::workspace::Workspace;

/// Where nextest writes its report, as set in .config/nextest.toml.
const REPORT: &str = "nextest/default/junit.xml";
const CLIENTS_PACKAGE: &str = "boathook-test-clients";

/// Runs the tests. Fails when one fails, when fewer ran than the floors say, or when something they need is missing.
pub fn run(workspace: &Workspace, options: &TestOptions) -> Result<()> {
    refuse_in_ci(options, std::env::var_os("CI").is_some())?;
    signals::watch();
    provision::nextest(|| workspace.cargo())?;
    let services = prepare(workspace, options)?;
    let result = step("cargo nextest", || nextest(workspace, options, &services));
    drop(services);
    result?;
    doctests::run(workspace)?;
    if is_whole(options) {
        return step("comparing the counts with xtask/floors.toml", || compare(workspace));
    }
    note("the counts are not compared with the floors, because this was not the whole set of tests");
    for class in &options.without {
        note(&format!("NOT RUN: every test of the class `{}`", class.name()));
    }
    Ok(())
}

/// Fetching what the tests need waits for the network, and compiling them for the processor: both at once.
fn prepare(workspace: &Workspace, options: &TestOptions) -> Result<Services> {
    std::thread::scope(|scope| {
        let compiling = scope.spawn(|| compile(workspace, options));
        let services = Services::start(workspace, &options.without);
        compiling.join().map_err(|_| anyhow!("the thread that compiles the tests panicked"))??;
        services
    })
}

/// A choice of packages is left to the run itself, which compiles no more than that.
fn compile(workspace: &Workspace, options: &TestOptions) -> Result<()> {
    if names_packages(&options.nextest) {
        return Ok(());
    }
    let mut cargo = workspace.cargo();
    cargo.args(["nextest", "run", "--workspace", "--no-run"]).env_remove("NEXTEST_PROFILE");
    step("compiling the tests", || shell::run(&mut cargo))
}

fn is_whole(options: &TestOptions) -> bool {
    options.nextest.is_empty() && options.without.is_empty()
}

fn refuse_in_ci(options: &TestOptions, ci: bool) -> Result<()> {
    if ci && !options.without.is_empty() {
        bail!("--without is refused where CI is set: a run that counts leaves nothing out");
    }
    Ok(())
}

fn nextest(workspace: &Workspace, options: &TestOptions, services: &Services) -> Result<()> {
    let report = workspace.target.join(REPORT);
    if report.exists() {
        std::fs::remove_file(&report).context("cannot remove the report of the last run")?;
    }
    let mut cargo = workspace.cargo();
    cargo.args(["nextest", "run"]);
    if !names_packages(&options.nextest) {
        cargo.arg("--workspace");
    }
    cargo.args(arguments(&options.without, &options.nextest)?);
    cargo.env_remove("NEXTEST_PROFILE");
    give_environment(&mut cargo, services);
    shell::run(&mut cargo)
}

/// Cargo ignores a choice of packages behind `--workspace`.
fn names_packages(given: &[String]) -> bool {
    let is_choice = |word: &String| word.starts_with("-p") || word.starts_with("--package");
    given.iter().any(is_choice)
}

fn give_environment(command: &mut Command, services: &Services) {
    for (name, value) in services.environment() {
        command.env(name, value);
    }
}

/// The caller's arguments, with one filter that keeps out what is left out. nextest takes the union
/// of several filters, so the caller's own are put inside ours.
fn arguments(without: &Without, given: &[String]) -> Result<Vec<String>> {
    if without.is_empty() {
        return Ok(given.to_vec());
    }
    let (mut rest, mut filters) = (Vec::new(), Vec::new());
    let mut words = given.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "-E" | "--filterset" => {
                filters.push(words.next().context("-E needs a filter behind it")?.clone());
            }
            _ => rest.push(word.clone()),
        }
    }
    let wanted = if filters.is_empty() { "all()".to_owned() } else { filters.join(") | (") };
    let refused: Vec<String> = without.iter().map(|class| class_filter(*class)).collect();
    let ours = ["-E".to_owned(), format!("(({wanted})) - ({})", refused.join(" | "))];
    Ok(ours.into_iter().chain(rest).collect())
}

fn class_filter(class: Class) -> String {
    let by_path = format!("test(/(^|::){}(::|$)/)", class.name());
    match class {
        Class::Clients => format!("package({CLIENTS_PACKAGE}) | {by_path}"),
        Class::Pg | Class::S3 => by_path,
    }
}

fn compare(workspace: &Workspace) -> Result<()> {
    let report = workspace.target.join(REPORT);
    let xml = std::fs::read_to_string(&report).with_context(|| {
        format!("nextest wrote no report at {}; see .config/nextest.toml", report.display())
    })?;
    let ran = junit::tests(&xml);
    let floors = floors::read(&workspace.root.join("xtask/floors.toml"))?;
    let short = floors::short(&floors, &ran);
    for line in &short {
        note(line);
    }
    note(&format!("{} tests ran", ran.len()));
    match short.is_empty() {
        true => Ok(()),
        false => bail!(
            "fewer tests ran than xtask/floors.toml says; a floor is lowered only by a commit that says why"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &[&str]) -> Vec<String> {
        line.iter().map(|&word| word.to_owned()).collect()
    }

    #[test]
    fn leaving_out_is_refused_in_ci() {
        let some = TestOptions { without: Without::from([Class::Pg]), nextest: Vec::new() };
        assert!(refuse_in_ci(&some, true).is_err());
        assert!(refuse_in_ci(&some, false).is_ok());
        assert!(refuse_in_ci(&TestOptions::default(), true).is_ok());
    }

    #[test]
    fn nothing_left_out_passes_the_arguments_through() {
        let given = words(&["-E", "test(a)", "--no-capture"]);
        assert_eq!(arguments(&Without::new(), &given).unwrap(), given);
    }

    #[test]
    fn what_is_left_out_is_taken_from_every_filter() {
        let without = Without::from([Class::Pg, Class::S3]);
        let refused = "test(/(^|::)pg(::|$)/) | test(/(^|::)s3(::|$)/)";
        let given = words(&["-E", "test(a)", "--no-capture", "-E", "test(b)"]);
        assert_eq!(
            arguments(&without, &given).unwrap(),
            ["-E", &format!("((test(a)) | (test(b))) - ({refused})"), "--no-capture"]
        );
        assert_eq!(arguments(&without, &[]).unwrap(), ["-E", &format!("((all())) - ({refused})")]);
        assert!(arguments(&without, &words(&["-E"])).is_err());
    }

    #[test]
    fn a_choice_of_packages_is_seen() {
        assert!(names_packages(&words(&["-p", "xtask"])));
        assert!(names_packages(&words(&["--no-capture", "--package=xtask"])));
        assert!(!names_packages(&words(&["-E", "package(xtask)"])));
    }

    #[test]
    fn only_a_run_of_everything_is_whole() {
        assert!(is_whole(&TestOptions::default()));
        assert!(!is_whole(&TestOptions { nextest: words(&["foo"]), ..TestOptions::default() }));
    }
}
