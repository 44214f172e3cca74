//! Listening to a hook: its deliveries as they would leave now, while they come to be, on whichever
//! node they do. The deliveries themselves are only read.

mod cursor;
mod seats;

pub use seats::{LISTENERS, LISTENERS_PER_HOOK, Listeners};

use crate::outgoing::{Message, Way, title_case, url};
use crate::secrets;
use context::{Context, Error, Result};
use cursor::{Cursor, OVERTAKING};
use futures_util::StreamExt as _;
use futures_util::stream::{BoxStream, unfold};
use outbound::Request;
use seats::Seat;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::VecDeque;
use std::time::Duration;
use store::hooks::HookRow;
use store::listening::{self, Heard};
use store::{Conn, Engine};
use tokio::time::Instant;

/// How often new deliveries are looked for.
const INTERVAL: Duration = Duration::from_millis(300);
/// How often a silent listener is shown that the stream lives: below the patience of common proxies.
const BEAT: Duration = Duration::from_secs(15);
/// How long one connection lasts: the next one is authorised anew.
const SITTING: Duration = Duration::from_secs(15 * 60);
/// Deliveries that are read at once.
const BATCH: i64 = 50;
/// Most deliveries that can be sent again at the start.
pub const REPLAY_MAX: i64 = 100;
/// Seconds after which a listener that found no place may ask again.
const FULL_REST: u64 = 10;

/// What a listener asks for.
#[derive(Clone, Debug, Default)]
pub struct Listen {
    /// Where an earlier stream broke off; counts before the others.
    pub after: Option<String>,
    /// Send so many of the last deliveries first.
    pub replay: Option<i64>,
    /// End when everything that there is was sent.
    pub once: bool,
}

/// What a listener is told. The texts say where a stream goes on from there.
#[derive(Clone, Debug)]
pub enum Word {
    /// A delivery.
    Delivery(String, Box<Letter>),
    /// A delivery that cannot be made, and why.
    Trouble(String, &'static str),
    /// Nothing new.
    Beat(String),
    /// The hook is gone.
    End,
}

/// A delivery as it would leave now.
#[derive(Clone, Debug, Serialize)]
pub struct Letter {
    /// The delivery.
    pub delivery_id: String,
    /// The event.
    pub event_id: String,
    /// Its name.
    pub event: String,
    /// Method of the request.
    pub method: String,
    /// Address of the hook.
    pub url: String,
    /// Headers, their names as on the wire.
    pub headers: Map<String, Value>,
    /// The exact bytes of the body.
    pub body: String,
}

/// The deliveries of a hook from now on, or as `ask` says.
///
/// # Errors
/// `NotFound`; `Unprocessable` for a target that gets no requests of its own; `Invalid` for a place
/// that is none; `TooMany` when enough listen already.
pub async fn listen(
    cx: &Context,
    listeners: &Listeners,
    hook_id: &str,
    ask: &Listen,
) -> Result<BoxStream<'static, Result<Word>>> {
    let mut db = cx.read().await?;
    let hook = store::hooks::find(&mut db, hook_id).await?.ok_or(Error::NotFound)?;
    if hook.kind != "url" {
        let kind = hook.kind;
        return Err(Error::Unprocessable(format!(
            "hooks of type url can be listened to; this one is of type {kind}"
        )));
    }
    let start = start(&mut db, hook_id, ask).await?;
    let seat = listeners.sit(hook_id).ok_or(Error::TooMany { retry_after: FULL_REST })?;
    let overtaking = if cx.store.engine() == Engine::Postgres { OVERTAKING } else { Duration::ZERO };
    let ear = Ear {
        cx: cx.clone(),
        hook_id: hook_id.to_owned(),
        cursor: start,
        heads: VecDeque::new(),
        overtaking,
        found: VecDeque::new(),
        once: ask.once,
        began: Instant::now(),
        spoke: None,
        seat,
    };
    Ok(unfold(Some(ear), |ear| async { ear?.next().await }).boxed())
}

/// Where a listener begins.
async fn start(db: &mut Conn, hook_id: &str, ask: &Listen) -> Result<Cursor> {
    if let Some(text) = &ask.after {
        let place = Cursor::parse(text);
        return place
            .ok_or_else(|| Error::Invalid("Last-Event-ID is not one that this server sent".to_owned()));
    }
    let head = listening::head(db).await?;
    let Some(count) = ask.replay else { return Ok(Cursor::at(head)) };
    if !(1..=REPLAY_MAX).contains(&count) {
        return Err(Error::Invalid(format!("replay is a number from 1 to {REPLAY_MAX}")));
    }
    let last = listening::last(db, hook_id, head, count).await?;
    Ok(Cursor::at(last.first().map_or(head, |first| first.seq - 1)))
}

/// One listener.
struct Ear {
    cx: Context,
    hook_id: String,
    cursor: Cursor,
    /// Places that were the newest, and when: what was written down before them is committed or never
    /// will be once they are old enough.
    heads: VecDeque<(Instant, i64)>,
    overtaking: Duration,
    found: VecDeque<Heard>,
    once: bool,
    began: Instant,
    spoke: Option<Instant>,
    seat: Seat,
}

type Said = Option<(Result<Word>, Option<Ear>)>;

impl Ear {
    /// The next word, and who says the one after it. The stream ends after an error.
    async fn next(mut self) -> Said {
        match self.word().await {
            Ok(Some(word)) => {
                self.spoke = Some(Instant::now());
                let more = !matches!(word, Word::End);
                Some((Ok(word), more.then_some(self)))
            }
            Ok(None) => None,
            Err(error) => Some((Err(error), None)),
        }
    }

    /// Waits for something to say; none when the stream is over.
    async fn word(&mut self) -> Result<Option<Word>> {
        loop {
            while let Some(heard) = self.found.pop_front() {
                if self.take(heard.seq) {
                    return self.tell(heard).await.map(Some);
                }
            }
            if self.began.elapsed() >= SITTING {
                return Ok(None);
            }
            // A first beat tells a listener without a delivery yet where it stands.
            if self.spoke.is_none_or(|at| at.elapsed() >= BEAT) {
                return Ok(Some(Word::Beat(self.cursor.text())));
            }
            match self.look().await? {
                Look::Gone => return Ok(Some(Word::End)),
                Look::Nothing if self.once => return Ok(None),
                Look::Nothing if !self.seat.rest(INTERVAL).await => return Ok(None),
                Look::Nothing | Look::Something => {}
            }
        }
    }

    fn take(&mut self, seq: i64) -> bool {
        let new = self.cursor.take(seq);
        if self.overtaking.is_zero() {
            self.cursor.pass(seq);
        }
        new
    }

    /// Looks for more; what was found before is told.
    async fn look(&mut self) -> Result<Look> {
        let now = Instant::now();
        self.settle(now);
        let mut db = self.cx.read().await?;
        let head = listening::head(&mut db).await?;
        let most = BATCH.saturating_add(i64::try_from(self.cursor.known()).unwrap_or(i64::MAX));
        let found = listening::after(&mut db, &self.hook_id, self.cursor.floor(), most).await?;
        if i64::try_from(found.len()).is_ok_and(|count| count < most) {
            self.heads.push_back((now, head));
        }
        self.found = found.into_iter().filter(|heard| !self.cursor.has(heard.seq)).collect();
        if !self.found.is_empty() {
            return Ok(Look::Something);
        }
        let there = store::hooks::find(&mut db, &self.hook_id).await?.is_some();
        Ok(if there { Look::Nothing } else { Look::Gone })
    }

    /// Passes the places that are old enough.
    fn settle(&mut self, now: Instant) {
        while let Some((_, place)) =
            self.heads.pop_front_if(|(at, _)| now.duration_since(*at) >= self.overtaking)
        {
            self.cursor.pass(place);
        }
    }

    async fn tell(&self, heard: Heard) -> Result<Word> {
        let mut db = self.cx.read().await?;
        let Some(hook) = store::hooks::find(&mut db, &self.hook_id).await? else {
            return Ok(Word::End);
        };
        let place = self.cursor.text();
        let Some(body) = store::parcels::body(&mut db, &heard.id).await? else {
            return Ok(Word::Trouble(place, "the event is no longer in the ledger"));
        };
        Ok(match request(&self.cx, &hook, &heard, &body) {
            Ok(request) => Word::Delivery(place, Box::new(letter(heard, body, &request))),
            Err(why) => Word::Trouble(place, why),
        })
    }
}

enum Look {
    Something,
    Nothing,
    Gone,
}

/// What a try of this delivery would send now.
fn request(
    cx: &Context,
    hook: &HookRow,
    heard: &Heard,
    body: &str,
) -> std::result::Result<Request, &'static str> {
    let secrets = secrets::open(cx, &hook.id, &hook.sealed)
        .map_err(|_| "the hook's secret cannot be opened with this server's key; set it again")?;
    let (event_id, event) = (heard.event_id.as_str(), heard.event.as_str());
    let at = heard.created_at;
    let (secrets, way) = (&secrets, &Way::new());
    let message = Message { event_id, event, at, body, hook, secrets, way, digest: None };
    url::request(&message, cx.now())
}

fn letter(heard: Heard, body: String, request: &Request) -> Letter {
    let header = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        (title_case(name.as_str()), Value::from(String::from_utf8_lossy(value.as_bytes())))
    };
    Letter {
        delivery_id: heard.id,
        event_id: heard.event_id,
        event: heard.event,
        method: request.method.to_string(),
        url: request.url.to_string(),
        headers: request.headers.iter().map(header).collect(),
        body,
    }
}
