//! Getting the repository: which addresses are let through, how Git is called and what it may reach, and
//! what is read of the commit.

mod access;
mod branch;
mod checkout;
mod commit;
mod deepen;
mod extras;
mod git;
mod home;
mod key;
mod object;
mod source;
mod tip;

pub(crate) use access::Access;
pub(crate) use branch::check_branch;
pub(crate) use checkout::{Wanted, checkout};
pub(crate) use commit::CommitInfo;
pub(crate) use deepen::deepen;
#[cfg(test)]
pub(crate) use extras::SUBMODULES_DEEP;
pub(crate) use source::Source;
pub(crate) use tip::tip_of_fork;
