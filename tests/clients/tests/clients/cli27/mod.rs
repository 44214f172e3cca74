//! netlify-cli 27.10.2, the release that users install today.

mod addons;
mod builds;
mod deploys;
mod env;
mod functions;
mod locks;
mod login;
mod sites;

use crate::support::{Cli, Login, Project, Server, Version};

/// The owner's command line.
fn owner(server: &Server) -> Cli<'_> {
    Cli::new(server, Version::V27, Login::Environment)
}

/// Links a project folder to a site the way `netlify link` leaves it.
fn mark_linked(project: &Project<'_>, site_id: &str) {
    project.write(".netlify/state.json", &serde_json::json!({ "siteId": site_id }).to_string());
}
