//! `GET /sites`: sites of all the caller's accounts. Query: `name` (part of it), `filter`, `page`, `per_page`.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use crate::sites::show;
use store::sites::Filter;

pub(crate) async fn handle(call: Call) -> Outcome {
    let filter = Filter {
        user_id: Some(call.user()?.user_id.clone()),
        account_id: call.user()?.only_account.clone(),
        name: call.query("name").map(ToOwned::to_owned),
    };
    let sites = show::page(&call, &filter, call.page()).await?;
    Ok(Reply::list(&sites, call.page(), &call))
}
