//! The TOML file.
//!
//! Owns the step from TOML to text per known setting: syntax, unknown names, wrong types of value.

use toml::{Table, Value};

use super::error::Fault;
use super::key::{self, Section, Shape};
use super::settings::SECTIONS;

/// What a file says: the text of each known setting, and what is wrong with the rest.
#[derive(Default)]
pub(super) struct FileValues {
    /// Path and text.
    pub values: Vec<(String, String)>,
    /// The sections that carry a name of their own, e.g. `providers.my-idp`, empty ones too.
    pub named: Vec<String>,
    pub faults: Vec<Fault>,
}

/// Reads the text of the file that errors call `shown`.
pub(super) fn parse(text: &str, shown: &str) -> FileValues {
    let mut out = FileValues::default();
    let table = match toml::from_str::<Table>(text) {
        Ok(table) => table,
        Err(error) => {
            out.faults.push(syntax_fault(&error, text, shown));
            return out;
        }
    };
    for (name, value) in table {
        let section = SECTIONS.iter().find(|section| !section.name.is_empty() && section.base() == name);
        match (section, value) {
            (Some(section), Value::Table(inner)) if section.is_named() => {
                out.take_named(shown, section, &inner);
            }
            (Some(_), Value::Table(inner)) => out.take_section(shown, &name, &inner),
            (Some(_), _) => out.faults.push(not_a_value(shown, &name)),
            (None, Value::Table(inner)) if key::by_path(&name).is_none() => {
                out.unknown_section(shown, &name, &inner);
            }
            (None, value) => out.take(shown, &name, &value),
        }
    }
    out
}

fn not_a_value(shown: &str, section: &str) -> Fault {
    Fault {
        place: format!("{shown}, {section}"),
        problem: "is a section, not a value".to_owned(),
        fix: format!("write [{section}] on a line of its own and its settings below"),
    }
}

impl FileValues {
    fn take_section(&mut self, shown: &str, section: &str, inner: &Table) {
        for (name, value) in inner {
            self.take(shown, &format!("{section}.{name}"), value);
        }
    }

    /// The sections below one whose sections carry names.
    fn take_named(&mut self, shown: &str, section: &Section, inner: &Table) {
        for (name, value) in inner {
            let path = format!("{}.{name}", section.base());
            match value {
                Value::Table(_) if !key::is_instance_name(name) => {
                    self.faults.push(unsafe_name(&format!("{shown}, [{path}]")));
                }
                Value::Table(settings) => {
                    self.take_section(shown, &path, settings);
                    self.named.push(path);
                }
                _ => self.faults.push(Fault {
                    place: format!("{shown}, {path}"),
                    problem: format!(
                        "is {}, where a section with a name of your choice belongs",
                        kind_of(value)
                    ),
                    fix: format!(
                        "write [{}.example] on a line of its own and its settings below",
                        section.base()
                    ),
                }),
            }
        }
    }

    fn take(&mut self, shown: &str, path: &str, value: &Value) {
        let Some(key) = key::by_path(path) else {
            self.faults.push(unknown(shown, path));
            return;
        };
        match text_of(value, &key.shape) {
            Ok(text) => self.values.push((path.to_owned(), text)),
            Err(wanted) => self.faults.push(Fault {
                place: format!("{shown}, {path}"),
                problem: format!("is {}", kind_of(value)),
                fix: format!("write {wanted}"),
            }),
        }
    }

    fn unknown_section(&mut self, shown: &str, name: &str, inner: &Table) {
        let names: Vec<&'static str> =
            SECTIONS.iter().map(Section::base).filter(|name| !name.is_empty()).collect();
        let fix = match (key::nearest_word(name, &names), inner.keys().next()) {
            (Some(known), _) => format!("did you mean [{known}]?"),
            (None, Some(first)) => suggestion(key::nearest_path(first)),
            (None, None) => suggestion(None),
        };
        self.faults.push(Fault {
            place: format!("{shown}, [{name}]"),
            problem: "is not a known section".to_owned(),
            fix,
        });
    }
}

fn unknown(shown: &str, path: &str) -> Fault {
    Fault {
        place: format!("{shown}, {path}"),
        problem: "is not a known setting".to_owned(),
        fix: suggestion(key::nearest_path(path)),
    }
}

/// A section's name that cannot be one.
pub(super) fn unsafe_name(place: &str) -> Fault {
    Fault {
        place: place.to_owned(),
        problem: "is called by a name that cannot be part of a URL".to_owned(),
        fix: "use 1 to 32 lower-case letters, digits and hyphens, with no hyphen at either end".to_owned(),
    }
}

fn suggestion(known: Option<String>) -> String {
    known.map_or_else(
        || "remove it; config.example.toml lists every setting".to_owned(),
        |known| match known.rsplit_once('.') {
            Some((section, name)) => format!("did you mean {name} in [{section}]?"),
            None => format!("did you mean {known}, above the first section?"),
        },
    )
}

/// The value as one text, or what to write instead.
fn text_of(value: &Value, shape: &Shape) -> Result<String, String> {
    match (shape, value) {
        (Shape::Text | Shape::Secret | Shape::List, Value::String(text)) => Ok(text.clone()),
        (Shape::List, Value::Array(items)) => items
            .iter()
            .map(Value::as_str)
            .collect::<Option<Vec<_>>>()
            .map(|items| items.join(","))
            .ok_or_else(|| "every element in quotes: [\"…\", \"…\"]".to_owned()),
        (Shape::Switch, Value::Boolean(on)) => Ok(on.to_string()),
        (Shape::Number(_), Value::Integer(number)) => Ok(number.to_string()),
        (Shape::Text | Shape::Secret, _) => Err("text in quotes".to_owned()),
        (Shape::List, _) => Err("a list of texts: [\"…\", \"…\"]".to_owned()),
        (Shape::Switch, _) => Err("true or false, without quotes".to_owned()),
        (Shape::Number(range), _) => {
            Err(format!("a whole number from {} to {}, without quotes", range.start(), range.end()))
        }
    }
}

const fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "a text",
        Value::Integer(_) => "a number",
        Value::Float(_) => "a number with a fraction",
        Value::Boolean(_) => "true or false",
        Value::Datetime(_) => "a date",
        Value::Array(_) => "a list",
        Value::Table(_) => "a section",
    }
}

/// Line and reason; the parser's own picture of the line is left out, it may show a secret.
fn syntax_fault(error: &toml::de::Error, text: &str, shown: &str) -> Fault {
    let line = error
        .span()
        .and_then(|span| text.get(..span.start))
        .map_or(1, |before| before.matches('\n').count() + 1);
    Fault {
        place: format!("{shown}, line {line}"),
        problem: format!("is not valid TOML ({})", error.message()),
        fix: "write name = value, with text in double quotes; config.example.toml shows every setting"
            .to_owned(),
    }
}
