//! The TOML file.
//!
//! Owns the step from TOML to text per known setting: syntax, unknown names, wrong types of value.

use toml::{Table, Value};

use super::error::Fault;
use super::key::{self, Key, Shape};
use super::settings::SECTIONS;

/// What a file says: the text of each known setting, and what is wrong with the rest.
#[derive(Default)]
pub(super) struct FileValues {
    pub values: Vec<(&'static Key, String)>,
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
        let is_section = SECTIONS.iter().any(|section| !section.name.is_empty() && section.name == name);
        match (is_section, value) {
            (true, Value::Table(inner)) => {
                for (inner_name, value) in inner {
                    out.take(shown, &format!("{name}.{inner_name}"), &value);
                }
            }
            (true, _) => out.faults.push(Fault {
                place: format!("{shown}, {name}"),
                problem: "is a section, not a value".to_owned(),
                fix: format!("write [{name}] on a line of its own and its settings below"),
            }),
            (false, Value::Table(inner)) if key::by_path(&name).is_none() => {
                out.unknown_section(shown, &name, &inner);
            }
            (false, value) => out.take(shown, &name, &value),
        }
    }
    out
}

impl FileValues {
    fn take(&mut self, shown: &str, path: &str, value: &Value) {
        let Some(key) = key::by_path(path) else {
            self.faults.push(unknown(shown, path));
            return;
        };
        match text_of(value, &key.shape) {
            Ok(text) => self.values.push((key, text)),
            Err(wanted) => self.faults.push(Fault {
                place: format!("{shown}, {path}"),
                problem: format!("is {}", kind_of(value)),
                fix: format!("write {wanted}"),
            }),
        }
    }

    fn unknown_section(&mut self, shown: &str, name: &str, inner: &Table) {
        let names: Vec<&'static str> =
            SECTIONS.iter().map(|section| section.name).filter(|name| !name.is_empty()).collect();
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

fn suggestion(known: Option<&str>) -> String {
    known.map_or_else(
        || "remove it; config.example.toml lists every setting".to_owned(),
        |known| match known.split_once('.') {
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
