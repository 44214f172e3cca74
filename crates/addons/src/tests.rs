//! Add-ons against a provider that does what it is told, on both engines. Names of tests say which
//! promise they hold; the provider's side of each is looked at as it came over the wire.

mod agreeing;
mod asynchronous;
mod failing;
mod manifests;
mod misbehaving;
mod reading;
mod registering;
mod removing;
mod rules;
mod signing_calls;
mod updating;
mod world;
