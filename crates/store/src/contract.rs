//! What every feature may rely on, whichever engine is underneath: each rule is written once and
//! run as `sqlite` and as `pg`, each rule of blobs as `disk` and as `s3`. Knows no rule of a feature.

pub(crate) mod support;

mod backup;
mod blobs;
mod changes;
mod deliveries;
mod deploy_files;
mod deploys;
mod engine;
mod forms;
mod group;
mod late;
mod migrate;
mod places;
mod settings;
mod sites;
mod snippets;
mod splits;
mod statements;
mod target_memory;
