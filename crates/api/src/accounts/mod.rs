//! Operations on accounts.

pub(crate) mod cancel_account;
pub(crate) mod create_account;
pub(crate) mod get_account;
pub(crate) mod list_account_audit_events;
pub(crate) mod list_account_types_for_user;
pub(crate) mod list_accounts_for_user;
pub(crate) mod update_account;
