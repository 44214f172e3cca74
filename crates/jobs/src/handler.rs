//! What a kind of job is made of: its handler, its limits and the verdict of a run.

use futures_util::future::BoxFuture;
use model::Timestamp;
use serde_json::Value;
use std::time::Duration;

/// Carries out jobs of one kind. A job may run twice (after a crash), never zero times: handlers
/// look at the stored state before they act.
pub trait Handler: Send + Sync + 'static {
    /// Kind of the jobs it takes.
    fn kind(&self) -> &'static str;

    /// How many at once, and for how long they are its own.
    fn limits(&self) -> Limits;

    /// Most at once for all tenants of one owner, over all nodes; counts for jobs that name an owner, and
    /// for owners without a number of their own. None counts no owner.
    fn per_owner(&self) -> Option<usize> {
        None
    }

    /// Carries out one job. A panic counts as "again, later". It must hold no transaction while it
    /// waits for a network, a disk or a process.
    fn run<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Verdict>;
}

/// Bounds on jobs of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most at once on one node.
    pub total: usize,
    /// Most at once for one tenant, over all nodes.
    pub per_tenant: usize,
    /// How long a node that fell silent keeps a job. Running nodes renew in thirds of it.
    pub lease: Duration,
}

/// A job as its handler sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// 24 hex digits.
    pub id: String,
    /// Kind.
    pub kind: String,
    /// Whose turn it was.
    pub tenant: String,
    /// What the one who left the job wrote down.
    pub payload: Value,
    /// Runs begun, this one included; also those that ended with the node.
    pub tries: i64,
}

/// What becomes of a job after a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing is left to do; the job is deleted.
    Done,
    /// Run it again, not before this instant.
    Again(Timestamp),
}
