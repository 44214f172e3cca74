//! Which engine carries a build out, and why. Pure: what the site wants is handed in.

use super::Kind;
use model::BuildEngine;

/// What a site wants of its build beside a command and files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wants {
    /// Packages of its build plugins.
    pub(crate) plugins: Vec<String>,
    /// Folder of its functions, when there are any.
    pub(crate) functions: Option<String>,
    /// A dependency that makes functions while the site is built.
    pub(crate) adapter: Option<String>,
    /// Integrations that `netlify.toml` names.
    pub(crate) integrations: usize,
}

/// The engine, and what the log says about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) kind: Kind,
    /// Why this one.
    pub(crate) why: String,
    /// What the site wants that this engine does not do.
    pub(crate) lacking: Option<String>,
}

/// Chooses. What the site's setting asks for is done, even where it leaves something out.
pub(crate) fn choose(asked: BuildEngine, wants: &Wants) -> Choice {
    let wanted = wants.words();
    match (asked, wanted) {
        (BuildEngine::Native, lacking) => {
            Choice { kind: Kind::Native, why: "the site's setting asks for it".to_owned(), lacking }
        }
        (BuildEngine::NetlifyBuild, _) => {
            Choice { kind: Kind::Netlify, why: "the site's setting asks for it".to_owned(), lacking: None }
        }
        (BuildEngine::Auto, Some(wanted)) => {
            Choice { kind: Kind::Netlify, why: format!("the site has {wanted}"), lacking: None }
        }
        (BuildEngine::Auto, None) => Choice {
            kind: Kind::Native,
            why: "the site has no plugins, integrations or functions".to_owned(),
            lacking: None,
        },
    }
}

impl Wants {
    fn words(&self) -> Option<String> {
        let plugins = match self.plugins.as_slice() {
            [] => None,
            [one] => Some(format!("the build plugin {one}")),
            several => Some(format!("the build plugins {}", several.join(", "))),
        };
        let functions = self.functions.as_ref().map(|folder| format!("functions in `{folder}`"));
        let adapter = self.adapter.as_ref().map(|name| format!("{name}, which makes functions"));
        let integrations = (self.integrations > 0).then(|| "integrations".to_owned());
        let all: Vec<String> = [plugins, functions, adapter, integrations].into_iter().flatten().collect();
        (!all.is_empty()).then(|| all.join(", and "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_simplest_engine_that_does_it_all_is_chosen() {
        let text = |text: &str| Some(text.to_owned());
        let none = Wants::default();
        let one = Wants { plugins: vec!["a".into()], ..Wants::default() };
        let full = Wants {
            plugins: vec!["a".into(), "./b".into()],
            functions: text("fn"),
            adapter: text("@astrojs/netlify"),
            integrations: 1,
        };
        let functions = Wants { functions: text("netlify/functions"), ..Wants::default() };
        let all = "the build plugins a, ./b, and functions in `fn`, and @astrojs/netlify, which makes functions, and integrations";
        for (asked, wants, kind, why, lacking) in [
            (
                BuildEngine::Auto,
                &none,
                Kind::Native,
                "the site has no plugins, integrations or functions".to_owned(),
                None,
            ),
            (BuildEngine::Auto, &one, Kind::Netlify, "the site has the build plugin a".to_owned(), None),
            (
                BuildEngine::Auto,
                &functions,
                Kind::Netlify,
                "the site has functions in `netlify/functions`".to_owned(),
                None,
            ),
            (BuildEngine::Auto, &full, Kind::Netlify, format!("the site has {all}"), None),
            (BuildEngine::Native, &none, Kind::Native, "the site's setting asks for it".to_owned(), None),
            (
                BuildEngine::Native,
                &full,
                Kind::Native,
                "the site's setting asks for it".to_owned(),
                Some(all.to_owned()),
            ),
            (
                BuildEngine::NetlifyBuild,
                &none,
                Kind::Netlify,
                "the site's setting asks for it".to_owned(),
                None,
            ),
        ] {
            assert_eq!(choose(asked, wants), Choice { kind, why, lacking }, "{asked:?} {wants:?}");
        }
    }
}
