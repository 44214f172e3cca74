//! Jobs: what must still be done, written in the transaction that made it necessary, claimed with a
//! lease by one worker at a time, deleted when done.

use crate::query::{Row, json, q};
use crate::{Conn, Engine, Result, Tx};
use model::Timestamp;
use serde_json::Value;

/// A job to write down.
#[derive(Clone, Debug)]
pub struct NewJob<'a> {
    /// 24 hex digits.
    pub id: &'a str,
    /// Which handler runs it.
    pub kind: &'a str,
    /// Whose turn it is: jobs of one tenant do not hold up another's.
    pub tenant: &'a str,
    /// What the handler needs to know.
    pub payload: &'a Value,
    /// Not before this instant.
    pub run_at: Timestamp,
    /// Now.
    pub now: Timestamp,
}

/// A job in the hands of a worker.
#[derive(Clone, Debug, PartialEq)]
pub struct JobRow {
    /// 24 hex digits.
    pub id: String,
    /// Which handler runs it.
    pub kind: String,
    /// Whose turn it is.
    pub tenant: String,
    /// What the handler needs to know; null when it is not JSON.
    pub payload: Value,
    /// Claims so far, this one included.
    pub tries: i64,
}

/// What a worker asks for.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// Only jobs of this kind.
    pub kind: &'a str,
    /// Who asks.
    pub worker: &'a str,
    /// Most jobs to hand out.
    pub most: i64,
    /// Most jobs of one tenant that may be leased at once, over all workers.
    pub per_tenant: i64,
    /// Most jobs of all tenants of one owner that may be leased at once, over all workers, unless the
    /// owner has a number of its own ([`set_places`]). Tenants without an owner are not counted, and
    /// none is where this is absent.
    pub per_owner: Option<i64>,
    /// Now.
    pub now: Timestamp,
    /// When the lease ends.
    pub lease_until: Timestamp,
}

/// Writes a job down and wakes the runner after the commit.
///
/// # Errors
/// When the database fails.
pub async fn insert(tx: &mut Tx, job: &NewJob<'_>) -> Result<()> {
    write(tx, job, None).await
}

/// The same for a job whose tenant shares places with the other tenants of `owner`.
///
/// # Errors
/// When the database fails.
pub async fn insert_for(tx: &mut Tx, job: &NewJob<'_>, owner: &str) -> Result<()> {
    write(tx, job, Some(owner)).await
}

async fn write(tx: &mut Tx, job: &NewJob<'_>, owner: Option<&str>) -> Result<()> {
    let insert = q!(
        "INSERT INTO jobs (id, kind, tenant, payload, run_at, created_at, owner) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        job.id,
        job.kind,
        job.tenant,
        json(job.payload),
        job.run_at,
        job.now,
        owner
    );
    tx.run(insert).await?;
    tx.wake_runner();
    Ok(())
}

/// Drops one job, unless it is running: it runs to its end. Whether it was dropped.
///
/// # Errors
/// When the database fails.
pub async fn withdraw(tx: &mut Tx, id: &str) -> Result<bool> {
    Ok(tx.run(q!("DELETE FROM jobs WHERE id = $1 AND lease_until IS NULL", id)).await? > 0)
}

/// Steps from tenant to tenant through the index, so that a tenant with a long queue costs no more
/// than one with a single job and cannot hide another; then the oldest ready jobs of each, numbered
/// after those it has running. Numbers over the tenant's limit are left out, low numbers go first.
/// What is left of an owner is numbered again, in that order, after those that run for it: an owner
/// with many tenants has no more turns than one with a single tenant.
macro_rules! candidates {
    ($of_each_tenant:literal) => {
        concat!(
            "WITH RECURSIVE tenants (tenant) AS (
                 SELECT MIN(tenant) FROM jobs WHERE kind = $1
                 UNION ALL
                 SELECT (SELECT MIN(n.tenant) FROM jobs n WHERE n.kind = $1 AND n.tenant > t.tenant)
                 FROM tenants t WHERE t.tenant IS NOT NULL
             ), ready AS (
                 SELECT j.id, j.tenant, j.owner, j.run_at,
                     ROW_NUMBER() OVER (PARTITION BY j.tenant ORDER BY j.run_at, j.id) AS place
                 FROM tenants t CROSS JOIN ",
            $of_each_tenant,
            "), numbered AS (
                 SELECT r.id, r.owner, r.run_at, r.place
                     + (SELECT COUNT(*) FROM jobs b WHERE b.kind = $1 AND b.tenant = r.tenant AND b.lease_until > $2)
                     AS place
                 FROM ready r
             ), lined AS (
                 SELECT n.id, n.owner, n.place, n.run_at, CASE WHEN n.owner IS NULL THEN n.place ELSE
                         ROW_NUMBER() OVER (PARTITION BY n.owner ORDER BY n.place, n.run_at, n.id)
                         + (SELECT COUNT(*) FROM jobs b
                            WHERE b.kind = $1 AND b.owner = n.owner AND b.lease_until > $2)
                     END AS turn, CASE WHEN n.owner IS NULL THEN 0 ELSE 1 END AS owned
                 FROM numbered n WHERE n.place <= $3
             ), chosen AS (
                 SELECT id FROM lined l WHERE owned = 0 OR turn <= COALESCE(
                     (SELECT p.most FROM job_places p WHERE p.kind = $1 AND p.owner = l.owner), $7)
                 ORDER BY turn, place, run_at, id LIMIT $4
             )"
        )
    };
}

const CLAIM_SQLITE: &str = concat!(
    candidates!(
        "jobs j WHERE j.id IN (
             SELECT c.id FROM jobs c
             WHERE c.kind = $1 AND c.tenant = t.tenant AND c.run_at <= $2
               AND (c.lease_until IS NULL OR c.lease_until <= $2)
             ORDER BY c.run_at, c.id LIMIT $3)"
    ),
    "UPDATE jobs SET worker = $5, lease_until = $6, tries = tries + 1
     WHERE id IN (SELECT id FROM chosen)
     RETURNING id, kind, tenant, payload, tries"
);

/// Held until the end of the transaction.
const ONE_AT_A_TIME_POSTGRES: &str = "SELECT pg_advisory_xact_lock(7266238)";

/// The rows are looked at again under their lock: another worker may have taken one meanwhile.
const CLAIM_POSTGRES: &str = concat!(
    candidates!(
        "LATERAL (
             SELECT c.id, c.tenant, c.owner, c.run_at FROM jobs c
             WHERE c.kind = $1 AND c.tenant = t.tenant AND c.run_at <= $2
               AND (c.lease_until IS NULL OR c.lease_until <= $2)
             ORDER BY c.run_at, c.id LIMIT $3) j"
    ),
    ", locked AS (
         SELECT id FROM jobs
         WHERE id IN (SELECT id FROM chosen) AND (lease_until IS NULL OR lease_until <= $2)
         FOR UPDATE SKIP LOCKED
     )
     UPDATE jobs SET worker = $5, lease_until = $6, tries = tries + 1
     WHERE id IN (SELECT id FROM locked)
     RETURNING id, kind, tenant, payload, tries"
);

/// Hands due jobs to a worker, sharing them out evenly among tenants.
///
/// # Errors
/// When the database fails.
pub async fn claim(tx: &mut Tx, claim: &Claim<'_>) -> Result<Vec<JobRow>> {
    let sql = match tx.engine() {
        Engine::Sqlite => CLAIM_SQLITE,
        Engine::Postgres => CLAIM_POSTGRES,
    };
    if tx.engine() == Engine::Postgres && claim.per_owner.is_some() {
        // two workers that count at once would each see a place free
        tx.script(ONE_AT_A_TIME_POSTGRES.to_owned()).await?;
    }
    let update = q!(
        sql,
        claim.kind,
        claim.now,
        claim.per_tenant,
        claim.most,
        claim.worker,
        claim.lease_until,
        claim.per_owner.unwrap_or(i64::MAX)
    );
    tx.rows(update).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<JobRow> {
    Ok(JobRow {
        id: row.text("id")?,
        kind: row.text("kind")?,
        tenant: row.text("tenant")?,
        payload: serde_json::from_str(&row.text("payload")?).unwrap_or(Value::Null),
        tries: row.int("tries")?,
    })
}

/// How many jobs of a kind run at once for an owner, where it has a number of its own.
///
/// # Errors
/// When the database fails.
pub async fn places(db: &mut Conn, kind: &str, owner: &str) -> Result<Option<i64>> {
    let row = db.row(q!("SELECT most FROM job_places WHERE kind = $1 AND owner = $2", kind, owner)).await?;
    row.map(|row| row.int("most")).transpose()
}

/// Gives an owner a number of its own, or takes it away. Jobs that run go on.
///
/// # Errors
/// When the database fails.
pub async fn set_places(tx: &mut Tx, kind: &str, owner: &str, most: Option<i64>) -> Result<()> {
    let change = match most {
        None => q!("DELETE FROM job_places WHERE kind = $1 AND owner = $2", kind, owner),
        Some(most) => q!(
            "INSERT INTO job_places (kind, owner, most) VALUES ($1, $2, $3)
             ON CONFLICT (kind, owner) DO UPDATE SET most = excluded.most",
            kind,
            owner,
            most
        ),
    };
    tx.run(change).await?;
    tx.wake_runner();
    Ok(())
}

/// Forgets the numbers of an owner that is no more.
///
/// # Errors
/// When the database fails.
pub async fn forget_places(tx: &mut Tx, owner: &str) -> Result<()> {
    tx.run(q!("DELETE FROM job_places WHERE owner = $1", owner)).await.map(|_| ())
}

/// The jobs of a kind that wait, at most `most`, in the order in which [`claim`] hands them out while no
/// limit is reached.
///
/// # Errors
/// When the database fails.
pub async fn line(db: &mut Conn, kind: &str, now: Timestamp, most: i64) -> Result<Vec<String>> {
    let select = q!(
        "WITH waiting AS (
             SELECT j.id, j.owner, j.run_at,
                 ROW_NUMBER() OVER (PARTITION BY j.tenant ORDER BY j.run_at, j.id)
                 + (SELECT COUNT(*) FROM jobs b WHERE b.kind = $1 AND b.tenant = j.tenant AND b.lease_until > $2)
                 AS place
             FROM jobs j WHERE j.kind = $1 AND (j.lease_until IS NULL OR j.lease_until <= $2)
         ), lined AS (
             SELECT w.id, w.place, w.run_at, CASE WHEN w.owner IS NULL THEN w.place ELSE
                     ROW_NUMBER() OVER (PARTITION BY w.owner ORDER BY w.place, w.run_at, w.id)
                     + (SELECT COUNT(*) FROM jobs b
                        WHERE b.kind = $1 AND b.owner = w.owner AND b.lease_until > $2)
                 END AS turn
             FROM waiting w
         )
         SELECT id FROM lined ORDER BY turn, place, run_at, id LIMIT $3",
        kind,
        now,
        most
    );
    db.rows(select).await?.iter().map(|row| row.text("id")).collect()
}

/// Whether any job of this kind is due and free.
///
/// # Errors
/// When the database fails.
pub async fn any_due(db: &mut Conn, kind: &str, now: Timestamp) -> Result<bool> {
    let select = q!(
        "SELECT id FROM jobs WHERE kind = $1 AND run_at <= $2 AND (lease_until IS NULL OR lease_until <= $2) LIMIT 1",
        kind,
        now
    );
    Ok(db.row(select).await?.is_some())
}

/// Deletes a job that is done. False when it was given to another worker meanwhile.
///
/// # Errors
/// When the database fails.
pub async fn done(tx: &mut Tx, id: &str, worker: &str) -> Result<bool> {
    Ok(tx.run(q!("DELETE FROM jobs WHERE id = $1 AND worker = $2", id, worker)).await? > 0)
}

/// Gives a job back, to be run again at `run_at`. False when it was given to another worker
/// meanwhile.
///
/// # Errors
/// When the database fails.
pub async fn again(tx: &mut Tx, id: &str, worker: &str, run_at: Timestamp) -> Result<bool> {
    let update = q!(
        "UPDATE jobs SET run_at = $1, worker = NULL, lease_until = NULL WHERE id = $2 AND worker = $3",
        run_at,
        id,
        worker
    );
    Ok(tx.run(update).await? > 0)
}

/// Prolongs the lease of a job. False when it was given to another worker meanwhile.
///
/// # Errors
/// When the database fails.
pub async fn renew(tx: &mut Tx, id: &str, worker: &str, lease_until: Timestamp) -> Result<bool> {
    let update =
        q!("UPDATE jobs SET lease_until = $1 WHERE id = $2 AND worker = $3", lease_until, id, worker);
    Ok(tx.run(update).await? > 0)
}

/// Gives back every job whose worker's name begins with `worker`; all leased jobs when it is empty.
///
/// # Errors
/// When the database fails.
pub async fn release(tx: &mut Tx, worker: &str) -> Result<u64> {
    let update = q!(
        "UPDATE jobs SET worker = NULL, lease_until = NULL
         WHERE lease_until IS NOT NULL AND SUBSTR(worker, 1, LENGTH($1)) = $1",
        worker
    );
    tx.run(update).await
}

/// Every kind of which there are jobs.
///
/// # Errors
/// When the database fails.
pub async fn kinds(db: &mut Conn) -> Result<Vec<String>> {
    let select = q!(
        "WITH RECURSIVE kinds (kind) AS (
             SELECT MIN(kind) FROM jobs
             UNION ALL
             SELECT (SELECT MIN(n.kind) FROM jobs n WHERE n.kind > k.kind) FROM kinds k WHERE k.kind IS NOT NULL
         )
         SELECT kind FROM kinds WHERE kind IS NOT NULL"
    );
    db.rows(select).await?.iter().map(|row| row.text("kind")).collect()
}

/// How many jobs of a kind there are, running ones included.
///
/// # Errors
/// When the database fails.
pub async fn count(db: &mut Conn, kind: &str) -> Result<i64> {
    let row = db.row(q!("SELECT COUNT(*) AS n FROM jobs WHERE kind = $1", kind)).await?;
    row.map_or(Ok(0), |row| row.int("n"))
}
