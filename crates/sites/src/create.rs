//! Making a site.

use crate::repo;
use crate::update::{Changes, apply, hash_password};
use crate::{domain, identity, name};
use context::{Context, Error, Result};
use store::pushes;
use store::sites::{self, SiteInfo, SiteRow};

/// Tries to find a free name when nobody chose one.
const NAME_TRIES: usize = 4;

/// Makes a site in an account. Without a name it gets one.
///
/// # Errors
/// `Unprocessable` when the name is taken or no name (clients then try with a number behind it),
/// or a setting makes no sense.
pub async fn create(
    cx: &Context,
    account_id: &str,
    user_id: Option<&str>,
    mut changes: Changes,
) -> Result<SiteRow> {
    hash_password(cx, &mut changes).await?;
    let now = cx.now();
    let info = SiteInfo {
        user_id: user_id.map(ToOwned::to_owned),
        deploy_hook_id: Some(cx.secret_id()),
        ..SiteInfo::default()
    };
    let mut site = SiteRow { info, ..SiteRow::new(&cx.uuid(), account_id, "", now) };
    let chosen = changes.name.is_some();
    let secret_chosen = changes.jwt_secret.is_some();
    let writes_in = std::mem::take(&mut changes.writes_in);
    apply(cx, &mut site, changes)?;
    if !secret_chosen {
        identity::draw(cx, &mut site.info)?;
    }
    repo::check_key(&mut cx.read().await?, &site, None, &writes_in).await?;
    for _ in 0..NAME_TRIES {
        if !chosen {
            site.name = name::random(cx);
        }
        let mut tx = cx.begin().await?;
        match sites::insert(&mut tx, &site).await {
            Ok(()) => {
                domain::unsettle(&mut tx, cx, &site).await?;
                let push_hook = site.info.deploy_hook_id.as_deref().unwrap_or_default();
                pushes::ensure_hook(&mut tx, push_hook, &site.id, now).await?;
                tx.commit().await?;
                return Ok(site);
            }
            Err(store::Error::Taken) if !chosen => {}
            Err(store::Error::Taken) => return Err(taken(&site)),
            Err(error) => return Err(error.into()),
        }
    }
    Err(Error::Conflict("no free name was found; choose one".to_owned()))
}

pub(crate) fn taken(site: &SiteRow) -> Error {
    let info = &site.info;
    let deploys = info.branch_deploy_custom_domain.iter().chain(&info.deploy_preview_custom_domain);
    let named = info.custom_domain.iter().chain(&info.domain_aliases).chain(deploys);
    let domains: Vec<&str> = named.map(String::as_str).collect();
    let domains =
        if domains.is_empty() { String::new() } else { format!(", or a domain of {}", domains.join(", ")) };
    Error::Unprocessable(format!("subdomain must be unique: the name {}{domains} is taken", site.name))
}
