//! What a site is made with, and how such sites are built, for sites that say neither.

mod info;
mod table;

pub(crate) use table::{Framework, adapter};

use crate::builder::{Builder, State};
use crate::configuration::Plan;
use crate::engine::Bench;
use crate::failure::Outcome;
use crate::log::section;
use std::path::Path;

/// What leaves a server rather than files, as the installed builder has it; the short list knows what
/// they leave when they are exported.
const SERVED: [&str; 1] = ["next"];

/// What the site in a folder of the checkout is made with: as the installed builder says, else as the
/// short list does. Static files without a package and without one of the known files are nothing.
pub(crate) async fn framework(bench: &Bench<'_>, folder: &Path) -> Outcome<Option<Framework>> {
    let listed = table::in_folder(&bench.space.repo, folder);
    let builder = Builder::of(&bench.of.cx.settings);
    let is_worth_it = listed.is_some() || folder.join("package.json").is_file();
    if !is_worth_it || builder.state() != State::Ready {
        return Ok(listed);
    }
    let mut room = bench.room();
    room.readable.push(builder.folder().to_owned());
    let script = info::script(builder.folder(), &bench.space.repo, folder);
    let status = bench.run(&room, &script, section::BUILD).await?;
    let known = if status.success() { info::answer(&bench.space.home) } else { None };
    Ok(known.filter(|known| !SERVED.contains(&known.name.as_str())).or(listed))
}

/// Fills in what neither the file nor the site's settings say: a folder that is named is published
/// without a command, and a command that is named still needs a folder.
pub(crate) fn adopt(plan: &mut Plan, found: &Framework) -> Outcome<()> {
    if plan.command.is_none() && !plan.publish_is_said {
        plan.command = Some(found.command.clone()).filter(|command| !command.is_empty());
    }
    if !plan.publish_is_said {
        let folder = found.publish.trim_start_matches('/');
        plan.publish = crate::configuration::inside("publish directory", &plan.home()?, folder)?;
    }
    plan.framework = Some(found.name.clone());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_stays() {
        let found = Framework { name: "hugo".into(), command: "hugo".into(), publish: "public".into() };
        for (command, publish, expect) in [
            (None, None, (Some("hugo"), "web/public")),
            (Some("make"), None, (Some("make"), "web/public")),
            (None, Some("out"), (None, "out")),
            (Some("make"), Some("out"), (Some("make"), "out")),
        ] {
            let mut plan = Plan {
                base: "web".into(),
                command: command.map(str::to_owned),
                publish: publish.unwrap_or("web").to_owned(),
                publish_is_said: publish.is_some(),
                ..Plan::default()
            };
            adopt(&mut plan, &found).expect("paths are fine");
            assert_eq!((plan.command.as_deref(), plan.publish.as_str()), expect);
            assert_eq!(plan.framework.as_deref(), Some("hugo"));
        }
    }
}
