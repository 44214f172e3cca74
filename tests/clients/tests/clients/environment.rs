//! The commands of `boathook` that make an unmodified command line talk to a server, typed as the
//! documentation says.

use crate::support::{Server, first_json, shell};
use serde_json::Value;

/// A folder that is linked to a site: only there the client asks the host that no variable changes.
async fn linked(server: &Server) -> (std::path::PathBuf, String) {
    let site = server.make_site("typed").await;
    let folder = server.folder("projects/typed");
    std::fs::create_dir_all(folder.join(".netlify")).expect("a folder");
    std::fs::write(folder.join(".netlify/state.json"), format!("{{\"siteId\":\"{site}\"}}")).expect("a file");
    (folder, site)
}

fn check(status: &Value, server: &Server, site: &str) {
    assert_eq!(status["siteData"]["site-id"], site);
    assert_eq!(status["siteData"]["site-url"], format!("http://typed.localhost:{}", server.port));
    assert_eq!(status["account"]["Email"], "ada@example.org");
}

#[tokio::test]
async fn the_printed_environment_is_enough() {
    let server = Server::start().await;
    let (folder, site) = linked(&server).await;
    let script = r#"eval "$(boathook env --server $SERVER --token $TOKEN)" && netlify status --json"#;
    check(&first_json(&shell(&server, &folder, script).await), &server, &site);
}

#[tokio::test]
async fn the_client_is_run_with_it() {
    let server = Server::start().await;
    let (folder, site) = linked(&server).await;
    let script = "boathook netlify --server $SERVER --token $TOKEN -- status --json";
    check(&first_json(&shell(&server, &folder, script).await), &server, &site);
    let script = "! boathook netlify --server $SERVER --token $TOKEN -- sites:delete no-such-site --force";
    shell(&server, &folder, script).await;
}
