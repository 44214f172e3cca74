//! Logs of builds, kept in compressed chunks of lines that are numbered from 0 within a build. What
//! there is of each log, its length, size and sections, stands in a row of its own, so that nobody
//! has to read a log to know about it.

use crate::query::{Row, json, q};
use crate::{Conn, Error, Result, Tx};
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use model::{LogLine, LogSection, Timestamp};
use std::io::{Read as _, Write as _};

/// Chunks read at once.
const CHUNKS: i64 = 8;
/// Bytes that one chunk may have when unpacked; a row that has more was not written here.
const CHUNK_BYTES: u64 = 64 << 20;
/// Sections of one log that are told apart; lines of further ones count to the last.
pub const SECTIONS_MAX: usize = 200;

/// Lines made ready to be kept. Packing takes time that no transaction should wait for.
#[derive(Clone, Debug)]
pub struct Chunk {
    count: i64,
    packed: Vec<u8>,
    /// Where the section changes: offset, name, time.
    changes: Vec<(i64, String, Timestamp)>,
}

/// What there is of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// Number of the next line.
    pub lines: i64,
    /// Bytes that it takes on disk.
    pub stored: i64,
    /// Parts of the build in their order; the last one has no end.
    pub sections: Vec<LogSection>,
}

impl Chunk {
    /// Packs lines.
    ///
    /// # Errors
    /// When they cannot be packed.
    pub fn pack(lines: &[LogLine]) -> Result<Self> {
        let mut packed = DeflateEncoder::new(Vec::new(), Compression::fast());
        let text = json(&lines);
        packed.write_all(text.as_bytes()).and_then(|()| packed.finish()).map_err(unreadable).map(|packed| {
            Self { count: i64::try_from(lines.len()).unwrap_or(i64::MAX), packed, changes: changes(lines) }
        })
    }
}

fn unreadable(error: std::io::Error) -> Error {
    Error::Io("a chunk of a log".to_owned(), error)
}

fn changes(lines: &[LogLine]) -> Vec<(i64, String, Timestamp)> {
    let mut out: Vec<(i64, String, Timestamp)> = Vec::new();
    for (offset, line) in (0..).zip(lines) {
        if out.last().is_none_or(|(_, name, _)| *name != line.section) {
            out.push((offset, line.section.clone(), line.ts));
        }
    }
    out
}

/// Appends lines to a build's log; the number of the first. The build's row is taken first, so that
/// two writers never give the same number.
///
/// # Errors
/// When the database fails.
pub async fn append(tx: &mut Tx, build_id: &str, chunk: &Chunk, now: Timestamp) -> Result<i64> {
    tx.run(q!("UPDATE builds SET state = state WHERE id = $1", build_id)).await?;
    let mut head = head(tx, build_id).await?.unwrap_or_default();
    let first = head.lines;
    head.lines = first.saturating_add(chunk.count);
    head.stored = head.stored.saturating_add(i64::try_from(chunk.packed.len()).unwrap_or(i64::MAX));
    extend(&mut head.sections, first, &chunk.changes);
    let insert = q!(
        "INSERT INTO build_log (build_id, first_line, count, lines) VALUES ($1, $2, $3, $4)",
        build_id,
        first,
        chunk.count,
        chunk.packed.as_slice()
    );
    tx.run(insert).await?;
    let note = q!(
        "INSERT INTO build_logs (build_id, lines, stored, changed_at, sections) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (build_id) DO UPDATE SET lines = excluded.lines, stored = excluded.stored,
         changed_at = excluded.changed_at, sections = excluded.sections",
        build_id,
        head.lines,
        head.stored,
        now,
        json(&head.sections)
    );
    tx.run(note).await?;
    Ok(first)
}

/// Puts the sections of further lines behind those that are there.
fn extend(sections: &mut Vec<LogSection>, first: i64, changes: &[(i64, String, Timestamp)]) {
    for (offset, name, at) in changes {
        let lasts = sections.last().is_some_and(|section| section.name == *name);
        if lasts || sections.len() >= SECTIONS_MAX {
            continue;
        }
        if let Some(before) = sections.last_mut() {
            before.end(*at);
        }
        let name = name.clone();
        let (first_line, started_at) = (first + offset, *at);
        sections.push(LogSection { name, first_line, started_at, ended_at: None, duration_ms: None });
    }
}

/// What there is of a build's log, if it has one.
///
/// # Errors
/// When the database fails.
pub async fn head(db: &mut Conn, build_id: &str) -> Result<Option<Head>> {
    let select = q!("SELECT lines, stored, sections FROM build_logs WHERE build_id = $1", build_id);
    let of = |row: Row| {
        Ok(Head { lines: row.int("lines")?, stored: row.int("stored")?, sections: row.json("sections")? })
    };
    db.row(select).await?.map(of).transpose()
}

/// How many lines a build's log has; the next one gets this number.
///
/// # Errors
/// When the database fails.
pub async fn count(db: &mut Conn, build_id: &str) -> Result<i64> {
    Ok(head(db, build_id).await?.map_or(0, |head| head.lines))
}

/// Up to `limit` lines with their numbers, beginning with number `from`. Fewer than `limit` do not
/// mean that there are no more: ask again from the number after the last, until nothing comes.
///
/// # Errors
/// When the database fails.
pub async fn read(db: &mut Conn, build_id: &str, from: i64, limit: usize) -> Result<Vec<(i64, LogLine)>> {
    let select = q!(
        "SELECT first_line, lines FROM build_log
         WHERE build_id = $1 AND first_line + count > $2 ORDER BY first_line LIMIT $3",
        build_id,
        from,
        CHUNKS
    );
    let mut out = Vec::new();
    for row in db.rows(select).await? {
        out.extend(numbered(&row)?.filter(|(number, _)| *number >= from));
        if out.len() >= limit {
            break;
        }
    }
    out.truncate(limit);
    Ok(out)
}

fn numbered(row: &Row) -> Result<impl Iterator<Item = (i64, LogLine)>> {
    let mut text = Vec::new();
    let packed = row.bytes("lines")?;
    DeflateDecoder::new(packed.as_slice()).take(CHUNK_BYTES).read_to_end(&mut text).map_err(unreadable)?;
    let lines: Vec<LogLine> =
        serde_json::from_slice(&text).map_err(|error| Error::Document("build_log", error))?;
    Ok((row.int("first_line")?..).zip(lines))
}

/// Throws away logs that were last written to before `before`, at most `batch`; how many.
///
/// # Errors
/// When the database fails.
pub async fn forget(tx: &mut Tx, before: Timestamp, batch: i64) -> Result<u64> {
    let select = q!(
        "SELECT build_id FROM build_logs WHERE changed_at < $1 ORDER BY changed_at LIMIT $2",
        before,
        batch
    );
    forget_each(tx, select).await
}

/// Throws away the oldest logs of finished builds until all logs together take no more than `total`
/// bytes, at most `batch`; how many.
///
/// # Errors
/// When the database fails.
pub async fn forget_beyond(tx: &mut Tx, total: i64, batch: i64) -> Result<u64> {
    let select = q!(
        "SELECT build_id FROM (
             SELECT l.build_id, l.changed_at, b.state,
                 SUM(l.stored) OVER (ORDER BY l.changed_at DESC, l.build_id DESC) AS so_far
             FROM build_logs l JOIN builds b ON b.id = l.build_id
         ) AS sized WHERE so_far > $1 AND state IN ('done', 'failed', 'cancelled')
         ORDER BY changed_at LIMIT $2",
        total,
        batch
    );
    forget_each(tx, select).await
}

async fn forget_each(tx: &mut Tx, select: crate::query::Query) -> Result<u64> {
    let rows = tx.rows(select).await?;
    for row in &rows {
        let id = row.text("build_id")?;
        tx.run(q!("DELETE FROM build_log WHERE build_id = $1", id.as_str())).await?;
        tx.run(q!("DELETE FROM build_logs WHERE build_id = $1", id.as_str())).await?;
    }
    Ok(u64::try_from(rows.len()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builds;
    use crate::builds::tests::{build, put};
    use crate::contract::support::{Db, NOW, both};
    use model::BuildState;

    both!(
        lines_are_read_from_any_number,
        two_writers_never_share_a_number,
        sections_are_told_with_their_times,
        old_logs_go_and_so_do_the_oldest_of_too_many
    );

    fn line(section: &str, message: &str, after: i64) -> LogLine {
        let section = section.to_owned();
        LogLine { ts: NOW.plus_millis(after), section, message: message.to_owned(), error: false }
    }

    async fn write_lines(db: &Db, id: &str, lines: &[LogLine], at: i64) -> i64 {
        let mut tx = db.store.begin().await.unwrap();
        let first = append(&mut tx, id, &Chunk::pack(lines).unwrap(), NOW.plus_millis(at)).await.unwrap();
        tx.commit().await.unwrap();
        first
    }

    async fn write(db: &Db, messages: &[&str]) -> i64 {
        let lines: Vec<_> = messages.iter().map(|message| line("build", message, 0)).collect();
        write_lines(db, "1", &lines, 0).await
    }

    async fn lines_are_read_from_any_number(db: &Db) {
        put(db, &[build("1", 0)]).await;
        assert_eq!((write(db, &["a", "b", "c"]).await, write(db, &["d", "e"]).await), (0, 3));
        for (from, limit, expect) in
            [(0, 9, "abcde"), (1, 3, "bcd"), (2, 1, "c"), (3, 9, "de"), (5, 9, ""), (-4, 2, "ab")]
        {
            let found = read(&mut db.store.read().await.unwrap(), "1", from, limit).await.unwrap();
            let text: String = found.iter().map(|(_, line)| line.message.as_str()).collect();
            assert_eq!(text, expect, "{from} {limit}");
            assert!(found.iter().zip(from.max(0)..).all(|((number, _), expect)| *number == expect));
        }
    }

    /// Numbers of the lines that one reading gives.
    async fn read_from(db: &Db, from: usize) -> Vec<i64> {
        let from = i64::try_from(from).unwrap();
        let found = read(&mut db.store.read().await.unwrap(), "1", from, 99).await.unwrap();
        assert!(found.len() <= 2 * usize::try_from(CHUNKS).unwrap(), "a reading has its end");
        found.into_iter().map(|(number, _)| number).collect()
    }

    async fn two_writers_never_share_a_number(db: &Db) {
        put(db, &[build("1", 0)]).await;
        let many = async || {
            for _ in 0..10 {
                write(db, &["x", "y"]).await;
            }
        };
        tokio::join!(many(), many());
        assert_eq!(count(&mut db.store.read().await.unwrap(), "1").await.unwrap(), 40);
        let mut all: Vec<i64> = Vec::new();
        while let more = read_from(db, all.len()).await
            && !more.is_empty()
        {
            all.extend(more);
        }
        assert_eq!(all, (0..40).collect::<Vec<_>>());
    }

    async fn sections_are_told_with_their_times(db: &Db) {
        put(db, &[build("1", 0)]).await;
        write_lines(db, "1", &[line("queued", "a", 0), line("clone", "b", 10), line("clone", "c", 20)], 0)
            .await;
        write_lines(db, "1", &[line("clone", "d", 30), line("build", "e", 70), line("clone", "f", 71)], 0)
            .await;
        let found = head(&mut db.store.read().await.unwrap(), "1").await.unwrap().unwrap();
        let shown: Vec<_> =
            found.sections.iter().map(|s| (s.name.as_str(), s.first_line, s.duration_ms)).collect();
        assert_eq!(
            shown,
            [("queued", 0, Some(10)), ("clone", 1, Some(60)), ("build", 4, Some(1)), ("clone", 5, None)]
        );
        let many: Vec<_> = (0..300).map(|n| line(&n.to_string(), "x", 100)).collect();
        write_lines(db, "1", &many, 0).await;
        let found = head(&mut db.store.read().await.unwrap(), "1").await.unwrap().unwrap();
        assert_eq!((found.sections.len(), found.lines), (SECTIONS_MAX, 306));
    }

    async fn old_logs_go_and_so_do_the_oldest_of_too_many(db: &Db) {
        put(db, &[build("1", 0), build("2", 0), build("3", 0), build("4", 0)]).await;
        for (id, at) in [("1", 1), ("2", 2), ("3", 3), ("4", 4)] {
            write_lines(db, id, &[line("build", "the same", 0)], at).await;
        }
        let mut tx = db.store.begin().await.unwrap();
        for id in ["1", "2", "4"] {
            builds::finish(&mut tx, id, BuildState::Done, None, NOW).await.unwrap();
        }
        let each = head(&mut tx, "1").await.unwrap().unwrap().stored;
        assert_eq!(forget(&mut tx, NOW.plus_millis(1), 9).await.unwrap(), 0);
        assert_eq!(forget(&mut tx, NOW.plus_millis(2), 9).await.unwrap(), 1);
        assert_eq!(forget_beyond(&mut tx, 3 * each, 9).await.unwrap(), 0);
        assert_eq!(forget_beyond(&mut tx, each, 9).await.unwrap(), 1, "the second; the third still runs");
        let mut left = Vec::new();
        for id in ["1", "2", "3", "4"] {
            let lines = read(&mut tx, id, 0, 9).await.unwrap().len();
            assert_eq!(lines > 0, head(&mut tx, id).await.unwrap().is_some(), "{id}");
            left.push(lines);
        }
        assert_eq!(left, [0, 0, 1, 1]);
    }
}
