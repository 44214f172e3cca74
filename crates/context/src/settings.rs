//! How a server is set up: addresses, meanings that can be chosen, and limits.

use crate::{BuildLimits, GithubSettings, LogPolicy, MailSettings, QueuePolicy};
use model::Addresses;
use outbound::AddressPolicy;
use std::path::PathBuf;
use std::time::Duration;

/// What `deploy_created` means on this server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeployCreated {
    /// The deploy was made (seed 004).
    #[default]
    Created,
    /// The deploy is live, as the hosted service fires it.
    Live,
}

/// Which sandboxes a build may run in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sandbox {
    /// The strongest that works here.
    #[default]
    Auto,
    /// Bubblewrap or no build at all.
    Strict,
    /// Landlock or no build at all: for machines on which namespaces are not wanted.
    Landlock,
    /// None: builds run with the server's own rights. For machines of a single user.
    Off,
}

/// How long finished deliveries and their attempts can be looked at and sent again: until either
/// bound is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Days.
    pub days: i64,
    /// Deliveries, those of all hooks together.
    pub count: i64,
}

impl Default for Retention {
    fn default() -> Self {
        Self { days: 30, count: 1_000_000 }
    }
}

/// How builds run.
#[derive(Clone, Debug)]
pub struct BuildPolicy {
    /// Where builds work.
    pub work_dir: PathBuf,
    /// Builds at once on this node.
    pub concurrency: usize,
    /// Longest run of one build.
    pub time_limit: Duration,
    /// How long after a build folders and a sandbox for the next one stay made; zero for not at all.
    pub spare: Duration,
    /// Sandbox.
    pub sandbox: Sandbox,
    /// What one build may use.
    pub limits: BuildLimits,
    /// What is kept of logs.
    pub logs: LogPolicy,
    /// How builds share the machine.
    pub queue: QueuePolicy,
    /// Folder of the builder, where it is not in the data folder.
    pub builder: Option<PathBuf>,
}

/// Where builds may get their code from.
#[derive(Clone, Debug, Default)]
pub struct GitPolicy {
    /// Which addresses Git may ask.
    pub addresses: AddressPolicy,
    /// Whether everybody may have repositories on this machine's disk built, not the operator alone.
    pub local: bool,
}

impl GitPolicy {
    /// The policy of a server that listens on loopback.
    #[must_use]
    pub fn of_own_machine() -> Self {
        Self { addresses: AddressPolicy { allow_loopback: true, ..AddressPolicy::default() }, local: true }
    }
}

/// Bounds on what a client may send. Each has a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a JSON body.
    pub json_body: usize,
    /// Bytes of a deploy's digest body: 54,000 files fit.
    pub digest_body: usize,
    /// Bytes of one uploaded file.
    pub file: u64,
    /// Bytes of one function zip.
    pub function: u64,
    /// Bytes of an uploaded site zip.
    pub zip: u64,
    /// Files of one deploy.
    pub files: usize,
    /// Bytes of one path in a deploy.
    pub path: usize,
    /// Bytes of a build hook's body.
    pub build_hook_body: usize,
    /// Hooks of one site.
    pub hooks: i64,
    /// Build hooks of one site.
    pub build_hooks: i64,
    /// API requests a minute and token.
    pub requests_per_minute: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            json_body: 1 << 20,
            digest_body: 24 << 20,
            file: 1 << 30,
            function: 256 << 20,
            zip: 2 << 30,
            files: 54_000,
            path: 4096,
            build_hook_body: 1 << 20,
            hooks: 100,
            build_hooks: 100,
            requests_per_minute: 3000,
        }
    }
}

/// How this server is set up.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where it is found.
    pub addresses: Addresses,
    /// Folder of everything it keeps on disk.
    pub data_dir: PathBuf,
    /// What `deploy_created` means.
    pub deploy_created: DeployCreated,
    /// Bounds on what clients send.
    pub limits: Limits,
    /// How long finished deliveries are kept.
    pub deliveries: Retention,
    /// How builds run.
    pub builds: BuildPolicy,
    /// Where they may get their code from.
    pub git: GitPolicy,
    /// How mail is sent; none is sent without.
    pub mail: Option<MailSettings>,
    /// How GitHub is told by hooks without a token of their own.
    pub github: GithubSettings,
    /// Whether the riddles of forms are judged, or forms taken without.
    pub captcha: bool,
    /// Name of this process in leases.
    pub node: String,
}
