//! What is not packages of Node: the versions of languages and programs that a site asks for, and the
//! packages of the other languages.

use super::{Stated, Step, Steps, is_installed, node};
use crate::builder::version_of;

/// A language or program whose version a site may ask for.
struct Language {
    name: &'static str,
    /// The variable that asks, and the files.
    variable: &'static str,
    files: &'static [&'static str],
    /// What it is called on the machine, and how it tells its version.
    program: &'static str,
    tells: &'static str,
    /// Debian's package.
    package: &'static str,
    /// Parts of a version that must be the same.
    parts: usize,
}

const LANGUAGES: [Language; 5] = [
    Language {
        name: "Python",
        variable: "PYTHON_VERSION",
        files: &["runtime.txt", ".python-version"],
        program: "python3",
        tells: "--version",
        package: "python3 python3-venv",
        parts: 2,
    },
    Language {
        name: "Ruby",
        variable: "RUBY_VERSION",
        files: &[".ruby-version"],
        program: "ruby",
        tells: "--version",
        package: "ruby",
        parts: 2,
    },
    Language {
        name: "PHP",
        variable: "PHP_VERSION",
        files: &[],
        program: "php",
        tells: "--version",
        package: "php-cli",
        parts: 2,
    },
    Language {
        name: "Go",
        variable: "GO_VERSION",
        files: &[".go-version"],
        program: "go",
        tells: "version",
        package: "golang-go",
        parts: 2,
    },
    Language {
        name: "Hugo",
        variable: "HUGO_VERSION",
        files: &[],
        program: "hugo",
        tells: "version",
        package: "hugo",
        parts: 2,
    },
];

/// Packages of a language: the file that asks, the program that is needed, Debian's package for that,
/// and the command.
struct Packages {
    file: &'static str,
    program: &'static str,
    package: &'static str,
    command: &'static str,
}

const VENV_FIRST: &str = r#"python3 -m venv "$HOME/.venv" && "#;
const PACKAGES: [Packages; 4] = [
    Packages {
        file: "requirements.txt",
        program: "python3",
        package: "python3 python3-venv",
        command: r#""$HOME/.venv/bin/pip" install --disable-pip-version-check -r requirements.txt"#,
    },
    Packages {
        file: "Pipfile",
        program: "python3",
        package: "python3 python3-venv",
        command: r#""$HOME/.venv/bin/pip" install --disable-pip-version-check --quiet pipenv && PIPENV_VERBOSITY=-1 VIRTUAL_ENV="$HOME/.venv" "$HOME/.venv/bin/pipenv" install"#,
    },
    Packages {
        file: "Gemfile",
        program: "bundle",
        package: "ruby-bundler ruby-dev build-essential",
        command: r#"bundle config set --local path "$HOME/.gem/bundle" && bundle install"#,
    },
    Packages {
        file: "composer.json",
        program: "composer",
        package: "composer",
        command: "composer install --no-interaction",
    },
];

/// A program of the machine that brings dependencies, for the operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Program {
    /// What it is called.
    pub name: &'static str,
    /// The file of a repository that asks for it.
    pub file: &'static str,
    /// Debian's packages of it.
    pub package: &'static str,
    /// Whether builds find it.
    pub is_there: bool,
}

/// The programs that bring dependencies of other languages than JavaScript.
#[must_use]
pub fn programs() -> Vec<Program> {
    let program = |one: &Packages| Program {
        name: one.program,
        file: one.file,
        package: one.package,
        is_there: is_installed(one.program),
    };
    let mut all: Vec<Program> = PACKAGES.iter().map(program).collect();
    all.dedup_by_key(|one| one.name);
    all
}

/// Everything that the site asks for of this.
pub(super) async fn steps(stated: &Stated<'_>) -> Steps {
    let mut steps = Steps::default();
    // to ask costs a process, which is much for a site that asks for no version
    if node::wanted(stated).is_some()
        && let Some(has) = version_of("node", "--version").await
    {
        steps.commands.extend(node::step(stated, &has));
    }
    for language in &LANGUAGES {
        let Some((wanted, place)) = wanted(language, stated) else { continue };
        let has = version_of(language.program, language.tells).await;
        steps.notices.extend(judge(language, &wanted, place, has.as_deref()));
    }
    packages(stated, &is_installed, &mut steps);
    steps
}

fn wanted(language: &Language, stated: &Stated<'_>) -> Option<(String, &'static str)> {
    if let Some(version) = stated.variable(language.variable) {
        return Some((version.to_owned(), language.variable));
    }
    language.files.iter().find_map(|name| Some((stated.line(name)?, *name)))
}

/// What the log says when the machine has another version than is asked for, or none.
fn judge(language: &Language, wanted: &str, place: &str, has: Option<&str>) -> Option<String> {
    let name = language.name;
    let Some(has) = has else {
        return Some(format!(
            "The site asks for {name} {wanted} ({place}), and this server has none; its operator can install it: apt-get install {}",
            language.package
        ));
    };
    let numbers = |text: &str| -> Vec<u32> {
        let from = text.find(|letter: char| letter.is_ascii_digit()).unwrap_or(text.len());
        let version = text[from..].split(|letter: char| !letter.is_ascii_digit() && letter != '.').next();
        version
            .unwrap_or_default()
            .split('.')
            .map_while(|part| part.parse().ok())
            .take(language.parts)
            .collect()
    };
    let (asked, there) = (numbers(wanted), numbers(has));
    let differs = asked.iter().zip(&there).any(|(asked, there)| asked != there);
    differs.then(|| {
        format!("The site asks for {name} {wanted} ({place}); this server has {}, which is used.", has.trim())
    })
}

fn packages(stated: &Stated<'_>, installed: &dyn Fn(&str) -> bool, steps: &mut Steps) {
    let mut venv = false;
    for one in PACKAGES.iter().filter(|one| stated.folder.join(one.file).is_file()) {
        let is_python = one.program == "python3";
        if is_python && venv {
            continue;
        }
        venv |= is_python;
        if !installed(one.program) {
            steps.notices.push(format!(
                "There is a {}, but this server has no {}, so that it is left alone; its operator can install it: apt-get install {}",
                one.file, one.program, one.package
            ));
            continue;
        }
        let first = if is_python { VENV_FIRST } else { "" };
        steps.commands.push(Step::must(format!("{first}{}", one.command)));
    }
}

#[cfg(test)]
pub(super) fn judged(name: &str, wanted: &str, has: Option<&str>) -> Option<String> {
    let language = LANGUAGES.iter().find(|one| one.name == name).expect("a language of the table");
    judge(language, wanted, language.variable, has)
}

#[cfg(test)]
pub(super) fn packages_of(stated: &Stated<'_>, programs: &[&str]) -> (Vec<String>, Vec<String>) {
    let mut steps = Steps::default();
    packages(stated, &|program| programs.contains(&program), &mut steps);
    (steps.commands.into_iter().map(|step| step.command).collect(), steps.notices)
}
