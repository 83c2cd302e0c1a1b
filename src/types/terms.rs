//! What a name is found by: its text from the start of each word, as lower-case hex of its UTF-8 bytes.
//!
//! A search for the beginning of a word, or of several words in a row, is then a range of terms: hex digits sort the
//! same in every collation, and the letter after `f` ends the range.

use std::fmt::Write as _;

/// Words of one name that it is found by.
const MAX_WORDS: usize = 8;
/// Bytes of text in one term.
const MAX_BYTES: usize = 64;

/// The terms of a name, without repetition; none for one without letters.
pub fn terms(text: &str) -> Vec<String> {
    let words = words(text);
    let mut out: Vec<String> =
        (0..words.len().min(MAX_WORDS)).map(|first| hex(&words[first..].join(" "))).collect();
    out.sort();
    out.dedup();
    out
}

/// The range of terms that begin with what was typed: from the first, to before the second. Nothing for nothing
/// typed.
pub fn prefix(query: &str) -> Option<(String, String)> {
    let words = words(query);
    if words.is_empty() {
        return None;
    }
    let from = hex(&words.join(" "));
    let to = format!("{from}g");
    Some((from, to))
}

/// Lower-case words; of a long text only as many as can count.
fn words(text: &str) -> Vec<String> {
    let start: String = text.chars().take(MAX_WORDS * MAX_BYTES * 4).collect();
    start.to_lowercase().split_whitespace().map(str::to_owned).collect()
}

fn hex(text: &str) -> String {
    text.bytes().take(MAX_BYTES).fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(query: &str, text: &str) -> bool {
        let (from, to) = prefix(query).unwrap();
        terms(text).iter().any(|term| *term >= from && *term < to)
    }

    #[test]
    fn a_name_is_found_by_the_start_of_each_word() {
        for query in ["a", "ann", "Ann Mary", "mary", "MARY  O'", "o'neil", "ann mary o'neill"] {
            assert!(finds(query, " Ann\tMary O'Neill "), "{query}");
        }
        for query in ["nn", "neill", "ann o'neill", "ann maryx"] {
            assert!(!finds(query, " Ann\tMary O'Neill "), "{query}");
        }
        assert!(finds("straß", "Große STRASSE straße") && finds("日", "日本語"));
    }

    #[test]
    fn terms_are_bounded_and_plain() {
        assert_eq!(terms("a a"), ["61", "612061"]);
        assert_eq!(terms(" \t"), Vec::<String>::new());
        assert_eq!(prefix(" \n"), None);
        let long = terms(&"é ".repeat(100_000));
        assert_eq!(long.len(), 1, "eight words, all cut to the same");
        assert_eq!(long[0].len(), MAX_BYTES * 2);
        let text: Vec<String> = (0..100).map(|n| format!("w{n}")).collect();
        let words = terms(&text.join(" "));
        assert_eq!(words.len(), MAX_WORDS);
        assert!(words.iter().all(|term| term.bytes().all(|b| b.is_ascii_hexdigit())));
    }

    #[test]
    fn a_long_query_still_finds() {
        assert!(finds(&"x".repeat(500), &"x".repeat(500)));
    }
}
