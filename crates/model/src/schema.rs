//! JSON Schemas of wire shapes, in the form API descriptions want them.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value};

/// Where descriptions keep their schemas.
const PLACE: &str = "/components/schemas";

/// Gathers schemas for one description.
pub struct Schemas {
    generator: SchemaGenerator,
}

impl Default for Schemas {
    fn default() -> Self {
        let settings = SchemaSettings::draft2020_12().with(|s| {
            s.definitions_path = PLACE.into();
            s.meta_schema = None;
        });
        Self { generator: settings.into_generator() }
    }
}

impl Schemas {
    /// A reference to the schema of `T`, which is kept under its name.
    pub fn refer<T: JsonSchema>(&mut self) -> Value {
        self.generator.subschema_for::<T>().to_value()
    }

    /// Every schema that was referred to, by name. Absent values are left out on the wire and
    /// never null, so `null` is no type of theirs.
    pub fn finish(mut self) -> Map<String, Value> {
        let mut schemas = self.generator.take_definitions(true);
        schemas.values_mut().for_each(without_null);
        schemas
    }
}

fn without_null(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            if let Some(Value::Array(types)) = object.get_mut("type") {
                types.retain(|name| name != "null");
                if let [single] = &types[..] {
                    let single = single.clone();
                    object.insert("type".to_owned(), single);
                }
            }
            let only = match object.get_mut("anyOf") {
                Some(Value::Array(options)) => {
                    options.retain(|option| option.get("type").is_none_or(|t| t != "null"));
                    if options.len() == 1 { options.pop() } else { None }
                }
                _ => None,
            };
            if let Some(Value::Object(only)) = only {
                object.remove("anyOf");
                object.extend(only);
            }
            for number in ["int64", "double"] {
                if object.get("format").is_some_and(|format| format == number) {
                    object.remove("format");
                }
            }
            object.remove("default");
            object.values_mut().for_each(without_null);
        }
        Value::Array(items) => items.iter_mut().for_each(without_null),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Deploy;

    #[test]
    fn optional_values_have_one_type() {
        let mut schemas = Schemas::default();
        assert_eq!(schemas.refer::<Deploy>()["$ref"], "#/components/schemas/Deploy");
        let all = schemas.finish();
        let properties = &all["Deploy"]["properties"];
        assert_eq!(properties["title"]["type"], "string");
        assert_eq!(properties["review_id"]["type"], "number");
        assert_eq!(properties["created_at"]["format"], "date-time");
        assert_eq!(
            properties["function_schedules"]["items"]["$ref"],
            "#/components/schemas/FunctionSchedule"
        );
        assert!(!serde_json::to_string(&all).unwrap().contains("\"null\""));
    }
}
