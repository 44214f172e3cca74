//! A server in this process.

use crate::{Actor, Engine, MovableClock, Receiver, Visitor};
use boathook::{Config, Outside, Server};
use context::SystemEntropy;
use model::Addresses;
use parking_lot::Mutex;
use serde_json::{Value, json};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;
use testbed::Database;

/// The owner's token on every server of the tests.
pub const OWNER_TOKEN: &str = "owner-token-of-the-tests";
/// Requests a minute: tests poll.
const RATE_LIMIT: u32 = 1_000_000;

/// A running server. Clones are one server.
#[derive(Clone)]
pub struct Platform(Arc<Inner>);

struct Inner {
    address: SocketAddr,
    tls_address: Option<SocketAddr>,
    addresses: Addresses,
    clock: MovableClock,
    engine: Engine,
    server: Mutex<Option<Server>>,
    _database: Option<Database>,
    _data: TempDir,
}

impl Platform {
    /// Starts a server with a data folder and a database of its own.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start(engine: Engine) -> Self {
        Self::start_with(engine, |_| ()).await
    }

    /// The same with another configuration.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start_with(engine: Engine, adjust: impl FnOnce(&mut Config)) -> Self {
        // as the program does first of all; a second server of the same test finds it done
        let _ = rustls::crypto::ring::default_provider().install_default();
        let data = tempfile::tempdir().expect("a temporary folder can be made");
        let database = engine.database().await;
        let mut config = config(data.path(), database.as_ref());
        adjust(&mut config);
        let clock = MovableClock::default();
        let outside = Outside { clock: Arc::new(clock.clone()), entropy: Arc::new(SystemEntropy) };
        let server =
            Server::start(&config, outside).await.unwrap_or_else(|error| panic!("no server: {error:#}"));
        let (address, addresses) = (server.address, server.addresses.clone());
        let tls_address = server.tls_address;
        let server = Mutex::new(Some(server));
        Self(Arc::new(Inner {
            address,
            tls_address,
            addresses,
            clock,
            engine,
            server,
            _database: database,
            _data: data,
        }))
    }

    /// Stops the server. What it kept goes with the last clone of this.
    pub async fn stop(&self) {
        let server = self.0.server.lock().take();
        if let Some(server) = server {
            server.stop().await;
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.0.address
    }

    /// Where it listens for TLS.
    ///
    /// # Panics
    /// When it does not.
    #[must_use]
    pub fn tls_address(&self) -> SocketAddr {
        self.0.tls_address.expect("this server was told to listen for TLS")
    }

    /// Its public addresses.
    #[must_use]
    pub fn addresses(&self) -> &Addresses {
        &self.0.addresses
    }

    /// The engine it runs on.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.0.engine
    }

    /// Its clock.
    #[must_use]
    pub fn clock(&self) -> &MovableClock {
        &self.0.clock
    }

    /// The owner, who may do everything.
    #[must_use]
    pub fn owner(&self) -> Actor {
        self.actor(Some(OWNER_TOKEN))
    }

    /// Somebody without a token.
    #[must_use]
    pub fn anonymous(&self) -> Actor {
        self.actor(None)
    }

    /// Somebody with this token.
    #[must_use]
    pub fn actor(&self, token: Option<&str>) -> Actor {
        Actor::new(self.0.address, token)
    }

    /// Somebody with a token of the owner's that may only read.
    pub async fn reader(&self) -> Actor {
        self.issue(json!({ "name": "reader", "scope": "read" })).await
    }

    /// A second person, who owns another account and is not in the owner's.
    pub async fn outsider(&self) -> Actor {
        let owner = self.owner();
        let account = owner.post("/accounts", json!({ "name": "Elsewhere" })).await.expect(201).json();
        let slug = account["slug"].as_str().expect("accounts have a slug");
        let invitation = json!({ "email": "outsider@example.org", "role": "Owner" });
        let members = owner.post(&format!("/{slug}/members"), invitation).await.expect(200).json();
        let token =
            json!({ "name": "outsider", "scope": "admin", "user_id": members[0]["id"], "account_id": slug });
        self.issue(token).await
    }

    /// Somebody with a new token that the owner makes.
    pub async fn issue(&self, token: Value) -> Actor {
        let issued = self.owner().post("/tokens", token).await.expect(201).json();
        self.actor(issued["access_token"].as_str())
    }

    /// Somebody who looks at sites.
    #[must_use]
    pub fn visitor(&self) -> Visitor {
        Visitor::new(self.0.address)
    }

    /// A new receiver of notifications.
    pub async fn receiver(&self) -> Receiver {
        Receiver::start().await
    }
}

fn config(data: &Path, database: Option<&Database>) -> Config {
    Config {
        data: data.join("data"),
        listen: (Ipv4Addr::LOCALHOST, 0).into(),
        database_url: database.map(Database::url),
        owner_token: Some(OWNER_TOKEN.to_owned()),
        owner_email: "owner@example.org".to_owned(),
        build_minutes: 5,
        rate_limit: RATE_LIMIT,
        ..Config::default()
    }
}
