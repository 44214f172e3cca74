//! Operations on environment variables.

pub(crate) mod create_env_vars;
pub(crate) mod delete_env_var;
pub(crate) mod delete_env_var_value;
pub(crate) mod get_env_var;
pub(crate) mod get_env_vars;
pub(crate) mod get_site_env_vars;
pub(crate) mod set_env_var_value;
pub(crate) mod update_env_var;

use crate::call::Call;
use accounts::env::Filter;
use context::Result;

/// What a query asks for: `context_name` once, or `context_name[]` several times; and `scope`.
fn filter(call: &Call) -> Result<Filter> {
    let mut names = call.query_all("context_name");
    names.extend(call.query_all("context_name[]"));
    Filter::parse(&names, call.query("scope"))
}
