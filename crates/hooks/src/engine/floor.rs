//! Everything that one dispatcher has in hand: a lane for each hook that something waits for, the
//! tries under way, and the outcomes that are not yet written down. One task owns it all.

use super::attempt::{outcome, stands};
use super::book::{self, Entry};
use super::lane::{Lane, Next};
use super::snapshot::{self, Snapshot};
use super::{Dispatcher, digest, lease};
use crate::outgoing::Tried;
use context::Result;
use futures_util::FutureExt as _;
use model::Timestamp;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use store::Conn;
use store::parcels::Parcel;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

/// Tries at once on one node.
pub const IN_FLIGHT: usize = 512;
/// Of these, how many hooks may use together that are not known to answer quickly.
pub const IN_FLIGHT_UNPROVEN: usize = 384;
/// Outcomes that may not be written down yet before nothing new is begun: as many deliveries, beside
/// those in flight, may be made twice after a crash.
pub const UNWRITTEN: usize = 256;
/// Outcomes written in one transaction: few enough that others get their turn to write in between.
const BATCH: usize = 64;
/// Lanes that are read for in one turn.
const READS_MAX: usize = 64;
/// Longest sleep: the clock on the wall may jump.
const NAP: Duration = Duration::from_secs(1);
/// Rest after the database failed.
const DATABASE_REST: Duration = Duration::from_secs(1);
/// A lane without use is forgotten after so long.
const LANE_KEPT_MS: i64 = 5_000;
/// How long a stopping dispatcher waits for what is under way.
const DRAIN: Duration = Duration::from_secs(20);

/// A try that ended.
struct Ended {
    parcel: Parcel,
    hook: Arc<Snapshot>,
    began: Timestamp,
    tried: Tried,
    /// Deliveries that went out with it.
    along: Vec<Parcel>,
    /// Whether it took a place of those that are not known to be quick.
    unproven: bool,
}

type Written = (Vec<Entry>, Result<()>);

pub(crate) struct Floor<'a> {
    d: &'a Dispatcher,
    lanes: HashMap<String, Lane>,
    /// Lanes that may have something to send, each in its turn.
    ready: VecDeque<String>,
    /// Lanes that something must be read for.
    asks: VecDeque<String>,
    /// Lanes to look at again, and when.
    agenda: BinaryHeap<Reverse<(Timestamp, String)>>,
    tries: JoinSet<Ended>,
    /// Tries under way of hooks that are not known to be quick.
    unproven: usize,
    unwritten: Vec<Entry>,
    writing: Option<JoinHandle<Written>>,
    /// How many outcomes are being written down.
    being_written: usize,
    /// Nothing is read or written before, since the database failed.
    rest_until: Option<Instant>,
    begun: usize,
}

impl<'a> Floor<'a> {
    pub(crate) fn new(d: &'a Dispatcher) -> Self {
        Self {
            d,
            lanes: HashMap::new(),
            ready: VecDeque::new(),
            asks: VecDeque::new(),
            agenda: BinaryHeap::new(),
            tries: JoinSet::new(),
            unproven: 0,
            unwritten: Vec::new(),
            writing: None,
            being_written: 0,
            rest_until: None,
            begun: 0,
        }
    }

    pub(crate) async fn serve(mut self, stop: &CancellationToken) {
        self.or_rest(
            "queues of an earlier process cannot be taken over",
            lease::give_all_back(self.d, true).await,
        );
        let mut scan = tokio::time::interval(lease::scan_every(self.d));
        let mut renewal = tokio::time::interval(lease::RENEW_EVERY);
        scan.set_missed_tick_behavior(MissedTickBehavior::Delay);
        renewal.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !stop.is_cancelled() {
            self.turn().await;
            let nap = self.nap();
            tokio::select! {
                () = stop.cancelled() => break,
                () = self.d.inbox.arrived.notified() => {}
                Some(ended) = self.tries.join_next() => self.collect(ended.ok()),
                written = written(&mut self.writing) => self.wrote(written),
                () = tokio::time::sleep(nap) => {}
                _ = scan.tick() => self.look_around().await,
                _ = renewal.tick() => self.renew().await,
            }
        }
        self.close().await;
    }

    pub(crate) async fn run_due(&mut self) -> Result<usize> {
        self.scan().await?;
        loop {
            self.turn().await;
            if self.rest_until.is_some() {
                return Err(context::Error::internal("the database failed while deliveries were made"));
            }
            if let Some(writing) = self.writing.take() {
                self.wrote(writing.await.ok());
            } else if let Some(ended) = self.tries.join_next().await {
                self.collect(ended.ok());
            } else if self.unwritten.is_empty() && self.asks.is_empty() {
                lease::give_all_back(self.d, false).await?;
                return Ok(self.begun);
            }
        }
    }

    /// Takes in, reads, sends and writes what there is to, without waiting for any of it to end.
    async fn turn(&mut self) {
        let now = self.d.cx.now();
        self.take_in(now);
        self.due_again(now);
        if self.rest_until.is_none_or(|until| Instant::now() >= until) {
            self.rest_until = None;
            let read = self.read(now).await;
            self.or_rest("deliveries cannot be read", read);
            self.write();
        }
        self.send(now);
    }

    fn take_in(&mut self, now: Timestamp) {
        let mail = self.d.inbox.take();
        for parcel in mail.parcels {
            let id = parcel.hook_id.clone();
            self.lane(&id, now).offer(parcel, now);
            self.attend(&id);
        }
        for id in mail.more {
            self.lane(&id, now).more = true;
            self.attend(&id);
        }
        for id in mail.changed {
            self.lane(&id, now).forget();
            self.attend(&id);
        }
    }

    fn lane(&mut self, hook_id: &str, now: Timestamp) -> &mut Lane {
        self.lanes.entry(hook_id.to_owned()).or_insert_with(|| Lane::new(now))
    }

    /// Puts a lane in the lines that it belongs in.
    fn attend(&mut self, hook_id: &str) {
        let Some(lane) = self.lanes.get_mut(hook_id) else { return };
        if lane.wants() && !lane.asked {
            lane.asked = true;
            self.asks.push_back(hook_id.to_owned());
        }
        if lane.waits() && !lane.listed {
            lane.listed = true;
            self.ready.push_back(hook_id.to_owned());
        }
        if let Some(at) = lane.look_at {
            self.remind(hook_id, at);
        }
    }

    /// Looks at a lane again at this instant, unless that is to happen sooner anyway.
    fn remind(&mut self, hook_id: &str, at: Timestamp) {
        let Some(lane) = self.lanes.get_mut(hook_id) else { return };
        if lane.reminder.is_none_or(|known| at < known) {
            lane.reminder = Some(at);
            self.agenda.push(Reverse((at, hook_id.to_owned())));
        }
    }

    /// Lanes whose time has come are looked at in the database.
    fn due_again(&mut self, now: Timestamp) {
        while self.agenda.peek().is_some_and(|Reverse((at, _))| *at <= now) {
            let Some(Reverse((_, id))) = self.agenda.pop() else { break };
            let Some(lane) = self.lanes.get_mut(&id) else { continue };
            lane.reminder = lane.reminder.filter(|at| *at > now);
            if lane.look_at.is_some_and(|at| at <= now) {
                lane.look_at = None;
                lane.more = true;
            }
            self.attend(&id);
        }
    }

    /// How long nothing happens by itself.
    fn nap(&self) -> Duration {
        if !self.asks.is_empty() && self.rest_until.is_none() {
            return Duration::ZERO;
        }
        let now = self.d.cx.now();
        let next = self.agenda.peek().map(|Reverse((at, _))| at.0.saturating_sub(now.0).max(1));
        next.and_then(|ms| u64::try_from(ms).ok()).map_or(NAP, |ms| Duration::from_millis(ms).min(NAP))
    }

    /// Reads hooks and queues for the lanes that ask. Lanes stay in line until that succeeded.
    async fn read(&mut self, now: Timestamp) -> Result<()> {
        let asks: Vec<String> = self.asks.iter().take(READS_MAX).cloned().collect();
        if asks.is_empty() {
            return Ok(());
        }
        let known = |id: &String| self.lanes.get(id).is_some_and(|lane| lane.ours);
        let (known, new): (Vec<String>, Vec<String>) = asks.iter().cloned().partition(known);
        let mut ours: HashSet<String> = known.into_iter().collect();
        ours.extend(lease::take(self.d, &new, now).await?);
        let mut parted = Vec::new();
        let mut db = self.d.cx.read().await?;
        for id in &asks {
            let Some(lane) = self.lanes.get_mut(id) else { continue };
            lane.ours = ours.contains(id);
            if lane.ours && lane.hook.is_none() {
                lane.is(snapshot::load(&self.d.cx, &mut db, id).await?.map(Arc::new));
            }
            match &lane.hook {
                Some(hook) if lane.ours && !hook.row.disabled => refill(&mut db, lane, id, now).await?,
                _ => parted.push(id.clone()),
            }
        }
        drop(db);
        for id in parted {
            self.part(&id).await?;
        }
        for id in self.asks.drain(..asks.len()).collect::<Vec<_>>() {
            if let Some(lane) = self.lanes.get_mut(&id) {
                lane.asked = false;
            }
            self.attend(&id);
        }
        Ok(())
    }

    /// Nothing more is sent for a hook: another node sends for it, or it is disabled or gone.
    async fn part(&mut self, hook_id: &str) -> Result<()> {
        let Some(lane) = self.lanes.get_mut(hook_id) else { return Ok(()) };
        if lane.ours {
            let mut all = false;
            while !all {
                let mut tx = self.d.cx.begin().await?;
                all = match &lane.hook {
                    Some(_) => store::deliveries::hold(&mut tx, hook_id).await?,
                    None => store::deliveries::cancel(&mut tx, hook_id, self.d.cx.now()).await?,
                };
                tx.commit().await?;
            }
            lease::give_back(self.d, hook_id).await?;
        }
        self.lanes.remove(hook_id);
        Ok(())
    }

    /// Begins tries, one for each lane in its turn, while there are places.
    fn send(&mut self, now: Timestamp) {
        let mut wait_for_places = Vec::new();
        while self.tries.len() < IN_FLIGHT && self.unwritten.len() + self.being_written < UNWRITTEN {
            let Some(id) = self.ready.pop_front() else { break };
            let Some(lane) = self.lanes.get_mut(&id) else { continue };
            if !lane.quick() && self.unproven >= IN_FLIGHT_UNPROVEN {
                wait_for_places.push(id);
                continue;
            }
            lane.listed = false;
            match lane.next(now) {
                Next::Send(parcel) => {
                    self.begin(parcel, now);
                    self.attend(&id);
                }
                Next::Wait(until) => self.remind(&id, until),
                Next::Nothing => {}
            }
        }
        self.ready.extend(wait_for_places);
    }

    fn begin(&mut self, parcel: Parcel, began: Timestamp) {
        let Some(lane) = self.lanes.get(&parcel.hook_id) else { return };
        let Some(hook) = lane.hook.clone() else { return };
        let unproven = !lane.quick();
        self.unproven += usize::from(unproven);
        self.begun += 1;
        let gear = Arc::clone(&self.d.gear);
        self.tries.spawn(async move {
            let run = AssertUnwindSafe(digest::send(&gear, &hook, &parcel)).catch_unwind().await;
            let failed = |_| (Tried::unsent("the sender of this target failed"), Vec::new());
            let (tried, along) = run.unwrap_or_else(failed);
            Ended { parcel, hook, began, tried, along, unproven }
        });
    }

    /// Takes in a try that ended, and all others that ended meanwhile.
    fn collect(&mut self, first: Option<Ended>) {
        let now = self.d.cx.now();
        let mut next = first;
        while let Some(ended) = next {
            self.ended(ended, now);
            next = self.tries.try_join_next().and_then(std::result::Result::ok);
        }
    }

    fn ended(&mut self, ended: Ended, now: Timestamp) {
        let Ended { parcel, hook, began, tried, along, unproven } = ended;
        self.unproven -= usize::from(unproven);
        let (d, schedule) = (self.d, hook.row.options.schedule.as_deref());
        let chance = || u32::from_be_bytes(d.cx.random());
        let stands = stands(&parcel, schedule, tried.meaning, now, chance);
        let attempt = d.cx.id();
        let along = digest::along(&parcel, &along, stands, &tried, (began, now), &attempt);
        let lane = self.lane(&parcel.hook_id, now);
        let consequence = lane.ended(&tried, now);
        let success = lane.success_changed(tried.meaning);
        let entry = Entry {
            outcome: outcome(&parcel, stands, tried, (began, now), attempt),
            along,
            success,
            health: consequence.changed.then(|| lane.health().clone()),
            news: consequence.news,
            parcel,
            hook,
        };
        self.attend(&entry.parcel.hook_id);
        self.unwritten.push(entry);
    }

    /// Begins to write down what ended, unless that is going on.
    fn write(&mut self) {
        if self.writing.is_some() || self.unwritten.is_empty() {
            return;
        }
        let mut entries: Vec<Entry> = self.unwritten.drain(..book::few(&self.unwritten, BATCH)).collect();
        self.being_written = entries.len();
        let cx = self.d.cx.clone();
        self.writing = Some(tokio::spawn(async move {
            let written = AssertUnwindSafe(book::write(&cx, &mut entries)).catch_unwind().await;
            let failed = |_| Err(context::Error::internal("writing outcomes down panicked"));
            (entries, written.unwrap_or_else(failed))
        }));
    }

    fn wrote(&mut self, written: Option<Written>) {
        self.writing = None;
        self.being_written = 0;
        let Some((entries, result)) = written else { return };
        if result.is_err() {
            self.unwritten.splice(0..0, entries);
            self.or_rest("outcomes of deliveries cannot be written down", result);
            return;
        }
        for entry in entries {
            let id = &entry.parcel.hook_id;
            if let Some(lane) = self.lanes.get_mut(id) {
                lane.written(&entry.parcel, entry.outcome.due.map(Timestamp));
            }
            self.attend(id);
        }
    }

    /// Looks for what others left or what was overlooked, and forgets lanes without use.
    async fn look_around(&mut self) {
        let scanned = self.scan().await;
        self.or_rest("queues cannot be looked through", scanned);
        let before = self.d.cx.now().plus_millis(-LANE_KEPT_MS);
        let idle = self.lanes.iter().filter(|(_, lane)| lane.idle() && lane.used < before);
        for id in idle.map(|(id, _)| id.clone()).collect::<Vec<_>>() {
            self.lanes.remove(&id);
            let given = lease::give_back(self.d, &id).await;
            self.or_rest("a queue cannot be given back; its lease will end by itself", given);
        }
    }

    async fn scan(&mut self) -> Result<()> {
        let now = self.d.cx.now();
        let queues = store::parcels::queues(&mut self.d.cx.read().await?, &self.d.worker, now).await?;
        for (id, due) in queues {
            let lane = self.lane(&id, now);
            if due <= now {
                lane.more = true;
            } else {
                lane.look_again(due);
            }
            self.attend(&id);
        }
        Ok(())
    }

    async fn renew(&mut self) {
        let kept = match lease::renew(self.d).await {
            Ok(Some(kept)) => kept,
            Ok(None) => return,
            Err(error) => return self.or_rest("leases of queues cannot be renewed", Err(error)),
        };
        for (_, lane) in self.lanes.iter_mut().filter(|(id, lane)| lane.ours && !kept.contains(*id)) {
            lane.ours = false;
            lane.forget();
        }
        let now = self.d.cx.now();
        self.agenda.extend(
            self.lanes.iter().filter(|(_, lane)| !lane.ours).map(|(id, _)| Reverse((now, id.clone()))),
        );
    }

    async fn close(&mut self) {
        let in_time = tokio::time::timeout(DRAIN, async {
            while let Some(ended) = self.tries.join_next().await {
                self.collect(ended.ok());
            }
        });
        let in_time = in_time.await.is_ok();
        self.tries.shutdown().await;
        if let Some(writing) = self.writing.take() {
            self.wrote(writing.await.ok());
        }
        let written = book::write(&self.d.cx, &mut self.unwritten).await;
        self.or_rest("outcomes of deliveries are lost: they will be made again", written);
        let given = lease::give_all_back(self.d, false).await;
        self.or_rest("queues cannot be given back; their leases will end by themselves", given);
        tracing::info!(in_time, "deliveries stopped");
    }

    /// After a failure of the database, says so and leaves it alone for a moment.
    fn or_rest(&mut self, what: &str, result: Result<()>) {
        if let Err(error) = result {
            tracing::error!(cause = ?error, "{what}");
            self.rest_until = Some(Instant::now() + DATABASE_REST);
        }
    }
}

async fn refill(db: &mut Conn, lane: &mut Lane, hook_id: &str, now: Timestamp) -> Result<()> {
    if !lane.more {
        return Ok(());
    }
    let most = lane.room();
    let limit = i64::try_from(most).unwrap_or(i64::MAX);
    let due = store::parcels::due(db, hook_id, now, lane.ordered(), limit).await?;
    let next = store::parcels::next_due(db, hook_id, now).await?;
    lane.refill(due, most, next);
    Ok(())
}

/// Resolves when what is being written is written; never when nothing is.
async fn written(writing: &mut Option<JoinHandle<Written>>) -> Option<Written> {
    match writing {
        Some(writing) => writing.await.ok(),
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::lab::Lab;
    use crate::tests::receiver::Receiver;
    use serde_json::json;
    use testbed::both;

    both!(reminders_of_a_paused_hook_do_not_pile_up);

    async fn reminders_of_a_paused_hook_do_not_pile_up(lab: &Lab) {
        let receiver = Receiver::start(&["503 Busy\r\nRetry-After: 3600"]).await;
        lab.hook(json!({"url": receiver.url})).await;
        let dispatcher = lab.dispatcher();
        let mut floor = Floor::new(&dispatcher);
        for _ in 0..20 {
            lab.happen().await;
            floor.run_due().await.expect("it runs");
        }
        assert_eq!((receiver.seen().len(), floor.begun), (1, 1), "the rest waits for the pause to end");
        assert!(floor.agenda.len() <= 2, "{} reminders", floor.agenda.len());
    }
}
