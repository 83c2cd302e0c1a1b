//! Characters that print nothing, or turn the text around them: no name consists of them, and no page prints them.

/// Whether a character shows nothing of itself. The joiners U+200C and U+200D are not among them: Persian and emoji
/// need them. Line breaks and tabs are.
pub const fn is_hidden(character: char) -> bool {
    is_break(character)
        || matches!(
            character,
            '\0'..='\u{1F}'
                | '\u{7F}'..='\u{9F}'
                | '\u{AD}'
                | '\u{34F}'
                | '\u{61C}'
                | '\u{115F}'..='\u{1160}'
                | '\u{17B4}'..='\u{17B5}'
                | '\u{180B}'..='\u{180F}'
                | '\u{200B}'
                | '\u{200E}'..='\u{200F}'
                | '\u{202A}'..='\u{202E}'
                | '\u{2060}'..='\u{206F}'
                | '\u{3164}'
                | '\u{FEFF}'
                | '\u{FFA0}'
                | '\u{FFF0}'..='\u{FFFB}'
                | '\u{E0000}'..='\u{E0FFF}'
        )
}

/// Whether a character ends a line or skips to a column.
pub const fn is_break(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}')
}
