//! Deploys: taking in files and functions, making them ready, moving the live pointer. A deploy is
//! immutable once it is ready; publishing moves one pointer. How bytes reach visitors is the
//! edge's business, how they are made is the builds'.

mod arrivals;
mod begin_build;
mod beneath;
mod built;
mod cancel;
mod compress;
mod create;
mod delete;
mod digest;
mod edge_functions;
mod fail;
mod folder;
mod lock;
mod mime;
mod pages;
mod path;
mod present;
mod process;
mod publish;
mod ready;
mod requests;
mod restore;
mod rules;
mod skip;
mod state;
mod upload;
mod validations;
mod zip;

pub use arrivals::recover;
pub use begin_build::{Commit, begin_build, begin_build_in};
pub use beneath::Beneath;
pub use built::{Built, BuiltFunction, publish_built};
pub use cancel::{CANCELED, cancel, cancel_in};
pub use compress::{COMPRESS_JOB, CompressHandler};
pub use create::{NewDeploy, create, create_in};
pub use delete::delete;
pub use digest::{Digest, FunctionDigest, take_digest};
pub use edge_functions::edge_functions_refusal;
pub use fail::fail;
pub use folder::publish_folder;
pub use lock::{lock, unlock};
pub use path::clean_path;
pub use present::{present, present_all, present_as};
pub use process::{PROCESS_JOB, ProcessHandler, process};
pub use requests::{accept_in, hold_in, reject_in};
pub use restore::{restore, rollback};
pub use skip::{skip, skip_in};
pub use state::{MOVES, may_move};
pub use upload::{FunctionUpload, StreamedBody, upload_file, upload_function};
pub use validations::set_validations;
pub use zip::publish_zip;
