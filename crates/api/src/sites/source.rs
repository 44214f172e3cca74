//! Who may link what is on this machine's disk: Git reads it with the server's own rights, so it is
//! for the operator, unless the server is for one person or says otherwise.

use crate::call::Call;
use context::Result;

/// Whether the caller may link repositories of other machines alone.
pub(super) async fn only_remote(call: &Call) -> Result<bool> {
    if call.app.local_repositories {
        return Ok(false);
    }
    let mut db = call.cx.read().await?;
    Ok(!accounts::is_operator(&mut db, call.user()?).await?)
}
