//! Runs one flow: server up, flow, server down, also when the flow fails.

use crate::{Engine, Platform, Process};
use boathook::Config;
use std::panic::resume_unwind;
use testbed::service;
use tokio::runtime::{Builder, Runtime};
use tokio::task::{JoinError, LocalSet};

/// Threads for the server, its jobs and the actors of one test.
const THREADS: usize = 2;

/// Leaves the configuration alone.
pub fn as_it_is(_config: &mut Config) {}

/// Keeps blobs in the bucket of the test services. Tests share it: what is stored under its digest
/// cannot get into another test's way.
///
/// # Panics
/// When the test services do not run.
pub fn on_s3(config: &mut Config) {
    config.s3.endpoint = Some(service("BOATHOOK_TEST_S3_ENDPOINT"));
    config.s3.bucket = Some(service("BOATHOOK_TEST_S3_BUCKET"));
    config.s3.access_key = Some(service("BOATHOOK_TEST_S3_ACCESS_KEY"));
    config.s3.secret_key = Some(service("BOATHOOK_TEST_S3_SECRET_KEY"));
}

/// Runs a flow against a server in this process.
///
/// # Panics
/// When the flow does.
pub fn on_platform<F>(engine: Engine, adjust: fn(&mut Config), flow: impl FnOnce(Platform) -> F)
where
    F: Future<Output = ()> + 'static,
{
    runtime().block_on(async {
        let platform = Platform::start_with(engine, adjust).await;
        let outcome = caught(flow(platform.clone())).await;
        platform.stop().await;
        if let Err(failed) = outcome {
            resume_unwind(failed.into_panic());
        }
    });
}

/// Runs a flow against the real program.
///
/// # Panics
/// When the flow does.
pub fn on_process<F>(engine: Engine, flow: impl FnOnce(Process) -> F)
where
    F: Future<Output = ()> + 'static,
{
    runtime().block_on(async {
        let process = Process::start(engine).await;
        if let Err(failed) = caught(flow(process)).await {
            resume_unwind(failed.into_panic());
        }
    });
}

/// Runs the flow on this thread, so that it may hold what no other thread may have, and catches its panic.
async fn caught(flow: impl Future<Output = ()> + 'static) -> Result<(), JoinError> {
    let here = LocalSet::new();
    let flow = here.spawn_local(flow);
    here.run_until(flow).await
}

fn runtime() -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(THREADS).enable_all().build().expect("a runtime needs threads and nothing else")
}
