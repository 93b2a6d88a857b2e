//! What a capture takes from an action's output: all of it, members of a JSON object, lists.

use serde_json::Value;

/// Names a variable that takes a value from an action's output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capture {
    /// The variable, and the member of the output where there are several captures.
    pub name: String,
    /// What it takes.
    pub shape: Shape,
}

/// Says what a capture takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One text.
    Text,
    /// A list, written `NAME[]`; kept as one item a line.
    List,
}

impl From<&str> for Capture {
    fn from(text: &str) -> Self {
        match text.strip_suffix("[]") {
            Some(name) => Self { name: name.to_owned(), shape: Shape::List },
            None => Self { name: text.to_owned(), shape: Shape::Text },
        }
    }
}

impl Capture {
    /// Reads captures from an output: one takes all of it, several take members of a JSON object.
    ///
    /// # Errors
    /// A sentence that says what the output lacks.
    pub fn read(captures: &[Self], stdout: &str) -> Result<Vec<(String, String)>, String> {
        let text = stdout.trim();
        match captures {
            [] => Ok(Vec::new()),
            [Self { name, shape: Shape::Text }] => Ok(vec![(name.clone(), text.to_owned())]),
            [Self { name, shape: Shape::List }] => Ok(vec![(name.clone(), whole_list(name, text)?)]),
            several => {
                let names = || several.iter().map(|capture| capture.name.as_str()).collect::<Vec<_>>().join(", ");
                let value: Value = serde_json::from_str(text)
                    .ok()
                    .filter(Value::is_object)
                    .ok_or_else(|| format!("its output is no JSON object with {}", names()))?;
                several.iter().map(|capture| capture.member(&value)).collect()
            }
        }
    }

    fn member(&self, object: &Value) -> Result<(String, String), String> {
        let name = &self.name;
        let member = object.get(name).ok_or_else(|| format!("its output has no member `{name}`"))?;
        let value = match self.shape {
            Shape::Text => scalar(member).unwrap_or_else(|| member.to_string()),
            Shape::List => list(name, member)?,
        };
        Ok((name.clone(), value))
    }
}

/// An AWS call prints a list as JSON or, as text, with tabs and lines between its items and `None` for nothing.
fn whole_list(name: &str, text: &str) -> Result<String, String> {
    match serde_json::from_str::<Value>(text) {
        Ok(value @ (Value::Array(_) | Value::Object(_) | Value::String(_) | Value::Null)) => list(name, &value),
        _ if text == "None" => Ok(String::new()),
        _ => {
            let items = text.split(['\t', '\n']).map(str::trim).filter(|item| !item.is_empty());
            Ok(items.collect::<Vec<_>>().join("\n"))
        }
    }
}

fn list(name: &str, value: &Value) -> Result<String, String> {
    let of = |item: &Value| {
        scalar(item)
            .filter(|item| !item.contains(['\n', '\r']))
            .ok_or_else(|| format!("`{name}` is to be a list of texts on one line each, and it holds {item}"))
    };
    let items = match value {
        Value::Null => Vec::new(),
        Value::Array(items) => items.iter().map(of).collect::<Result<Vec<_>, _>>()?,
        single => vec![of(single)?],
    };
    Ok(items.into_iter().filter(|item| !item.trim().is_empty()).collect::<Vec<_>>().join("\n"))
}

/// Nothing is an empty text, as a list of nothing is an empty list.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some(String::new()),
        Value::String(text) => Some(text.clone()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(names: &str, stdout: &str) -> Result<Vec<String>, String> {
        let captures: Vec<Capture> = names.split(',').map(Capture::from).collect();
        let read = Capture::read(&captures, stdout)?;
        let named = captures.iter().zip(&read).all(|(capture, (name, _))| capture.name == *name);
        assert!(named, "{read:?}");
        Ok(read.into_iter().map(|(_, value)| value).collect())
    }

    #[test]
    fn captures_take_what_they_name() {
        let config =
            r#"{"CLASS":"db.m6g","SUBNETS":"priv","SGS":["sg-1","sg-2"],"IOPS":null,"MULTI":true,"TAGS":[{"a":1}]}"#;
        for (names, stdout, values) in [
            ("A", " x\ny \n", vec!["x\ny"]),
            ("A", "[1]", vec!["[1]"]),
            ("CLASS,SUBNETS,SGS[]", config, vec!["db.m6g", "priv", "sg-1\nsg-2"]),
            ("IOPS,MULTI", config, vec!["", "true"]),
            ("IOPS[],CLASS[]", config, vec!["", "db.m6g"]),
            ("TAGS,CLASS", config, vec![r#"[{"a":1}]"#, "db.m6g"]),
            ("A[]", r#"["x", "y z", 3, ""]"#, vec!["x\ny z\n3"]),
            ("A[]", "sg-1\tsg-2\n", vec!["sg-1\nsg-2"]),
            ("A[]", "12\n", vec!["12"]),
            ("A[]", "None\n", vec![""]),
            ("A[]", "", vec![""]),
        ] {
            assert_eq!(read(names, stdout).unwrap(), values, "{names} of {stdout}");
        }
    }

    #[test]
    fn what_is_not_there_is_named() {
        for (names, stdout, part) in [
            ("A,B", "plain", "no JSON object with A, B"),
            ("A,B", r#"{"A":"x"}"#, "no member `B`"),
            ("A,B[]", r#"{"A":"x","B":[[1]]}"#, "`B` is to be a list"),
            ("A[]", r#"{"A":1}"#, "`A` is to be a list"),
            ("A[]", "[\"x\\ny\"]", "one line each"),
        ] {
            let why = read(names, stdout).unwrap_err();
            assert!(why.contains(part), "{names} of {stdout}: {why}");
        }
    }
}
