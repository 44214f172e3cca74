//! Operations on the server itself.

pub(crate) mod asyncapi_json;
pub(crate) mod asyncapi_yaml;
pub(crate) mod client_ca;
pub(crate) mod health;
pub(crate) mod installed_integrations;
pub(crate) mod openapi_json;
pub(crate) mod telemetry;
