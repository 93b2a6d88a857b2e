//! The JSON schema of the configuration file, for editors.

use serde_json::{Value, json};

/// Returns the schema of `config.toml`.
pub fn config_schema() -> Value {
    let path = |what: &str| json!({ "type": "string", "description": what });
    let anchor = json!({
        "type": "object",
        "additionalProperties": false,
        "description": "Where logs are anchored outside of themselves.",
        "properties": {
            "s3": { "type": "string", "pattern": "^s3://" },
            "region": { "type": "string" },
            "aws_profile": { "type": "string" },
            "days": { "type": "integer", "minimum": 1 },
            "timestamp": { "type": "string" },
            "timestamp_ca": { "type": "string" },
        },
    });
    let shared = [
        ("anchor", anchor),
        ("log_dir", path("Where runs are kept.")),
        ("operator", path("Who operates, if not USER@HOST.")),
        ("key", path("Signs the log: an SSH key, or a public key whose other half the agent holds.")),
        ("allowed_signers", path("Whom to trust, in the format of ssh-keygen.")),
        ("revoked_keys", path("Public keys that count no more, one a line.")),
    ];
    let regions = json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["lost", "recovery"],
        "properties": { "lost": { "type": "string" }, "recovery": { "type": "string" } },
    });
    let own = [
        (
            "account",
            json!({ "type": "string", "pattern": "^[0-9]{12}$", "description": "A run in any other account is refused." }),
        ),
        ("region", path("The default region, in which the recovery works.")),
        ("regions", regions),
        ("aws_profile", path("The profile of the AWS configuration that has the credentials.")),
        ("role", path("Not supported yet.")),
        (
            "inputs",
            json!({
                "type": "object",
                "description": "Values for the inputs of runbooks.",
                "additionalProperties": { "type": ["string", "integer", "number", "boolean"] },
            }),
        ),
    ];
    let table = |properties: Vec<(&str, Value)>| {
        let properties: serde_json::Map<String, Value> =
            properties.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        json!({ "type": "object", "additionalProperties": false, "properties": properties })
    };
    let profile = table(own.into_iter().chain(shared.clone()).collect());
    let profiles = json!({ "type": "object", "description": "Profiles by name.", "additionalProperties": profile });
    let theme = path("The theme of the screens, if --theme names none.");
    let places = json!({
        "type": "array",
        "items": { "type": "string" },
        "description": "Where incident logs go on that can't be written any more, in this order.",
    });
    let calls = json!({
        "enum": ["off", "bell", "osc9", "osc777"],
        "description": "How the screens call somebody back: bell and notification.",
    });
    let retention = json!({
        "type": "object",
        "additionalProperties": false,
        "description": "How many runs `lifeboat runs prune` keeps.",
        "properties": {
            "count": { "type": "integer", "minimum": 0, "description": "The newest, so many." },
            "age": { "type": "string", "description": "Those that began so long ago at most: `400d`." },
            "size": { "type": "string", "description": "The newest that take so much in all: `20GiB`." },
        },
    });
    let mut schema = table(
        shared
            .into_iter()
            .chain([
                ("theme", theme),
                ("calls", calls),
                ("log_places", places),
                ("retention", retention),
                ("profile", profiles),
            ])
            .collect(),
    );
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
        schema.insert("title".to_owned(), json!("lifeboat's configuration"));
    }
    schema
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::settings::config::Config;

    /// Asks the reader itself which keys it knows: it names them when it meets one that it does not.
    fn known(text: &str) -> BTreeSet<String> {
        let error = Config::parse("config.toml", text).unwrap_err();
        error.message.split('`').skip(3).step_by(2).map(str::to_owned).collect()
    }

    fn keys(table: &Value) -> BTreeSet<String> {
        table["properties"].as_object().unwrap().keys().cloned().collect()
    }

    #[test]
    fn the_schema_has_the_keys_that_are_read() {
        let schema = config_schema();
        let profile = &schema["properties"]["profile"]["additionalProperties"];
        assert_eq!(keys(&schema), known("nonsense = 1"));
        assert_eq!(keys(profile), known("[profile.x]\nnonsense = 1"));
        assert_eq!(keys(&profile["properties"]["regions"]), known("[profile.x.regions]\nnonsense = 1"));
        for table in [&schema, profile] {
            assert_eq!(table["additionalProperties"], false);
        }
    }
}
