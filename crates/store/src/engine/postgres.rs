//! The PostgreSQL engine: one pool, and statements with their values bound. Whether a connection is
//! in a transaction is nothing to it.

use super::sqlite::PATIENCE;
use crate::query::{Arg, Query, Row};
use crate::{Error, Result};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::{Connection as _, Executor as _, PgPool};
use std::time::Duration;

/// Connections of one node.
const CONNECTIONS: u32 = 24;
/// A connection that rested for longer is asked whether it is still there before it is used; each
/// question is a way to the server and back.
const FRESH: Duration = Duration::from_secs(1);

/// Connects to the server at this address.
pub(super) async fn open(url: &str) -> Result<PgPool> {
    let options: PgConnectOptions = url.parse().map_err(Error::database::<sqlx::Error>)?;
    let pool = PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(PATIENCE)
        .test_before_acquire(false)
        .before_acquire(|connection, state| {
            Box::pin(async move {
                if state.idle_for > FRESH {
                    connection.ping().await?;
                }
                Ok(true)
            })
        });
    Ok(pool.connect_with(options).await?)
}

macro_rules! bound {
    ($query:expr) => {{
        let mut prepared = sqlx::query($query.sql);
        for arg in $query.args {
            prepared = match arg {
                Arg::Text(v) => prepared.bind(v),
                Arg::Int(v) => prepared.bind(v),
                Arg::Bytes(v) => prepared.bind(v),
            };
        }
        prepared
    }};
}

/// All rows of the answer.
pub(super) async fn rows(db: &mut PgConnection, query: Query) -> Result<Vec<Row>> {
    let rows = bound!(query).fetch_all(db).await?;
    Ok(rows.into_iter().map(Row::Postgres).collect())
}

/// The first row of the answer.
pub(super) async fn row(db: &mut PgConnection, query: Query) -> Result<Option<Row>> {
    Ok(bound!(query).fetch_optional(db).await?.map(Row::Postgres))
}

/// Runs the statement; how many rows it touched.
pub(super) async fn run(db: &mut PgConnection, query: Query) -> Result<u64> {
    Ok(bound!(query).execute(db).await?.rows_affected())
}

/// Runs several statements without values.
pub(super) async fn script(db: &mut PgConnection, sql: String) -> Result<()> {
    Ok(db.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(sql))).await.map(|_| ())?)
}
