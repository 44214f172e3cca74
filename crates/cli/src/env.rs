//! `boathook env`: prints the environment that makes an unmodified Netlify CLI talk to a server.

use crate::api::Client;
use crate::environment::{Before, Files};
use crate::server::Server;
use crate::{Environment, Format, ServerArgs, ca_file, preload};
use clap::Args;
use std::io::Write;
use std::path::PathBuf;

const HELP: &str = "\
The variables hold the access token: whoever reads them may do what the token may do.
While they are set, https_proxy names the server in place of a proxy you may have had there.
Unset HTTPS_PROXY and HTTP_PROXY if you have them: the CLI prefers those.
The CLI needs Node 22.21 or newer, or 24 or newer.

Examples:
  eval \"$(boathook env)\"
  boathook env --format fish | source
  boathook env --server https://boathook.example.org --token TOKEN --format dotenv > .env.boathook";

/// Arguments of `boathook env`.
#[derive(Args, Clone, Debug)]
#[command(after_help = HELP)]
pub struct EnvArgs {
    /// The server
    #[command(flatten)]
    pub server: ServerArgs,

    /// How to write the variables
    #[arg(long, value_enum, default_value = "sh")]
    pub format: Format,
}

/// Fetches the certificate of the server's authority, keeps it in the user's cache folder, and
/// writes the variables to `out`.
///
/// # Errors
/// When there is no token, the server does not answer, or the file cannot be written.
pub async fn env(args: &EnvArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    let environment = prepare(&args.server.resolve()?).await?;
    out.write_all(args.format.write(&environment).as_bytes())?;
    Ok(out.flush()?)
}

/// The environment for a server, with the certificate fetched and written.
pub(crate) async fn prepare(server: &Server) -> anyhow::Result<Environment> {
    let pem = Client::new(server)?.public_text("/client-ca.pem").await?;
    let folder = ca_file::cache_folder(|name| std::env::var_os(name))?;
    let before = std::env::var_os("NODE_EXTRA_CA_CERTS").map(PathBuf::from);
    // What an earlier run of this command wrote for another server is not worth keeping.
    let before = before.filter(|path| !path.starts_with(&folder));
    let file = ca_file::write(&folder, server, &pem, before.as_deref())?;
    let files = Files { ca: file, sockets: preload::write(&folder)? };
    let set = |name: &str| std::env::var(name).unwrap_or_default();
    let before = Before { no_proxy: set("no_proxy"), node_options: set("NODE_OPTIONS") };
    Environment::new(server, &files, &before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_names_every_flag_and_its_own_purpose_only() {
        let help = EnvArgs::augment_args(clap::Command::new("env")).render_help().to_string();
        for part in
            ["--server", "BOATHOOK_SERVER", "--token", "--data", "--format", "eval \"$(boathook env)\""]
        {
            assert!(help.contains(part), "{part} is missing in\n{help}");
        }
    }
}
