//! A server with a site whose hooks all lead to the receiver.

use crate::Options;
use anyhow::Result;
use boathook_bench::{Api, Manner, Server, Sink};
use std::path::Path;

/// The event that is fired.
pub(crate) const EVENT: &str = "deploy_succeeded";

pub(crate) struct Scene {
    pub(crate) server: Server,
    pub(crate) site: String,
    pub(crate) hooks: usize,
}

impl Scene {
    /// Starts a server in a folder of its own.
    pub(crate) async fn set(
        options: &Options,
        folder: &Path,
        sink: &Sink,
        database_url: Option<String>,
        hooks: usize,
    ) -> Result<Self> {
        let server = options.ground.serve(folder, database_url)?;
        let mut api = Api::open(server.address, &server.token).await?;
        let (site, _) = api.live_site("chaos").await?;
        for hook in 0..hooks {
            api.hook(&site, EVENT, &sink.url(Manner::Busy, hook)).await?;
        }
        sink.clear();
        Ok(Self { server, site, hooks })
    }
}
