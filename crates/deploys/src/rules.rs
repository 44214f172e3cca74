//! The rule files of a deploy, read once when it is made ready: their rules are kept beside the files
//! that are served, and every fault is told in the deploy's summary. Which rule applies to a request
//! is the edge's business.

use crate::edge_functions;
use crate::process::Blobs;
use context::{Context, Error, Result};
use rules::LineError;
use rules::deploy::{self, DeployRules, Fault, Part, Sources};
use serde_json::{Value, json};
use store::deploy_files::{Manifest, Served};

/// Whether a path is that of a file which configures the deploy: no visitor gets it.
pub(crate) fn configures(path: &str) -> bool {
    deploy::FILES.contains(&path)
}

/// Puts the rules of a deploy among what is served; messages for its summary.
///
/// # Errors
/// `Unprocessable` when the configuration declares edge functions; else when a blob cannot be read.
pub(crate) async fn read(
    cx: &Context,
    manifest: &Manifest,
    known: &Blobs,
    served: &mut Served,
) -> Result<Vec<Value>> {
    let files = Files { cx, manifest, known };
    let mut faults = Vec::new();
    let sources = Sources {
        redirects: files.text(deploy::REDIRECTS_FILE, Part::RedirectLines, &mut faults).await?,
        headers: files.text(deploy::HEADERS_FILE, Part::HeaderLines, &mut faults).await?,
        config: files.text(deploy::CONFIG_FILE, Part::Config, &mut faults).await?,
    };
    edge_functions::check_config(sources.config.as_deref())?;
    let parse = move || DeployRules::read(&sources);
    let (rules, more) = tokio::task::spawn_blocking(parse).await.map_err(Error::internal)?;
    faults.extend(more);
    if !rules.is_empty() {
        served.rules = serde_json::to_string(&rules).map_err(Error::internal)?;
    }
    Ok(messages(&rules, &faults))
}

/// The files of a deploy by path.
struct Files<'a> {
    cx: &'a Context,
    manifest: &'a Manifest,
    known: &'a Blobs,
}

impl Files<'_> {
    /// The text of a file, if the deploy has it and it is not too long.
    async fn text(&self, path: &str, part: Part, faults: &mut Vec<Fault>) -> Result<Option<String>> {
        let Some(blob) = self.manifest.files.get(path).and_then(|sha1| self.known.get(sha1)) else {
            return Ok(None);
        };
        if blob.size > deploy::MAX_FILE_BYTES as u64 {
            faults.push(Fault { part, errors: vec![deploy::too_long()] });
            return Ok(None);
        }
        let bytes = self.cx.blobs.get(&blob.blob).await?;
        Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
    }
}

fn messages(rules: &DeployRules, faults: &[Fault]) -> Vec<Value> {
    let of = |part: Part| faults.iter().any(|fault| fault.part == part || fault.part == Part::Config);
    let redirect_faults = of(Part::RedirectLines) || of(Part::RedirectEntries);
    let header_faults = of(Part::HeaderLines) || of(Part::HeaderEntries);
    let mut messages = vec![
        count("redirect", rules.redirects.len(), redirect_faults),
        count("header", rules.headers.len(), header_faults),
    ];
    messages.extend(faults.iter().map(message));
    messages
}

fn count(kind: &str, number: usize, faulty: bool) -> Value {
    let title = match number {
        0 => format!("No {kind} rules processed"),
        1 => format!("1 {kind} rule processed"),
        _ => format!("{number} {kind} rules processed"),
    };
    let description = match (number, faulty) {
        (_, true) => format!("Some {kind} rules could not be read and were left out."),
        (0, false) => format!("This deploy did not include any {kind} rules."),
        _ => format!("All {kind} rules deployed without errors."),
    };
    json!({ "type": "info", "title": title, "description": description, "details": "" })
}

fn message(fault: &Fault) -> Value {
    let (kind, title, unit) = match fault.part {
        Part::RedirectLines => ("warning", "Redirect rules in _redirects were left out", "Line"),
        Part::HeaderLines => ("warning", "Header rules in _headers were left out", "Line"),
        Part::RedirectEntries => ("warning", "Redirect rules in netlify.toml were left out", "Rule"),
        Part::HeaderEntries => ("warning", "Header rules in netlify.toml were left out", "Rule"),
        Part::Config => ("error", "netlify.toml could not be read", "Line"),
    };
    let line = |error: &LineError| format!("- {unit} {}: {}", error.line, error.message);
    let details: Vec<String> = fault.errors.iter().map(line).collect();
    let description = "What cannot be read is left out; everything else of this deploy is live.";
    json!({ "type": kind, "title": title, "description": description, "details": details.join("\n") })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn titles(redirects: &str, config: &str) -> Vec<String> {
        let sources =
            Sources { redirects: Some(redirects.to_owned()), headers: None, config: Some(config.to_owned()) };
        let (rules, faults) = DeployRules::read(&sources);
        let line = |message: &Value| {
            let text = |field: &str| message[field].as_str().unwrap_or_default().to_owned();
            [text("type"), text("title"), text("details")].join("|")
        };
        messages(&rules, &faults).iter().map(line).collect()
    }

    #[test]
    fn every_broken_line_is_told() {
        assert_eq!(
            titles("/a /b\n/c\n/d nowhere\n", ""),
            [
                "info|1 redirect rule processed|",
                "info|No header rules processed|",
                "warning|Redirect rules in _redirects were left out|- Line 2: the destination is missing\n\
                 - Line 3: the destination must begin with \"/\", \"http://\" or \"https://\"",
            ]
        );
    }

    #[test]
    fn an_unreadable_configuration_is_an_error() {
        let found = titles("/a /b\n/c /d", "[x\n");
        assert_eq!(found[0], "info|2 redirect rules processed|");
        assert!(found[2].starts_with("error|netlify.toml could not be read|- Line 1: "), "{found:?}");
    }

    #[test]
    fn counts_say_whether_all_is_well() {
        for (number, faulty, expect) in [
            (0, false, "This deploy did not include any header rules."),
            (2, false, "All header rules deployed without errors."),
            (0, true, "Some header rules could not be read and were left out."),
            (2, true, "Some header rules could not be read and were left out."),
        ] {
            assert_eq!(count("header", number, faulty)["description"], expect);
        }
    }

    #[test]
    fn rule_files_are_not_served() {
        for (path, expect) in
            [("/_redirects", true), ("/_headers", true), ("/netlify.toml", true), ("/a/_redirects", false)]
        {
            assert_eq!(configures(path), expect, "{path}");
        }
    }
}
