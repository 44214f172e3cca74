//! Logs of builds, kept in chunks of lines that are numbered from 0 within a build.

use crate::query::{Row, json, q};
use crate::{Conn, Result, Tx};
use model::LogLine;

/// Chunks read at once.
const CHUNKS: i64 = 64;

/// Appends lines to a build's log; the number of the first. The build's row is taken first, so that
/// two writers never give the same number.
///
/// # Errors
/// When the database fails.
pub async fn append(tx: &mut Tx, build_id: &str, lines: &[LogLine]) -> Result<i64> {
    tx.run(q!("UPDATE builds SET state = state WHERE id = $1", build_id)).await?;
    let first = count(tx, build_id).await?;
    let insert = q!(
        "INSERT INTO build_log (build_id, first_line, count, lines) VALUES ($1, $2, $3, $4)",
        build_id,
        first,
        i64::try_from(lines.len()).unwrap_or(i64::MAX),
        json(&lines)
    );
    tx.run(insert).await?;
    Ok(first)
}

/// How many lines a build's log has; the next one gets this number.
///
/// # Errors
/// When the database fails.
pub async fn count(db: &mut Conn, build_id: &str) -> Result<i64> {
    let select =
        q!("SELECT COALESCE(MAX(first_line + count), 0) AS n FROM build_log WHERE build_id = $1", build_id);
    db.row(select).await?.map_or(Ok(0), |row| row.int("n"))
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
    let lines: Vec<LogLine> = row.json("lines")?;
    Ok((row.int("first_line")?..).zip(lines))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builds::tests::{build, put};
    use crate::contract::support::{Db, NOW, both};

    both!(lines_are_read_from_any_number, two_writers_never_share_a_number);

    fn lines(messages: &[&str]) -> Vec<LogLine> {
        let line = |message: &&str| LogLine {
            ts: NOW,
            section: "build".into(),
            message: (*message).to_owned(),
            error: false,
        };
        messages.iter().map(line).collect()
    }

    async fn write(db: &Db, messages: &[&str]) -> i64 {
        let mut tx = db.store.begin().await.unwrap();
        let first = append(&mut tx, "1", &lines(messages)).await.unwrap();
        tx.commit().await.unwrap();
        first
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

    async fn two_writers_never_share_a_number(db: &Db) {
        put(db, &[build("1", 0)]).await;
        let many = async || {
            for _ in 0..10 {
                write(db, &["x", "y"]).await;
            }
        };
        tokio::join!(many(), many());
        assert_eq!(count(&mut db.store.read().await.unwrap(), "1").await.unwrap(), 40);
        let all = read(&mut db.store.read().await.unwrap(), "1", 0, 99).await.unwrap();
        assert_eq!(all.iter().map(|(number, _)| *number).collect::<Vec<_>>(), (0..40).collect::<Vec<_>>());
    }
}
