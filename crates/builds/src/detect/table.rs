//! The well-known site generators, told by the packages and files they need. The short list that
//! works on every machine; where the builder is installed, `@netlify/build-info` knows more.

use crate::install::{Runner, runner};
use serde_json::Value;
use std::path::Path;

/// Bytes of a `package.json` that is looked at.
const PACKAGE_MAX: u64 = 1 << 20;

/// How sites of one kind are built.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Framework {
    /// Its name, as clients report it.
    pub(crate) name: String,
    /// Command; empty for none.
    pub(crate) command: String,
    /// Folder that it leaves, from the base or package directory.
    pub(crate) publish: String,
}

/// A generator: name, package that it needs, its own command, the folder that it leaves. One that is
/// built on another stands before it.
const BY_PACKAGE: [(&str, &str, &str, &str); 17] = [
    ("astro", "astro", "astro build", "dist"),
    ("eleventy", "@11ty/eleventy", "eleventy", "_site"),
    ("gatsby", "gatsby", "gatsby build", "public"),
    ("docusaurus", "@docusaurus/core", "docusaurus build", "build"),
    ("vitepress", "vitepress", "vitepress build", ".vitepress/dist"),
    ("vuepress", "vuepress", "vuepress build", ".vuepress/dist"),
    ("nuxt", "nuxt", "nuxt generate", "dist"),
    ("next", "next", "next build", "out"),
    ("svelte-kit", "@sveltejs/kit", "vite build", "build"),
    ("remix", "@remix-run/dev", "remix vite:build", "build/client"),
    ("hexo", "hexo", "hexo generate", "public"),
    ("metalsmith", "metalsmith", "metalsmith", "build"),
    ("create-react-app", "react-scripts", "react-scripts build", "build"),
    ("vue", "@vue/cli-service", "vue-cli-service build", "dist"),
    ("angular", "@angular/cli", "ng build", "dist"),
    ("parcel", "parcel", "parcel build", "dist"),
    ("vite", "vite", "vite build", "dist"),
];
/// The same by files, of which all must be there.
const BY_FILES: [(&str, &[&str], &str, &str); 7] = [
    ("hugo", &["hugo.toml"], "hugo", "public"),
    ("hugo", &["hugo.yaml"], "hugo", "public"),
    ("hugo", &["config.toml", "archetypes"], "hugo", "public"),
    ("jekyll", &["_config.yml", "Gemfile"], "bundle exec jekyll build", "_site"),
    ("jekyll", &["_config.yml"], "jekyll build", "_site"),
    ("mkdocs", &["mkdocs.yml"], "mkdocs build", "site"),
    ("zola", &["config.toml", "templates"], "zola build", "public"),
];
/// Packages that make functions while a site is built.
const ADAPTERS: [&str; 6] = [
    "@astrojs/netlify",
    "@netlify/plugin-nextjs",
    "@netlify/remix-adapter",
    "@netlify/vite-plugin-react-router",
    "@sveltejs/adapter-netlify",
    "gatsby-adapter-netlify",
];

/// What the site in a folder is made with. The files of a generator count before its package, and a
/// package's own `build` script before the generator's command.
pub(super) fn in_folder(repo: &Path, folder: &Path) -> Option<Framework> {
    let package = package(folder);
    let by_files = || {
        let fits = |files: &&[&str]| files.iter().all(|file| folder.join(file).exists());
        BY_FILES.iter().find(|(_, files, ..)| fits(files)).map(|(name, _, command, publish)| Framework {
            name: (*name).into(),
            command: (*command).into(),
            publish: (*publish).into(),
        })
    };
    package.as_ref().and_then(|package| by_package(package, runner(repo, folder))).or_else(by_files)
}

fn by_package(package: &Value, runner: Runner) -> Option<Framework> {
    let (name, _, command, publish) = BY_PACKAGE.iter().find(|(_, needs, ..)| depends(package, needs))?;
    let command = match package["scripts"]["build"].is_string() {
        true => format!("{} build", runner.script),
        false => format!("{} {command}", runner.program),
    };
    Some(Framework { name: (*name).into(), command, publish: (*publish).into() })
}

/// The package of this folder that makes functions while it is built.
pub(crate) fn adapter(folder: &Path) -> Option<String> {
    let package = package(folder)?;
    ADAPTERS.iter().find(|name| depends(&package, name)).map(|name| (*name).to_owned())
}

fn depends(package: &Value, name: &str) -> bool {
    ["dependencies", "devDependencies"].iter().any(|kind| package[*kind].get(name).is_some())
}

fn package(folder: &Path) -> Option<Value> {
    let file = folder.join("package.json");
    let about = file.symlink_metadata().ok()?;
    if !about.is_file() || about.len() > PACKAGE_MAX {
        return None;
    }
    serde_json::from_slice(&std::fs::read(file).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(files: &[(&str, &str)], expect: Option<(&str, &str, &str)>) {
        let dir = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            let file = dir.path().join(name);
            std::fs::create_dir_all(file.parent().expect("a parent")).expect("made");
            std::fs::write(file, text).expect("written");
        }
        let found = in_folder(dir.path(), dir.path());
        let found = found.as_ref().map(|f| (f.name.as_str(), f.command.as_str(), f.publish.as_str()));
        assert_eq!(found, expect, "{files:?}");
    }

    #[test]
    fn generators_are_known_by_packages_and_files() {
        let astro = r#"{"dependencies":{"astro":"5","vite":"7"},"scripts":{"build":"astro build"}}"#;
        check(&[("package.json", astro)], Some(("astro", "npm run build", "dist")));
        let eleventy = r#"{"devDependencies":{"@11ty/eleventy":"3"}}"#;
        check(&[("package.json", eleventy)], Some(("eleventy", "npx eleventy", "_site")));
        let of = |lock: &'static str| [("package.json", astro), (lock, "")];
        check(&of("yarn.lock"), Some(("astro", "yarn run build", "dist")));
        check(&of("bun.lock"), Some(("astro", "bun run build", "dist")));
        check(
            &[("package.json", eleventy), ("pnpm-lock.yaml", "")],
            Some(("eleventy", "pnpm exec eleventy", "_site")),
        );
        check(&[("hugo.toml", "")], Some(("hugo", "hugo", "public")));
        check(&[("_config.yml", ""), ("Gemfile", "")], Some(("jekyll", "bundle exec jekyll build", "_site")));
        check(&[("_config.yml", "")], Some(("jekyll", "jekyll build", "_site")));
        check(&[("mkdocs.yml", "")], Some(("mkdocs", "mkdocs build", "site")));
        check(&[("config.toml", ""), ("templates/x", "")], Some(("zola", "zola build", "public")));
        for none in
            [vec![("index.html", "")], vec![("package.json", "{}")], vec![("package.json", "no JSON")]]
        {
            check(&none, None);
        }
    }

    #[test]
    fn packages_that_make_functions_are_known() {
        let dir = tempfile::tempdir().expect("a folder");
        assert_eq!(adapter(dir.path()), None);
        let text = r#"{"dependencies":{"@astrojs/netlify":"6","astro":"5"}}"#;
        std::fs::write(dir.path().join("package.json"), text).expect("written");
        assert_eq!(adapter(dir.path()).as_deref(), Some("@astrojs/netlify"));
    }
}
