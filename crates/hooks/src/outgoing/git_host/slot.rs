//! One thing that is told to another service over and over: the state of a commit, a comment. A slot
//! remembers what is to be told and what was, so that nothing is told twice, nothing old after
//! something new, and never by two deliveries at once. It knows nothing of what is told.

use super::super::{Meaning, Tried};
use context::{Context, Error, Result};
use model::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::OnceLock;
use std::time::Duration;
use store::Tx;
use store::target_memory::{self, Memory, Place};

/// How long a delivery keeps a slot to itself when it falls silent: longer than its calls can take.
pub(crate) const LEASE_MS: i64 = 180_000;
/// How long what was told is remembered: longer than deliveries can wait.
pub(crate) const KEPT_MS: i64 = 90 * 24 * 3_600_000;
/// How often, and how many times, a delivery looks whether another is done.
const LOOK: Duration = Duration::from_millis(100);
const LOOKS: usize = 200;
/// When to try again when the other was not done until then.
const BUSY_REST: Duration = Duration::from_secs(10);

/// What tells, and of what kind of thing.
pub(crate) trait Teller: Sync {
    /// What is to be told.
    type Wish: Serialize + DeserializeOwned + Send + Sync;

    /// What is to be told now, after what was to be told before.
    fn merge(&self, before: Option<Self::Wish>) -> Self::Wish;

    /// What the other side sees of it: the same text is not told again.
    fn text(&self, wish: &Self::Wish) -> String;

    /// Tells it. `remote` is the other side's name for what was told before.
    fn tell(&self, wish: &Self::Wish, remote: Option<&str>) -> impl Future<Output = Told> + Send;
}

/// How telling went, and the other side's name for it from now on, when it is known.
pub(crate) struct Told {
    pub(crate) tried: Tried,
    pub(crate) remote: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Slot<W> {
    wish: W,
    /// Digest of the text that was told last.
    #[serde(default)]
    told: Option<String>,
    #[serde(default)]
    remote: Option<String>,
    #[serde(default)]
    lease: Option<Lease>,
}

/// Who is telling.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Lease {
    node: String,
    /// Drawn at the start of the process: what a node left behind when it died is free at once.
    life: String,
    id: String,
    until: Timestamp,
}

impl Lease {
    fn new(cx: &Context) -> Self {
        static LIFE: OnceLock<String> = OnceLock::new();
        let life = LIFE.get_or_init(|| cx.uuid()).clone();
        let until = cx.now().plus_millis(LEASE_MS);
        Self { node: cx.settings.node.clone(), life, id: cx.id(), until }
    }

    fn bars(&self, other: &Self, now: Timestamp) -> bool {
        let dead = self.node == other.node && self.life != other.life;
        !dead && self.until > now
    }
}

enum Claim<W> {
    /// There is nothing to tell.
    Quiet,
    /// Another delivery is telling.
    Busy,
    /// Somebody wrote in between.
    Lost,
    Mine(Box<(Slot<W>, Lease)>),
}

/// Tells what is to be told, unless it is known already. `place` is where that is remembered.
pub(crate) async fn settle<T: Teller>(cx: &Context, place: &Place, teller: &T) -> Tried {
    for _ in 0..LOOKS {
        match claim(cx, place, teller).await {
            Ok(Claim::Quiet) => {
                return quiet("nothing to tell: this, or what came after it, was told already");
            }
            Ok(Claim::Lost) => {}
            Ok(Claim::Busy) => tokio::time::sleep(LOOK).await,
            Ok(Claim::Mine(mine)) => {
                let (slot, lease) = *mine;
                let told = teller.tell(&slot.wish, slot.remote.as_deref()).await;
                if let Err(error) = release(cx, place, teller, &slot.wish, (&lease, &told)).await {
                    tracing::error!(cause = ?error, "what was told could not be written down");
                }
                return told.tried;
            }
            Err(error) => return database_failed(&error),
        }
    }
    let mut tried = Tried::unsent("another delivery is just telling the same thing");
    tried.meaning = Meaning::Failed(Some(BUSY_REST));
    tried
}

async fn claim<T: Teller>(cx: &Context, place: &Place, teller: &T) -> Result<Claim<T::Wish>> {
    let now = cx.now();
    let mut tx = cx.begin().await?;
    let memory = target_memory::find(&mut tx, place).await?;
    let before = memory.as_ref().and_then(read::<T::Wish>);
    let (wish, told, remote, held) = match before {
        Some(slot) => (teller.merge(Some(slot.wish)), slot.told, slot.remote, slot.lease),
        None => (teller.merge(None), None, None, None),
    };
    let lease = Lease::new(cx);
    let held = held.filter(|held| held.bars(&lease, now));
    if held.is_none() && told.as_deref() == Some(digest(teller, &wish).as_str()) {
        return Ok(Claim::Quiet);
    }
    let busy = held.is_some();
    let slot = Slot { wish, told, remote, lease: held.or_else(|| Some(lease.clone())) };
    let value = text_of(&slot)?;
    if memory.as_ref().is_some_and(|memory| memory.value == value) {
        return Ok(Claim::Busy);
    }
    if !write(cx, &mut tx, place, memory.map(|memory| memory.version), &value).await? {
        return Ok(Claim::Lost);
    }
    tx.commit().await?;
    Ok(if busy { Claim::Busy } else { Claim::Mine(Box::new((slot, lease))) })
}

/// Writes down how it went and lets the next one in. What others wished meanwhile stays.
async fn release<T: Teller>(
    cx: &Context,
    place: &Place,
    teller: &T,
    wish: &T::Wish,
    (lease, told): (&Lease, &Told),
) -> Result<()> {
    loop {
        let mut tx = cx.begin().await?;
        let Some(memory) = target_memory::find(&mut tx, place).await? else { return Ok(()) };
        let Some(mut slot) = read::<T::Wish>(&memory) else { return Ok(()) };
        if slot.lease.as_ref() == Some(lease) {
            slot.lease = None;
        }
        if told.tried.meaning == Meaning::Delivered {
            slot.told = Some(digest(teller, wish));
        }
        slot.remote = told.remote.clone().or(slot.remote);
        if write(cx, &mut tx, place, Some(memory.version), &text_of(&slot)?).await? {
            tx.commit().await?;
            return Ok(());
        }
    }
}

async fn write(cx: &Context, tx: &mut Tx, place: &Place, version: Option<i64>, value: &str) -> Result<bool> {
    let expires = Some(cx.now().plus_millis(KEPT_MS));
    Ok(match version {
        Some(version) => target_memory::replace(tx, place, version, value, expires).await?,
        None => target_memory::insert(tx, place, value, expires).await?,
    })
}

fn text_of<W: Serialize>(slot: &Slot<W>) -> Result<String> {
    serde_json::to_string(slot).map_err(Error::internal)
}

/// What an older program wrote and this one cannot read counts as forgotten.
fn read<W: DeserializeOwned>(memory: &Memory) -> Option<Slot<W>> {
    serde_json::from_str(&memory.value).ok()
}

fn digest<T: Teller>(teller: &T, wish: &T::Wish) -> String {
    signing::sha256_hex(teller.text(wish).as_bytes())
}

/// The end of a delivery that needs no request.
pub(crate) fn quiet(why: &str) -> Tried {
    Tried {
        meaning: Meaning::Delivered,
        duration_ms: 0,
        status: None,
        error: None,
        request: json!({ "note": why }).into(),
        response: None,
    }
}

/// The end of a try that the database did not let begin.
pub(crate) fn database_failed(error: &Error) -> Tried {
    tracing::error!(cause = ?error, "a Git host could not be told, because the database failed");
    Tried::unsent("this server's database did not answer")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lease(node: &str, life: &str, until: i64) -> Lease {
        Lease { node: node.into(), life: life.into(), id: "1".into(), until: Timestamp(until) }
    }

    fn check(held: &Lease, expect: bool) {
        let other = lease("n1", "now", 0);
        assert_eq!(held.bars(&other, Timestamp(100)), expect, "{} {} {}", held.node, held.life, held.until);
    }

    #[test]
    fn who_is_telling_keeps_others_out_until_dead_or_silent() {
        check(&lease("n1", "now", 101), true);
        check(&lease("n2", "else", 101), true);
        check(&lease("n1", "now", 100), false);
        check(&lease("n2", "else", 100), false);
        check(&lease("n1", "before the crash", 101), false);
    }
}
