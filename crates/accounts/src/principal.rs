//! Who is asking, and how far they reach. Pure: the answer depends on the values alone.

use model::{Role, Scope};

/// The answer to "may they?".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Yes.
    Granted,
    /// They may know of it, but not do this.
    Forbidden,
    /// They may not even know that it exists.
    Unknown,
}

/// The person behind a request, as far as their token lets them be that person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The user.
    pub user_id: String,
    /// The token they came with.
    pub token_id: String,
    /// What the token may do.
    pub scope: Scope,
    /// Accounts the token reaches and the user's role there, the user's first account first.
    pub memberships: Vec<(String, Role)>,
    /// The only account the token reaches, when it is confined to one.
    pub only_account: Option<String>,
    /// The build that asks, when the token is a build's: nobody's, and confined to its site.
    pub build: Option<BuildReach>,
}

/// How far a build's token reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildReach {
    /// The only site.
    pub site_id: String,
    /// The deploy that the build makes.
    pub deploy_id: String,
}

impl Principal {
    /// What the principal may do in an account: the lesser of the token's scope and the role's.
    #[must_use]
    pub fn may(&self, account_id: &str, scope: Scope) -> Access {
        match self.role_in(account_id) {
            None => Access::Unknown,
            Some(role) if self.scope.min(role.ceiling()) >= scope => Access::Granted,
            Some(_) => Access::Forbidden,
        }
    }

    /// Whether the token itself has the scope, whatever the account.
    #[must_use]
    pub fn holds(&self, scope: Scope) -> bool {
        self.scope >= scope
    }

    /// The role in an account, none when the token does not reach it.
    #[must_use]
    pub fn role_in(&self, account_id: &str) -> Option<Role> {
        self.memberships.iter().find(|(id, _)| id == account_id).map(|(_, role)| *role)
    }

    /// The first account in which the principal may do this: where new things go by default.
    #[must_use]
    pub fn first_account(&self, scope: Scope) -> Option<&str> {
        self.accounts(scope).next()
    }

    /// The accounts in which this caller may do so, in the order of the memberships.
    pub fn accounts(&self, scope: Scope) -> impl Iterator<Item = &str> {
        let granted = move |id: &&str| self.may(id, scope) == Access::Granted;
        self.memberships.iter().map(|(id, _)| id.as_str()).filter(granted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn principal(scope: Scope, role: Role) -> Principal {
        Principal {
            user_id: "u".into(),
            token_id: "t".into(),
            scope,
            memberships: vec![("a".into(), role)],
            only_account: None,
            build: None,
        }
    }

    #[test]
    fn the_lesser_of_token_and_role_counts() {
        use Access::{Forbidden, Granted};
        for (token, role, wanted, expect) in [
            (Scope::Admin, Role::Owner, Scope::Admin, Granted),
            (Scope::Write, Role::Owner, Scope::Admin, Forbidden),
            (Scope::Read, Role::Owner, Scope::Write, Forbidden),
            (Scope::Read, Role::Owner, Scope::Read, Granted),
            (Scope::Admin, Role::Developer, Scope::Admin, Forbidden),
            (Scope::Admin, Role::Developer, Scope::Write, Granted),
            (Scope::Admin, Role::Reviewer, Scope::Write, Forbidden),
            (Scope::Admin, Role::BillingAdmin, Scope::Read, Granted),
        ] {
            assert_eq!(principal(token, role).may("a", wanted), expect, "{token:?} {role:?} {wanted:?}");
        }
    }

    #[test]
    fn a_foreign_account_is_unknown_whatever_the_scope() {
        let owner = principal(Scope::Admin, Role::Owner);
        assert_eq!(owner.may("b", Scope::Read), Access::Unknown);
        assert_eq!(owner.role_in("b"), None);
    }

    #[test]
    fn new_things_go_to_the_first_account_that_may_hold_them() {
        let mut someone = principal(Scope::Admin, Role::Reviewer);
        someone.memberships.push(("b".into(), Role::Developer));
        assert_eq!(someone.first_account(Scope::Read), Some("a"));
        assert_eq!(someone.first_account(Scope::Write), Some("b"));
        assert_eq!(someone.first_account(Scope::Admin), None);
        assert!(someone.holds(Scope::Admin));
    }
}
