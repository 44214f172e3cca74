//! Getting the repository: which addresses are let through, how Git is called, and what is read of
//! the commit.

mod branch;
mod checkout;
mod commit;
mod deepen;
mod extras;
mod git;
mod key;
mod object;
mod source;

pub(crate) use branch::check_branch;
pub(crate) use checkout::{Wanted, checkout};
pub(crate) use commit::CommitInfo;
pub(crate) use deepen::deepen;
pub(crate) use source::Source;
