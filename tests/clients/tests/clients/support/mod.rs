//! What the flows stand on: a started server, the programs that `make test` installs, project
//! folders, repositories, a receiver of notifications. Holds no assertion about a feature.

mod addon;
mod api_client;
mod cli;
mod consumer;
mod http;
mod listening;
mod machine;
mod provider;
mod receiver;
mod repository;
mod script;
mod server;
mod verifier;

pub(crate) use addon::{Addon, second_opinions, visitors_token};
pub(crate) use api_client::ApiClient;
pub(crate) use cli::{Cli, Login, Project, Version, Waiting, first_json, shell};
pub(crate) use consumer::{Consumer, Language};
pub(crate) use http::Answer;
pub(crate) use listening::free_port;
pub(crate) use machine::{boathook, client, python, root};
pub(crate) use provider::Provider;
pub(crate) use receiver::{Notification, Receiver};
pub(crate) use repository::{Repository, copy};
pub(crate) use server::{OWNER_TOKEN, Server};
pub(crate) use verifier::Verifier;
