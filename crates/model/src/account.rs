//! Accounts (teams), the people in them, and what lets them in.

use crate::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An account as `GET /accounts` shows it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Account {
    /// 24 hex digits.
    pub id: String,
    /// The name shown.
    pub name: String,
    /// The name in paths.
    pub slug: String,
    /// Kind of account for display.
    #[serde(rename = "type")]
    pub kind: String,
    /// Name of the account type.
    pub type_name: String,
    /// Id of the account type.
    pub type_id: String,
    /// Slug of the account type.
    pub type_slug: String,
    /// Whether this is the caller's first account, where new sites go by default.
    #[serde(rename = "default")]
    pub is_default: bool,
    /// The caller's role in the account.
    pub role: String,
    /// Users with role Owner.
    pub owner_ids: Vec<String>,
    /// People in the account.
    pub members_count: i64,
    /// Roles that members can have.
    pub roles_allowed: Vec<String>,
    /// Where invoices would go; kept for clients that edit it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub billing_name: Option<String>,
    /// See `billing_name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub billing_email: Option<String>,
    /// See `billing_name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub billing_details: Option<String>,
    /// What the account may use: `{sites: {included, used}, collaborators: {…}}`.
    pub capabilities: serde_json::Value,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A kind of account; a self-hosted server has one, without limits.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AccountType {
    /// Id, for `type_id` of `POST /accounts`.
    pub id: String,
    /// The name shown.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// What it may use.
    pub capabilities: serde_json::Value,
    /// Always 0.
    pub monthly_dollar_price: i64,
    /// Always 0.
    pub yearly_dollar_price: i64,
    /// Always 0.
    pub monthly_seats_addon_dollar_price: i64,
    /// Always 0.
    pub yearly_seats_addon_dollar_price: i64,
}

/// A person as `GET /user` shows them.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct User {
    /// 24 hex digits.
    pub id: String,
    /// The same id; clients read either.
    pub uid: String,
    /// The person's name.
    pub full_name: String,
    /// Picture, when there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avatar_url: Option<String>,
    /// Address, unique on the server.
    pub email: String,
    /// Sites of all their accounts.
    pub site_count: i64,
    /// When they came.
    pub created_at: Timestamp,
    /// When they last logged in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_login: Option<Timestamp>,
    /// How they log in.
    pub login_providers: Vec<String>,
    /// Progress of the first steps; an empty object.
    pub onboarding_progress: serde_json::Value,
}

/// A member of an account.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Member {
    /// The user's id.
    pub id: String,
    /// The person's name.
    pub full_name: String,
    /// Address.
    pub email: String,
    /// Picture, when there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avatar: Option<String>,
    /// Role in the account.
    pub role: Role,
}

/// What a member may do in an account, in the API's own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Role {
    /// Everything.
    Owner,
    /// Everything but members and the account itself.
    Developer,
    /// Reading, and billing where there is any.
    #[serde(rename = "Billing Admin")]
    BillingAdmin,
    /// Reading.
    Reviewer,
}

impl Role {
    /// All roles, as `roles_allowed` lists them.
    pub const ALL: [Self; 4] = [Self::Owner, Self::Developer, Self::BillingAdmin, Self::Reviewer];

    /// The role's name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "Owner",
            Self::Developer => "Developer",
            Self::BillingAdmin => "Billing Admin",
            Self::Reviewer => "Reviewer",
        }
    }

    /// The role of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str().eq_ignore_ascii_case(text))
    }

    /// The most a member of this role may do, whatever their token says.
    #[must_use]
    pub fn ceiling(self) -> Scope {
        match self {
            Self::Owner => Scope::Admin,
            Self::Developer => Scope::Write,
            Self::BillingAdmin | Self::Reviewer => Scope::Read,
        }
    }
}

/// What a token may do. Each scope holds the ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Look at everything but secrets.
    Read,
    /// Change sites and what belongs to them.
    Write,
    /// Change accounts, members and tokens.
    Admin,
}

impl Scope {
    /// The scope's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }

    /// The scope of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Read, Self::Write, Self::Admin].into_iter().find(|s| s.as_str() == text)
    }
}

/// A personal access token as lists show it: never the token itself.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TokenInfo {
    /// 24 hex digits.
    pub id: String,
    /// What its owner calls it.
    pub name: String,
    /// What it may do.
    pub scope: Scope,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when it is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// When it was last used, exact to a minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Timestamp>,
}

/// A login request of a command line, approved on a page.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Ticket {
    /// 24 hex digits.
    pub id: String,
    /// Which program asks: 64 hex digits for the real clients.
    pub client_id: String,
    /// Whether a person said yes.
    pub authorized: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_ordered_and_roles_bound_them() {
        assert!(Scope::Read < Scope::Write && Scope::Write < Scope::Admin);
        assert_eq!(Role::Reviewer.ceiling(), Scope::Read);
        for role in Role::ALL {
            assert_eq!(Role::parse(role.as_str()), Some(role));
            assert_eq!(serde_json::to_value(role).ok(), Some(role.as_str().into()));
        }
        assert_eq!(Role::parse("King"), None);
        assert_eq!(Scope::parse("write"), Some(Scope::Write));
    }
}
