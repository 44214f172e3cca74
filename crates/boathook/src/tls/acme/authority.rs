//! The talk with the authority: an account, and one order from beginning to end. Keeps nothing but
//! the account.

use super::challenges::Challenges;
use anyhow::{Context as _, bail};
use context::Context;
use instant_acme::{
    Account, AccountBuilder, AccountCredentials, AuthorizationStatus, ChallengeType, Identifier, NewAccount,
    NewOrder, Order, OrderStatus, RetryPolicy,
};
use rcgen::{CertificateParams, DistinguishedName, KeyPair};
use std::path::PathBuf;
use std::time::Duration;
use store::settings;
use tokio::sync::OnceCell;

/// How long one order may take in all.
const ORDER_LIMIT: Duration = Duration::from_secs(120);
/// How the state of an order is asked for.
const POLL: RetryPolicy = RetryPolicy::new().timeout(Duration::from_secs(60));
/// What the account's key is sealed for.
const PURPOSE: &str = "acme account";

/// An authority, and how to speak to it.
pub(crate) struct Authority {
    /// Address of its directory.
    pub(crate) directory: String,
    /// Where it may write to.
    pub(crate) email: Option<String>,
    /// Certificate, PEM, by which the authority itself is known, when the system does not know it.
    pub(crate) ca: Option<PathBuf>,
    /// Filled when it is first needed.
    pub(crate) account: OnceCell<Account>,
}

/// What an order gave, in PEM.
pub(super) struct Issued {
    /// The certificate and those that lead to the authority.
    pub(super) chain: String,
    /// Its key.
    pub(super) key: String,
}

impl Authority {
    /// Orders a certificate for one name.
    ///
    /// # Errors
    /// When the authority refuses, does not find the answer to its challenge, or takes too long.
    pub(super) async fn order(
        &self,
        cx: &Context,
        challenges: &Challenges,
        name: &str,
    ) -> anyhow::Result<Issued> {
        let work = self.order_at_leisure(cx, challenges, name);
        tokio::time::timeout(ORDER_LIMIT, work).await.context("the authority takes too long")?
    }

    async fn order_at_leisure(
        &self,
        cx: &Context,
        challenges: &Challenges,
        name: &str,
    ) -> anyhow::Result<Issued> {
        let account = self.account.get_or_try_init(|| self.sign_in(cx)).await?;
        let identifiers = [Identifier::Dns(name.to_owned())];
        let mut order = account.new_order(&NewOrder::new(&identifiers)).await?;
        let mut tokens = Vec::new();
        let outcome = finish(&mut order, challenges, name, &mut tokens).await;
        for token in tokens {
            challenges.take_down(&token).await;
        }
        outcome
    }

    /// The account of this server: stored, or a new one.
    async fn sign_in(&self, cx: &Context) -> anyhow::Result<Account> {
        let key = format!("acme.account.{}", &signing::sha256_hex(self.directory.as_bytes())[..16]);
        let stored = settings::get(&mut cx.read().await?, &key).await?;
        if let Some(sealed) = stored {
            let plain = cx.open(PURPOSE, &hex::decode(sealed)?)?;
            let credentials: AccountCredentials = serde_json::from_slice(&plain)?;
            return Ok(self.builder()?.from_credentials(credentials).await?);
        }
        let contact = self.email.as_ref().map(|email| format!("mailto:{email}"));
        let contact: Vec<&str> = contact.as_deref().into_iter().collect();
        let new =
            NewAccount { contact: &contact, terms_of_service_agreed: true, only_return_existing: false };
        let (account, credentials) = self.builder()?.create(&new, self.directory.clone(), None).await?;
        let sealed = hex::encode(cx.seal(PURPOSE, &serde_json::to_vec(&credentials)?));
        let mut tx = cx.begin().await?;
        settings::put(&mut tx, &key, &sealed).await?;
        tx.commit().await?;
        Ok(account)
    }

    fn builder(&self) -> anyhow::Result<AccountBuilder> {
        match &self.ca {
            Some(path) => Account::builder_with_root(path)
                .with_context(|| format!("cannot use the certificate {} of the authority", path.display())),
            None => Ok(Account::builder()?),
        }
    }
}

/// Answers the challenges, writing their tokens down, and fetches the certificate.
async fn finish(
    order: &mut Order,
    challenges: &Challenges,
    name: &str,
    tokens: &mut Vec<String>,
) -> anyhow::Result<Issued> {
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        match authorization.status {
            AuthorizationStatus::Valid => continue,
            AuthorizationStatus::Pending => {}
            other => bail!("the authorization is {other:?}"),
        }
        let mut challenge =
            authorization.challenge(ChallengeType::Http01).context("the authority offers no HTTP-01")?;
        tokens.push(challenge.token.clone());
        challenges.put_up(&challenge.token, challenge.key_authorization().as_str()).await?;
        challenge.set_ready().await?;
    }
    match order.poll_ready(&POLL).await? {
        OrderStatus::Ready => {}
        other => bail!("the order is {other:?}: the authority did not find this server at {name}"),
    }
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(vec![name.to_owned()])?;
    params.distinguished_name = DistinguishedName::new();
    order.finalize_csr(params.serialize_request(&key)?.der()).await?;
    let chain = order.poll_certificate(&POLL).await?;
    Ok(Issued { chain, key: key.serialize_pem() })
}
