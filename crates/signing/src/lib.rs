//! Signatures and sealed values: the JWS of notifications (seeds 003 and 004), Standard Webhooks
//! headers, signatures in GitHub's manner, JSON Web Tokens of HS256, and encryption at rest. Pure: keys, times and nonces come in
//! as arguments.

mod compare;
mod hub;
mod jws;
mod notification;
mod resign;
mod standard;
mod vault;

pub use compare::{hmac_sha256_hex, same_secret, sha256_hex};
pub use hub::hub_signature;
pub use jws::{JwsError, sign_hs256, verify_hs256};
pub use notification::{ISSUER, notification_token, notification_token_of};
pub use resign::resigned;
pub use standard::{StandardHeaders, standard_headers, webhook_secret_bytes};
pub use vault::{KEY_LEN, NONCE_LEN, Vault, VaultError};
