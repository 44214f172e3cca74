//! Builds: what was asked for, where it stands, how it ended.

use crate::query::{Row, json, q, selects};
use crate::{Conn, Error, Result, Tx};
use model::{BuildState, Page, Timestamp};
use serde_json::Value;

/// A stored build.
#[derive(Clone, Debug, PartialEq)]
pub struct BuildRow {
    /// 24 hex digits.
    pub id: String,
    /// The site.
    pub site_id: String,
    /// The site's account.
    pub account_id: String,
    /// The deploy it makes.
    pub deploy_id: String,
    /// Where it stands.
    pub state: BuildState,
    /// Commit, once known.
    pub sha: Option<String>,
    /// Why it failed.
    pub error: Option<String>,
    /// What asked for it: a document of the builds feature.
    pub cause: Value,
    /// What it makes a newer deploy of: of the builds of a site with the same label that wait, the
    /// newest counts.
    pub label: String,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When a node took it.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

/// What the builds of an account add up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Running.
    pub building: i64,
    /// Waiting.
    pub enqueued: i64,
    /// All of the period.
    pub count: i64,
    /// Finished ones of the period.
    pub finished: i64,
    /// Milliseconds that those ran.
    pub millis: i64,
}

/// Writes a new build.
///
/// # Errors
/// When the database fails.
pub async fn insert(tx: &mut Tx, build: &BuildRow) -> Result<()> {
    let insert = q!(
        "INSERT INTO builds (id, site_id, account_id, deploy_id, state, sha, error, cause, created_at,
                             started_at, finished_at, label)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        &build.id,
        &build.site_id,
        &build.account_id,
        &build.deploy_id,
        build.state.as_str(),
        &build.sha,
        &build.error,
        json(&build.cause),
        build.created_at,
        build.started_at,
        build.finished_at,
        &build.label
    );
    tx.run(insert).await.map(|_| ())
}

selects!(
    select,
    "SELECT id, site_id, account_id, deploy_id, state, sha, error, cause, created_at, started_at,
     finished_at, label
     FROM builds "
);

/// One build.
///
/// # Errors
/// When the database fails.
pub async fn find(db: &mut Conn, id: &str) -> Result<Option<BuildRow>> {
    let select = q!(select!("WHERE id = $1"), id);
    db.row(select).await?.as_ref().map(read).transpose()
}

/// The build that makes a deploy.
///
/// # Errors
/// When the database fails.
pub async fn by_deploy(db: &mut Conn, deploy_id: &str) -> Result<Option<BuildRow>> {
    let select = q!(select!("WHERE deploy_id = $1 ORDER BY created_at DESC LIMIT 1"), deploy_id);
    db.row(select).await?.as_ref().map(read).transpose()
}

/// A page of a site's builds, newest first.
///
/// # Errors
/// When the database fails.
pub async fn list(db: &mut Conn, site_id: &str, page: Page) -> Result<Vec<BuildRow>> {
    let select = q!(
        select!("WHERE site_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2 OFFSET $3"),
        site_id,
        page.limit(),
        page.offset()
    );
    db.rows(select).await?.iter().map(read).collect()
}

/// How many builds of a site wait for a place.
///
/// # Errors
/// When the database fails.
pub async fn waiting(db: &mut Conn, site_id: &str) -> Result<i64> {
    let select = q!("SELECT COUNT(*) AS n FROM builds WHERE site_id = $1 AND state = 'enqueued'", site_id);
    db.row(select).await?.map_or(Ok(0), |row| row.int("n"))
}

/// Builds of a site with this label that wait for a place, oldest first.
///
/// # Errors
/// When the database fails.
pub async fn waiting_for(db: &mut Conn, site_id: &str, label: &str) -> Result<Vec<BuildRow>> {
    let select = q!(
        select!(
            "WHERE site_id = $1 AND label = $2 AND state = 'enqueued' AND finished_at IS NULL
             ORDER BY created_at, id"
        ),
        site_id,
        label
    );
    db.rows(select).await?.iter().map(read).collect()
}

/// Builds of an account that are not over: those that run first, then those that wait; the oldest
/// of each first, at most `most`.
///
/// # Errors
/// When the database fails.
pub async fn unfinished(db: &mut Conn, account_id: &str, most: i64) -> Result<Vec<BuildRow>> {
    let select = q!(
        select!(
            "WHERE account_id = $1 AND finished_at IS NULL AND state IN ('enqueued', 'building')
             ORDER BY CASE WHEN state = 'building' THEN 0 ELSE 1 END, created_at, id LIMIT $2"
        ),
        account_id,
        most
    );
    db.rows(select).await?.iter().map(read).collect()
}

/// The commit that a site's newest successful build worked on.
///
/// # Errors
/// When the database fails.
pub async fn last_sha(db: &mut Conn, site_id: &str) -> Result<Option<String>> {
    let select = q!(
        "SELECT sha FROM builds WHERE site_id = $1 AND state = 'done' AND sha IS NOT NULL
         ORDER BY created_at DESC, id DESC LIMIT 1",
        site_id
    );
    db.row(select).await?.map(|row| row.text("sha")).transpose()
}

/// Whose builds are added up.
#[derive(Clone, Copy, Debug)]
pub enum Of<'a> {
    /// Those of all sites of an account, deleted ones included.
    Account(&'a str),
    /// Those of one site.
    Site(&'a str),
}

/// What builds add up to: those running and waiting now, and the work since `since`.
///
/// # Errors
/// When the database fails.
pub async fn totals(db: &mut Conn, of: Of<'_>, since: Timestamp) -> Result<Totals> {
    let (now, time) = match of {
        Of::Account(id) => (q!(ACCOUNT_NOW, id, since), q!(ACCOUNT_TIME, id, since)),
        Of::Site(id) => (q!(SITE_NOW, id, since), q!(SITE_TIME, id, since)),
    };
    let mut totals = Totals::default();
    if let Some(row) = db.row(now).await? {
        totals.building = row.int("building")?;
        totals.enqueued = row.int("enqueued")?;
        totals.count = row.int("count")?;
    }
    if let Some(row) = db.row(time).await? {
        totals.finished = row.int("finished")?;
        totals.millis = row.int("millis")?;
    }
    Ok(totals)
}

macro_rules! now_of {
    ($column:literal) => {
        concat!(
            "SELECT CAST(COALESCE(SUM(CASE WHEN state = 'building' THEN 1 ELSE 0 END), 0) AS BIGINT) AS building,
                    CAST(COALESCE(SUM(CASE WHEN state = 'enqueued' THEN 1 ELSE 0 END), 0) AS BIGINT) AS enqueued,
                    CAST(COALESCE(SUM(CASE WHEN created_at >= $2 THEN 1 ELSE 0 END), 0) AS BIGINT) AS count
             FROM builds WHERE ",
            $column,
            " = $1"
        )
    };
}
macro_rules! time_of {
    ($column:literal) => {
        concat!(
            "SELECT COUNT(*) AS finished, CAST(COALESCE(SUM(millis), 0) AS BIGINT) AS millis
             FROM build_time WHERE ",
            $column,
            " = $1 AND finished_at >= $2"
        )
    };
}
const ACCOUNT_NOW: &str = now_of!("account_id");
const SITE_NOW: &str = now_of!("site_id");
const ACCOUNT_TIME: &str = time_of!("account_id");
const SITE_TIME: &str = time_of!("site_id");

/// Throws away what builds took that finished before `before`, at most `most` of them; how many.
///
/// # Errors
/// When the database fails.
pub async fn forget_time(tx: &mut Tx, before: Timestamp, most: i64) -> Result<u64> {
    let delete = q!(
        "DELETE FROM build_time WHERE build_id IN
             (SELECT build_id FROM build_time WHERE finished_at < $1 ORDER BY finished_at LIMIT $2)",
        before,
        most
    );
    tx.run(delete).await
}

/// Marks an unfinished build as running; whether it could. One that runs already keeps its start.
///
/// # Errors
/// When the database fails.
pub async fn begin(tx: &mut Tx, id: &str, now: Timestamp) -> Result<bool> {
    let update = q!(
        "UPDATE builds SET state = 'building', started_at = COALESCE(started_at, $2), run_at = $2
         WHERE id = $1 AND state IN ('enqueued', 'building')",
        id,
        now
    );
    tx.run(update).await.map(|rows| rows == 1)
}

/// Ends a build that waits for a place, without having begun; whether it waited.
///
/// # Errors
/// When the database fails.
pub async fn give_up(tx: &mut Tx, id: &str, error: &str, now: Timestamp) -> Result<bool> {
    let update = q!(
        "UPDATE builds SET state = 'cancelled', error = $2, finished_at = $3 WHERE id = $1 AND state = 'enqueued'",
        id,
        error,
        now
    );
    tx.run(update).await.map(|rows| rows == 1)
}

/// Notes the commit a build works on.
///
/// # Errors
/// When the database fails.
pub async fn set_sha(tx: &mut Tx, id: &str, sha: &str) -> Result<()> {
    tx.run(q!("UPDATE builds SET sha = $2 WHERE id = $1", id, sha)).await.map(|_| ())
}

/// Ends an unfinished build; whether it was unfinished.
///
/// # Errors
/// When the database fails.
pub async fn finish(
    tx: &mut Tx,
    id: &str,
    state: BuildState,
    error: Option<&str>,
    now: Timestamp,
) -> Result<bool> {
    let update = q!(
        "UPDATE builds SET state = $2, error = $3, finished_at = $4
         WHERE id = $1 AND state IN ('pending_review', 'enqueued', 'building')",
        id,
        state.as_str(),
        error,
        now
    );
    if tx.run(update).await? == 0 {
        return Ok(false);
    }
    // once for each build, since it ends once; one that never began took no time
    let note = q!(
        "INSERT INTO build_time (build_id, account_id, site_id, finished_at, millis)
         SELECT id, account_id, site_id, finished_at, finished_at - COALESCE(run_at, started_at) FROM builds
         WHERE id = $1 AND started_at IS NOT NULL",
        id
    );
    tx.run(note).await?;
    Ok(true)
}

/// Lets a build that waits for a person wait for a place, with what was decided in its cause;
/// whether it waited.
///
/// # Errors
/// When the database fails.
pub async fn release(tx: &mut Tx, id: &str, cause: &Value) -> Result<bool> {
    let update = q!(
        "UPDATE builds SET state = 'enqueued', cause = $2 WHERE id = $1 AND state = 'pending_review'",
        id,
        json(cause)
    );
    tx.run(update).await.map(|rows| rows == 1)
}

/// Ends builds that wait for a person while their deploy is gone; how many.
///
/// # Errors
/// When the database fails.
pub async fn end_orphans(tx: &mut Tx, now: Timestamp) -> Result<u64> {
    let update = q!(
        "UPDATE builds SET state = 'cancelled', finished_at = $1, error = 'its deploy was deleted'
         WHERE state = 'pending_review' AND NOT EXISTS (SELECT 1 FROM deploys WHERE deploys.id = builds.deploy_id)",
        now
    );
    tx.run(update).await
}

fn read(row: &Row) -> Result<BuildRow> {
    let unknown = || {
        let cause = <serde_json::Error as serde::de::Error>::custom("a word this program does not know");
        Error::Document("builds.state", cause)
    };
    Ok(BuildRow {
        id: row.text("id")?,
        site_id: row.text("site_id")?,
        account_id: row.text("account_id")?,
        deploy_id: row.text("deploy_id")?,
        state: BuildState::parse(&row.text("state")?).ok_or_else(unknown)?,
        sha: row.text_opt("sha")?,
        error: row.text_opt("error")?,
        cause: row.json("cause")?,
        label: row.text("label")?,
        created_at: row.time("created_at")?,
        started_at: row.time_opt("started_at")?,
        finished_at: row.time_opt("finished_at")?,
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::contract::support::{Db, NOW, both};

    both!(
        a_build_goes_through_its_states,
        totals_count_a_period,
        what_waits_can_be_given_up_and_what_runs_cannot
    );

    pub(crate) fn build(id: &str, age: i64) -> BuildRow {
        BuildRow {
            id: id.to_owned(),
            site_id: "s".to_owned(),
            account_id: "a".to_owned(),
            deploy_id: format!("deploy of {id}"),
            state: BuildState::Enqueued,
            sha: None,
            error: None,
            cause: serde_json::json!({ "clear_cache": true }),
            label: "production".to_owned(),
            created_at: NOW.plus_millis(age),
            started_at: None,
            finished_at: None,
        }
    }

    pub(crate) async fn put(db: &Db, builds: &[BuildRow]) {
        db.account("a", &["s"]).await;
        let mut tx = db.store.begin().await.unwrap();
        for build in builds {
            insert(&mut tx, build).await.unwrap();
        }
        tx.commit().await.unwrap();
    }

    async fn a_build_goes_through_its_states(db: &Db) {
        let (first, second) = (build("1", 0), build("2", 1));
        put(db, &[first.clone(), second.clone()]).await;
        let mut tx = db.store.begin().await.unwrap();
        assert_eq!(list(&mut tx, "s", Page::default()).await.unwrap(), [second, first.clone()]);
        assert_eq!(by_deploy(&mut tx, "deploy of 1").await.unwrap(), Some(first));
        assert_eq!(waiting(&mut tx, "s").await.unwrap(), 2);
        assert!(begin(&mut tx, "1", NOW).await.unwrap());
        assert!(begin(&mut tx, "1", NOW.plus_millis(9)).await.unwrap(), "after a crash");
        set_sha(&mut tx, "1", "c1").await.unwrap();
        assert_eq!(last_sha(&mut tx, "s").await.unwrap(), None);
        let end = NOW.plus_millis(5);
        assert!(finish(&mut tx, "1", BuildState::Done, None, end).await.unwrap());
        assert!(!finish(&mut tx, "1", BuildState::Failed, Some("late"), end).await.unwrap());
        assert!(!begin(&mut tx, "1", end).await.unwrap());
        assert_eq!(last_sha(&mut tx, "s").await.unwrap().as_deref(), Some("c1"));
        assert!(finish(&mut tx, "2", BuildState::Failed, Some("why"), end).await.unwrap());
        let done = find(&mut tx, "1").await.unwrap().unwrap();
        assert_eq!(
            (done.state, done.started_at, done.finished_at, done.error),
            (BuildState::Done, Some(NOW), Some(end), None)
        );
        let failed = find(&mut tx, "2").await.unwrap().unwrap();
        assert_eq!(
            (failed.state, failed.started_at, failed.error.as_deref()),
            (BuildState::Failed, None, Some("why"))
        );
        assert_eq!(find(&mut tx, "3").await.unwrap(), None);
    }

    async fn what_waits_can_be_given_up_and_what_runs_cannot(db: &Db) {
        put(db, &[build("1", 0), build("2", 1), build("3", 2)]).await;
        let mut tx = db.store.begin().await.unwrap();
        let ids = |rows: Vec<BuildRow>| rows.into_iter().map(|row| row.id).collect::<Vec<_>>();
        assert_eq!(ids(waiting_for(&mut tx, "s", "production").await.unwrap()), ["1", "2", "3"]);
        assert!(waiting_for(&mut tx, "s", "branch-deploy:x").await.unwrap().is_empty());
        assert!(begin(&mut tx, "2", NOW).await.unwrap());
        assert!(!give_up(&mut tx, "2", "late", NOW).await.unwrap());
        assert!(give_up(&mut tx, "1", "replaced", NOW).await.unwrap());
        assert!(!give_up(&mut tx, "1", "again", NOW).await.unwrap());
        assert_eq!(ids(waiting_for(&mut tx, "s", "production").await.unwrap()), ["3"]);
        assert_eq!(ids(unfinished(&mut tx, "a", 9).await.unwrap()), ["2", "3"]);
        assert_eq!(ids(unfinished(&mut tx, "a", 1).await.unwrap()), ["2"]);
        let given = find(&mut tx, "1").await.unwrap().unwrap();
        assert_eq!((given.state, given.error.as_deref()), (BuildState::Cancelled, Some("replaced")));
        assert_eq!(totals(&mut tx, Of::Site("s"), NOW).await.unwrap().finished, 0, "it took no time");
    }

    async fn totals_count_a_period(db: &Db) {
        put(db, &[build("old", -100), build("1", 0), build("2", 1), build("3", 2)]).await;
        let mut tx = db.store.begin().await.unwrap();
        for (id, from, to) in [("old", -100, -90), ("1", 10, 25)] {
            begin(&mut tx, id, NOW.plus_millis(from)).await.unwrap();
            finish(&mut tx, id, BuildState::Done, None, NOW.plus_millis(to)).await.unwrap();
        }
        begin(&mut tx, "2", NOW).await.unwrap();
        let expect = Totals { building: 1, enqueued: 1, count: 3, finished: 1, millis: 15 };
        assert_eq!(totals(&mut tx, Of::Account("a"), NOW).await.unwrap(), expect);
        let all = Totals { count: 4, finished: 2, millis: 25, ..expect };
        assert_eq!(totals(&mut tx, Of::Account("a"), NOW.plus_millis(-100)).await.unwrap(), all);
        assert_eq!(totals(&mut tx, Of::Account("b"), NOW).await.unwrap(), Totals::default());
    }
}
