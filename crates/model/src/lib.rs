//! Values that every part of Boathook speaks about: ids, times, and the wire shapes of seed 004 and
//! of the Netlify API, each written once. This room knows no I/O, reads no clock and draws no
//! random number: whoever needs them passes them in.

mod account;
mod addon_variable;
mod address;
mod build;
mod build_hook;
mod cidr;
mod deploy;
mod digest;
mod env_var;
mod form;
mod hook;
mod ids;
mod network;
mod page;
mod plugin_run;
mod quoted;
mod schema;
mod site;
mod snippet;
mod split_test;
mod submission;
mod time;
mod token_terms;

pub use account::{Account, AccountType, Member, Role, Scope, Ticket, TokenInfo, User};
pub use addon_variable::addon_may_set;
pub use address::{Addresses, HostTarget};
pub use build::{Build, BuildState, LogLine, LogSection};
pub use build_hook::{
    BuildHook, BuildHookCall, BuildHookOptions, BuildHookRequest, BuildHookStatus, Condition, Verify,
    VerifyKind,
};
pub use cidr::Cidr;
pub use deploy::{Deploy, DeployContext, DeployState, FileEntry, FunctionInfo, FunctionSchedule};
pub use digest::{DIGEST_MAX_SECONDS, DIGEST_MIN_SECONDS, Digest};
pub use env_var::{
    EnvContext, EnvScope, EnvValue, EnvVar, EnvVarUser, PLATFORM_VARIABLES, PLATFORM_VARIABLES_PREFIX,
};
pub use form::{Form, FormField};
pub use hook::{Attempt, Delivery, DeliveryState, EventRecord, Hook, HookField, HookType};
pub use ids::{SiteName, hex24, is_hex24, slug, ulid, uuid};
pub use network::network;
pub use page::{PER_PAGE_DEFAULT, PER_PAGE_MAX, Page};
pub use plugin_run::PluginRun;
pub use quoted::{quoted, single_backslashes};
pub use schema::Schemas;
pub use site::{BuildEngine, BuildSettings, HtmlSettings, ProcessingSettings, Site, UntrustedFlow};
pub use snippet::Snippet;
pub use split_test::{SplitBranch, SplitTest};
pub use submission::Submission;
pub use time::{Clock, Timestamp};
pub use token_terms::TokenTerms;
