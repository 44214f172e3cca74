//! The first start of a server: its owner, the owner's account, and a token to begin with. Every
//! start after that finds them and changes nothing, unless the operator names another token.

use crate::{Principal, account, check, tokens, user};
use context::{Context, Error, Result};
use model::Scope;
use signing::sha256_hex;
use store::{ChangeKind, Conn, Tx, settings, users};

/// Bytes of a token that is chosen well: a fast digest hides only what cannot be guessed. Shorter
/// ones are taken with a warning, since the operator may be running a test on loopback.
pub const CHOSEN_TOKEN_GOOD: usize = 16;
/// Where the owner's id is kept.
const OWNER_KEY: &str = "owner_user_id";
/// Name of the token that the operator chose.
const CHOSEN_NAME: &str = "BOATHOOK_OWNER_TOKEN";
/// Name of the token that the first start drew.
const DRAWN_NAME: &str = "first start";

/// How the owner is to be called, and the token the operator chose for them.
#[derive(Clone, Debug)]
pub struct Owner {
    /// Address.
    pub email: String,
    /// The person's name.
    pub full_name: String,
    /// Name of their first account.
    pub account: String,
    /// Value of `BOATHOOK_OWNER_TOKEN`; none lets the server draw one.
    pub token: Option<String>,
}

impl Default for Owner {
    fn default() -> Self {
        Self {
            email: "owner@localhost".to_owned(),
            full_name: "Owner".to_owned(),
            account: "Boathook".to_owned(),
            token: None,
        }
    }
}

/// What a start made.
#[derive(Clone, PartialEq, Eq)]
pub struct Bootstrapped {
    /// The owner.
    pub user_id: String,
    /// The token, kept nowhere in the clear.
    pub token: String,
    /// Whether the server drew it, so that it must be shown to the operator now or never.
    pub drawn: bool,
}

/// Makes owner, account and token on the first start. Later it only sees to it that the token the
/// operator chose works and the one they chose before it does not. None when nothing had to be done.
///
/// # Errors
/// [`Error::Unprocessable`] when an address, name or chosen token cannot be used.
pub async fn bootstrap(cx: &Context, owner: &Owner) -> Result<Option<Bootstrapped>> {
    if owner.token.as_deref() == Some("") {
        return Err(Error::Unprocessable(format!("{CHOSEN_NAME} is empty")));
    }
    if owner.token.as_ref().is_some_and(|token| token.len() < CHOSEN_TOKEN_GOOD) {
        tracing::warn!(
            "{CHOSEN_NAME} has fewer than {CHOSEN_TOKEN_GOOD} characters and can be guessed; take a longer one"
        );
    }
    match run(cx, owner).await {
        // Another node made the owner in the same moment: this start is a later one.
        Err(Error::Conflict(_)) => run(cx, owner).await,
        done => done,
    }
}

/// Whether somebody runs this server: the person whom its first start made, with a token that may do
/// everything and is confined to no account.
///
/// # Errors
/// When the database fails.
pub async fn is_operator(db: &mut Conn, who: &Principal) -> Result<bool> {
    let is_whole = who.holds(Scope::Admin) && who.only_account.is_none() && who.build.is_none();
    Ok(is_whole && settings::get(db, OWNER_KEY).await?.as_deref() == Some(who.user_id.as_str()))
}

async fn run(cx: &Context, owner: &Owner) -> Result<Option<Bootstrapped>> {
    let mut tx = cx.begin().await?;
    let made = match settings::get(&mut tx, OWNER_KEY).await? {
        None => Some(first_start(&mut tx, cx, owner).await?),
        Some(user_id) => later_start(&mut tx, cx, &user_id, owner.token.as_deref()).await?,
    };
    tx.commit().await?;
    Ok(made)
}

async fn first_start(tx: &mut Tx, cx: &Context, owner: &Owner) -> Result<Bootstrapped> {
    let email = check::email(&owner.email)?;
    let full_name = check::text("name", &owner.full_name, check::NAME_MAX)?;
    let account = check::text("account", &owner.account, check::NAME_MAX)?;
    let user = user::new_row(cx, email, full_name);
    users::insert(tx, &user).await?;
    account::insert(tx, cx, &account, &user.id).await?;
    settings::put(tx, OWNER_KEY, &user.id).await?;
    let drawn = owner.token.is_none();
    let token = owner.token.clone().unwrap_or_else(|| cx.secret(tokens::PREFIX));
    let name = if drawn { DRAWN_NAME } else { CHOSEN_NAME };
    add_token(tx, cx, &user.id, name, &token).await?;
    Ok(Bootstrapped { user_id: user.id, token, drawn })
}

async fn later_start(
    tx: &mut Tx,
    cx: &Context,
    user_id: &str,
    chosen: Option<&str>,
) -> Result<Option<Bootstrapped>> {
    let Some(token) = chosen else { return Ok(None) };
    if store::tokens::exists(tx, &sha256_hex(token.as_bytes())).await? {
        return Ok(None);
    }
    store::tokens::delete_named(tx, user_id, CHOSEN_NAME).await?;
    add_token(tx, cx, user_id, CHOSEN_NAME, token).await?;
    tx.changed(ChangeKind::User, user_id, cx.now()).await?;
    Ok(Some(Bootstrapped { user_id: user_id.to_owned(), token: token.to_owned(), drawn: false }))
}

async fn add_token(tx: &mut Tx, cx: &Context, user_id: &str, name: &str, token: &str) -> Result<()> {
    let row = tokens::row(cx, user_id, name, Scope::Admin);
    Ok(store::tokens::insert(tx, &row, &sha256_hex(token.as_bytes())).await?)
}
