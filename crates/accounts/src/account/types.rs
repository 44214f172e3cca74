//! The kinds of account there are: one, without limits and without a price.

use super::{TYPE_ID, TYPE_NAME, UNLIMITED};
use model::AccountType;
use serde_json::json;

/// Every account type.
#[must_use]
pub fn types() -> Vec<AccountType> {
    vec![AccountType {
        id: TYPE_ID.to_owned(),
        name: TYPE_NAME.to_owned(),
        description: "An account of this server, without limits and without a price".to_owned(),
        capabilities: json!({
            "sites": {"included": UNLIMITED},
            "collaborators": {"included": UNLIMITED},
        }),
        monthly_dollar_price: 0,
        yearly_dollar_price: 0,
        monthly_seats_addon_dollar_price: 0,
        yearly_seats_addon_dollar_price: 0,
    }]
}
