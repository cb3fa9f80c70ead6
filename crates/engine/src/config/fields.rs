//! `Fields`: one JSON object that is read strictly: each field once, each with its type, and none left over.

use std::fmt;

use serde_json::{Map, Value};
use tradewind_core::ChainAddress;
use tradewind_solana::Key;

/// A field of the configuration that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigFault {
    /// Its path from the top, as `chain.rpc[0]`; empty for the file as a whole.
    pub field: String,
    /// What is wrong with it.
    pub fault: String,
    /// What to do about it.
    pub remedy: String,
}

impl ConfigFault {
    /// Of one field.
    pub fn new(
        field: impl Into<String>,
        fault: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            field: field.into(),
            fault: fault.into(),
            remedy: remedy.into(),
        }
    }
}

impl fmt::Display for ConfigFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            field,
            fault,
            remedy,
        } = self;
        if field.is_empty() {
            return write!(formatter, "the configuration {fault}; {remedy}");
        }
        write!(formatter, "{field}: {fault}; {remedy}")
    }
}

impl std::error::Error for ConfigFault {}

/// The fields of one object that are not read yet.
#[derive(Debug)]
pub struct Fields {
    path: String,
    rest: Map<String, Value>,
}

impl Fields {
    /// Of a whole file, or of the object at a path.
    ///
    /// # Errors
    /// When it is no object.
    pub fn of(path: &str, value: Value) -> Result<Self, ConfigFault> {
        match value {
            Value::Object(rest) => Ok(Self {
                path: path.to_owned(),
                rest,
            }),
            other => Err(wrong(path, &other, "an object")),
        }
    }

    /// The path of one of its fields.
    #[must_use]
    pub fn path(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.path)
        }
    }

    /// Takes a field that must be there.
    ///
    /// # Errors
    /// When it is not.
    pub fn take(&mut self, name: &str) -> Result<Value, ConfigFault> {
        let path = self.path(name);
        self.rest
            .remove(name)
            .ok_or_else(|| ConfigFault::new(path, "is missing", "give it"))
    }

    /// Takes a field that may be missing or null.
    pub fn take_optional(&mut self, name: &str) -> Option<Value> {
        self.rest.remove(name).filter(|value| !value.is_null())
    }

    /// An object.
    ///
    /// # Errors
    /// When it is missing or none.
    pub fn object(&mut self, name: &str) -> Result<Self, ConfigFault> {
        let value = self.take(name)?;
        Self::of(&self.path(name), value)
    }

    /// A text that is not empty.
    ///
    /// # Errors
    /// When it is missing or none.
    pub fn text(&mut self, name: &str) -> Result<String, ConfigFault> {
        let value = self.take(name)?;
        text(&self.path(name), value)
    }

    /// A text, or nothing.
    ///
    /// # Errors
    /// When it is something else.
    pub fn optional_text(&mut self, name: &str) -> Result<Option<String>, ConfigFault> {
        let path = self.path(name);
        let value = self.take_optional(name);
        value.map(|value| text(&path, value)).transpose()
    }

    /// One of these words.
    ///
    /// # Errors
    /// When it is another.
    pub fn choice<T: Copy>(&mut self, name: &str, words: &[(&str, T)]) -> Result<T, ConfigFault> {
        let given = self.text(name)?;
        let found = words.iter().find(|(word, _)| *word == given);
        found.map(|(_, meaning)| *meaning).ok_or_else(|| {
            let known: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            ConfigFault::new(
                self.path(name),
                format!("{given:?} is not known"),
                format!("give one of {}", known.join(", ")),
            )
        })
    }

    /// A JSON integer.
    ///
    /// # Errors
    /// When it is no integer of at least 0.
    pub fn integer(&mut self, name: &str) -> Result<u64, ConfigFault> {
        let value = self.take(name)?;
        let found = value.as_u64();
        found.ok_or_else(|| wrong(&self.path(name), &value, "a whole number of at least 0"))
    }

    /// A JSON integer within bounds; `default` when it is not given.
    ///
    /// # Errors
    /// When it is something else or out of bounds.
    pub fn integer_within(
        &mut self,
        name: &str,
        default: u64,
        (least, most): (u64, u64),
    ) -> Result<u64, ConfigFault> {
        let path = self.path(name);
        let Some(value) = self.take_optional(name) else {
            return Ok(default);
        };
        let expected = format!("a whole number from {least} to {most}");
        let found = value
            .as_u64()
            .filter(|number| (least..=most).contains(number));
        found.ok_or_else(|| wrong(&path, &value, &expected))
    }

    /// True or false; `default` when it is not given.
    ///
    /// # Errors
    /// When it is something else.
    pub fn flag(&mut self, name: &str, default: bool) -> Result<bool, ConfigFault> {
        let path = self.path(name);
        let Some(value) = self.take_optional(name) else {
            return Ok(default);
        };
        let found = value.as_bool();
        found.ok_or_else(|| wrong(&path, &value, "true or false"))
    }

    /// A whole number as a decimal string, within bounds; `default` when it is not given.
    ///
    /// # Errors
    /// When it is something else or out of bounds.
    pub fn decimal(
        &mut self,
        name: &str,
        default: u64,
        (least, most): (u64, u64),
    ) -> Result<u64, ConfigFault> {
        let path = self.path(name);
        let Some(value) = self.take_optional(name) else {
            return Ok(default);
        };
        let Some(number) = value.as_str().and_then(canonical) else {
            let expected = "a whole number as a decimal string, such as \"1500\"";
            return Err(wrong(&path, &value, expected));
        };
        if !(least..=most).contains(&number) {
            return Err(ConfigFault::new(
                path,
                format!("{number} is out of range"),
                format!("give {least} to {most}"),
            ));
        }
        Ok(number)
    }

    /// `true` or `false`; `default` when it is not given.
    ///
    /// # Errors
    /// When it is something else.
    pub fn boolean(&mut self, name: &str, default: bool) -> Result<bool, ConfigFault> {
        let path = self.path(name);
        match self.take_optional(name) {
            None => Ok(default),
            Some(Value::Bool(given)) => Ok(given),
            Some(other) => Err(wrong(&path, &other, "true or false")),
        }
    }

    /// A list; empty when it is not given.
    ///
    /// # Errors
    /// When it is something else.
    pub fn list(&mut self, name: &str) -> Result<Vec<(String, Value)>, ConfigFault> {
        let path = self.path(name);
        match self.take_optional(name) {
            None => Ok(Vec::new()),
            Some(Value::Array(values)) => Ok((0..values.len())
                .map(|place| format!("{path}[{place}]"))
                .zip(values)
                .collect()),
            Some(other) => Err(wrong(&path, &other, "a list")),
        }
    }

    /// A list of texts, each once.
    ///
    /// # Errors
    /// When one is none, or there twice.
    pub fn texts(&mut self, name: &str) -> Result<Vec<String>, ConfigFault> {
        let mut texts = Vec::new();
        for (path, value) in self.list(name)? {
            let given = text(&path, value)?;
            if texts.contains(&given) {
                let fault = format!("{given:?} is there twice");
                return Err(ConfigFault::new(path, fault, "name it once"));
            }
            texts.push(given);
        }
        Ok(texts)
    }

    /// A list of public keys, each once.
    ///
    /// # Errors
    /// When one is none, or there twice.
    pub fn keys(&mut self, name: &str) -> Result<Vec<ChainAddress>, ConfigFault> {
        let path = self.path(name);
        let texts = self.texts(name)?;
        let read = |(place, text): (usize, &String)| key(&format!("{path}[{place}]"), text);
        texts.iter().enumerate().map(read).collect()
    }

    /// A public key, or nothing.
    ///
    /// # Errors
    /// When it is no key.
    pub fn optional_key(&mut self, name: &str) -> Result<Option<ChainAddress>, ConfigFault> {
        let path = self.path(name);
        let text = self.optional_text(name)?;
        text.map(|text| key(&path, &text)).transpose()
    }

    /// A public key.
    ///
    /// # Errors
    /// When it is missing, or no key.
    pub fn key(&mut self, name: &str) -> Result<ChainAddress, ConfigFault> {
        let text = self.text(name)?;
        key(&self.path(name), &text)
    }

    /// Nothing may be left.
    ///
    /// # Errors
    /// Names the first field that nobody knows.
    pub fn finish(self) -> Result<(), ConfigFault> {
        match self.rest.keys().next() {
            None => Ok(()),
            Some(name) => Err(ConfigFault::new(
                self.path(name),
                "is not a field of this object",
                "take it out, or correct its name",
            )),
        }
    }
}

fn text(path: &str, value: Value) -> Result<String, ConfigFault> {
    match value {
        Value::String(text) if !text.is_empty() => Ok(text),
        other => Err(wrong(path, &other, "a text that is not empty")),
    }
}

fn key(path: &str, text: &str) -> Result<ChainAddress, ConfigFault> {
    Key::parse(text).map(ChainAddress::from).ok_or_else(|| {
        let fault = format!("{text:?} is no address of Solana");
        ConfigFault::new(path, fault, "give 32 bytes in base 58")
    })
}

/// A whole number without a sign, leading zeros or anything around it.
pub(super) fn canonical(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

pub(super) fn wrong(path: &str, found: &Value, expected: &str) -> ConfigFault {
    let found = match found {
        Value::Null => "null".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        other => {
            let shown = other.to_string();
            shown.chars().take(80).collect()
        }
    };
    ConfigFault::new(
        path,
        format!("is {found}, and not {expected}"),
        format!("give {expected}"),
    )
}
