//! Deliveries as somebody sees them who listens to a hook: in the order in which they were written
//! down, wherever they stand. Nothing is changed here.

use crate::query::{Row, q, selects};
use crate::{Conn, Result};
use model::Timestamp;

/// A delivery that a listener is told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// Place in the order in which deliveries were written down.
    pub seq: i64,
    /// The delivery.
    pub id: String,
    /// The event.
    pub event_id: String,
    /// The event's name.
    pub event: String,
    /// When it was made: with its event.
    pub created_at: Timestamp,
}

/// The place of the newest delivery of all hooks; 0 when there is none.
///
/// # Errors
/// When the database fails.
pub async fn head(db: &mut Conn) -> Result<i64> {
    let row = db.row(q!("SELECT MAX(seq) AS head FROM deliveries")).await?;
    Ok(row.map(|row| row.int_opt("head")).transpose()?.flatten().unwrap_or_default())
}

selects!(select, "SELECT seq, id, event_id, event, created_at FROM deliveries ");

/// Up to `most` deliveries of a hook after a place, in order. The search goes through what was written
/// down since then, whose hook ever it is: the joined text keeps the planner from reading all
/// deliveries of the hook instead.
///
/// # Errors
/// When the database fails.
pub async fn after(db: &mut Conn, hook_id: &str, place: i64, most: i64) -> Result<Vec<Heard>> {
    let select =
        q!(select!("WHERE seq > $2 AND hook_id || '' = $1 ORDER BY seq LIMIT $3"), hook_id, place, most);
    db.rows(select).await?.iter().map(read).collect()
}

/// The last `most` deliveries of a hook up to a place, in order.
///
/// # Errors
/// When the database fails.
pub async fn last(db: &mut Conn, hook_id: &str, place: i64, most: i64) -> Result<Vec<Heard>> {
    let select = q!(
        select!("WHERE hook_id = $1 AND seq <= $2 ORDER BY created_at DESC, seq DESC LIMIT $3"),
        hook_id,
        place,
        most
    );
    let mut found = db.rows(select).await?.iter().map(read).collect::<Result<Vec<_>>>()?;
    found.sort_by_key(|one| one.seq);
    Ok(found)
}

fn read(row: &Row) -> Result<Heard> {
    Ok(Heard {
        seq: row.int("seq")?,
        id: row.text("id")?,
        event_id: row.text("event_id")?,
        event: row.text("event")?,
        created_at: row.time("created_at")?,
    })
}
