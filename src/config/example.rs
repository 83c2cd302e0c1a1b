//! `config.example.toml`, written from the table of settings.

use std::fmt::Write as _;

use super::key::{Fallback, Key, Shape, one_line};
use super::settings::SECTIONS;

const WIDTH: usize = 100;
/// What a section is called here whose name is the operator's choice.
const NAME: &str = "example";

/// The text of `config.example.toml`: every setting, commented out, with its default.
pub fn toml() -> String {
    let mut out = String::new();
    comment(
        &mut out,
        "Every setting of Gatepost. Copy this file to gatepost.toml and uncomment what you change.",
    );
    comment(&mut out, "Stronger than this file: a .env file, environment variables (named below), flags.");
    comment(&mut out, "Written from src/config/settings.rs; a test keeps it up to date.");
    for section in SECTIONS {
        out.push_str("\n# ");
        out.push_str(&"-".repeat(WIDTH - 2));
        out.push('\n');
        comment(&mut out, &one_line(section.doc));
        if !section.name.is_empty() {
            // A section with a name of the operator's choice is not there until somebody chooses one.
            let mark = if section.is_named() { "#" } else { "" };
            // Infallible: the target is a String.
            let _ = writeln!(out, "{mark}[{}]", section.name.replace('*', NAME));
        }
        for key in section.keys {
            out.push('\n');
            comment(&mut out, &key.sentence());
            comment(&mut out, &facts(key));
            let _ = writeln!(out, "#{} = {}", key.name(), literal(key));
        }
    }
    out
}

/// Bounds, default and variables in one line.
fn facts(key: &Key) -> String {
    let mut facts = Vec::new();
    if let Shape::Number(range) = &key.shape {
        facts.push(format!("From {} to {}.", range.start(), range.end()));
    }
    if matches!(key.fallback, Fallback::Unset(_)) {
        facts.push("Not set by default.".to_owned());
    }
    let variables: Vec<String> =
        key.env.iter().map(|name| name.replace('*', &NAME.to_ascii_uppercase())).collect();
    facts.push(format!("Variable: {}.", variables.join(" or ")));
    facts.join(" ")
}

fn literal(key: &Key) -> String {
    let (Fallback::Value(text) | Fallback::Computed(text) | Fallback::Unset(text)) = key.fallback;
    match key.shape {
        Shape::Number(_) | Shape::Switch => text.to_owned(),
        Shape::Text | Shape::Secret => format!("{text:?}"),
        Shape::List => {
            let items: Vec<String> =
                text.split(',').map(str::trim).filter(|i| !i.is_empty()).map(|i| format!("{i:?}")).collect();
            format!("[{}]", items.join(", "))
        }
    }
}

/// A comment, wrapped between words.
fn comment(out: &mut String, text: &str) {
    let mut line = String::from("#");
    for word in text.split_whitespace() {
        if line.chars().count() + 1 + word.chars().count() > WIDTH {
            out.push_str(&line);
            out.push('\n');
            line.truncate(1);
        }
        line.push(' ');
        line.push_str(word);
    }
    out.push_str(&line);
    out.push('\n');
}
