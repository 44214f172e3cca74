//! What build plugins report of themselves, kept with the deploy that they ran for.

use context::{Context, Error, Result};
use model::PluginRun;
use store::deploys::DeployRow;
use store::plugin_runs;

/// Reports of one deploy.
pub const RUNS_MAX: i64 = 200;
/// Bytes of one of a report's short texts.
pub const WORD_MAX: usize = 256;
/// Bytes of its title and summary.
pub const LINE_MAX: usize = 4096;
/// Bytes of its text.
pub const TEXT_MAX: usize = 64 * 1024;

/// Keeps a report (`createPluginRun`).
///
/// # Errors
/// `Unprocessable` for a report without a package, a text that is too long, or one too many.
pub async fn record(cx: &Context, deploy: &DeployRow, said: PluginRun) -> Result<PluginRun> {
    let run = PluginRun { deploy_id: deploy.id.clone(), ..said };
    check(&run)?;
    let mut tx = cx.begin().await?;
    if plugin_runs::count(&mut tx, &deploy.id).await? >= RUNS_MAX {
        return Err(Error::Unprocessable(format!("a deploy keeps {RUNS_MAX} reports of plugins")));
    }
    plugin_runs::insert(&mut tx, &deploy.site_id, &run, cx.now()).await?;
    tx.commit().await?;
    Ok(run)
}

/// The reports of a deploy, oldest first.
///
/// # Errors
/// When the database fails.
pub async fn of_deploy(cx: &Context, deploy_id: &str) -> Result<Vec<PluginRun>> {
    let mut db = cx.read().await?;
    Ok(plugin_runs::of_deploy(&mut db, deploy_id).await?)
}

/// The newest report of each package on a site, in this state where one is given
/// (`getLatestPluginRuns`).
///
/// # Errors
/// `Invalid` for more than [`RUNS_MAX`] packages.
pub async fn latest(
    cx: &Context,
    site_id: &str,
    packages: &[&str],
    state: Option<&str>,
) -> Result<Vec<PluginRun>> {
    if packages.len() as i64 > RUNS_MAX {
        return Err(Error::Invalid(format!("ask for at most {RUNS_MAX} packages")));
    }
    let mut db = cx.read().await?;
    let mut out = Vec::new();
    for package in packages {
        out.extend(plugin_runs::latest(&mut db, site_id, package, state).await?);
    }
    Ok(out)
}

fn check(run: &PluginRun) -> Result<()> {
    if run.package.is_empty() || run.state.is_empty() {
        return Err(Error::Unprocessable("a report names its package and its state".to_owned()));
    }
    let texts = [
        ("package", Some(&run.package), WORD_MAX),
        ("state", Some(&run.state), WORD_MAX),
        ("version", run.version.as_ref(), WORD_MAX),
        ("reporting_event", run.reporting_event.as_ref(), WORD_MAX),
        ("title", run.title.as_ref(), LINE_MAX),
        ("summary", run.summary.as_ref(), LINE_MAX),
        ("text", run.text.as_ref(), TEXT_MAX),
    ];
    match texts.iter().find(|(_, text, limit)| text.is_some_and(|text| text.len() > *limit)) {
        Some((name, _, limit)) => Err(Error::Unprocessable(format!("{name} has more than {limit} bytes"))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_are_bounded() {
        let run = || PluginRun { package: "p".into(), state: "success".into(), ..PluginRun::default() };
        assert!(check(&run()).is_ok());
        assert!(check(&PluginRun { text: Some("x".repeat(TEXT_MAX)), ..run() }).is_ok());
        for bad in [
            PluginRun::default(),
            PluginRun { package: "x".repeat(WORD_MAX + 1), ..run() },
            PluginRun { title: Some("x".repeat(LINE_MAX + 1)), ..run() },
            PluginRun { text: Some("x".repeat(TEXT_MAX + 1)), ..run() },
        ] {
            assert!(matches!(check(&bad), Err(Error::Unprocessable(_))), "{bad:?}");
        }
    }
}
