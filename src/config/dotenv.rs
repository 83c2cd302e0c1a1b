//! The `.env` file.
//!
//! Owns the dialect: what `dotenvy` reads, and besides it what people's files hold in practice, an unquoted
//! value with spaces or JSON in it, which Python's reader accepts. A `$` outside single quotes substitutes.

use std::collections::BTreeMap;

use super::error::Fault;

/// The variables of a `.env` file. The first occurrence of a name wins.
pub(super) fn parse(text: &str) -> Result<BTreeMap<String, String>, Fault> {
    let text = text.trim_start_matches('\u{feff}');
    let quoted: Vec<String> = text.lines().map(quote_bare_value).collect();
    let mut found = BTreeMap::new();
    for item in dotenvy::from_read_iter(quoted.join("\n").as_bytes()) {
        let (name, value) = item.map_err(|error| fault(&error, &quoted))?;
        found.entry(name).or_insert(value);
    }
    Ok(found)
}

/// Puts single quotes round a value that has spaces or quotes inside but none around it.
fn quote_bare_value(line: &str) -> String {
    let unchanged = || line.to_owned();
    let Some((name, value)) = line.split_once('=') else { return unchanged() };
    let bare_name = name.trim().trim_start_matches("export ").trim();
    if bare_name.is_empty() || !bare_name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        return unchanged();
    }
    let mut value = value.trim();
    if value.starts_with(['\'', '"', '#']) {
        return unchanged();
    }
    let json = value.starts_with(['{', '[']);
    if !json && let Some((before, _)) = value.split_once(" #") {
        value = before.trim_end();
    }
    if value.contains([' ', '\t', '"', '\'']) || json {
        // A quote inside single quotes: close, escaped quote, open again.
        format!("{name}='{}'", value.replace('\'', r"'\''"))
    } else {
        unchanged()
    }
}

/// Names the line, never its text: it may hold a secret.
fn fault(error: &dotenvy::Error, lines: &[String]) -> Fault {
    let line = match error {
        dotenvy::Error::LineParse(bad, _) => {
            // The reader hands back either the whole entry or what follows the equals sign.
            let first = bad.lines().next().unwrap_or_default().trim();
            lines.iter().position(|line| !first.is_empty() && line.contains(first)).map(|index| index + 1)
        }
        _ => None,
    };
    Fault {
        place: line.map_or_else(|| ".env".to_owned(), |line| format!(".env, line {line}")),
        problem: "is not NAME=value".to_owned(),
        fix: "write one NAME=value per line and put values with special characters in single quotes"
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        let found = parse(
            "\u{feff}# comment\r\nA=1\r\nexport B=two words # note\nC='a # b'\nD=\"x\\ny\"\nE=\n\
             F={\"a\": [\"b c\"], \"d\": \"it's #1\"}\nG=a$${B}\nA=later\nH=plain # note\n",
        )
        .unwrap();
        let get = |name: &str| found.get(name).map(String::as_str);
        assert_eq!(get("A"), Some("1"));
        assert_eq!(get("B"), Some("two words"));
        assert_eq!(get("C"), Some("a # b"));
        assert_eq!(get("D"), Some("x\ny"));
        assert_eq!(get("E"), Some(""));
        assert_eq!(get("F"), Some(r#"{"a": ["b c"], "d": "it's #1"}"#));
        assert_eq!(get("H"), Some("plain"));
    }

    #[test]
    fn a_bad_line_is_named_by_number_and_not_repeated() {
        let fault = parse("A=1\nB=\"x\\q hunter2\"\n").unwrap_err();
        assert_eq!(fault.place, ".env, line 2");
        assert!(!fault.to_string().contains("hunter2"));
        assert_eq!(parse("A=1\n\nhunter2 without equals\n").unwrap_err().place, ".env, line 3");
    }
}
