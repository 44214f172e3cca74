//! Members of an account and their roles. An account always keeps an owner.

mod add;
mod get;
mod list;
mod remove;
mod update;

pub use add::{MEMBERS_MAX, NewMember, add};
pub use get::get;
pub use list::list;
pub use remove::remove;
pub use update::{MemberChange, update};

use context::{Error, Result};
use model::{Member, Role};
use store::{Tx, accounts, users};

fn role(text: &str) -> Result<Role> {
    Role::parse(text).ok_or_else(|| {
        let names: Vec<_> = Role::ALL.iter().map(|role| role.as_str()).collect();
        Error::Unprocessable(format!("role must be one of {}", names.join(", ")))
    })
}

/// Holds the account, so that two owners cannot take the role from each other at once, and finds
/// the member. Refuses when they are the last owner and would cease to be one.
async fn held(tx: &mut Tx, account_id: &str, user_id: &str, stays_owner: bool) -> Result<Member> {
    accounts::lock(tx, account_id).await?;
    let members = users::members(tx, account_id).await?;
    let owners = members.iter().filter(|member| member.role == Role::Owner).count();
    let member = members.into_iter().find(|member| member.id == user_id).ok_or(Error::NotFound)?;
    if member.role == Role::Owner && owners == 1 && !stays_owner {
        return Err(Error::Unprocessable("an account must keep an owner".to_owned()));
    }
    Ok(member)
}
