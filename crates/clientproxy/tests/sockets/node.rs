//! The cure of contract clients 2a with a real Node, which has to be 22.21 or newer: the one that
//! the test services bring.

use std::process::Output;

use boathook_clientproxy::Limits;
use tokio::process::Command;

use super::support::{Running, TOKEN};

const FETCH: &str = "fetch('https://api.netlifysdk.com/site/x/integrations/safe')
    .then((response) => response.json())
    .then((body) => console.log(body[0].path, body[0].host, body[0].known))";

const HTTPS_GET: &str = "require('https')
    .get('https://api.netlifysdk.com/site/x/integrations/safe', (response) => {
        let text = ''
        response.on('data', (chunk) => { text += chunk })
        response.on('end', () => {
            const [body] = JSON.parse(text)
            console.log(body.path, body.host, body.known)
        })
    })";

fn node() -> String {
    std::env::var("BOATHOOK_TEST_NODE22").unwrap_or_else(|_| {
        panic!("BOATHOOK_TEST_NODE22 is not set: run through `make test` or `cargo xtask services`")
    })
}

async fn run(node: &str, running: &Running, token: &str, script: &str) -> Output {
    let mut command = Command::new(node);
    command.arg("-e").arg(script).env_clear();
    command.env("NODE_USE_ENV_PROXY", "1");
    command.env("https_proxy", running.proxy_url(token));
    command.env("no_proxy", "127.0.0.1,localhost");
    command.env("NODE_EXTRA_CA_CERTS", running.proxy.ca().certificate_path());
    command.output().await.unwrap()
}

#[tokio::test]
async fn node_reaches_the_service_with_nothing_but_variables() {
    let node = node();
    let running = Running::start(Limits::default()).await;
    for script in [FETCH, HTTPS_GET] {
        let output = run(&node, &running, TOKEN, script).await;
        let text = String::from_utf8_lossy(&output.stdout);
        let expect = "/site/x/integrations/safe api.netlifysdk.com true\n";
        assert_eq!(text, expect, "{output:?}");
        let refused = run(&node, &running, "wrong", script).await;
        assert!(!refused.status.success(), "{refused:?}");
    }
}
