//! Runs one statement on an SQLite connection, where it is asked for: indexed and in the page cache
//! it takes microseconds, less than a way to another thread and back. Knows no transaction.

use crate::Result;
use crate::error::Fault;
use crate::query::{Arg, Query};
use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{Connection, ErrorCode, Rows, Statement};
use std::sync::Arc;

/// A row of SQLite's answer, taken out of the statement so that it may cross threads.
pub struct SqliteRow {
    /// Shared by the rows of one answer.
    columns: Arc<[Box<str>]>,
    values: Box<[Value]>,
}

impl SqliteRow {
    pub(crate) fn text(&self, column: &str) -> Result<Option<&str>> {
        match self.value(column)? {
            Value::Text(text) => Ok(Some(text)),
            Value::Null => Ok(None),
            _ => Err(Fault::Type(column.to_owned()).into()),
        }
    }

    /// Takes a text out, which is null afterwards.
    pub(crate) fn take_text(&mut self, column: &str) -> Result<Option<String>> {
        self.text(column)?;
        let place = self.columns.iter().position(|name| **name == *column);
        let value = place.and_then(|place| self.values.get_mut(place));
        Ok(match value.map(|value| std::mem::replace(value, Value::Null)) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        })
    }

    pub(crate) fn int(&self, column: &str) -> Result<Option<i64>> {
        match self.value(column)? {
            Value::Integer(number) => Ok(Some(*number)),
            Value::Null => Ok(None),
            _ => Err(Fault::Type(column.to_owned()).into()),
        }
    }

    pub(crate) fn bytes(&self, column: &str) -> Result<Option<&[u8]>> {
        match self.value(column)? {
            Value::Blob(bytes) => Ok(Some(bytes)),
            Value::Null => Ok(None),
            _ => Err(Fault::Type(column.to_owned()).into()),
        }
    }

    fn value(&self, column: &str) -> Result<&Value> {
        let place = self.columns.iter().position(|name| **name == *column);
        place.map(|place| &self.values[place]).ok_or_else(|| Fault::NoColumn(column.to_owned()).into())
    }
}

/// All rows of the answer.
pub(super) fn rows(db: &mut Connection, query: &Query) -> rusqlite::Result<Vec<SqliteRow>> {
    let mut statement = bound(db, query)?;
    let mut rows = statement.raw_query();
    let mut out = Vec::new();
    let mut columns = None;
    while let Some(row) = rows.next()? {
        let columns = columns.get_or_insert_with(|| names(row.as_ref()));
        out.push(taken(row, columns)?);
    }
    Ok(out)
}

/// The first row of the answer.
pub(super) fn row(db: &mut Connection, query: &Query) -> rusqlite::Result<Option<SqliteRow>> {
    let mut statement = bound(db, query)?;
    let changes = !statement.readonly();
    let mut rows = statement.raw_query();
    let Some(row) = rows.next()? else { return Ok(None) };
    let first = taken(row, &names(row.as_ref()))?;
    if changes {
        to_the_end(rows)?;
    }
    Ok(Some(first))
}

/// Runs the statement; how many rows it touched.
pub(super) fn run(db: &mut Connection, query: &Query) -> rusqlite::Result<u64> {
    let mut statement = bound(db, query)?;
    to_the_end(statement.raw_query())?;
    drop(statement);
    Ok(db.changes())
}

/// Runs one of the words that begin and end transactions.
pub(super) fn say(db: &Connection, word: &'static str) -> rusqlite::Result<()> {
    to_the_end(db.prepare_cached(word)?.raw_query())
}

/// Whether another connection holds what this one asked for.
pub(super) fn is_busy(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
}

/// Foreign keys are checked where a statement ends, so one that changes something is seen that far.
fn to_the_end(mut rows: Rows<'_>) -> rusqlite::Result<()> {
    while rows.next()?.is_some() {}
    Ok(())
}

fn bound<'a>(db: &'a Connection, query: &Query) -> rusqlite::Result<rusqlite::CachedStatement<'a>> {
    let mut statement = db.prepare_cached(query.sql)?;
    for place in 1..=statement.parameter_count() {
        let arg = argument(&statement, place).and_then(|number| query.args.get(number));
        let Some(arg) = arg else {
            return Err(rusqlite::Error::InvalidParameterCount(query.args.len(), place));
        };
        statement.raw_bind_parameter(place, borrowed(arg))?;
    }
    Ok(statement)
}

/// Which value belongs at this place: for SQLite `$2` is a name like any other, and places count
/// in the order in which names first appear.
fn argument(statement: &Statement<'_>, place: usize) -> Option<usize> {
    let number: usize = statement.parameter_name(place)?.strip_prefix('$')?.parse().ok()?;
    number.checked_sub(1)
}

fn borrowed(arg: &Arg) -> ToSqlOutput<'_> {
    ToSqlOutput::Borrowed(match arg {
        Arg::Text(Some(text)) => ValueRef::Text(text.as_bytes()),
        Arg::Int(Some(number)) => ValueRef::Integer(*number),
        Arg::Bytes(bytes) => ValueRef::Blob(bytes),
        Arg::Text(None) | Arg::Int(None) => ValueRef::Null,
    })
}

fn names(statement: &Statement<'_>) -> Arc<[Box<str>]> {
    statement.column_names().map(Box::from).collect()
}

fn taken(row: &rusqlite::Row<'_>, columns: &Arc<[Box<str>]>) -> rusqlite::Result<SqliteRow> {
    let values = (0..columns.len()).map(|place| row.get(place)).collect::<rusqlite::Result<_>>()?;
    Ok(SqliteRow { columns: Arc::clone(columns), values })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::q;

    fn table() -> Connection {
        let db = Connection::open_in_memory().unwrap();
        let tables = "PRAGMA foreign_keys = ON; CREATE TABLE p (id INTEGER PRIMARY KEY);
             CREATE TABLE t (n INTEGER, s TEXT, b BLOB, p INTEGER REFERENCES p (id)) STRICT;";
        db.execute_batch(tables).unwrap();
        db
    }

    #[test]
    fn values_go_where_their_numbers_say() {
        let mut db = table();
        let row = row(&mut db, &q!("SELECT $2 AS b, $1 AS a, $2 AS c", "one", "two")).unwrap().unwrap();
        let found = ["a", "b", "c"].map(|column| row.text(column).unwrap().unwrap().to_owned());
        assert_eq!(found, ["one", "two", "two"]);
    }

    #[test]
    fn a_value_that_is_missing_is_an_error() {
        let mut db = table();
        let refused = rows(&mut db, &q!("SELECT $1 AS a, $2 AS b", "one")).err().unwrap();
        assert!(matches!(refused, rusqlite::Error::InvalidParameterCount(1, 2)), "{refused}");
    }

    #[test]
    fn each_type_comes_back_as_it_went_in() {
        let mut db = table();
        let insert = q!("INSERT INTO t (n, s, b) VALUES ($1, $2, $3)", i64::MIN, "ü\0x", vec![0_u8, 255]);
        assert_eq!(run(&mut db, &insert).unwrap(), 1);
        let mut row = row(&mut db, &q!("SELECT n, s, b, p FROM t")).unwrap().unwrap();
        assert_eq!(row.int("n").unwrap(), Some(i64::MIN));
        assert_eq!(row.text("s").unwrap(), Some("ü\0x"));
        assert_eq!(row.bytes("b").unwrap(), Some(&[0, 255][..]));
        assert_eq!(row.int("p").unwrap(), None);
        assert!(row.int("s").is_err() && row.text("b").is_err() && row.bytes("n").is_err());
        assert_eq!(row.take_text("s").unwrap().as_deref(), Some("ü\0x"));
        assert_eq!(row.text("s").unwrap(), None, "it was taken out");
        assert!(row.take_text("n").is_err() && row.int("n").unwrap().is_some());
        assert!(row.text("nothing").unwrap_err().to_string().contains("nothing"));
    }

    #[test]
    fn a_changing_statement_is_checked_although_only_its_first_row_is_read() {
        let mut db = table();
        let orphans = q!("INSERT INTO t (n, p) VALUES (1, 7), (2, 8) RETURNING n");
        let refused = row(&mut db, &orphans).err().unwrap();
        assert_eq!(refused.sqlite_error_code(), Some(ErrorCode::ConstraintViolation));
        let count = row(&mut db, &q!("SELECT COUNT(*) AS n FROM t")).unwrap().unwrap();
        assert_eq!(count.int("n").unwrap(), Some(0));
    }

    #[test]
    fn statements_after_the_first_are_refused() {
        let mut db = table();
        assert!(run(&mut db, &q!("DELETE FROM t; DROP TABLE t")).is_err());
        assert!(rows(&mut db, &q!("SELECT n FROM t")).unwrap().is_empty());
    }
}
