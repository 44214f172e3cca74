//! Operations on the members of an account.

pub(crate) mod add_member_to_account;
pub(crate) mod get_account_member;
pub(crate) mod list_members_for_account;
pub(crate) mod remove_account_member;
pub(crate) mod update_account_member;
