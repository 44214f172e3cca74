//! Both engines read a repository the same way: the base directory and the package of a monorepo, the
//! words of contexts, and where functions are.

use super::{Linked, message};
use crate::support::{Repository, Server};
use reqwest::Method;
use serde_json::{Value, json};

/// What a build of a branch comes to: the deploy, its page `/it`, and the log.
struct Made {
    deploy: Value,
    it: String,
    log: Vec<String>,
}

async fn make(server: &Server, site: &Linked<'_>, (engine, branch, host): (&str, &str, &str)) -> Made {
    site.set(json!({ "engine": engine })).await;
    let build = server.post(&format!("/sites/{}/builds", site.id), json!({ "branch": branch })).await;
    let id = build["id"].as_str().expect("an id");
    // following a log ends when its build does
    server.call(Method::GET, &format!("/builds/{id}/log/stream"), None).await;
    let log = server.call(Method::GET, &format!("/builds/{id}/log"), None).await.text;
    let log: Vec<String> = log.lines().map(message).collect();
    println!("{}", log.join("\n"));
    let deploy = server.get(&format!("/deploys/{}", build["deploy_id"].as_str().expect("an id"))).await;
    assert_eq!(deploy["state"], "ready", "{engine}: {deploy}");
    let it = server.visit(host, "/it").await.text;
    let inside = it.split_once("/repo").map(|(before, rest)| {
        let words = before.rsplit_once(' ').map_or("", |(words, _)| words);
        format!("{words} repo{rest}")
    });
    Made { deploy, it: inside.unwrap_or(it), log }
}

/// Says its context, a word, and where it runs.
const SAY: &str = "mkdir -p out && echo \\\"$SAID $CONTEXT $WORD $ONLY $PWD\\\" > out/it";

#[tokio::test]
async fn a_base_directory_its_functions_and_the_contexts_of_a_branch() {
    let server = Server::start().await;
    let repository = Repository::new(&server, "based");
    repository.write("netlify.toml", "[build]\nbase = \"web\"\ncommand = \"exit 1\"\n");
    let toml = format!(
        "[build]\ncommand = \"exit 1\"\npublish = \"nowhere\"\n\
         [build.environment]\nWORD = \"all\"\nONLY = \"build\"\n\
         [functions]\ndirectory = \"fn\"\n\
         [context.production]\ncommand = \"exit 1\"\n\
         [context.branch-deploy]\npublish = \"out\"\ncommand = \"exit 1\"\n\
         [context.branch-deploy.environment]\nWORD = \"of branches\"\nSAID = \"branch\"\n\
         [context.feat]\ncommand = \"{SAY}\"\n[context.feat.environment]\nSAID = \"feat\"\n"
    );
    repository.write("web/netlify.toml", &toml);
    repository.write("web/fn/hello.mjs", "export default async () => new Response('x')\n");
    repository
        .write("netlify/functions/not-of-the-base.mjs", "export default async () => new Response('x')\n");
    repository.commit("A site below the root");
    repository.branch("feat");
    let site = Linked::new(&server, "based", &repository).await;
    server
        .call(
            Method::PATCH,
            &format!("/sites/{}", site.id),
            Some(json!({ "build_settings": { "allowed_branches": ["*"] } })),
        )
        .await;
    let native = make(&server, &site, ("native", "feat", "feat--based")).await;
    assert_eq!(native.it, "feat branch-deploy of branches build repo/web\n");
    let left = "The native engine leaves out functions in `web/fn`.";
    assert!(native.log.iter().any(|line| line == left), "{:#?}", native.log);
    assert_eq!(native.deploy["available_functions"], json!([]));
    let netlify = make(&server, &site, ("netlify-build", "feat", "feat--based")).await;
    assert_eq!(netlify.it, native.it);
    let functions = netlify.deploy["available_functions"].as_array().expect("a list");
    assert_eq!(functions.iter().map(|one| &one["n"]).collect::<Vec<_>>(), ["hello"]);
}

#[tokio::test]
async fn a_package_of_a_monorepo_with_a_base_directory() {
    let server = Server::start().await;
    let repository = Repository::new(&server, "packaged");
    repository.write("netlify.toml", "[build]\ncommand = \"exit 1\"\n");
    repository.write("site/netlify.toml", "[build]\ncommand = \"exit 1\"\n");
    let toml = format!(
        "[build]\ncommand = \"{}\"\npublish = \"apps/shop/out\"\n[build.environment]\nWORD = \"shop\"\nSAID = \"package\"\nONLY = \"x\"\n",
        SAY.replace("out", "apps/shop/out")
    );
    repository.write("site/apps/shop/netlify.toml", &toml);
    repository.commit("A shop");
    let site = Linked::new(&server, "packaged", &repository).await;
    site.set(json!({ "base": "site", "package_path": "apps/shop" })).await;
    for engine in ["native", "netlify-build"] {
        let made = make(&server, &site, (engine, "main", "packaged")).await;
        assert_eq!(made.it, "package production shop x repo/site\n", "{engine}");
    }
}
