//! How many calls of one add-on's provider are under way on this node: one that hangs must not
//! collect callers without end.

use context::{Error, Result};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;

/// Calls of one add-on's provider at once on one node.
pub const IN_FLIGHT_MAX: usize = 64;
/// Seconds after which a caller who was turned away may try again.
const REST: u64 = 10;

/// Counts calls by add-on.
#[derive(Clone, Debug, Default)]
pub(super) struct Gate(Arc<Mutex<HashMap<String, usize>>>);

/// One call's place; free again when dropped.
pub(super) struct Place {
    gate: Gate,
    addon_id: String,
}

impl Gate {
    /// A place; `TooMany` when all are taken.
    pub(super) fn enter(&self, addon_id: &str) -> Result<Place> {
        let mut counts = self.0.lock();
        let count = counts.entry(addon_id.to_owned()).or_default();
        if *count >= IN_FLIGHT_MAX {
            return Err(Error::TooMany { retry_after: REST });
        }
        *count += 1;
        Ok(Place { gate: self.clone(), addon_id: addon_id.to_owned() })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.gate.0.lock();
        if let Some(count) = counts.get_mut(&self.addon_id) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.addon_id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_by_addon_and_given_back() {
        let gate = Gate::default();
        let places: Vec<_> = (0..IN_FLIGHT_MAX).filter_map(|_| gate.enter("a").ok()).collect();
        assert_eq!(places.len(), IN_FLIGHT_MAX);
        assert!(matches!(gate.enter("a"), Err(Error::TooMany { .. })));
        assert!(gate.enter("b").is_ok());
        drop(places);
        assert!(gate.enter("a").is_ok() && gate.0.lock().is_empty());
    }
}
