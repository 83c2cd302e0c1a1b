//! What a template may do to a value before it is escaped.

#![expect(clippy::inline_always, reason = "askama writes it into every filter")]

use std::fmt::Display;

use crate::types::visible::{is_break, is_hidden};

/// Text that strangers wrote, with every character that hides or turns the text around made visible as `�`.
///
/// Escaping stops markup, not a right-to-left override that makes `moc.live` read as a trusted name.
/// Line breaks and tabs become spaces. The joiners U+200C and U+200D stay: Persian and emoji need them.
#[askama::filter_fn]
pub fn visible(value: impl Display, _: &dyn askama::Values) -> askama::Result<String> {
    Ok(value.to_string().chars().map(shown).collect())
}

/// The same outside of templates, for text that a script puts into the page.
pub fn plain(text: &str) -> String {
    text.chars().map(shown).collect()
}

const fn shown(character: char) -> char {
    if is_break(character) {
        ' '
    } else if is_hidden(character) {
        '\u{FFFD}'
    } else {
        character
    }
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn what_does_not_print_is_shown_as_a_replacement() {
        let text: String = "a\u{202E}b\u{200B}c\u{E0041}d\u{0}e".chars().map(shown).collect();
        assert_eq!(text, "a\u{FFFD}b\u{FFFD}c\u{FFFD}d\u{FFFD}e");
    }

    #[test]
    fn line_breaks_become_spaces() {
        assert_eq!("a\r\nb\u{2028}c".chars().map(shown).collect::<String>(), "a  b c");
    }

    #[test]
    fn ordinary_text_of_any_script_stays() {
        for text in ["Grüße & <b>", "می\u{200C}خواهم", "日本語", "👩\u{200D}💻", "שלום"] {
            assert_eq!(text.chars().map(shown).collect::<String>(), text);
        }
    }
}
