//! A statement with its values, and a row of its answer, alike for both engines.
//!
//! Three types cross the border: text, 64-bit integers (also times and flags) and bytes.

use crate::engine::SqliteRow;
use crate::error::Fault;
use crate::{Error, Result};
use model::Timestamp;
use serde::{Serialize, de::DeserializeOwned};
use sqlx::{Row as _, postgres::PgRow};

/// One value of a statement.
#[derive(Clone, Debug)]
pub enum Arg {
    /// Text.
    Text(Option<String>),
    /// Integer, time or flag.
    Int(Option<i64>),
    /// Bytes.
    Bytes(Vec<u8>),
}

/// A statement and its values, `$1` first.
#[derive(Clone, Debug)]
pub struct Query {
    pub(crate) sql: &'static str,
    pub(crate) args: Vec<Arg>,
}

impl Query {
    pub(crate) fn new(sql: &'static str) -> Self {
        Self { sql, args: Vec::new() }
    }

    pub(crate) fn bind(mut self, arg: impl Into<Arg>) -> Self {
        self.args.push(arg.into());
        self
    }
}

/// `q!("SELECT … WHERE id = $1", id)`: a [`Query`] with its values in order.
macro_rules! q {
    ($sql:expr $(, $arg:expr)* $(,)?) => {
        $crate::query::Query::new($sql)$(.bind($arg))*
    };
}
pub(crate) use q;

/// `selects!(select, "SELECT id, name FROM things ")` makes `select!("WHERE id = $1")`, so that the columns
/// that a row is read from stand once.
macro_rules! selects {
    ($name:ident, $head:literal $(,)?) => {
        $crate::query::selects!(@ ($) $name, $head);
    };
    (@ ($d:tt) $name:ident, $head:literal) => {
        macro_rules! $name {
            ($d rest:literal) => {
                concat!($head, $d rest)
            };
        }
    };
}
pub(crate) use selects;

/// `all_but_newest!("log", "id", "site_id = $1", "at DESC, id", "$2")`: deletes the rows of a kind, save
/// the `$2` that come first in that order.
macro_rules! all_but_newest {
    ($table:literal, $key:literal, $kind:literal, $order:literal, $kept:literal) => {
        concat!(
            "DELETE FROM ",
            $table,
            " WHERE ",
            $kind,
            " AND ",
            $key,
            " NOT IN (SELECT ",
            $key,
            " FROM ",
            $table,
            " WHERE ",
            $kind,
            " ORDER BY ",
            $order,
            " LIMIT ",
            $kept,
            ")"
        )
    };
}
pub(crate) use all_but_newest;

macro_rules! into_arg {
    ($($from:ty => $variant:ident($value:ident => $convert:expr)),* $(,)?) => {
        $(impl From<$from> for Arg {
            fn from($value: $from) -> Self {
                Self::$variant($convert)
            }
        })*
    };
}

into_arg! {
    &str => Text(v => Some(v.to_owned())),
    String => Text(v => Some(v)),
    &String => Text(v => Some(v.clone())),
    Option<&str> => Text(v => v.map(str::to_owned)),
    Option<String> => Text(v => v),
    &Option<String> => Text(v => v.clone()),
    i64 => Int(v => Some(v)),
    Option<i64> => Int(v => v),
    bool => Int(v => Some(i64::from(v))),
    Option<bool> => Int(v => v.map(i64::from)),
    Timestamp => Int(v => Some(v.0)),
    Option<Timestamp> => Int(v => v.map(|at| at.0)),
    Vec<u8> => Bytes(v => v),
    &[u8] => Bytes(v => v.to_vec()),
}

/// A value as JSON text, to bind to a document column.
pub(crate) fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned())
}

/// A row of an answer.
pub enum Row {
    /// From SQLite.
    Sqlite(SqliteRow),
    /// From PostgreSQL.
    Postgres(PgRow),
}

impl Row {
    pub(crate) fn text(&self, column: &str) -> Result<String> {
        present(column, self.text_opt(column)?)
    }

    /// Like [`Self::text`], out of the row: the column is null afterwards, as far as the engine lets go
    /// of it.
    pub(crate) fn take_text(&mut self, column: &str) -> Result<String> {
        match self {
            Self::Sqlite(row) => present(column, row.take_text(column)?),
            Self::Postgres(_) => self.text(column),
        }
    }

    pub(crate) fn text_opt(&self, column: &str) -> Result<Option<String>> {
        Ok(self.str_opt(column)?.map(str::to_owned))
    }

    pub(crate) fn int(&self, column: &str) -> Result<i64> {
        present(column, self.int_opt(column)?)
    }

    pub(crate) fn int_opt(&self, column: &str) -> Result<Option<i64>> {
        match self {
            Self::Sqlite(row) => row.int(column),
            Self::Postgres(row) => row.try_get(column).map_err(Error::database),
        }
    }

    pub(crate) fn flag(&self, column: &str) -> Result<bool> {
        self.int(column).map(|v| v != 0)
    }

    pub(crate) fn time(&self, column: &str) -> Result<Timestamp> {
        self.int(column).map(Timestamp)
    }

    pub(crate) fn time_opt(&self, column: &str) -> Result<Option<Timestamp>> {
        self.int_opt(column).map(|v| v.map(Timestamp))
    }

    pub(crate) fn bytes(&self, column: &str) -> Result<Vec<u8>> {
        let bytes: Option<&[u8]> = match self {
            Self::Sqlite(row) => row.bytes(column)?,
            Self::Postgres(row) => row.try_get(column).map_err(Error::database)?,
        };
        present(column, bytes).map(<[u8]>::to_vec)
    }

    pub(crate) fn json<T: DeserializeOwned>(&self, column: &'static str) -> Result<T> {
        let text = present(column, self.str_opt(column)?)?;
        serde_json::from_str(text).map_err(|e| Error::Document(column, e))
    }

    pub(crate) fn str_opt(&self, column: &str) -> Result<Option<&str>> {
        match self {
            Self::Sqlite(row) => row.text(column),
            Self::Postgres(row) => row.try_get(column).map_err(Error::database),
        }
    }
}

fn present<T>(column: &str, value: Option<T>) -> Result<T> {
    value.ok_or_else(|| Fault::Null(column.to_owned()).into())
}
