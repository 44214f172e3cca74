//! Add-ons (seed 000): services of other people that sites can be given an instance of. The registry
//! says which there are, the provider room speaks to their servers, and instances are what sites have
//! of them. No transaction is held while a provider is asked, and nothing changes here before the
//! provider has agreed. It knows no HTTP of our own doors.

pub mod instances;
mod manifest;
mod polling;
pub mod provider;
pub mod proxied;
pub mod registry;
mod removal;
mod sso;

pub use manifest::{MANIFEST_LIFE_MS, manifest, refresh};
pub use polling::PollHandler;
pub use provider::Provider;
pub use removal::RemovalHandler;
pub use sso::LINK_LIFE_SECONDS;

#[cfg(test)]
mod tests;
