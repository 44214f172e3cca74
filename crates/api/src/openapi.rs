//! The operations of this server as an OpenAPI 3.1 document, from the table of routes and the wire
//! shapes themselves.

use crate::routes::{ROUTES, Route};
use model::{
    Account, AccountType, Attempt, Build, BuildHook, BuildHookCall, BuildHookStatus, Delivery, Deploy,
    EnvVar, EventRecord, FileEntry, Form, Hook, HookType, Member, Schemas, Site, Snippet, SplitTest,
    Submission, Ticket, TokenInfo, User,
};
use serde_json::{Map, Value, json};

/// Version of the OpenAPI language.
const OPENAPI: &str = "3.1.0";

/// What an operation answers: a schema by name, alone or in a list.
enum Answer {
    One(&'static str),
    Many(&'static str),
}

/// Answers by operation. An operation that is not listed answers an object, or nothing.
const ANSWERS: &[(&str, Answer)] = {
    use Answer::{Many, One};
    &[
        ("listSites", Many("Site")),
        ("createSite", One("Site")),
        ("getSite", One("Site")),
        ("updateSite", One("Site")),
        ("listSitesForAccount", Many("Site")),
        ("createSiteInTeam", One("Site")),
        ("unlinkSiteRepo", One("Site")),
        ("listSiteFiles", Many("FileEntry")),
        ("getSiteFileByPathName", One("FileEntry")),
        ("uploadDeployFile", One("FileEntry")),
        ("listSiteDeploys", Many("Deploy")),
        ("createSiteDeploy", One("Deploy")),
        ("getSiteDeploy", One("Deploy")),
        ("updateSiteDeploy", One("Deploy")),
        ("restoreSiteDeploy", One("Deploy")),
        ("cancelSiteDeploy", One("Deploy")),
        ("getDeploy", One("Deploy")),
        ("lockDeploy", One("Deploy")),
        ("unlockDeploy", One("Deploy")),
        ("listHooksBySiteId", Many("Hook")),
        ("createHookBySiteId", One("Hook")),
        ("getHook", One("Hook")),
        ("updateHook", One("Hook")),
        ("enableHook", One("Hook")),
        ("listHookTypes", Many("HookType")),
        ("listHookDeliveries", Many("Delivery")),
        ("listEvents", Many("EventRecord")),
        ("getEvent", One("EventRecord")),
        ("listSiteBuildHooks", Many("BuildHook")),
        ("createSiteBuildHook", One("BuildHook")),
        ("getSiteBuildHook", One("BuildHook")),
        ("rotateSiteBuildHook", One("BuildHook")),
        ("listSiteBuildHookCalls", Many("BuildHookCall")),
        ("getBuildHookCall", One("BuildHookStatus")),
        ("listSiteBuilds", Many("Build")),
        ("createSiteBuild", One("Build")),
        ("getSiteBuild", One("Build")),
        ("listAccountsForUser", Many("Account")),
        ("createAccount", One("Account")),
        ("getAccount", One("Account")),
        ("updateAccount", One("Account")),
        ("listAccountTypesForUser", Many("AccountType")),
        ("listMembersForAccount", Many("Member")),
        ("addMemberToAccount", Many("Member")),
        ("getAccountMember", One("Member")),
        ("updateAccountMember", One("Member")),
        ("getCurrentUser", One("User")),
        ("createTicket", One("Ticket")),
        ("showTicket", One("Ticket")),
        ("getEnvVars", Many("EnvVar")),
        ("createEnvVars", Many("EnvVar")),
        ("getSiteEnvVars", Many("EnvVar")),
        ("getEnvVar", One("EnvVar")),
        ("updateEnvVar", One("EnvVar")),
        ("setEnvVarValue", One("EnvVar")),
        ("getSplitTests", Many("SplitTest")),
        ("createSplitTest", One("SplitTest")),
        ("getSplitTest", One("SplitTest")),
        ("updateSplitTest", One("SplitTest")),
        ("listSiteSnippets", Many("Snippet")),
        ("createSiteSnippet", One("Snippet")),
        ("getSiteSnippet", One("Snippet")),
        ("listSiteForms", Many("Form")),
        ("listSiteSubmissions", Many("Submission")),
        ("listFormSubmissions", Many("Submission")),
        ("listFormSubmission", One("Submission")),
        ("markSubmissionSpam", One("Submission")),
        ("markSubmissionHam", One("Submission")),
        ("listTokens", Many("TokenInfo")),
    ]
};

/// The document for a server that is found at `root`.
pub fn document(root: &str) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for route in ROUTES {
        for path in route.paths() {
            let path = path.replace("{*", "{");
            let item = paths.entry(path).or_insert_with(|| json!({}));
            item[route.method.as_str().to_ascii_lowercase()] = operation(route);
        }
    }
    json!({
        "openapi": OPENAPI,
        "info": { "title": "Boathook", "version": env!("CARGO_PKG_VERSION"), "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" } },
        "servers": [{ "url": root }],
        "security": [{ "token": [] }],
        "paths": paths,
        "components": {
            "schemas": schemas(),
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
            "responses": { "Error": { "description": "What went wrong.", "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Error" } } } } },
        },
    })
}

fn operation(route: &Route) -> Value {
    let mut operation = json!({
        "operationId": route.id,
        "tags": [if route.own { "boathook" } else { "netlify" }],
        "parameters": parameters(route.path),
        "responses": {
            "2XX": success(route.id),
            "default": { "$ref": "#/components/responses/Error" },
        },
    });
    match route.needs.scope() {
        Some(scope) => operation["x-scope"] = json!(scope.as_str()),
        None => operation["security"] = json!([]),
    }
    operation
}

fn success(id: &str) -> Value {
    let reference = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    let schema = match ANSWERS.iter().find(|(operation, _)| *operation == id) {
        Some((_, Answer::One(name))) => reference(name),
        Some((_, Answer::Many(name))) => json!({ "type": "array", "items": reference(name) }),
        None => return json!({ "description": "It worked." }),
    };
    json!({ "description": "It worked.", "content": { "application/json": { "schema": schema } } })
}

fn parameters(path: &str) -> Vec<Value> {
    let named = path.split('/').filter_map(|s| s.strip_prefix('{')?.strip_suffix('}'));
    named
        .map(|name| name.trim_start_matches('*'))
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
        .collect()
}

fn schemas() -> Map<String, Value> {
    let mut gathered = Schemas::default();
    gathered.refer::<Account>();
    gathered.refer::<AccountType>();
    gathered.refer::<Attempt>();
    gathered.refer::<Build>();
    gathered.refer::<BuildHook>();
    gathered.refer::<BuildHookCall>();
    gathered.refer::<BuildHookStatus>();
    gathered.refer::<Delivery>();
    gathered.refer::<Deploy>();
    gathered.refer::<EnvVar>();
    gathered.refer::<EventRecord>();
    gathered.refer::<FileEntry>();
    gathered.refer::<Form>();
    gathered.refer::<Hook>();
    gathered.refer::<HookType>();
    gathered.refer::<Member>();
    gathered.refer::<Site>();
    gathered.refer::<Snippet>();
    gathered.refer::<SplitTest>();
    gathered.refer::<Submission>();
    gathered.refer::<Ticket>();
    gathered.refer::<TokenInfo>();
    gathered.refer::<User>();
    let mut schemas = gathered.finish();
    let error = json!({
        "type": "object",
        "required": ["code", "message"],
        "properties": { "code": { "type": "integer" }, "message": { "type": "string" } },
    });
    schemas.insert("Error".to_owned(), error);
    schemas
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_is_described_once_for_each_path() {
        let document = document("http://localhost:8888");
        let described: usize =
            document["paths"].as_object().unwrap().values().map(|p| p.as_object().unwrap().len()).sum();
        assert_eq!(described, ROUTES.iter().map(|route| route.paths().len()).sum::<usize>());
    }

    #[test]
    fn every_answer_names_a_route_and_a_schema() {
        let schemas = schemas();
        for (id, Answer::One(name) | Answer::Many(name)) in ANSWERS {
            assert!(ROUTES.iter().any(|route| route.id == *id), "{id}");
            assert!(schemas.contains_key(*name), "{name}");
        }
    }
}
