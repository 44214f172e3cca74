//! What a `netlify.toml` means for a build, context by context.

use serde_json::json;

use super::*;

const FULL: &str = r#"
[build]
base = "site"
command = "make"
publish = "dist"
functions = "fn"
ignore = "git diff --quiet"
unknown = [1, 2]
[build.environment]
A = "a"
N = 20
F = 1.5
B = true
[build.processing]
skip_processing = true
[build.processing.html]
pretty_urls = false

[functions]
node_bundler = "esbuild"
[functions."api_*"]
included_files = ["x"]

[[plugins]]
package = "one"
[plugins.inputs]
level = 1
deep = { a = 1, b = 2 }

[context.production]
command = "make prod"
publish = ""
environment = { A = "prod", P = "p" }
[[context.production.plugins]]
package = "two"
[[context.production.plugins]]
package = "one"
inputs = { deep = { b = 3 } }

[context.deploy-preview.build]
command = "make preview"

[context.production.functions]
directory = "prod-fn"

[context."feature/x"]
base = "x"
[context."feature/x".environment]
A = "x"

[[edge_functions]]
path = "/a"
function = "hello"
[[integrations]]
name = "own"
dev = { path = "./dist" }
"#;

fn full() -> Config {
    Config::parse(FULL).expect("the sample parses")
}

#[test]
fn build_table_without_a_context() {
    let settings = full().resolve("dev", "main");
    assert_eq!(settings.base.as_deref(), Some("site"));
    assert_eq!(settings.command.as_deref(), Some("make"));
    assert_eq!(settings.publish.as_deref(), Some("dist"));
    assert_eq!(settings.functions_dir.as_deref(), Some("fn"));
    assert_eq!(settings.ignore.as_deref(), Some("git diff --quiet"));
    assert_eq!(settings.functions["node_bundler"], "esbuild");
    let environment: Vec<_> = settings.environment.into_iter().collect();
    let expect = [("A", "a"), ("B", "true"), ("F", "1.5"), ("N", "20")];
    assert_eq!(environment, expect.map(|(key, value)| (key.to_owned(), value.to_owned())));
}

#[test]
fn context_overrides_build_and_empty_text_does_not() {
    let settings = full().resolve("production", "main");
    assert_eq!(settings.command.as_deref(), Some("make prod"));
    assert_eq!(settings.publish.as_deref(), Some("dist"));
    assert_eq!(settings.functions_dir.as_deref(), Some("prod-fn"));
    assert_eq!(settings.functions["node_bundler"], "esbuild");
    assert_eq!(settings.environment["A"], "prod");
    assert_eq!(settings.environment["P"], "p");
    assert_eq!(settings.environment["N"], "20");
}

#[test]
fn a_nested_build_table_in_a_context_counts() {
    let settings = full().resolve("deploy-preview", "any");
    assert_eq!(settings.command.as_deref(), Some("make preview"));
}

#[test]
fn the_branch_wins_over_the_context() {
    let settings = full().resolve("production", "feature/x");
    assert_eq!(settings.base.as_deref(), Some("x"));
    assert_eq!(settings.command.as_deref(), Some("make prod"));
    assert_eq!(settings.environment["A"], "x");
}

#[test]
fn plugins_are_merged_by_package() {
    let plugins = full().resolve("production", "main").plugins;
    let names: Vec<_> = plugins.iter().map(|plugin| plugin.package.as_str()).collect();
    assert_eq!(names, ["one", "two"]);
    assert_eq!(plugins[0].inputs, json!({"level": 1, "deep": {"a": 1, "b": 3}}));
    assert_eq!(plugins[1].inputs, json!({}));
    assert_eq!(full().resolve("dev", "main").plugins.len(), 1);
}

#[test]
fn free_tables_are_kept() {
    let config = full();
    assert_eq!(config.edge_functions(), [json!({"path": "/a", "function": "hello"})]);
    assert_eq!(config.integrations(), [json!({"name": "own", "dev": {"path": "./dist"}})]);
    assert_eq!(config.processing()["html"]["pretty_urls"], false);
    let names: Vec<_> = config.context_names().collect();
    assert_eq!(names, ["deploy-preview", "feature/x", "production"]);
}

#[test]
fn an_empty_file_sets_nothing() {
    let settings = Config::parse("").expect("parses").resolve("production", "main");
    assert_eq!(settings, BuildSettings { functions: json!({}), ..BuildSettings::default() });
}

#[test]
fn faulty_rules_do_not_fail_the_file() {
    let config = Config::parse("redirects = \"x\"\n[[headers]]\nfor = 1\n").expect("parses");
    let (rules, errors) = config.redirects();
    assert_eq!((rules.len(), errors.len()), (0, 1));
    let (rules, errors) = config.headers();
    assert_eq!((rules.len(), errors.len()), (0, 1));
}

#[test]
fn errors_name_line_and_cure() {
    for (text, line, hint) in [
        ("[build]\n\ncommand = 7\n", 3, "double quotes"),
        ("[build]\ncommand = make\n", 2, "double quotes"),
        ("\n[plugins]\npackage = \"a\"\n", 2, "two brackets"),
        ("[[plugins]]\ninputs = {}\n", 1, "package ="),
        ("[build.environment]\nA = [\"x\"]\n", 2, "environment values"),
        ("build = 1\n", 1, "[build]"),
        ("[build]\ncommand = \"a\"\ncommand = \"b\"\n", 3, "once"),
        ("[context.production]\ncommand = 1\n", 1, "double quotes"),
    ] {
        let error = Config::parse(text).expect_err(text);
        assert_eq!(error.line, line, "{text}: {error}");
        assert!(error.hint.contains(hint), "{text}: {error}");
    }
}

#[test]
fn the_length_limit_holds() {
    let longest = "#".repeat(MAX_CONFIG_BYTES);
    assert!(Config::parse(&longest).is_ok());
    assert!(Config::parse(&format!("{longest}#")).is_err());
}
