//! What became of the events that a hook was to be told of, and sending them again. Boathook's own.

pub(crate) mod get_hook_delivery;
pub(crate) mod list_hook_deliveries;
pub(crate) mod resend_hook_deliveries;
pub(crate) mod resend_hook_delivery;
pub(crate) mod resend_site_deliveries;
