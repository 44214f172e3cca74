//! The operations of this server as an OpenAPI 3.1 document, from the table of routes and the wire
//! shapes themselves.

use crate::routes::{Answers, ROUTES, Route, Shape};
use model::{Attempt, Schemas};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Version of the OpenAPI language.
const OPENAPI: &str = "3.1.0";

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
            "2XX": success(&route.answers),
            "default": { "$ref": "#/components/responses/Error" },
        },
    });
    match route.needs.scope() {
        Some(scope) => operation["x-scope"] = json!(scope.as_str()),
        None => operation["security"] = json!([]),
    }
    operation
}

fn success(answers: &Answers) -> Value {
    let reference = |shape: &Shape| json!({ "$ref": format!("#/components/schemas/{}", shape.name) });
    let schema = match answers {
        Answers::One(shape) => reference(shape),
        Answers::Many(shape) => json!({ "type": "array", "items": reference(shape) }),
        Answers::Unsaid => return json!({ "description": "It worked." }),
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
    // a try is part of an answer that has no shape of its own
    let mut shapes = BTreeMap::from([("Attempt", Schemas::refer::<Attempt> as fn(&mut Schemas) -> Value)]);
    shapes.extend(ROUTES.iter().filter_map(|route| route.answers.shape()).map(|one| (one.name, one.refer)));
    let mut gathered = Schemas::default();
    for refer in shapes.values() {
        refer(&mut gathered);
    }
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
    fn every_answer_leads_to_a_schema() {
        let schemas = schemas();
        for shape in ROUTES.iter().filter_map(|route| route.answers.shape()) {
            assert!(schemas.contains_key(shape.name), "{}", shape.name);
        }
    }
}
