//! What `make test` says about this machine. A test that misses something fails and says so: a
//! silent pass would count as proof.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// Node that is new enough for every client.
pub(crate) fn node() -> PathBuf {
    variable("BOATHOOK_TEST_NODE22")
}

/// The folder that one client was installed into.
pub(crate) fn client(name: &str) -> PathBuf {
    there(&format!("the client {name}"), variable("BOATHOOK_TEST_CLIENTS").join(name).join("node_modules"))
        .with_file_name("")
}

/// Python with the packages of `xtask/requirements.txt`.
pub(crate) fn python() -> PathBuf {
    there("Python", variable("BOATHOOK_TEST_VENV").join("bin/python"))
}

/// The server's binary: the one the caller names, else the one of this build, which Cargo brings up
/// to date first, because it makes no binaries for tests of other packages.
pub(crate) fn boathook() -> PathBuf {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    let named = || std::env::var_os("CARGO_BIN_EXE_boathook").map(PathBuf::from);
    PATH.get_or_init(|| there("the server", named().unwrap_or_else(built))).clone()
}

fn built() -> PathBuf {
    build("boathook")
}

/// The program of a package of this workspace, brought up to date.
pub(crate) fn build(package: &str) -> PathBuf {
    let own = std::env::current_exe().expect("a running test has a path");
    let profile = own.ancestors().nth(2).expect("tests lie in target/<profile>/deps");
    let target = profile.parent().expect("profiles lie in the target folder");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--quiet", "--package", package, "--target-dir"]).arg(target);
    let output = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).output().expect("cargo starts");
    assert!(output.status.success(), "no {package}:\n{}", String::from_utf8_lossy(&output.stderr));
    profile.join(package)
}

/// The root of the checkout.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("tests/clients has a root").to_owned()
}

/// A script of this package.
pub(crate) fn script(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scripts").join(name)
}

fn variable(name: &str) -> PathBuf {
    there(name, path_of(name, std::env::var_os(name)))
}

fn path_of(name: &str, value: Option<OsString>) -> PathBuf {
    value.map(PathBuf::from).unwrap_or_else(|| panic!("{name} is not set: run through make test"))
}

fn there(what: &str, path: PathBuf) -> PathBuf {
    assert!(path.exists(), "{what} is not at {}: run through make test", path.display());
    path
}

#[test]
#[should_panic(expected = "BOATHOOK_TEST_X is not set: run through make test")]
fn a_missing_variable_is_no_pass() {
    path_of("BOATHOOK_TEST_X", None);
}

#[test]
#[should_panic(expected = "/no/such/place: run through make test")]
fn a_missing_program_is_no_pass() {
    there("the program", path_of("BOATHOOK_TEST_X", Some("/no/such/place".into())));
}
