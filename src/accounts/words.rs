//! How things are said to people: a browser, a way to sign in, a moment.

use chrono::DateTime;

use crate::types::{FirstFactor, Proof, Timestamp};

/// How much is shown of a browser that is not known by name, in characters.
const MAX_DEVICE: usize = 60;

/// A mark in a `User-Agent`, and what it stands for. The first that is found counts: most browsers also claim to
/// be older ones.
const BROWSERS: [(&str, &str); 12] = [
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Vivaldi/", "Vivaldi"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("HeadlessChrome/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];
const SYSTEMS: [(&str, &str); 8] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
];

/// A browser in words, e.g. `Firefox on Linux`; of one that is not known by name the beginning of what it says.
pub fn device(user_agent: Option<&str>) -> String {
    let text = user_agent.unwrap_or_default();
    let find = |marks: &[(&str, &'static str)]| marks.iter().find(|(m, _)| text.contains(m)).map(|(_, n)| *n);
    match (find(&BROWSERS), find(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser.to_owned(),
        (None, _) => {
            let shown: String =
                text.trim().chars().filter(|c| (' '..='~').contains(c)).take(MAX_DEVICE).collect();
            if shown.is_empty() { "An unknown browser".to_owned() } else { shown }
        }
    }
}

/// A way to sign in, in words, e.g. `password and one-time code`.
pub fn how(proof: Proof) -> String {
    let first = match proof.first {
        FirstFactor::Password => "password",
        FirstFactor::Passkey => "passkey",
        FirstFactor::Provider | FirstFactor::MultiFactorProvider => "another provider",
        FirstFactor::Link => "one-time link",
    };
    if proof.code { format!("{first} and one-time code") } else { first.to_owned() }
}

/// A time to the minute, in UTC, e.g. `1 March 2026, 09:30 UTC`.
pub fn moment(time: Timestamp) -> String {
    DateTime::from_timestamp(time, 0)
        .map(|t| t.format("%-d %B %Y, %H:%M UTC").to_string())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_known_by_their_names() {
        for (agent, expected) in [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36",
                "Chrome on Android",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
                "Safari on macOS",
            ),
            (
                "Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/140.0 Mobile/15E148 Safari/604.1",
                "Chrome on iPad",
            ),
            (
                "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
                "Chrome on ChromeOS",
            ),
            ("Firefox/1", "Firefox"),
            ("curl/8.14.1", "curl/8.14.1"),
            ("  ", "An unknown browser"),
            ("\u{202e}\u{0}<b>x</b>", "<b>x</b>"),
        ] {
            assert_eq!(device(Some(agent)), expected);
        }
        assert_eq!(device(None), "An unknown browser");
        assert_eq!(device(Some(&"x".repeat(300))).len(), MAX_DEVICE);
    }

    #[test]
    fn a_way_to_sign_in_names_both_steps() {
        assert_eq!(how(FirstFactor::Password.into()), "password");
        assert_eq!(how(Proof::from(FirstFactor::Password).with_code()), "password and one-time code");
    }
}
