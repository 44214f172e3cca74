//! How far the token of a build reaches: a few operations, on its own site and its own deploy. Plugins
//! and build commands run foreign code, so everything else is refused whatever the role says.

use crate::call::Call;
use crate::routes::Route;
use accounts::Principal;
use context::{Error, Result};

/// What a build may do: look at its own site, report, and give up.
const OPERATIONS: [&str; 11] = [
    "cancelSiteDeploy",
    "createPluginRun",
    "getDeploy",
    "getLatestPluginRuns",
    "getSite",
    "getSiteBuild",
    "getSiteDeploy",
    "getSiteFileByPathName",
    "listSiteDeploys",
    "listSiteFiles",
    "searchSiteFunctions",
];
/// Those of them that write, and only to the deploy that the build makes.
const OF_ITS_DEPLOY: [&str; 2] = ["cancelSiteDeploy", "createPluginRun"];

/// Refuses operations that are none of a build's business.
pub(crate) fn check(route: &Route, who: Option<&Principal>) -> Result<()> {
    let is_build = who.is_some_and(|who| who.build.is_some());
    if !is_build || route.needs.scope().is_none() || OPERATIONS.contains(&route.id) {
        return Ok(());
    }
    Err(Error::Forbidden(format!("the token of a build may not call {}", route.id)))
}

/// Hides what belongs to other sites, and other deploys from what writes.
pub(crate) fn confine(route: &Route, call: &Call) -> Result<()> {
    let Some(reach) = call.who.as_ref().and_then(|who| who.build.as_ref()) else { return Ok(()) };
    let foreign = call.site.as_ref().is_some_and(|site| site.id != reach.site_id);
    let other = OF_ITS_DEPLOY.contains(&route.id)
        && call.deploy.as_ref().is_none_or(|deploy| deploy.id != reach.deploy_id);
    if foreign || other { Err(Error::NotFound) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ROUTES;

    #[test]
    fn every_operation_of_a_build_is_known_and_few_write() {
        let of_builds = ROUTES.iter().filter(|route| OPERATIONS.contains(&route.id));
        let writes = |route: &&crate::Route| route.needs.scope() > Some(model::Scope::Read);
        let mut writing: Vec<_> = of_builds.clone().filter(writes).map(|route| route.id).collect();
        writing.sort_unstable();
        assert_eq!((of_builds.count(), writing), (OPERATIONS.len(), OF_ITS_DEPLOY.to_vec()));
    }
}
