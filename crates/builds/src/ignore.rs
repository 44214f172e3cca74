//! The `ignore` command of `netlify.toml`: it says whether a commit changes anything that is built.

use crate::engine::Bench;
use crate::failure::{Failure, Outcome};
use crate::log::section;

/// What a deploy says whose commit need not be built, in the hosted service's words.
pub(crate) const NOTHING_NEW: &str = "Canceled build due to no content change";

/// The variable by which a command compares; without an earlier build it names the commit itself, and
/// nothing would ever be built.
const EARLIER: &str = "CACHED_COMMIT_REF";

/// Runs the command, if there is one; exit code 0 skips the build.
pub(crate) async fn judge(bench: &Bench<'_>) -> Outcome<()> {
    let Some(command) = &bench.plan.ignore else { return Ok(()) };
    if command.contains(EARLIER) && bench.environment.get(EARLIER) == bench.environment.get("COMMIT_REF") {
        let notice = "There is no earlier commit to compare with: the ignore command is not asked.";
        bench.watch.log.say(section::BUILD, notice).await;
        return Ok(());
    }
    let status = bench.shell(command, section::BUILD).await?;
    let code = status.code().map_or_else(|| "a signal".to_owned(), |code| format!("exit code {code}"));
    if status.success() {
        bench
            .watch
            .log
            .say(section::BUILD, "The ignore command ended with exit code 0: nothing is built.")
            .await;
        return Err(Failure::Skipped(NOTHING_NEW.to_owned()));
    }
    bench
        .watch
        .log
        .say(section::BUILD, format!("The ignore command ended with {code}: the build goes on."))
        .await;
    Ok(())
}
