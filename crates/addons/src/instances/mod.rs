//! What sites have of add-ons: at most one instance of each. A claim keeps two calls that would change
//! one instance apart; it runs out by itself when the server dies.

mod callback;
mod claim;
mod create;
mod delete;
mod document;
mod list;
mod present;
mod show;
mod update;
mod variables;

pub use callback::{CALLBACK_MAX, callback};
pub use create::{INSTANCES_MAX, New, create};
pub use delete::delete;
pub use list::list;
pub use present::{Instance, present};
pub use show::show;
pub use update::{Update, update};
pub use variables::{Handed, handed, variables};

pub(crate) use delete::agreed as delete_agreed;
pub(crate) use document::Document;
pub(crate) use show::refresh;

use context::{Context, Error, Result};
use store::addon_instances::{self, InstanceRow, InstanceState};
use store::addons::AddonRow;
use store::sites::{self, SiteRow};
use store::{ChangeKind, Tx};

/// Says that what visitors get of the site is different from now on: its pages carry other snippets. A
/// transaction begins with it, since whoever deletes the site takes its row before those of its instances.
pub(crate) async fn site_changes(tx: &mut Tx, cx: &Context, site_id: &str) -> Result<()> {
    sites::touch(tx, site_id, cx.now()).await?;
    Ok(tx.changed(ChangeKind::Site, site_id, cx.now()).await?)
}

/// The instance of that id, of this add-on on this site.
///
/// # Errors
/// `NotFound`.
pub(crate) async fn of_site(cx: &Context, site: &SiteRow, addon: &AddonRow, id: &str) -> Result<InstanceRow> {
    let found = addon_instances::find(&mut cx.read().await?, id).await?;
    let ours = |row: &InstanceRow| {
        row.site_id == site.id && row.addon_id == addon.id && row.state != InstanceState::Asked
    };
    found.filter(ours).ok_or(Error::NotFound)
}
