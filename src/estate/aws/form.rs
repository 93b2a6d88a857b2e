//! Parameters of calls that come as a form (awsQuery): reading them, lists among them, and refusing what is not known.

use chrono::{DateTime, Utc};

/// Is one error as it goes out: status, code, message.
pub(super) type Wrong = (u16, &'static str, String);

/// Holds the parameters of a call.
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    /// Reads a request's body, or its query where there is none.
    pub(super) fn read(body: &[u8], query: &[(String, String)]) -> Self {
        if body.is_empty() { Self(query.to_vec()) } else { Self(form_urlencoded::parse(body).into_owned().collect()) }
    }

    /// Lists all parameters.
    pub(super) fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    /// Returns a parameter.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Returns a parameter as a value of its own.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(str::to_owned)
    }

    /// Returns a parameter that must be there.
    pub(super) fn required(&self, name: &str) -> Result<&str, Wrong> {
        let missing = || (400, "MissingParameter", format!("The request must contain the parameter {name}."));
        self.get(name).filter(|value| !value.is_empty()).ok_or_else(missing)
    }

    /// Returns a number.
    pub(super) fn number<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>, Wrong> {
        self.get(name).map(|value| value.parse().map_err(|_| value_error(name, value))).transpose()
    }

    /// Returns a truth value.
    pub(super) fn truth(&self, name: &str) -> Result<Option<bool>, Wrong> {
        match self.get(name) {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(other) => Err(value_error(name, other)),
        }
    }

    /// Returns a time with its zone.
    pub(super) fn time(&self, name: &str) -> Result<Option<DateTime<Utc>>, Wrong> {
        self.get(name)
            .map(|value| {
                let time = DateTime::parse_from_rfc3339(value).map_err(|_| value_error(name, value))?;
                Ok(time.with_timezone(&Utc))
            })
            .transpose()
    }

    /// Returns the members of a list of texts, whatever its members are called.
    pub(super) fn list(&self, name: &str) -> Option<Vec<String>> {
        let members: Vec<String> = self
            .0
            .iter()
            .filter(|(known, _)| {
                known.strip_prefix(name).and_then(|rest| rest.strip_prefix('.')).is_some_and(|rest| {
                    !rest.is_empty()
                        && rest.split('.').count() <= 2
                        && rest.ends_with(|last: char| last.is_ascii_digit())
                })
            })
            .map(|(_, value)| value.clone())
            .collect();
        (!members.is_empty()).then_some(members)
    }

    /// Returns the members of a list of structures, each with its own parameters; `Tags.Tag.1.Key` and
    /// `Tags.member.1.Key` both are member 1 with `Key`.
    pub(super) fn structures(&self, name: &str) -> Vec<Self> {
        let mut members: Vec<(String, Vec<(String, String)>)> = Vec::new();
        for (known, value) in &self.0 {
            let Some(rest) = known.strip_prefix(name).and_then(|rest| rest.strip_prefix('.')) else { continue };
            let rest = match rest.split_once('.') {
                Some((first, rest)) if !first.starts_with(|c: char| c.is_ascii_digit()) => rest,
                _ => rest,
            };
            let Some((place, field)) = rest.split_once('.') else { continue };
            let field = (field.to_owned(), value.clone());
            match members.iter_mut().find(|(known, _)| known == place) {
                Some((_, fields)) => fields.push(field),
                None => members.push((place.to_owned(), vec![field])),
            }
        }
        members.into_iter().map(|(_, fields)| Self(fields)).collect()
    }

    /// Returns the tags of a call.
    pub(super) fn tags(&self) -> Option<Vec<(String, String)>> {
        let tags: Vec<(String, String)> = self
            .structures("Tags")
            .iter()
            .filter_map(|tag| Some((tag.text("Key")?, tag.text("Value").unwrap_or_default())))
            .collect();
        (!tags.is_empty()).then_some(tags)
    }

    /// Returns the values of a filter.
    pub(super) fn filter(&self, name: &str) -> Option<Vec<String>> {
        let filters = self.structures("Filters").into_iter().chain(self.structures("Filter"));
        filters
            .into_iter()
            .find(|filter| filter.get("Name") == Some(name))
            .and_then(|filter| filter.list("Values").or_else(|| filter.list("Value")))
    }

    /// Refuses parameters that would be ignored: a drill must not believe in a change that nobody made.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), Wrong> {
        let stray = self
            .0
            .iter()
            .map(|(name, _)| name.split('.').next().unwrap_or(name))
            .find(|name| !["Action", "Version"].contains(name) && !known.contains(name));
        stray.map_or(Ok(()), |name| {
            Err((400, "InvalidParameterValue", format!("The practice estate does not model the parameter {name}.")))
        })
    }
}

/// Says that a value is wrong.
pub(super) fn value_error(name: &str, value: &str) -> Wrong {
    (400, "InvalidParameterValue", format!("Invalid value for {name}: {value}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(text: &str) -> Form {
        Form::read(text.as_bytes(), &[])
    }

    #[test]
    fn lists_and_structures_by_either_spelling() {
        for text in [
            "VpcSecurityGroupIds.VpcSecurityGroupId.1=sg-1&VpcSecurityGroupIds.VpcSecurityGroupId.2=sg-2",
            "VpcSecurityGroupIds.member.1=sg-1&VpcSecurityGroupIds.member.2=sg-2",
        ] {
            assert_eq!(form(text).list("VpcSecurityGroupIds").unwrap(), ["sg-1", "sg-2"]);
        }
        for text in ["Tags.Tag.1.Key=a&Tags.Tag.1.Value=b", "Tags.member.1.Key=a&Tags.member.1.Value=b"] {
            assert_eq!(form(text).tags().unwrap(), [("a".to_owned(), "b".to_owned())]);
        }
        let filters = form("Filters.Filter.1.Name=status&Filters.Filter.1.Values.Value.1=retained");
        assert_eq!(filters.filter("status").unwrap(), ["retained"]);
        assert_eq!(filters.filter("other"), None);
    }

    #[test]
    fn what_is_not_known_is_refused() {
        let call = form("Action=X&Version=1&DBInstanceIdentifier=a&Tags.Tag.1.Key=a");
        assert!(call.only(&["DBInstanceIdentifier", "Tags"]).is_ok());
        assert!(call.only(&["DBInstanceIdentifier"]).unwrap_err().2.contains("Tags"));
        assert!(form("A=maybe").truth("A").is_err() && form("A=x").number::<u8>("A").is_err());
        assert!(form("A=2026-01-01T00:00:00").time("A").is_err(), "a time without its zone");
    }
}
