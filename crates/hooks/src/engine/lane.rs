//! What waits for one hook, as far as it is in memory, and whether the next of it may go. It reads
//! and writes nothing itself.

use super::attempt::{UNABLE_WAIT, after};
use super::flow::{Ended, Flow};
use super::pace::Pace;
use super::pulse::{Consequence, Pulse};
use super::snapshot::Snapshot;
use crate::outgoing::{Meaning, Tried};
use crate::tell_owner::HookNews as News;
use model::Timestamp;
use std::borrow::Cow;
use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use store::parcels::{BODY_ALONG, Parcel};

/// Deliveries of one hook that wait in memory; the rest waits in the database.
pub const WINDOW: usize = 256;
/// With fewer than this in memory, more are read.
const LOW: usize = 32;

/// Whether something may be sent.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "it is taken apart where it is made, once for each try")]
pub(crate) enum Next {
    /// This, now.
    Send(Parcel),
    /// Nothing before this instant.
    Wait(Timestamp),
    /// Nothing until something happens.
    Nothing,
}

#[derive(Default)]
pub(crate) struct Lane {
    /// The hook; none until it is read, and again when it changed.
    pub(crate) hook: Option<Arc<Snapshot>>,
    queue: VecDeque<Parcel>,
    /// Deliveries that are queued, in flight, or not yet written down.
    held: HashSet<i64>,
    /// What deliveries that are in flight or not yet written down are about, in ordered mode, and the
    /// digests that they lead.
    busy: HashSet<String>,
    flow: Option<Flow>,
    pulse: Pulse,
    pace: Pace,
    /// How the last try went.
    success: Option<bool>,
    pub(crate) in_flight: usize,
    /// Whether more may be due in the database.
    pub(crate) more: bool,
    /// When the database is to be looked at again.
    pub(crate) look_at: Option<Timestamp>,
    /// When the dispatcher will look at the lane by itself.
    pub(crate) reminder: Option<Timestamp>,
    /// Whether this node sends for the hook.
    pub(crate) ours: bool,
    /// Whether it stands in the line of lanes that may have something to send.
    pub(crate) listed: bool,
    /// Whether it stands in the line of lanes that something must be read for.
    pub(crate) asked: bool,
    /// Nothing more is sent until the hook is read anew: it is being disabled.
    stopped: bool,
    /// Nothing is sent before: this server was not able to.
    rest_until: Option<Timestamp>,
    /// When it was last in use.
    pub(crate) used: Timestamp,
}

impl Lane {
    /// A lane of which it is not known yet what waits for it in the database.
    pub(crate) fn new(now: Timestamp) -> Self {
        Self { used: now, more: true, ..Self::default() }
    }

    /// Takes in a fresh delivery, unless it is to be read in its turn.
    pub(crate) fn offer(&mut self, mut parcel: Parcel, now: Timestamp) {
        if parcel.due > now {
            self.look_again(parcel.due);
        } else if self.more || self.ordered() || parcel.digest.is_some() || self.queue.len() >= WINDOW {
            self.more = true;
        } else if self.held.insert(parcel.seq) {
            let long = |body: &Arc<str>| i64::try_from(body.len()).is_ok_and(|len| len > BODY_ALONG);
            parcel.body = parcel.body.filter(|body| !long(body));
            self.queue.push_back(parcel);
        }
    }

    /// How many deliveries to ask the database for.
    pub(crate) fn room(&self) -> usize {
        WINDOW - self.queue.len().min(WINDOW) + self.held.len()
    }

    /// Takes in what the database says is due, of which it was asked for `most`, and when the next
    /// will be.
    pub(crate) fn refill(&mut self, due: Vec<Parcel>, most: usize, next: Option<Timestamp>) {
        self.more = due.len() >= most;
        for parcel in due {
            if self.held.insert(parcel.seq) {
                self.queue.push_back(parcel);
            }
        }
        self.look_at = next;
    }

    /// Whether the database should be asked.
    pub(crate) fn wants(&self) -> bool {
        !self.stopped && (self.hook.is_none() || !self.ours || (self.more && self.queue.len() < LOW))
    }

    pub(crate) fn look_again(&mut self, at: Timestamp) {
        self.look_at = Some(self.look_at.map_or(at, |known| known.min(at)));
    }

    /// The hook, or what waits for it, is no longer as it was.
    pub(crate) fn forget(&mut self) {
        self.hook = None;
        self.stopped = false;
        self.more = true;
        self.empty();
    }

    /// Leaves what is queued to be read anew.
    fn empty(&mut self) {
        for parcel in self.queue.drain(..) {
            self.held.remove(&parcel.seq);
        }
    }

    /// The hook as it was read.
    pub(crate) fn is(&mut self, hook: Option<Arc<Snapshot>>) {
        let Some(hook) = hook else { return };
        let own = hook.row.options.in_flight;
        self.flow.get_or_insert_with(|| Flow::new(own)).bound(own);
        if self.pulse.health != hook.health {
            self.pulse = Pulse::new(hook.health.clone());
        }
        self.success = hook.row.success;
        self.hook = Some(hook);
    }

    /// How the last try went, when it went otherwise than the one before.
    pub(crate) fn success_changed(&mut self, meaning: Meaning) -> Option<bool> {
        let success = meaning == Meaning::Delivered;
        if meaning == Meaning::Unable {
            return None;
        }
        (self.success.replace(success) != Some(success)).then_some(success)
    }

    /// Whether the hook gets the deliveries about one thing in order.
    pub(crate) fn ordered(&self) -> bool {
        self.hook.as_ref().is_some_and(|hook| hook.row.options.ordered)
    }

    /// Whether the last answer was quick.
    pub(crate) fn quick(&self) -> bool {
        self.flow.is_some_and(|flow| flow.quick)
    }

    /// What may be sent now.
    pub(crate) fn next(&mut self, now: Timestamp) -> Next {
        let (Some(hook), Some(flow)) = (&self.hook, self.flow) else { return Next::Nothing };
        let limit = if self.pulse.doubted() { 1 } else { flow.limit };
        if self.queue.is_empty() || self.in_flight >= limit || !self.ours || self.stopped {
            return Next::Nothing;
        }
        // A clock that was set back must not make the rest longer.
        let rest = self.rest_until.filter(|until| (now.0 + 1..=rested(now).0).contains(&until.0));
        if let Some(until) = self.pulse.paused(now).max(rest) {
            return Next::Wait(until);
        }
        let Some(place) = self.queue.iter().position(|parcel| !self.is_busy(parcel)) else {
            return Next::Nothing;
        };
        if let Err(until) = self.pace.pass(hook.row.options.per_minute, now) {
            return Next::Wait(until);
        }
        let Some(parcel) = self.queue.remove(place) else { return Next::Nothing };
        self.busy.extend(key(&parcel).map(Cow::into_owned));
        self.in_flight += 1;
        self.used = now;
        Next::Send(parcel)
    }

    /// Whether another delivery that must come first, or goes out with it, is under way.
    fn is_busy(&self, parcel: &Parcel) -> bool {
        key(parcel).is_some_and(|key| self.busy.contains(key.as_ref()))
    }

    /// A try ended: its place is free, though the delivery stays held until that is written down.
    pub(crate) fn ended(&mut self, tried: &Tried, now: Timestamp) -> Consequence {
        // A lane that was parted with and came back does not know of it.
        self.in_flight = self.in_flight.saturating_sub(1);
        self.used = now;
        let limit = self.flow.map_or(1, |flow| flow.limit);
        let consequence = self.pulse.after(tried.meaning, limit, now);
        if tried.meaning == Meaning::Unable {
            self.rest_until = Some(rested(now));
        }
        self.stopped |= consequence.news == Some(News::Disabled);
        if let Some(flow) = &mut self.flow {
            flow.after(kind(tried));
            if self.pulse.doubted() {
                flow.single();
            }
        }
        consequence
    }

    pub(crate) fn health(&self) -> &store::hook_health::Health {
        &self.pulse.health
    }

    /// The outcome of a try is written down.
    pub(crate) fn written(&mut self, parcel: &Parcel, due: Option<Timestamp>) {
        self.held.remove(&parcel.seq);
        if let Some(key) = key(parcel) {
            self.busy.remove(key.as_ref());
        }
        if parcel.digest.is_some() {
            // What was read meanwhile may have gone out with it.
            self.empty();
        }
        if let Some(due) = due {
            self.look_again(due);
        }
        // The next about the same thing waits in the database.
        self.more |= self.ordered() || parcel.digest.is_some();
    }

    /// Whether it can be forgotten: nothing is in memory, nothing is expected.
    pub(crate) fn idle(&self) -> bool {
        self.held.is_empty() && !self.more && self.look_at.is_none()
    }

    /// Whether deliveries wait in memory.
    pub(crate) fn waits(&self) -> bool {
        !self.queue.is_empty()
    }
}

/// What two deliveries have in common that must not be under way at once.
fn key(parcel: &Parcel) -> Option<Cow<'_, str>> {
    let digest = || parcel.digest.map(|until| Cow::Owned(format!("digest {}", until.0)));
    parcel.order_key.as_deref().map(Cow::Borrowed).or_else(digest)
}

/// The end of a rest that begins now.
fn rested(now: Timestamp) -> Timestamp {
    after(now, UNABLE_WAIT)
}

fn kind(tried: &Tried) -> Ended {
    match tried.meaning {
        Meaning::Delivered => Ended::Well(tried.duration_ms),
        Meaning::Unable => Ended::TimedOut,
        _ if tried.error.as_ref().is_some_and(|(class, _)| *class == "timeout") => Ended::TimedOut,
        _ => Ended::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::hooks::Options;

    const NOON: Timestamp = Timestamp(1_800_000_000_000);

    fn parcel(id: &str, about: &str) -> Parcel {
        Parcel {
            id: id.into(),
            seq: id.parse().unwrap_or_default(),
            hook_id: "h".into(),
            event_id: "msg".into(),
            event: "deploy_created".into(),
            account_id: "a".into(),
            site_id: "s".into(),
            order_key: (!about.is_empty()).then(|| about.into()),
            created_at: NOON,
            due: NOON,
            digest: None,
            tries: 0,
            resent_after: 0,
            body: Some("{}".into()),
        }
    }

    fn lane(options: Options) -> Lane {
        let mut lane = Lane { ours: true, ..Lane::default() };
        lane.is(Some(Arc::new(Snapshot::sample(options))));
        lane
    }

    fn sends(lane: &mut Lane) -> Vec<String> {
        let mut ids = Vec::new();
        while let Next::Send(parcel) = lane.next(NOON) {
            ids.push(parcel.id);
        }
        ids
    }

    #[test]
    fn a_window_is_held_and_the_rest_is_read_later() {
        let mut lane = lane(Options::default());
        for n in 0..WINDOW + 10 {
            lane.offer(parcel(&n.to_string(), ""), NOON);
        }
        assert!(lane.more && lane.queue.len() == WINDOW);
        assert_eq!(sends(&mut lane).len(), super::super::flow::START);
        assert!(matches!(lane.next(NOON), Next::Nothing));
    }

    #[test]
    fn nothing_is_held_twice() {
        let mut lane = lane(Options::default());
        lane.offer(parcel("1", ""), NOON);
        lane.offer(parcel("1", ""), NOON);
        assert_eq!(sends(&mut lane), ["1"]);
        lane.refill(vec![parcel("1", "")], 256, None);
        assert!(!lane.waits());
        let tried = Tried { meaning: Meaning::Delivered, ..Tried::unsent("") };
        lane.ended(&tried, NOON);
        lane.refill(vec![parcel("1", "")], 256, None);
        assert!(!lane.waits(), "its outcome is not yet written down");
        lane.written(&parcel("1", ""), None);
        assert!(lane.idle());
    }

    #[test]
    fn what_is_due_later_is_looked_for_later() {
        let mut lane = lane(Options::default());
        let later = Parcel { due: NOON.plus_millis(5), ..parcel("1", "") };
        lane.offer(later, NOON);
        assert!(!lane.waits() && lane.look_at == Some(NOON.plus_millis(5)) && !lane.idle());
    }

    #[test]
    fn long_bodies_are_read_when_sent() {
        let mut lane = lane(Options::default());
        let body = "x".repeat(usize::try_from(BODY_ALONG).expect("small") + 1);
        lane.offer(Parcel { body: Some(body.into()), ..parcel("1", "") }, NOON);
        let Next::Send(parcel) = lane.next(NOON) else { panic!("it may go") };
        assert_eq!(parcel.body, None);
    }

    #[test]
    fn in_ordered_mode_one_delivery_about_one_thing_is_under_way() {
        let mut lane = lane(Options { ordered: true, ..Options::default() });
        lane.offer(parcel("0", "d"), NOON);
        assert!(lane.more && !lane.waits(), "the database knows the order");
        lane.refill(vec![parcel("1", "d"), parcel("2", "e"), parcel("3", "d")], 256, None);
        assert_eq!(sends(&mut lane), ["1", "2"]);
        let tried = Tried { meaning: Meaning::Delivered, ..Tried::unsent("") };
        lane.ended(&tried, NOON);
        assert_eq!(sends(&mut lane), [""; 0]);
        lane.written(&parcel("1", "d"), None);
        assert_eq!(sends(&mut lane), ["3"]);
        assert!(lane.more);
    }

    #[test]
    fn a_doubted_receiver_gets_one_probe_after_the_pause() {
        let mut lane = lane(Options::default());
        for n in 0..20 {
            lane.offer(parcel(&n.to_string(), ""), NOON);
        }
        for _ in 0..5 {
            let Next::Send(_) = lane.next(NOON) else { panic!("not doubted yet") };
            lane.ended(&Tried::unsent("no"), NOON);
        }
        let Next::Wait(until) = lane.next(NOON) else { panic!("it is doubted now") };
        assert!(matches!(lane.next(until), Next::Send(_)));
        assert!(matches!(lane.next(until), Next::Nothing), "one probe at a time");
    }

    #[test]
    fn what_goes_out_together_is_under_way_once() {
        let mut lane = lane(Options::default());
        let of = |id: &str, until: i64| Parcel { digest: Some(NOON.plus_millis(until)), ..parcel(id, "") };
        lane.offer(of("0", 0), NOON);
        assert!(lane.more && !lane.waits(), "the database knows the first of it");
        lane.refill(vec![of("1", 0), of("2", 5), of("3", 0)], 256, None);
        assert_eq!(sends(&mut lane), ["1", "2"]);
        let tried = Tried { meaning: Meaning::Delivered, ..Tried::unsent("") };
        lane.ended(&tried, NOON);
        lane.written(&of("1", 0), None);
        assert!(lane.more && !lane.waits(), "it may have gone out with the first");
        assert_eq!(sends(&mut lane), [""; 0]);
    }

    #[test]
    fn a_server_that_is_not_able_to_send_rests_and_blames_nobody() {
        let mut lane = lane(Options::default());
        for n in 0..9 {
            lane.offer(parcel(&n.to_string(), ""), NOON);
        }
        for _ in 0..3 {
            let Next::Send(_) = lane.next(NOON) else { panic!("it may go") };
        }
        let tried = Tried { meaning: Meaning::Unable, ..Tried::unsent("") };
        for _ in 0..3 {
            assert_eq!(lane.ended(&tried, NOON), Consequence::default());
        }
        let later = NOON.plus_millis(60_000);
        assert!(matches!(lane.next(NOON), Next::Wait(until) if until == later));
        assert_eq!(lane.success_changed(Meaning::Unable), None);
        assert!(matches!(lane.next(later), Next::Send(_)));
        assert!(matches!(lane.next(later), Next::Nothing), "one at a time, to see");
    }

    #[test]
    fn a_changed_hook_is_read_anew_with_its_queue() {
        let mut lane = lane(Options::default());
        lane.offer(parcel("1", ""), NOON);
        lane.forget();
        assert!(lane.wants() && lane.more && !lane.waits() && lane.held.is_empty());
    }
}
