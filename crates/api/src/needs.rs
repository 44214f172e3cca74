//! What a route needs before its operation runs: who may call it, and which thing of the path must
//! be there. A thing that the caller may not know of is "not found", like one that is not there.

use crate::call::Call;
use accounts::Access;
use context::{Error, Result};
use model::Scope;
use store::sites::SiteRow;
use store::{Conn, builds, deploys, forms, hooks, sites, submissions};

/// A route's demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Nothing; a token is looked at when there is one.
    Anyone,
    /// A token of at least this scope.
    Token(Scope),
    /// The account in the path (`account_id` or `account_slug`), and this much of a say in it.
    Account(Scope),
    /// The site in the path, by id, name or domain, and this much of a say in its account.
    Site(Scope),
    /// The deploy in the path, of the site in the path when there is one.
    Deploy(Scope),
    /// The build in the path.
    Build(Scope),
    /// The log of the build or of the deploy in the path: as those, but open to anyone when the site's
    /// logs are public (`private_logs` is false).
    Log(Scope),
    /// The hook in the path.
    Hook(Scope),
    /// The form in the path, of the site in the path when there is one.
    Form(Scope),
    /// The submission in the path.
    Submission(Scope),
    /// Whoever runs the server, with the account in the path, whether they are in it or not.
    Operator,
}

impl Needs {
    /// The scope it asks for.
    #[must_use]
    pub fn scope(self) -> Option<Scope> {
        match self {
            Self::Anyone => None,
            Self::Operator => Some(Scope::Admin),
            Self::Token(s)
            | Self::Account(s)
            | Self::Site(s)
            | Self::Deploy(s)
            | Self::Build(s)
            | Self::Log(s)
            | Self::Hook(s)
            | Self::Form(s)
            | Self::Submission(s) => Some(s),
        }
    }
}

/// Looks up what the path names and checks the caller.
pub(crate) async fn meet(needs: Needs, call: &mut Call) -> Result<()> {
    let Some(scope) = needs.scope() else { return Ok(()) };
    if matches!(needs, Needs::Log(_)) && is_public_log(needs, call).await? {
        return Ok(());
    }
    let who = call.user()?.clone();
    if let Needs::Token(_) = needs {
        return if who.holds(scope) { Ok(()) } else { Err(too_little(scope)) };
    }
    let mut db = call.cx.read().await?;
    let account_id = match needs {
        Needs::Account(_) | Needs::Operator => find_account(&mut db, call).await?,
        _ => find_site(&mut db, needs, call).await?,
    };
    if needs == Needs::Operator {
        return match (accounts::is_operator(&mut db, &who).await?, who.may(&account_id, Scope::Read)) {
            (true, _) => Ok(()),
            (false, Access::Unknown) => Err(Error::NotFound),
            (false, _) => Err(Error::Forbidden("this is for whoever runs the server".to_owned())),
        };
    }
    match who.may(&account_id, scope) {
        Access::Granted => Ok(()),
        Access::Forbidden => Err(too_little(scope)),
        Access::Unknown => Err(Error::NotFound),
    }
}

/// Whether the site has opened its logs. To strangers, a log that is not there looks like a private one.
async fn is_public_log(needs: Needs, call: &mut Call) -> Result<bool> {
    let mut db = call.cx.read().await?;
    match find_site(&mut db, needs, call).await {
        Ok(_) => Ok(call.site()?.info.build.private_logs == Some(false)),
        Err(Error::NotFound) if call.who.is_none() => Ok(false),
        Err(error) => Err(error),
    }
}

fn too_little(scope: Scope) -> Error {
    Error::Forbidden(format!("this needs a token and a role with {} rights", scope.as_str()))
}

async fn find_account(db: &mut Conn, call: &mut Call) -> Result<String> {
    let key = match call.param("account_id") {
        "" => call.param("account_slug"),
        id => id,
    };
    let account = store::accounts::find(db, key).await?.ok_or(Error::NotFound)?;
    let id = account.id.clone();
    call.account = Some(account);
    Ok(id)
}

async fn find_site(db: &mut Conn, needs: Needs, call: &mut Call) -> Result<String> {
    let named = match call.param("site_id") {
        "" => None,
        key => Some(sites::find_any(db, key).await?.ok_or(Error::NotFound)?),
    };
    let owner = owner(db, needs, call).await?;
    let site = match (named, owner) {
        (Some(site), Some(owner)) if site.id != owner => return Err(Error::NotFound),
        (Some(site), _) => site,
        (None, Some(owner)) => sites::find(db, &owner).await?.ok_or(Error::NotFound)?,
        (None, None) => return Err(Error::NotFound),
    };
    Ok(keep(call, site))
}

/// The id of the site that the thing of the path belongs to.
async fn owner(db: &mut Conn, needs: Needs, call: &mut Call) -> Result<Option<String>> {
    Ok(match needs {
        Needs::Deploy(_) | Needs::Log(_) if !call.param("deploy_id").is_empty() => {
            let deploy = deploys::find(db, call.param("deploy_id")).await?.ok_or(Error::NotFound)?;
            let site_id = deploy.site_id.clone();
            call.deploy = Some(deploy);
            Some(site_id)
        }
        Needs::Build(_) | Needs::Log(_) => {
            Some(builds::find(db, call.param("build_id")).await?.ok_or(Error::NotFound)?.site_id)
        }
        Needs::Hook(_) => Some(hooks::find(db, call.param("hook_id")).await?.ok_or(Error::NotFound)?.site_id),
        Needs::Form(_) => Some(forms::find(db, call.param("form_id")).await?.ok_or(Error::NotFound)?.site_id),
        Needs::Submission(_) => {
            let id = call.param("submission_id");
            Some(submissions::find(db, id).await?.ok_or(Error::NotFound)?.site_id)
        }
        _ => None,
    })
}

fn keep(call: &mut Call, site: SiteRow) -> String {
    let account_id = site.account_id.clone();
    call.site = Some(site);
    account_id
}
