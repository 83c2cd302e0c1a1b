//! E-mail addresses, as far as anybody can tell from the text.

/// A plausible e-mail address in lower case, or nothing.
pub fn normal_email(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    let (local, domain) = text.split_once('@')?;
    let plausible = text.len() <= 254
        && !local.is_empty()
        && !domain.is_empty()
        && !domain.contains('@')
        && !text.chars().any(|c| c.is_whitespace() || c.is_control());
    plausible.then_some(text)
}
