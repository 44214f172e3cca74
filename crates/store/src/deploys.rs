//! Deploys and the labels that lead to them.

use crate::query::{Row, json, q, selects};
use crate::{Conn, Error, Result, Tx};
use model::{DeployContext, DeployState, FunctionInfo, FunctionSchedule, Page, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A stored deploy. Addresses are worked out when it is shown.
#[derive(Clone, Debug)]
pub struct DeployRow {
    /// 24 lower-case hex digits.
    pub id: String,
    /// The site.
    pub site_id: String,
    /// The site's account.
    pub account_id: String,
    /// The build that makes it.
    pub build_id: Option<String>,
    /// Where it stands.
    pub state: DeployState,
    /// What it is for.
    pub context: DeployContext,
    /// Branch or alias.
    pub branch: Option<String>,
    /// Whether it was made not to go live.
    pub draft: bool,
    /// Uploads still missing.
    pub pending: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it went live last.
    pub published_at: Option<Timestamp>,
    /// The rest.
    pub info: DeployInfo,
}

/// What no query asks for.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DeployInfo {
    /// Who made it.
    pub user_id: Option<String>,
    /// Message in lists.
    pub title: Option<String>,
    /// Commit.
    pub commit_ref: Option<String>,
    /// Page of the commit.
    pub commit_url: Option<String>,
    /// Who made the commit.
    pub committer: Option<String>,
    /// Number of the pull or merge request.
    pub review_id: Option<i64>,
    /// Its page.
    pub review_url: Option<String>,
    /// Whether the build was skipped.
    pub skipped: Option<bool>,
    /// Why it failed.
    pub error_message: Option<String>,
    /// Framework.
    pub framework: Option<String>,
    /// Label in front of `--`, when it has one beside its id.
    pub alias: Option<String>,
    /// Schedules of its functions.
    pub function_schedules: Vec<FunctionSchedule>,
    /// Its functions.
    pub functions: Vec<FunctionInfo>,
    /// Configuration of its functions as the client sent it.
    pub functions_config: Value,
    /// When it became ready.
    pub ready_at: Option<Timestamp>,
    /// What was noticed on the way.
    pub summary: Option<Value>,
    /// Results of checks that clients report.
    pub validations_report: Option<Value>,
}

selects!(
    select,
    "SELECT id, site_id, account_id, build_id, state, context, branch, draft, pending, created_at,
     updated_at, published_at, doc
     FROM deploys "
);

/// The deploy of that id.
///
/// # Errors
/// When the database fails.
pub async fn find(db: &mut Conn, id: &str) -> Result<Option<DeployRow>> {
    let select = q!(select!("WHERE id = $1"), id);
    db.row(select).await?.as_ref().map(read).transpose()
}

/// Which deploys of a site to list.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// The site.
    pub site_id: String,
    /// Only this branch.
    pub branch: Option<String>,
    /// Only this state.
    pub state: Option<String>,
    /// Only production (true) or the rest (false).
    pub production: Option<bool>,
}

/// A page of a site's deploys, newest first.
///
/// # Errors
/// When the database fails.
pub async fn list(db: &mut Conn, filter: &Filter, page: Page) -> Result<Vec<DeployRow>> {
    let select = q!(
        select!(
            "WHERE site_id = $1 AND ($2 IS NULL OR branch = $2) AND ($3 IS NULL OR state = $3)
             AND ($4 IS NULL OR (CASE WHEN context = 'production' THEN 1 ELSE 0 END) = $4)
             ORDER BY created_at DESC, id DESC LIMIT $5 OFFSET $6"
        ),
        &filter.site_id,
        &filter.branch,
        &filter.state,
        filter.production,
        page.limit(),
        page.offset()
    );
    db.rows(select).await?.iter().map(read).collect()
}

/// The newest finished deploy of a site and context before `id`: its state, for the events that
/// tell of a change of luck. One that was skipped says nothing about luck.
///
/// # Errors
/// When the database fails.
pub async fn previous_outcome(db: &mut Conn, deploy: &DeployRow) -> Result<Option<DeployState>> {
    let select = q!(
        "SELECT state FROM deploys
         WHERE site_id = $1 AND context = $2 AND id <> $3 AND created_at <= $4 AND state IN ('ready', 'error')
           AND COALESCE(branch, '') = $5 AND doc NOT LIKE '%\"skipped\":true%'
         ORDER BY created_at DESC, id DESC LIMIT 1",
        &deploy.site_id,
        deploy.context.as_str(),
        &deploy.id,
        deploy.created_at,
        deploy.branch.clone().unwrap_or_default()
    );
    let row = db.row(select).await?;
    row.map(|row| row.text("state").map(|state| DeployState::parse(&state))).transpose().map(Option::flatten)
}

/// The deploy that was live before the present one.
///
/// # Errors
/// When the database fails.
pub async fn published_before(db: &mut Conn, site_id: &str, current: &str) -> Result<Option<DeployRow>> {
    let select = q!(
        select!(
            "WHERE site_id = $1 AND state = 'ready' AND published_at IS NOT NULL AND id <> $2
             AND created_at < (SELECT created_at FROM deploys WHERE id = $2)
             ORDER BY created_at DESC, id DESC LIMIT 1"
        ),
        site_id,
        current
    );
    db.row(select).await?.as_ref().map(read).transpose()
}

/// Deploys in a state, those that changed longest ago first, `limit` at most.
///
/// # Errors
/// When the database fails.
pub async fn in_state(db: &mut Conn, state: DeployState, limit: i64) -> Result<Vec<DeployRow>> {
    let select = q!(select!("WHERE state = $1 ORDER BY updated_at LIMIT $2"), state.as_str(), limit);
    db.rows(select).await?.iter().map(read).collect()
}

/// Writes a new deploy down.
///
/// # Errors
/// When the database fails.
pub async fn insert(tx: &mut Tx, deploy: &DeployRow) -> Result<()> {
    let insert = q!(
        "INSERT INTO deploys (id, site_id, account_id, build_id, state, context, branch, draft, pending,
                              created_at, updated_at, published_at, doc)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        &deploy.id,
        &deploy.site_id,
        &deploy.account_id,
        &deploy.build_id,
        deploy.state.as_str(),
        deploy.context.as_str(),
        &deploy.branch,
        deploy.draft,
        deploy.pending,
        deploy.created_at,
        deploy.updated_at,
        deploy.published_at,
        json(&deploy.info)
    );
    tx.run(insert).await.map(|_| ())
}

/// Writes a deploy back. `from` is the state it was read in: if another hand moved it meanwhile,
/// nothing is written and the answer is false.
///
/// # Errors
/// When the database fails.
pub async fn update(tx: &mut Tx, deploy: &DeployRow, from: DeployState) -> Result<bool> {
    let update = q!(
        "UPDATE deploys SET state = $2, context = $3, branch = $4, draft = $5, build_id = $6, updated_at = $7,
                published_at = $8, doc = $9, pending = $10
         WHERE id = $1 AND state = $11",
        &deploy.id,
        deploy.state.as_str(),
        deploy.context.as_str(),
        &deploy.branch,
        deploy.draft,
        &deploy.build_id,
        deploy.updated_at,
        deploy.published_at,
        json(&deploy.info),
        deploy.pending,
        from.as_str()
    );
    tx.run(update).await.map(|rows| rows == 1)
}

/// Deletes a deploy with its manifest and labels.
///
/// # Errors
/// When the database fails.
pub async fn delete(tx: &mut Tx, id: &str) -> Result<()> {
    tx.run(q!("DELETE FROM deploys WHERE id = $1", id)).await.map(|_| ())
}

/// Lets a label lead to a deploy.
///
/// # Errors
/// When the database fails.
pub async fn set_alias(tx: &mut Tx, site_id: &str, alias: &str, deploy_id: &str) -> Result<()> {
    let upsert = q!(
        "INSERT INTO deploy_aliases (site_id, alias, deploy_id) VALUES ($1, $2, $3)
         ON CONFLICT (site_id, alias) DO UPDATE SET deploy_id = excluded.deploy_id",
        site_id,
        alias,
        deploy_id
    );
    tx.run(upsert).await.map(|_| ())
}

/// The deploy a label leads to.
///
/// # Errors
/// When the database fails.
pub async fn by_alias(db: &mut Conn, site_id: &str, alias: &str) -> Result<Option<String>> {
    let select = q!("SELECT deploy_id FROM deploy_aliases WHERE site_id = $1 AND alias = $2", site_id, alias);
    db.row(select).await?.map(|row| row.text("deploy_id")).transpose()
}

/// Every label of a site with the deploy it leads to.
///
/// # Errors
/// When the database fails.
pub async fn aliases(db: &mut Conn, site_id: &str) -> Result<Vec<(String, DeployRow)>> {
    let select = q!(
        "SELECT a.alias, d.id, d.site_id, account_id, build_id, state, context, branch, draft, pending, created_at,
                updated_at, published_at, doc
         FROM deploy_aliases a JOIN deploys d ON d.id = a.deploy_id
         WHERE a.site_id = $1 ORDER BY a.alias",
        site_id
    );
    let rows = db.rows(select).await?;
    rows.iter().map(|row| Ok((row.text("alias")?, read(row)?))).collect()
}

fn read(row: &Row) -> Result<DeployRow> {
    let unknown = |what: &'static str| {
        move || Error::Document(what, serde::de::Error::custom("a word this program does not know"))
    };
    Ok(DeployRow {
        id: row.text("id")?,
        site_id: row.text("site_id")?,
        account_id: row.text("account_id")?,
        build_id: row.text_opt("build_id")?,
        state: DeployState::parse(&row.text("state")?).ok_or_else(unknown("deploys.state"))?,
        context: DeployContext::parse(&row.text("context")?).ok_or_else(unknown("deploys.context"))?,
        branch: row.text_opt("branch")?,
        draft: row.flag("draft")?,
        pending: row.int("pending")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
        published_at: row.time_opt("published_at")?,
        info: row.json("doc")?,
    })
}
