//! Options to the SDK's typed inputs: how each type is read from JSON, and the macros that the bindings are written in.

use std::collections::HashMap;

use aws_smithy_types::DateTime;
use aws_smithy_types::byte_stream::ByteStream;
use aws_smithy_types::date_time::Format;
use aws_smithy_types::error::operation::BuildError;
use serde_json::Value;

use super::arguments::{Arguments, Form};

/// Is a type that an option can have.
pub(super) trait Bound: Sized {
    /// How the option is written.
    const FORM: Form;

    /// Reads one from JSON (or shorthand, in which every scalar is a string).
    fn read(value: &Value) -> Result<Self, String>;

    /// Reads the option `option`, if it is given.
    fn take(arguments: &Arguments, option: &str) -> Result<Option<Self>, String> {
        let Some(value) = arguments.value(Self::FORM, option)? else { return Ok(None) };
        Self::read(&value).map(Some).map_err(|error| format!("`{option}`: {error}"))
    }
}

/// Returns the option that a setter of the SDK is for: `set_multi_az` is `--multi-az`.
pub(super) fn option_of(setter: &str) -> String {
    let name = setter.strip_prefix("set_").unwrap_or(setter);
    format!("--{}", name.replace('_', "-"))
}

impl Bound for String {
    const FORM: Form = Form::Scalar;

    fn read(value: &Value) -> Result<Self, String> {
        value.as_str().map(str::to_owned).ok_or_else(|| format!("{value} is not a string"))
    }
}

impl Bound for bool {
    const FORM: Form = Form::Flag;

    fn read(value: &Value) -> Result<Self, String> {
        match value {
            Value::Bool(yes) => Ok(*yes),
            Value::String(text) if text == "true" => Ok(true),
            Value::String(text) if text == "false" => Ok(false),
            other => Err(format!("{other} is neither true nor false")),
        }
    }
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl Bound for $number {
            const FORM: Form = Form::Scalar;

            fn read(value: &Value) -> Result<Self, String> {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                text.parse().map_err(|_| format!("{value} is not a number that fits here"))
            }
        }
    )*};
}
numbers!(i32, i64, f64);

impl Bound for DateTime {
    const FORM: Form = Form::Scalar;

    fn read(value: &Value) -> Result<Self, String> {
        let text = String::read(value)?;
        if let Ok(seconds) = text.parse::<i64>() {
            return Ok(Self::from_secs(seconds));
        }
        Self::from_str(&text, Format::DateTimeWithOffset)
            .map_err(|_| format!("`{text}` is not a time; write `2026-11-22T03:14:00Z`, or seconds since 1970"))
    }
}

impl Bound for ByteStream {
    const FORM: Form = Form::Path;

    fn read(_: &Value) -> Result<Self, String> {
        Err("only a file can be sent".to_owned())
    }

    fn take(arguments: &Arguments, option: &str) -> Result<Option<Self>, String> {
        match arguments.value(Form::Path, option)? {
            Some(Value::String(path)) => arguments.read(option, &path).map(|bytes| Some(bytes.into())),
            _ => Ok(None),
        }
    }
}

impl<T: Bound> Bound for Vec<T> {
    const FORM: Form = match T::FORM {
        Form::Structure | Form::Structures => Form::Structures,
        _ => Form::Scalars,
    };

    fn read(value: &Value) -> Result<Self, String> {
        match value {
            Value::Array(items) => {
                let items = items.iter().enumerate();
                items.map(|(at, item)| T::read(item).map_err(|error| format!("[{at}]: {error}"))).collect()
            }
            one => T::read(one).map(|one| vec![one]),
        }
    }
}

impl<T: Bound> Bound for HashMap<String, T> {
    const FORM: Form = Form::Structure;

    fn read(value: &Value) -> Result<Self, String> {
        let members = value.as_object().ok_or_else(|| format!("{value} is not an object"))?;
        members.iter().map(|(name, value)| Ok((name.clone(), T::read(value)?))).collect()
    }
}

/// Reads the member `name` of a structure.
pub(super) fn member<T: Bound>(value: &Value, name: &str) -> Result<Option<T>, String> {
    match value.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(member) => T::read(member).map(Some).map_err(|error| format!("{name}: {error}")),
    }
}

/// Takes what a builder made, or says what it misses.
pub(super) fn built<T>(built: Result<T, BuildError>) -> Result<T, String> {
    built.map_err(|error| {
        let said = error.to_string();
        let field = said.split(':').next().and_then(|first| first.strip_suffix(" was missing"));
        field.map_or_else(|| said.clone(), |field| format!("`{}` is missing; add it", field.trim_start_matches("r#")))
    })
}

/// Refuses what is not a structure of the members `known`: a misspelt member would be left out silently.
pub(super) fn only(value: &Value, known: &[&str]) -> Result<(), String> {
    let members = value.as_object().ok_or_else(|| format!("{value} is not an object"))?;
    match members.keys().find(|name| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => Err(format!("there is no `{name}`; known are {}", known.join(", "))),
    }
}

/// Binds enumerations of the SDK: written as a string, unknown ones are AWS's to refuse.
macro_rules! words {
    ($($word:ty),* $(,)?) => {$(
        impl crate::exec::aws::bind::Bound for $word {
            const FORM: crate::exec::aws::arguments::Form = crate::exec::aws::arguments::Form::Scalar;

            fn read(value: &serde_json::Value) -> Result<Self, String> {
                String::read(value).map(|text| Self::from(text.as_str()))
            }
        }
    )*};
}

/// Binds a structure of the SDK: `"Member" setter` for each member; `checked` where the SDK's builder can refuse.
macro_rules! record {
    (checked $record:ty { $($member:literal $setter:ident),* $(,)? }) => {
        record!(@ $record { $($member $setter),* } crate::exec::aws::bind::built);
    };
    ($record:ty { $($member:literal $setter:ident),* $(,)? }) => {
        record!(@ $record { $($member $setter),* } Ok);
    };
    (@ $record:ty { $($member:literal $setter:ident),* } $finish:expr) => {
        impl crate::exec::aws::bind::Bound for $record {
            const FORM: crate::exec::aws::arguments::Form = crate::exec::aws::arguments::Form::Structure;

            fn read(value: &serde_json::Value) -> Result<Self, String> {
                crate::exec::aws::bind::only(value, &[$($member),*])?;
                let builder = <$record>::builder()$(.$setter(crate::exec::aws::bind::member(value, $member)?))*;
                ($finish)(builder.build())
            }
        }
    };
}

/// Binds the operations of a service: the SDK's method, and the SDK's setter for each option.
///
/// Makes `send`, which builds the input and returns the call, and `options`, which says what is bound. Where an answer
/// is more than its document, `=>` names what is done with it. Each operation is a function of its own: builders are
/// large, and a function with all of them would need a larger stack than a worker has.
macro_rules! operations {
    ($sdk:ident; $($method:ident { $($setter:ident),* $(,)? } $(=> $then:path)?)*) => {
        /// Builds the call `name` from `arguments`, to be awaited.
        pub(in crate::exec::aws) fn send(
            client: &$sdk::Client,
            name: &str,
            arguments: &crate::exec::aws::arguments::Arguments,
            manner: &crate::exec::aws::clients::Manner,
        ) -> Result<crate::exec::aws::clients::Sending, String> {
            match name.replace('-', "_").as_str() {
                $(stringify!($method) => $method(client, arguments, manner),)*
                _ => Err(format!("`{name}` is not bound; report this")),
            }
        }

        $(
            fn $method(
                client: &$sdk::Client,
                arguments: &crate::exec::aws::arguments::Arguments,
                manner: &crate::exec::aws::clients::Manner,
            ) -> Result<crate::exec::aws::clients::Sending, String> {
                // An operation that takes no options does not look at them.
                let _ = arguments;
                let builder = client.$method();
                $(
                    let option = crate::exec::aws::bind::option_of(stringify!($setter));
                    let builder = builder.$setter(crate::exec::aws::bind::Bound::take(arguments, &option)?);
                )*
                let overrides = $sdk::Config::builder()
                    .retry_config(manner.retries.clone())
                    .timeout_config(manner.timeouts.clone());
                let call = builder.customize().config_override(overrides).interceptor(manner.tap.clone()).send();
                operations!(@then call arguments $($then)?)
            }
        )*

        /// Returns the options that are bound for `name`.
        #[cfg(test)]
        pub(in crate::exec::aws) fn options(name: &str) -> Option<Vec<String>> {
            let method = name.replace('-', "_");
            $(
                if method == stringify!($method) {
                    return Some([$(stringify!($setter)),*].map(crate::exec::aws::bind::option_of).to_vec());
                }
            )*
            None
        }
    };
    (@then $call:ident $arguments:ident) => {
        Ok(Box::pin(async move { $call.await.map(drop).map_err(crate::exec::aws::failure::Trouble::from) }))
    };
    (@then $call:ident $arguments:ident $then:path) => {{
        let arguments = $arguments.clone();
        Ok(Box::pin(async move {
            let output = $call.await.map_err(crate::exec::aws::failure::Trouble::from)?;
            $then(output, &arguments).await
        }))
    }};
}

pub(super) use {operations, record, words};
