//! How an input is worked out from others: `value` in the front matter.

use std::collections::BTreeMap;

use super::{Formula, InputType, words};

/// Says how a value is worked out.
#[derive(Clone, Debug, PartialEq)]
pub enum Derivation {
    /// A text in which `${NAME}` stands for values.
    Text(String),
    /// Arithmetic, or a condition.
    Formula(Formula),
    /// One item each.
    List(Vec<Derivation>),
}

impl Derivation {
    /// Reads the `value` of an input of a certain type: text is a template, everything else a formula.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the formula.
    pub fn parse(kind: &InputType, text: &str) -> Result<Self, String> {
        match kind {
            InputType::Text | InputType::Choice(_) | InputType::ChoiceOf(_) => Ok(Self::Text(text.to_owned())),
            InputType::List(of) => Self::parse(of, text),
            InputType::Integer | InputType::Number | InputType::Boolean | InputType::Time | InputType::Duration => {
                Formula::parse(text).map(Self::Formula)
            }
        }
    }

    /// Lists the variables that it uses.
    pub fn variables(&self) -> Vec<String> {
        match self {
            Self::Text(text) => words::variables(text).into_iter().map(|(name, _)| name).collect(),
            Self::Formula(formula) => formula.variables(),
            Self::List(items) => items.iter().flat_map(Self::variables).collect(),
        }
    }

    /// Works it out.
    ///
    /// # Errors
    /// A sentence: a variable has no value, or cannot be calculated with.
    pub fn work_out(&self, vars: &BTreeMap<String, String>) -> Result<String, String> {
        match self {
            Self::Text(text) => words::fill(text, vars).map_err(|unset| unset.to_string()),
            Self::Formula(formula) => formula.value(vars),
            Self::List(items) => {
                let items: Vec<String> = items.iter().map(|item| item.work_out(vars)).collect::<Result<_, _>>()?;
                Ok(items.join("\n"))
            }
        }
    }
}
