//! Registering an add-on: the form that the seed describes.

use super::secrets::Secrets;
use super::{Service, Setup, present, slug};
use context::{Context, Error, Result};
use events::{Note, Noted};
use serde::Serialize;
use store::addons::{self, AddonDoc, AddonRow};

/// Add-ons of one account.
pub const ADDONS_MAX: i64 = 100;

/// An add-on whose secret was just drawn.
#[derive(Clone, Serialize)]
pub struct Registered {
    /// The add-on.
    #[serde(flatten)]
    pub service: Service,
    /// The new secret, shown this once.
    pub secret: String,
}

/// Registers an add-on for an account and draws its secret. A `-staging` twin is an add-on like any
/// other. `by` is the person who asks, for the audit log.
///
/// # Errors
/// `Unprocessable` when something is missing, malformed, reserved or taken, or the account has
/// enough.
pub async fn register(cx: &Context, account_id: &str, setup: &Setup, by: &str) -> Result<Registered> {
    for (name, said) in [
        ("name", &setup.name),
        ("slug", &setup.slug),
        ("description", &setup.description),
        ("endpoint", &setup.endpoint),
    ] {
        if said.is_none() {
            return Err(Error::Unprocessable(format!("{name} is missing")));
        }
    }
    let slug = setup.slug.clone().unwrap_or_default();
    if let Some(why) = slug::fault(&slug) {
        return Err(Error::Unprocessable(why));
    }
    let secrets = Secrets::drawn(cx);
    let row = row(cx, account_id, slug, setup, &secrets)?;
    let mut tx = cx.begin().await?;
    if addons::count(&mut tx, account_id).await? >= ADDONS_MAX {
        return Err(Error::Unprocessable(format!("an account may register {ADDONS_MAX} add-ons")));
    }
    match addons::insert(&mut tx, &row).await {
        Err(store::Error::Taken) => {
            return Err(Error::Unprocessable(format!("the slug {} is taken", row.slug)));
        }
        done => done?,
    }
    let about = Noted::of_account(account_id, &row.id);
    events::note(&mut tx, cx, about, Note::AddonRegistered, Some(by)).await?;
    tx.commit().await?;
    Ok(Registered { service: present(cx, &row, true), secret: secrets.current })
}

fn row(cx: &Context, account_id: &str, slug: String, setup: &Setup, secrets: &Secrets) -> Result<AddonRow> {
    let (id, now) = (cx.id(), cx.now());
    let mut row = AddonRow {
        sealed: secrets.sealed(cx, &id)?,
        id,
        account_id: Some(account_id.to_owned()),
        slug,
        public: false,
        endpoint: String::new(),
        doc: AddonDoc::default(),
        manifest: None,
        manifest_at: None,
        created_at: now,
        updated_at: now,
    };
    setup.apply(&mut row)?;
    Ok(row)
}
