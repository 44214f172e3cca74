//! A bed with jobs in it.

use context::Context;
use parking_lot::Mutex;
use serde_json::json;
use std::ops::Deref;
use std::sync::Arc;
use store::jobs::NewJob;
use testbed::{Bed, Setup};

pub(crate) struct Lab(Bed);

impl Setup for Lab {
    async fn on(bed: Bed) -> Self {
        Self(bed)
    }
}

impl Deref for Lab {
    type Target = Bed;

    fn deref(&self) -> &Bed {
        &self.0
    }
}

impl Lab {
    /// This lab's world as another node sees it.
    pub(crate) fn node(&self, name: &str) -> Context {
        self.configured(|settings| name.clone_into(&mut settings.node))
    }

    /// Leaves jobs behind, all due now, the first of them longest. A tenant written `owner/tenant`
    /// shares places with the owner's other tenants.
    pub(crate) async fn leave(&self, kind: &str, tenants: &[&str]) {
        let mut tx = self.cx.begin().await.expect("the database answers");
        let now = self.cx.now();
        for (tenant, age) in tenants.iter().zip((0..tenants.len() as i64).rev()) {
            let (id, payload, run_at) = (self.cx.id(), json!({"for": tenant}), now.plus_millis(-age));
            let job = NewJob { id: &id, kind, tenant, payload: &payload, run_at, now };
            let written = match tenant.split_once('/') {
                Some((owner, _)) => store::jobs::insert_for(&mut tx, &job, owner).await,
                None => store::jobs::insert(&mut tx, &job).await,
            };
            written.expect("a job is written");
        }
        tx.commit().await.expect("the database answers");
    }

    /// Jobs of a kind that are left.
    pub(crate) async fn left(&self, kind: &str) -> i64 {
        let mut conn = self.cx.read().await.expect("the database answers");
        store::jobs::count(&mut conn, kind).await.expect("jobs are counted")
    }
}

/// A list that handlers write to.
pub(crate) type Log = Arc<Mutex<Vec<String>>>;
