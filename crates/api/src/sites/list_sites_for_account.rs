//! `GET /{account_slug}/sites`: sites of one account. Query: `name`, `page`, `per_page`.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use crate::sites::show;
use store::sites::Filter;

pub(crate) async fn handle(call: Call) -> Outcome {
    let filter = Filter {
        user_id: None,
        account_id: Some(call.account()?.id.clone()),
        name: call.query("name").map(ToOwned::to_owned),
    };
    let sites = show::page(&call, &filter, call.page()).await?;
    Ok(Reply::list(&sites, call.page(), &call))
}
