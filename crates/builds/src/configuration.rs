//! How a site is built: `netlify.toml` of the commit over the settings of the site.

use crate::edge_functions::{has_files, refusal};
use crate::failure::{Failure, Outcome};
use model::BuildSettings as SiteSettings;
use rules::config::{BuildSettings, Config, MAX_CONFIG_BYTES, join_inside};
use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Name of the file.
pub(crate) const FILE: &str = "netlify.toml";
/// Where functions are when nobody says where.
const USUAL_FUNCTIONS: [&str; 2] = ["netlify/functions", "netlify-automatic-functions"];

/// What one build does. Folders are from the root of the repository, and empty for the root.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Plan {
    /// Folder the build runs in.
    pub(crate) base: String,
    /// The package of a monorepo, from the base directory; none when the site is no such package.
    pub(crate) package: Option<String>,
    /// Shell command.
    pub(crate) command: Option<String>,
    /// Folder that is deployed.
    pub(crate) publish: String,
    /// Whether the file or the site's settings name that folder.
    pub(crate) publish_is_said: bool,
    /// Folder of functions, where one is named or the usual one is there.
    pub(crate) functions: Option<String>,
    /// Folder where edge functions would be.
    pub(crate) edge_functions: String,
    /// Command that says whether there is anything to build.
    pub(crate) ignore: Option<String>,
    /// Build plugins.
    pub(crate) plugins: Vec<String>,
    /// Integrations that the file names.
    pub(crate) integrations: usize,
    /// What the site is made with, where that was found out.
    pub(crate) framework: Option<String>,
    /// Variables of `netlify.toml`.
    pub(crate) environment: BTreeMap<String, String>,
    /// Text of `netlify.toml`, whose rules belong to the deploy.
    pub(crate) toml: Option<String>,
    /// Where that file is on disk.
    pub(crate) file: Option<PathBuf>,
}

impl Plan {
    /// Reads the plan of a build in `context` of `branch` from the checkout. The file in the package
    /// counts before the one in the base directory, and that one before the one at the root.
    pub(crate) fn read(repo: &Path, site: &SiteSettings, context: &str, branch: &str) -> Outcome<Self> {
        let root = Toml::read(repo, "")?;
        let first = merge(site, root.as_ref().map(|toml| toml.config.resolve(context, branch)));
        let base = inside("base directory", "", first.base.as_deref().unwrap_or_default())?;
        let package = site.package_path.as_deref().filter(|path| !path.trim_matches(['/', '.']).is_empty());
        let package = package.map(|path| inside("package directory", "", path)).transpose()?;
        let home = inside("package directory", &base, package.as_deref().unwrap_or_default())?;
        let mut toml = None;
        for folder in [&home, &base].into_iter().filter(|folder| !folder.is_empty()) {
            toml = if toml.is_none() { Toml::read(repo, folder)? } else { toml };
        }
        let toml = toml.or(root);
        let settings = merge(site, toml.as_ref().map(|toml| toml.config.resolve(context, branch)));
        let usual = |folder: &str| inside("package directory", &home, folder);
        Self { edge_functions: usual(crate::edge_functions::FOLDER)?, package, ..Self::default() }
            .with(settings, base, &home, toml)
            .map(|plan| plan.with_usual_functions(repo, &home))
    }

    fn with(self, settings: BuildSettings, base: String, home: &str, toml: Option<Toml>) -> Outcome<Self> {
        let named = |what: &str, path: &Option<String>| {
            path.as_deref().map(|path| inside(what, &base, path)).transpose()
        };
        let publish = named("publish directory", &settings.publish)?;
        let edge_functions = named("edge functions directory", &settings.edge_functions_dir)?;
        Ok(Self {
            publish_is_said: publish.is_some(),
            publish: publish.unwrap_or_else(|| home.to_owned()),
            functions: named("functions directory", &settings.functions_dir)?,
            edge_functions: edge_functions.unwrap_or(self.edge_functions),
            base,
            command: settings.command,
            ignore: settings.ignore,
            plugins: settings.plugins.into_iter().map(|plugin| plugin.package).collect(),
            integrations: toml.as_ref().map_or(0, |toml| toml.config.integrations().len()),
            environment: settings.environment,
            file: toml.as_ref().map(|toml| toml.file.clone()),
            toml: toml.map(|toml| toml.text),
            ..self
        })
    }

    fn with_usual_functions(mut self, repo: &Path, home: &str) -> Self {
        let usual = USUAL_FUNCTIONS.iter().filter_map(|folder| join_inside(home, folder).ok());
        let mut there = usual.filter(|folder| has_files(&repo.join(folder)));
        self.functions = self.functions.take().or_else(|| there.next());
        self
    }

    /// Folder of the package, or the base directory where there is none.
    pub(crate) fn home(&self) -> Outcome<String> {
        inside("package directory", &self.base, self.package.as_deref().unwrap_or_default())
    }

    /// Fails the build of a site with edge functions.
    pub(crate) fn refuse_edge_functions(&self, repo: &Path) -> Outcome<()> {
        let config = self.toml.as_deref().and_then(|text| Config::parse(text).ok());
        match refusal(repo, &self.edge_functions, config.as_ref()) {
            Some(why) => Err(Failure::Build(why)),
            None => Ok(()),
        }
    }
}

struct Toml {
    file: PathBuf,
    text: String,
    config: Config,
}

impl Toml {
    fn read(repo: &Path, folder: &str) -> Outcome<Option<Self>> {
        let Some(file) = real_file(repo, &repo.join(folder).join(FILE)) else { return Ok(None) };
        let mut text = String::new();
        let opened = std::fs::File::open(&file).map_err(Failure::disk)?;
        let read = opened.take(MAX_CONFIG_BYTES as u64 + 1).read_to_string(&mut text);
        read.map_err(|_| Failure::build("netlify.toml is no UTF-8 text"))?;
        let config = Config::parse(&text).map_err(|error| Failure::Build(error.to_string()))?;
        Ok(Some(Self { file, text, config }))
    }
}

/// The file itself, if it is a regular one inside the checkout: a link may lead anywhere.
fn real_file(repo: &Path, file: &Path) -> Option<PathBuf> {
    let real = file.canonicalize().ok()?;
    (real.starts_with(repo) && real.is_file()).then_some(real)
}

pub(crate) fn inside(what: &str, base: &str, path: &str) -> Outcome<String> {
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
    let functions = || set(&site.functions_dir).map(|dir| from_root(&base, dir));
    settings.functions_dir = settings.functions_dir.or_else(functions);
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
    fn a_package_of_a_monorepo_has_its_own_file_and_functions() {
        let (_dir, root) = repo(&[
            ("netlify.toml", "[build]\ncommand = \"root\""),
            (
                "apps/shop/netlify.toml",
                "[build]\ncommand = \"shop\"\nignore = \"true\"\n[[plugins]]\npackage = \"a\"",
            ),
            ("apps/shop/netlify/functions/f.js", ""),
        ]);
        let settings = |path: &str| SiteSettings { package_path: Some(path.into()), ..site("", "", "") };
        let plan = Plan::read(&root, &settings("/apps/shop"), "production", "main").expect("a plan");
        assert_eq!((plan.base.as_str(), plan.package.as_deref()), ("", Some("apps/shop")));
        assert_eq!((plan.command.as_deref(), plan.publish.as_str()), (Some("shop"), "apps/shop"));
        assert_eq!(plan.functions.as_deref(), Some("apps/shop/netlify/functions"));
        assert_eq!((plan.plugins.as_slice(), plan.ignore.as_deref()), (&["a".to_owned()][..], Some("true")));
        assert_eq!(plan.edge_functions, "apps/shop/netlify/edge-functions");
        let plan = Plan::read(&root, &settings("."), "production", "main").expect("a plan");
        assert_eq!((plan.command.as_deref(), plan.package), (Some("root"), None));
        assert!(Plan::read(&root, &settings("../x"), "production", "main").is_err());
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
