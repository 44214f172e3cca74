//! `listAccountAuditEvents`: the account's ledger of events, newest first.

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    let (query, log_type, page) = (call.query("query"), call.query("log_type"), call.page());
    let entries = accounts::audit::list(&call.cx, &call.account()?.id, query, log_type, page).await?;
    Ok(Reply::list(&entries, page, &call))
}
