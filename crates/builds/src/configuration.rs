//! How a site is built: `netlify.toml` of the commit over the settings of the site.

use crate::failure::{Failure, Outcome};
use model::BuildSettings as SiteSettings;
use rules::config::{BuildSettings, Config, MAX_CONFIG_BYTES, join_inside};
use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Name of the file.
pub(crate) const FILE: &str = "netlify.toml";

/// What one build does.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Plan {
    /// Folder the build runs in, from the root of the repository; empty for the root.
    pub(crate) base: String,
    /// Shell command.
    pub(crate) command: Option<String>,
    /// Folder that is deployed, from the root of the repository.
    pub(crate) publish: String,
    /// Variables of `netlify.toml`.
    pub(crate) environment: BTreeMap<String, String>,
    /// Text of `netlify.toml`, whose rules belong to the deploy.
    pub(crate) toml: Option<String>,
}

impl Plan {
    /// Reads the plan of a build in `context` of `branch` from the checkout. The file in the base
    /// directory counts before the one at the root.
    pub(crate) fn read(repo: &Path, site: &SiteSettings, context: &str, branch: &str) -> Outcome<Self> {
        let root = Toml::read(repo, "")?;
        let first = merge(site, root.as_ref().map(|toml| toml.config.resolve(context, branch)));
        let base = inside("base directory", "", first.base.as_deref().unwrap_or_default())?;
        let nested = if base.is_empty() { None } else { Toml::read(repo, &base)? };
        let toml = nested.or(root);
        let settings = merge(site, toml.as_ref().map(|toml| toml.config.resolve(context, branch)));
        Self::of(settings, base, toml.map(|toml| toml.text))
    }

    fn of(settings: BuildSettings, base: String, toml: Option<String>) -> Outcome<Self> {
        let publish = inside("publish directory", &base, settings.publish.as_deref().unwrap_or_default())?;
        Ok(Self { base, command: settings.command, publish, environment: settings.environment, toml })
    }
}

struct Toml {
    text: String,
    config: Config,
}

impl Toml {
    fn read(repo: &Path, folder: &str) -> Outcome<Option<Self>> {
        let Some(file) = real_file(repo, &repo.join(folder).join(FILE)) else { return Ok(None) };
        let mut text = String::new();
        let file = std::fs::File::open(file).map_err(Failure::disk)?;
        let read = file.take(MAX_CONFIG_BYTES as u64 + 1).read_to_string(&mut text);
        read.map_err(|_| Failure::build("netlify.toml is no UTF-8 text"))?;
        let config = Config::parse(&text).map_err(|error| Failure::Build(error.to_string()))?;
        Ok(Some(Self { text, config }))
    }
}

/// The file itself, if it is a regular one inside the checkout: a link may lead anywhere.
fn real_file(repo: &Path, file: &Path) -> Option<PathBuf> {
    let real = file.canonicalize().ok()?;
    (real.starts_with(repo) && real.is_file()).then_some(real)
}

fn inside(what: &str, base: &str, path: &str) -> Outcome<String> {
    join_inside(base, path)
        .map_err(|error| Failure::Build(format!("the {what} `{path}` cannot be used: {error}")))
}

/// The file over the site's settings.
fn merge(site: &SiteSettings, toml: Option<BuildSettings>) -> BuildSettings {
    let set = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
    let mut settings = toml.unwrap_or_default();
    settings.base = settings.base.or_else(|| set(&site.base));
    settings.command = settings.command.or_else(|| set(&site.cmd));
    let base = settings.base.clone().unwrap_or_default();
    settings.publish = settings.publish.or_else(|| set(&site.dir).map(|dir| from_root(&base, dir)));
    settings
}

/// Clients write the publish directory of a site with the base directory in front or without it;
/// with it, it is meant from the root of the repository.
fn from_root(base: &str, dir: String) -> String {
    let base = base.trim_matches('/');
    let rest = dir.strip_prefix(base).filter(|_| !base.is_empty());
    if rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) { format!("/{dir}") } else { dir }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(base: &str, cmd: &str, dir: &str) -> SiteSettings {
        let text = |t: &str| Some(t.to_owned());
        SiteSettings { base: text(base), cmd: text(cmd), dir: text(dir), ..SiteSettings::default() }
    }

    fn repo(files: &[(&str, &str)]) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().expect("a folder");
        let root = dir.path().canonicalize().expect("real");
        for (name, text) in files {
            let file = root.join(name);
            std::fs::create_dir_all(file.parent().expect("a parent")).expect("made");
            std::fs::write(file, text).expect("written");
        }
        (dir, root)
    }

    fn check(files: &[(&str, &str)], site: &SiteSettings, expect: (&str, Option<&str>, &str)) {
        let (_dir, root) = repo(files);
        let plan = Plan::read(&root, site, "production", "main").expect("a plan");
        assert_eq!((plan.base.as_str(), plan.command.as_deref(), plan.publish.as_str()), expect);
    }

    #[test]
    fn the_file_wins_over_the_site() {
        let toml =
            "[build]\ncommand = \"make\"\npublish = \"out\"\n[context.production]\ncommand = \"make prod\"\n";
        check(&[], &site("", "", ""), ("", None, ""));
        check(&[], &site("web", "npm run build", "web/dist"), ("web", Some("npm run build"), "web/dist"));
        check(&[], &site("web", "npm", "dist"), ("web", Some("npm"), "web/dist"));
        check(&[], &site("web", "npm", "/dist"), ("web", Some("npm"), "dist"));
        check(&[], &site("web", "npm", "website"), ("web", Some("npm"), "web/website"));
        check(&[("netlify.toml", toml)], &site("", "npm", "dist"), ("", Some("make prod"), "out"));
        check(&[("netlify.toml", toml)], &site("web", "npm", "dist"), ("web", Some("make prod"), "web/out"));
        check(
            &[("web/netlify.toml", toml)],
            &site("/web/", "npm", ""),
            ("web", Some("make prod"), "web/out"),
        );
        let nested =
            [("netlify.toml", "[build]\nbase = \"web\"\ncommand = \"x\""), ("web/netlify.toml", toml)];
        check(&nested, &site("", "", ""), ("web", Some("make prod"), "web/out"));
    }

    #[test]
    fn paths_that_lead_out_and_faulty_files_fail_the_build() {
        for (text, expect) in [
            ("[build]\npublish = \"../..\"", "publish directory"),
            ("[build]\nbase = \"../x\"", "base directory"),
            ("[build", "netlify.toml, line 1"),
        ] {
            let (_dir, root) = repo(&[("netlify.toml", text)]);
            let failure = Plan::read(&root, &site("", "", ""), "production", "main").err();
            assert!(matches!(&failure, Some(Failure::Build(why)) if why.contains(expect)), "{failure:?}");
        }
    }

    #[test]
    fn a_link_out_of_the_checkout_is_not_read() {
        let (_dir, root) = repo(&[]);
        let (_other, outside) = repo(&[("secret.toml", "[build]\ncommand = \"stolen\"")]);
        std::os::unix::fs::symlink(outside.join("secret.toml"), root.join(FILE)).expect("linked");
        let plan = Plan::read(&root, &site("", "", ""), "production", "main").expect("a plan");
        assert_eq!((plan.command, plan.toml), (None, None));
    }
}
