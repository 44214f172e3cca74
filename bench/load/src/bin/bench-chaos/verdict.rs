//! What became of every event: the ledger against what clients were told and what receivers got.

use crate::hammer::Told;
use crate::scene::{EVENT, Scene};
use anyhow::Result;
use boathook_bench::{Api, Sink};
use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

/// Tries at once that the engine allows one hook.
const IN_FLIGHT_PER_HOOK: usize = 32;
/// And all hooks together.
const IN_FLIGHT: usize = 512;
/// Outcomes that one commit writes down.
const COMMIT: usize = 256;
/// Longest wait for the next delivery that is missing.
const PATIENCE: Duration = Duration::from_secs(90);
/// Between two looks.
const POLL: Duration = Duration::from_millis(100);

/// How a scenario ended.
pub(crate) struct Verdict {
    name: String,
    hooks: usize,
    answered: usize,
    repeated: usize,
    recorded: usize,
    /// Events that were answered and are not in the ledger.
    forgotten: usize,
    /// Deliveries of the ledger's events that never arrived.
    missing: usize,
    /// Deliveries of events that did not happen.
    strangers: usize,
    duplicates: usize,
    bound: usize,
    /// Seconds until work went on, the longest.
    recovery: f64,
}

impl Verdict {
    /// Waits until everything arrived, or nothing more does, and counts. `breaks` is how often calls
    /// were broken off.
    pub(crate) async fn reach(
        name: String,
        scene: &Scene,
        sink: &Sink,
        told: Told,
        breaks: usize,
        recovery: Duration,
    ) -> Result<Self> {
        let mut api = Api::open(scene.server.address, &scene.server.token).await?;
        let ledger = api.ledger(&scene.site, EVENT).await?;
        let accepted = arrive(sink, &ledger, scene.hooks).await;
        let in_flight = (scene.hooks * IN_FLIGHT_PER_HOOK).min(IN_FLIGHT);
        Ok(Self {
            name,
            hooks: scene.hooks,
            answered: told.answered.len(),
            repeated: told.repeated,
            recorded: ledger.len(),
            forgotten: told.answered.difference(&ledger).count(),
            missing: missing(&accepted, &ledger, scene.hooks),
            strangers: accepted.keys().filter(|(event, _)| !ledger.contains(event)).count(),
            duplicates: accepted.values().map(|times| times - 1).sum(),
            bound: breaks * (in_flight + COMMIT),
            recovery: recovery.as_secs_f64(),
        })
    }

    pub(crate) fn fine(&self) -> bool {
        self.forgotten + self.missing + self.strangers == 0 && self.duplicates <= self.bound
    }

    pub(crate) fn head() -> Vec<String> {
        [
            "scenario",
            "hooks",
            "answered",
            "sent again",
            "recorded",
            "lost events",
            "lost deliveries",
            "made up",
            "duplicates",
            "bound",
            "recovery s",
            "verdict",
        ]
        .map(ToOwned::to_owned)
        .to_vec()
    }

    pub(crate) fn row(&self) -> Vec<String> {
        let mut row = vec![self.name.clone()];
        let counts = [
            self.hooks,
            self.answered,
            self.repeated,
            self.recorded,
            self.forgotten,
            self.missing,
            self.strangers,
            self.duplicates,
            self.bound,
        ];
        row.extend(counts.map(|count| count.to_string()));
        row.push(format!("{:.2}", self.recovery));
        row.push(if self.fine() { "fine" } else { "BAD" }.to_owned());
        row
    }
}

type Accepted = HashMap<(u128, u16), usize>;

fn missing(accepted: &Accepted, ledger: &HashSet<u128>, hooks: usize) -> usize {
    let there = accepted.keys().filter(|(event, _)| ledger.contains(event)).count();
    ledger.len() * hooks - there
}

async fn arrive(sink: &Sink, ledger: &HashSet<u128>, hooks: usize) -> Accepted {
    let (mut left, mut since) = (usize::MAX, Instant::now());
    loop {
        let accepted = sink.accepted();
        let now = missing(&accepted, ledger, hooks);
        if now < left {
            (left, since) = (now, Instant::now());
        }
        if now == 0 || since.elapsed() > PATIENCE {
            return accepted;
        }
        tokio::time::sleep(POLL).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_counted_by_event_and_hook() {
        let ledger = HashSet::from([1, 2]);
        let accepted = Accepted::from([((1, 0), 1), ((1, 1), 3), ((2, 0), 1), ((9, 0), 1)]);
        assert_eq!(missing(&accepted, &ledger, 2), 1);
        assert_eq!(missing(&Accepted::new(), &ledger, 2), 4);
    }
}
