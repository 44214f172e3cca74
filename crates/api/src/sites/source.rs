//! What of a site's repository hangs on who asks: places on this machine's disk, which Git reads with the
//! server's own rights, are for the operator, and deploy keys for who may write in their account.

use crate::call::Call;
use context::Result;
use model::Scope;
use sites::Changes;

/// Says who asks for the changes.
pub(super) async fn say(call: &Call, changes: &mut Changes) -> Result<()> {
    let who = call.user()?;
    changes.by_operator = accounts::is_operator(&mut call.cx.read().await?, who).await?;
    changes.writes_in = who.accounts(Scope::Write).map(ToOwned::to_owned).collect();
    Ok(())
}
