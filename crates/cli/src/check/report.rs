//! Findings as people and programs read them.

use super::finding::{Finding, Outcome};
use crate::screen::Screen;
use reqwest::Url;
use serde_json::json;
use std::io::Write;
use std::process::ExitCode;

/// Writes the report, as a table or as JSON; the exit code says whether nothing failed.
pub(crate) fn report(
    url: &Url,
    findings: &[Finding],
    as_json: bool,
    out: &mut dyn Write,
) -> anyhow::Result<ExitCode> {
    let failed = findings.iter().filter(|finding| finding.outcome == Outcome::Fail).count();
    if as_json {
        let report = json!({ "url": url.as_str(), "passed": failed == 0, "findings": findings });
        writeln!(out, "{report:#}")?;
    } else {
        show(findings, failed, &mut Screen::new(out))?;
    }
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn show(findings: &[Finding], failed: usize, screen: &mut Screen<'_>) -> anyhow::Result<()> {
    let width = findings.iter().map(|finding| finding.check.len()).max().unwrap_or_default();
    for finding in findings {
        let (mark, check, said) = (finding.outcome.mark(), finding.check, &finding.said);
        screen.line(format!("{mark:<7} {check:<width$}  {said}"))?;
        if let Some(advice) = finding.advice {
            screen.line(format!("        -> {advice}"))?;
        }
    }
    let advice = findings.iter().filter(|finding| finding.outcome == Outcome::Advice).count();
    let passed = findings.len() - failed - advice;
    screen.step(format!("{passed} passed, {failed} failed, {advice} with advice"))?;
    Ok(())
}
