//! Calls of build hooks: who made them, and what came of them.

use crate::query::{Row, json, q, selects};
use crate::{Conn, Result, Tx};
use model::{Page, Timestamp};
use serde_json::Value;

/// A call of a build hook.
#[derive(Clone, Debug, PartialEq)]
pub struct CallRow {
    /// 24 hex digits.
    pub id: String,
    /// The hook.
    pub hook_id: String,
    /// Its number among the calls of the hook.
    pub number: i64,
    /// When it came.
    pub at: Timestamp,
    /// What came of it, in a word of the builds feature.
    pub outcome: String,
    /// Why it was turned away.
    pub reason: Option<String>,
    /// Branch it asked for; empty for the production branch.
    pub branch: String,
    /// What it waits in, or waited in.
    pub pending_id: Option<String>,
    /// The build it led to.
    pub build_id: Option<String>,
    /// The deploy of that.
    pub deploy_id: Option<String>,
    /// Address, user agent, query, body, ...: a document of the builds feature.
    pub request: Value,
}

/// The number of the next call. Until the transaction ends no other call of the hook goes on. None
/// when there is no such hook.
///
/// # Errors
/// When the database fails.
pub async fn next_number(tx: &mut Tx, hook_id: &str) -> Result<Option<i64>> {
    let update = q!("UPDATE build_hooks SET called = called + 1 WHERE id = $1 RETURNING called", hook_id);
    let rows = tx.rows(update).await?;
    rows.first().map(|row| row.int("called")).transpose()
}

/// Writes a call down; the newest `kept` of its hook stay.
///
/// # Errors
/// When the database fails.
pub async fn insert(tx: &mut Tx, call: &CallRow, kept: i64) -> Result<()> {
    let insert = q!(
        "INSERT INTO build_hook_calls (id, hook_id, number, at, outcome, reason, branch, pending_id, build_id,
                                       deploy_id, request)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        &call.id,
        &call.hook_id,
        call.number,
        call.at,
        &call.outcome,
        &call.reason,
        &call.branch,
        &call.pending_id,
        &call.build_id,
        &call.deploy_id,
        json(&call.request)
    );
    tx.run(insert).await?;
    let delete = q!(
        "DELETE FROM build_hook_calls WHERE hook_id = $1 AND number <= $2",
        &call.hook_id,
        call.number - kept
    );
    tx.run(delete).await.map(|_| ())
}

selects!(
    select,
    "SELECT id, hook_id, number, at, outcome, reason, branch, pending_id, build_id, deploy_id,
     request
     FROM build_hook_calls "
);

/// One call.
///
/// # Errors
/// When the database fails.
pub async fn find(db: &mut Conn, id: &str) -> Result<Option<CallRow>> {
    let select = q!(select!("WHERE id = $1"), id);
    db.row(select).await?.as_ref().map(read).transpose()
}

/// A page of a hook's calls, newest first.
///
/// # Errors
/// When the database fails.
pub async fn list(db: &mut Conn, hook_id: &str, page: Page) -> Result<Vec<CallRow>> {
    let select = q!(
        select!("WHERE hook_id = $1 ORDER BY number DESC LIMIT $2 OFFSET $3"),
        hook_id,
        page.limit(),
        page.offset()
    );
    db.rows(select).await?.iter().map(read).collect()
}

/// How many calls of a hook since then ended with one of these words, separated by spaces, and when
/// the first of them came.
///
/// # Errors
/// When the database fails.
pub async fn since(
    db: &mut Conn,
    hook_id: &str,
    since: Timestamp,
    outcomes: &str,
) -> Result<(i64, Option<Timestamp>)> {
    let select = q!(
        "SELECT COUNT(*) AS n, MIN(at) AS first_at FROM build_hook_calls
         WHERE hook_id = $1 AND at > $2 AND ' ' || $3 || ' ' LIKE '% ' || outcome || ' %'",
        hook_id,
        since,
        outcomes
    );
    let Some(row) = db.row(select).await? else { return Ok((0, None)) };
    Ok((row.int("n")?, row.time_opt("first_at")?))
}

/// The newest build that calls of this hook for this branch led to and that waits for a place.
///
/// # Errors
/// When the database fails.
pub async fn queued_build(db: &mut Conn, hook_id: &str, branch: &str) -> Result<Option<String>> {
    let select = q!(
        "SELECT b.id AS build_id FROM build_hook_calls c JOIN builds b ON b.id = c.build_id
         WHERE c.hook_id = $1 AND c.branch = $2 AND b.state = 'enqueued' ORDER BY c.number DESC LIMIT 1",
        hook_id,
        branch
    );
    db.row(select).await?.map(|row| row.text("build_id")).transpose()
}

/// What came of the calls that waited together.
///
/// # Errors
/// When the database fails.
pub async fn settle(
    tx: &mut Tx,
    pending_id: &str,
    build: Option<(&str, &str)>,
    reason: Option<&str>,
) -> Result<()> {
    let update = q!(
        "UPDATE build_hook_calls SET build_id = $2, deploy_id = $3, reason = $4 WHERE pending_id = $1",
        pending_id,
        build.map(|(build, _)| build),
        build.map(|(_, deploy)| deploy),
        reason
    );
    tx.run(update).await.map(|_| ())
}

/// Remembers that a call brought this message; the call that brought it before, if one did.
///
/// # Errors
/// When the database fails.
pub async fn first_of_message(
    tx: &mut Tx,
    hook_id: &str,
    message: &str,
    call_id: &str,
    now: Timestamp,
) -> Result<Option<String>> {
    let insert = q!(
        "INSERT INTO build_hook_messages (hook_id, message, call_id, at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (hook_id, message) DO NOTHING",
        hook_id,
        message,
        call_id,
        now
    );
    if tx.run(insert).await? > 0 {
        return Ok(None);
    }
    let select =
        q!("SELECT call_id FROM build_hook_messages WHERE hook_id = $1 AND message = $2", hook_id, message);
    tx.row(select).await?.map(|row| row.text("call_id")).transpose()
}

fn read(row: &Row) -> Result<CallRow> {
    Ok(CallRow {
        id: row.text("id")?,
        hook_id: row.text("hook_id")?,
        number: row.int("number")?,
        at: row.time("at")?,
        outcome: row.text("outcome")?,
        reason: row.text_opt("reason")?,
        branch: row.text("branch")?,
        pending_id: row.text_opt("pending_id")?,
        build_id: row.text_opt("build_id")?,
        deploy_id: row.text_opt("deploy_id")?,
        request: row.json("request")?,
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::build_hooks::{self, tests::hook};
    use crate::builds;
    use crate::contract::support::{Db, NOW, both};

    both!(calls_are_numbered_kept_and_counted, calls_that_waited_learn_what_came_of_them);

    pub(crate) fn call(number: i64) -> CallRow {
        CallRow {
            id: format!("call {number}"),
            hook_id: "1".to_owned(),
            number,
            at: NOW.plus_millis(number),
            outcome: "started".to_owned(),
            reason: None,
            branch: String::new(),
            pending_id: None,
            build_id: None,
            deploy_id: None,
            request: serde_json::json!({}),
        }
    }

    async fn calls_are_numbered_kept_and_counted(db: &Db) {
        db.account("a", &["s"]).await;
        let mut tx = db.store.begin().await.unwrap();
        build_hooks::insert(&mut tx, &hook("1", 0)).await.unwrap();
        assert_eq!(next_number(&mut tx, "2").await.unwrap(), None);
        for expect in 1..=4 {
            let number = next_number(&mut tx, "1").await.unwrap().unwrap();
            assert_eq!(number, expect);
            let outcome = if number == 3 { "filtered" } else { "started" };
            insert(&mut tx, &CallRow { outcome: outcome.to_owned(), ..call(number) }, 3).await.unwrap();
        }
        let numbers = |calls: Vec<CallRow>| calls.iter().map(|call| call.number).collect::<Vec<_>>();
        assert_eq!(numbers(list(&mut tx, "1", Page::default()).await.unwrap()), [4, 3, 2]);
        assert_eq!(numbers(list(&mut tx, "1", Page::new(Some(2), Some(2))).await.unwrap()), [2]);
        assert_eq!(find(&mut tx, "call 4").await.unwrap(), Some(call(4)));
        for (after, words, expect) in [
            (0, "started merged", (2, Some(2))),
            (2, "started merged", (1, Some(4))),
            (0, "filtered", (1, Some(3))),
            (0, "start", (0, None)),
        ] {
            let (n, first) = since(&mut tx, "1", NOW.plus_millis(after), words).await.unwrap();
            assert_eq!((n, first), (expect.0, expect.1.map(|age| NOW.plus_millis(age))), "{after} {words}");
        }
    }

    async fn calls_that_waited_learn_what_came_of_them(db: &Db) {
        builds::tests::put(db, &[builds::tests::build("b", 0)]).await;
        let mut tx = db.store.begin().await.unwrap();
        build_hooks::insert(&mut tx, &hook("1", 0)).await.unwrap();
        for number in 1..=2 {
            insert(&mut tx, &CallRow { pending_id: Some("p".to_owned()), ..call(number) }, 9).await.unwrap();
        }
        insert(&mut tx, &call(3), 9).await.unwrap();
        settle(&mut tx, "p", Some(("b", "d")), None).await.unwrap();
        let found = find(&mut tx, "call 1").await.unwrap().unwrap();
        assert_eq!((found.build_id.as_deref(), found.deploy_id.as_deref()), (Some("b"), Some("d")));
        assert_eq!(find(&mut tx, "call 3").await.unwrap().unwrap().build_id, None);
        assert_eq!(queued_build(&mut tx, "1", "").await.unwrap().as_deref(), Some("b"));
        assert_eq!(queued_build(&mut tx, "1", "feat").await.unwrap(), None);
        builds::begin(&mut tx, "b", NOW).await.unwrap();
        assert_eq!(queued_build(&mut tx, "1", "").await.unwrap(), None);
    }
}
