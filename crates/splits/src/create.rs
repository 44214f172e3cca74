//! `createSplitTest`.

use crate::{Setup, branches};
use context::{Context, Error, Result};
use store::sites;
use store::splits::{self, SplitRow};

/// Split tests of one site.
pub const TESTS_MAX: i64 = 100;

/// Makes a split test. It shares out nobody until it is published.
///
/// # Errors
/// `Unprocessable` without branches, when their shares do not add up to 100, when one of them has no
/// ready deploy, or when the site has as many tests as it may.
pub async fn create(cx: &Context, site_id: &str, setup: &Setup) -> Result<SplitRow> {
    let name = setup.name()?.unwrap_or_default();
    let missing = || Error::Unprocessable("branch_tests is missing".to_owned());
    let branches = setup.branches()?.ok_or_else(missing)?;
    let now = cx.now();
    let mut tx = cx.begin().await?;
    let site = sites::lock_row(&mut tx, site_id).await?.ok_or(Error::NotFound)?;
    branches::check(&mut tx, &site, &branches).await?;
    if splits::count(&mut tx, site_id).await? >= TESTS_MAX {
        let why = format!("a site may have {TESTS_MAX} split tests; delete one first");
        return Err(Error::Unprocessable(why));
    }
    let test = SplitRow {
        id: cx.id(),
        site_id: site_id.to_owned(),
        name,
        branches,
        active: false,
        created_at: now,
        updated_at: now,
        unpublished_at: None,
    };
    splits::insert(&mut tx, &test).await?;
    tx.commit().await?;
    Ok(test)
}
