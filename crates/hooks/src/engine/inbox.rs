//! Where commits leave word for the dispatcher. Bounded: beyond the bounds only the hooks are
//! remembered, and their deliveries are read from the database in their turn.

use parking_lot::Mutex;
use std::collections::HashSet;
use store::parcels::Parcel;
use tokio::sync::Notify;

/// Fresh deliveries that wait here at most.
const PARCELS_MAX: usize = 4096;
/// Bytes of their bodies at most.
const BYTES_MAX: usize = 16 << 20;

#[derive(Default)]
pub(crate) struct Mail {
    /// Fresh deliveries, oldest first.
    pub(crate) parcels: Vec<Parcel>,
    bytes: usize,
    /// Hooks of which more was left than fits.
    pub(crate) more: HashSet<String>,
    /// Hooks that changed, or whose deliveries did.
    pub(crate) changed: HashSet<String>,
}

#[derive(Default)]
pub(crate) struct Inbox {
    mail: Mutex<Mail>,
    pub(crate) arrived: Notify,
}

impl Inbox {
    pub(crate) fn leave(&self, parcels: Vec<Parcel>) {
        let mut mail = self.mail.lock();
        for parcel in parcels {
            let bytes = parcel.body.as_ref().map_or(0, |body| body.len());
            if mail.parcels.len() < PARCELS_MAX && mail.bytes + bytes <= BYTES_MAX {
                mail.bytes += bytes;
                mail.parcels.push(parcel);
            } else {
                mail.more.insert(parcel.hook_id);
            }
        }
        drop(mail);
        self.arrived.notify_one();
    }

    pub(crate) fn changed(&self, hook_id: &str) {
        self.mail.lock().changed.insert(hook_id.to_owned());
        self.arrived.notify_one();
    }

    pub(crate) fn take(&self) -> Mail {
        std::mem::take(&mut *self.mail.lock())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn parcel(body: &str) -> Parcel {
        Parcel {
            id: "d".into(),
            seq: 1,
            hook_id: "h".into(),
            event_id: "msg".into(),
            event: "deploy_created".into(),
            account_id: "a".into(),
            site_id: "s".into(),
            order_key: None,
            created_at: model::Timestamp(0),
            due: model::Timestamp(0),
            digest: None,
            tries: 0,
            resent_after: 0,
            body: Some(Arc::from(body)),
        }
    }

    #[test]
    fn beyond_the_bounds_hooks_are_remembered() {
        let inbox = Inbox::default();
        inbox.leave(vec![parcel("{}"); PARCELS_MAX + 1]);
        let mail = inbox.take();
        assert_eq!((mail.parcels.len(), mail.more.contains("h")), (PARCELS_MAX, true));
        let large = "x".repeat(BYTES_MAX / 2);
        inbox.leave(vec![parcel(&large); 3]);
        let mail = inbox.take();
        assert_eq!((mail.parcels.len(), mail.more.len()), (2, 1));
        assert!(inbox.take().parcels.is_empty());
    }
}
