//! What a site asks of the tokens of its visitors, as settings, stored rows and answers have it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a visitor's token must say beside being signed, as far as the site's owner has said so. Fields
/// of whatever holds it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TokenTerms {
    /// Where the roles are among the claims of a visitor's token, names with dots between them; absent
    /// for the usual places.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwt_roles_path: Option<String>,
    /// What `iss` of a visitor's token must be; absent when that does not matter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwt_issuer: Option<String>,
    /// What must be in `aud` of a visitor's token; absent when that does not matter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwt_audience: Option<String>,
}
