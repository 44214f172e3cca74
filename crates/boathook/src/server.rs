//! A running server: opens what it needs, starts what runs by itself, and stops in order.

use crate::config::RecaptchaConfig;
use crate::data_dir::DataDir;
use crate::env_source::AccountEnv;
use crate::listener::{self, Doors, Port, Trusted};
use crate::tls::{self, Certificates, Secured};
use crate::{Config, SystemClock, feed, housekeeping, vendor};
use addons::{PollHandler, Provider, RemovalHandler};
use anyhow::Context as _;
use api::App;
use builds::hooks::BuildHookHandler;
use builds::{BuildHandler, Builds};
use clientproxy::LocalCa;
use context::{Context, DeployCreated, Entropy, GitPolicy, Limits, Settings, SystemEntropy};
use deploys::{CompressHandler, ProcessHandler};
use edge::{Captcha, Countries, Edge, Equipment, Proxy, ProxyOptions};
use hooks::{Dispatcher, TellOwner};
use model::{Addresses, Clock};
use outbound::{AddressPolicy, Client, Options};
use signing::Vault;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use store::blob::Blobs;
use store::{Store, changes};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

/// What session cookies are sealed for.
const SESSION: &str = "dashboard session";

/// What a server takes from the outside world; tests bring their own.
pub struct Outside {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
}

impl Default for Outside {
    fn default() -> Self {
        Self { clock: Arc::new(SystemClock), entropy: Arc::new(SystemEntropy) }
    }
}

/// A server that listens.
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    /// Where it listens for TLS, when it does.
    pub tls_address: Option<SocketAddr>,
    /// The owner's token, when this start drew it.
    pub new_owner_token: Option<String>,
    /// Where things are found.
    pub addresses: Addresses,
    /// Store, clock, settings and the rest, for commands and tests in the same process.
    pub context: Context,
    stop: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
    _data: DataDir,
}

impl Server {
    /// Opens the data folder and the engines, and starts to serve.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the configuration or the machine.
    pub async fn start(config: &Config, outside: Outside) -> anyhow::Result<Self> {
        let data = DataDir::open(&config.data)?;
        let listener = TcpListener::bind(config.listen)
            .await
            .with_context(|| format!("cannot listen on {}; choose another with --listen", config.listen))?;
        let address = listener.local_addr()?;
        let tls_listener = tls::bind(&config.tls).await?;
        let tls_address = tls_listener.as_ref().map(TcpListener::local_addr).transpose()?;
        let addresses = config.addresses(address.port());
        let git = git_policy(config, address);
        let policy = git.addresses.clone();
        let cx = open_context(config, &data, addresses.clone(), git, outside).await?;
        let new_owner_token = bootstrap(config, &cx, &data).await?;
        let stop = CancellationToken::new();
        let builds = Builds::new(cx.clone());
        builds::clear_leftovers(&cx.settings.builds.work_dir).await;
        if let Err(error) = deploys::recover(&cx).await {
            tracing::warn!(%error, "uploads of before the start could not be taken up; it will be tried again");
        }
        let secured = tls_address.map(|at| tls::open(&config.tls, &cx, at.port())).transpose()?;
        let providers = providers(&policy, config)?;
        let mut tasks = vec![
            start_runner(&cx, &builds, &providers, &stop),
            start_dispatcher(&cx, policy.clone(), config.outbound_proxy.clone(), &stop)?,
            start_feed(&cx, &stop).await?,
            tokio::spawn(housekeeping::run(cx.clone(), stop.clone())),
        ];
        let doors = open_doors(config, &cx, builds, providers, policy, secured.as_ref(), &stop)?;
        tasks.push(tokio::spawn(listener::serve(listener, Port::Plain, Arc::clone(&doors), stop.clone())));
        if let (Some(listener), Some(secured)) = (tls_listener, secured) {
            let port = Port::Tls(Arc::clone(&secured.tls));
            tasks.push(tokio::spawn(listener::serve(listener, port, doors, stop.clone())));
            tasks.push(tokio::spawn(secured.watch_files(stop.clone())));
        }
        Ok(Self { address, tls_address, new_owner_token, addresses, context: cx, stop, tasks, _data: data })
    }

    /// Stops accepting, lets open requests and running jobs finish for a while, and closes the
    /// database.
    pub async fn stop(self) {
        self.stop.cancel();
        for task in self.tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "a part of the server ended badly");
            }
        }
        self.context.store.close().await;
    }
}

/// Where users may have this server call, and Git fetch from.
fn git_policy(config: &Config, address: SocketAddr) -> GitPolicy {
    let addresses = AddressPolicy {
        allow_loopback: address.ip().is_loopback() || config.allow_private_targets,
        allow_private: config.allow_private_targets,
        ..AddressPolicy::default()
    };
    GitPolicy { addresses, local: address.ip().is_loopback() || config.local_repositories }
}

async fn open_context(
    config: &Config,
    data: &DataDir,
    addresses: Addresses,
    git: GitPolicy,
    outside: Outside,
) -> anyhow::Result<Context> {
    let key = data.key(&*outside.entropy)?;
    let settings = Settings {
        addresses,
        data_dir: data.path().to_owned(),
        deploy_created: match config.deploy_created {
            crate::config::DeployCreated::Created => DeployCreated::Created,
            crate::config::DeployCreated::Live => DeployCreated::Live,
        },
        limits: Limits { requests_per_minute: config.rate_limit, ..Limits::default() },
        builds: config.build_policy(data.path()),
        git,
        deliveries: context::Retention { days: config.delivery_days, count: config.deliveries_kept },
        captcha: config.recaptcha.recaptcha_secret.is_some(),
        mail: config.mail.settings().map_err(anyhow::Error::msg)?,
        github: config.github.settings(),
        node: data.node(&*outside.entropy)?,
    };
    Ok(Context {
        store: open_store(config, data).await?,
        blobs: open_blobs(config, data.path())?,
        clock: outside.clock,
        entropy: outside.entropy,
        vault: Vault::new(&key),
        settings: Arc::new(settings),
    })
}

async fn open_store(config: &Config, data: &DataDir) -> anyhow::Result<Store> {
    match &config.database_url {
        Some(url) if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
            Store::open_postgres(url).await.context("cannot use the PostgreSQL database of DATABASE_URL")
        }
        Some(_) => {
            anyhow::bail!("DATABASE_URL must begin with postgres://; leave it out for the embedded database")
        }
        None => Store::open_sqlite(&data.database()?).await.context("cannot use the embedded database"),
    }
}

fn open_blobs(config: &Config, data: &Path) -> anyhow::Result<Blobs> {
    match config.s3().map_err(anyhow::Error::msg)? {
        Some(s3) => Blobs::s3(&s3, data).context("cannot use the S3 bucket"),
        None => Blobs::local(data).context("cannot keep blobs in the data folder"),
    }
}

async fn bootstrap(config: &Config, cx: &Context, data: &DataDir) -> anyhow::Result<Option<String>> {
    let owner = accounts::Owner {
        email: config.owner_email.clone(),
        token: config.owner_token.clone(),
        ..accounts::Owner::default()
    };
    let drawn = accounts::bootstrap(cx, &owner).await?.filter(|made| made.drawn).map(|made| made.token);
    if let Some(token) = &drawn {
        data.leave_token(token)?;
    }
    Ok(drawn)
}

fn providers(policy: &AddressPolicy, config: &Config) -> anyhow::Result<Provider> {
    Provider::new(policy.clone(), config.outbound_proxy.clone())
        .context("providers of add-ons cannot be asked; is the outbound proxy an http or https address?")
}

fn start_runner(
    cx: &Context,
    builds: &Builds,
    providers: &Provider,
    stop: &CancellationToken,
) -> JoinHandle<()> {
    let env = Arc::new(AccountEnv(cx.clone()));
    jobs::Runner::new(cx.clone())
        .with(ProcessHandler::new(cx.clone()))
        .with(CompressHandler::new(cx.clone()))
        .with(BuildHookHandler::new(cx.clone()))
        .with(BuildHandler::new(cx.clone(), builds.clone(), env))
        .with(TellOwner::new(cx.clone()))
        .with(RemovalHandler::new(cx.clone(), providers.clone()))
        .with(PollHandler::new(cx.clone(), providers.clone()))
        .start(stop.clone())
}

fn start_dispatcher(
    cx: &Context,
    policy: AddressPolicy,
    proxy: Option<url::Url>,
    stop: &CancellationToken,
) -> anyhow::Result<JoinHandle<()>> {
    let client = Client::new(Options { policy, proxy, ..Options::default() })
        .context("notifications cannot be sent; is the outbound proxy an http or https address?")?;
    Ok(Dispatcher::new(cx.clone(), client).start(stop.clone()))
}

async fn start_feed(cx: &Context, stop: &CancellationToken) -> anyhow::Result<JoinHandle<()>> {
    let mut db = cx.read().await?;
    let head = changes::head(&mut db).await?;
    Ok(tokio::spawn(feed::follow(cx.store.clone(), head, stop.clone())))
}

fn open_doors(
    config: &Config,
    cx: &Context,
    builds: Builds,
    providers: Provider,
    policy: AddressPolicy,
    secured: Option<&Secured>,
    stop: &CancellationToken,
) -> anyhow::Result<Arc<Doors>> {
    let now = u64::try_from(cx.now().0).unwrap_or_default();
    let ca = LocalCa::load_or_create(&cx.settings.data_dir, now)?;
    let app = App::new(cx.clone(), builds, providers, ca.certificate_pem().to_owned()).until(stop.clone());
    let api = api::router(Arc::new(app));
    let doors = Doors {
        addresses: cx.addresses().clone(),
        edge: Edge::with(cx.clone(), equipment(config, cx, policy.clone(), secured)?),
        dashboard: dashboard(cx, api.clone()),
        proxy: vendor::proxy(cx, api.clone(), policy, ca),
        api,
        head_limit: Duration::from_secs(config.head_timeout.max(1)),
        trusted: Trusted(config.trusted_proxies.clone()),
        tls: secured.map(|secured| Arc::clone(&secured.tls)),
    };
    Ok(Arc::new(doors))
}

fn equipment(
    config: &Config,
    cx: &Context,
    policy: AddressPolicy,
    secured: Option<&Secured>,
) -> anyhow::Result<Equipment> {
    let RecaptchaConfig { recaptcha_secret, recaptcha_url } = config.recaptcha.clone();
    let captcha = recaptcha_secret.map(|secret| Captcha::new(policy.clone(), secret, recaptcha_url));
    let proxy = Proxy::new(ProxyOptions {
        policy,
        head: Duration::from_secs(config.proxy_timeout.max(1)),
        idle: edge::IDLE_LIMIT,
        secrets: Arc::new(AccountEnv(cx.clone())),
    });
    let countries = config.geoip.as_deref().map(Countries::open).transpose()?;
    let captcha = captcha.transpose()?;
    let mut equipment = Equipment { proxy: Some(proxy), countries, captcha, ..Equipment::default() };
    if let Some(secured) = secured {
        equipment.https = Arc::<Certificates>::clone(&secured.certificates);
    }
    Ok(equipment)
}

fn dashboard(cx: &Context, api: axum::Router) -> axum::Router {
    let call: dashboard::Api = Arc::new(move |request| {
        let api = api.clone();
        Box::pin(async move {
            let Ok(response) = api.oneshot(request).await;
            response
        })
    });
    let (seal, open) = (cx.clone(), cx.clone());
    dashboard::router(
        call,
        move |plain| seal.seal(SESSION, plain),
        move |sealed| open.open(SESSION, sealed).ok(),
    )
}
