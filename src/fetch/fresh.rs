//! How long an answer may be used: what HTTP says (RFC 9111 §4.2), within bounds of our own.
//!
//! | the answer says                        | used without asking again      | and while its host is away |
//! |----------------------------------------|--------------------------------|----------------------------|
//! | `max-age=n` (less `Age`)               | n, within [`FLOOR`] and [`CEILING`] | up to [`CEILING`]     |
//! | `Expires`, no `max-age`                | until then, within the same    | up to [`CEILING`]          |
//! | neither                                | [`USUAL`]                      | up to [`CEILING`]          |
//! | `no-store`, `no-cache`                 | [`FLOOR`]                      | no longer                  |
//!
//! The floor: one login reads a document three times, and a document that forbids keeping it must not become a way to
//! make this server send requests. What is asked in vain or cannot be read is asked for again after [`BACK_OFF`], so
//! that a document that was mended works soon.

use reqwest::header::{AGE, CACHE_CONTROL, DATE, EXPIRES, HeaderMap};

use crate::types::Timestamp;

/// The shortest use, in seconds.
pub const FLOOR: i64 = 60;
/// What is used when the answer says nothing, in seconds.
pub const USUAL: i64 = 300;
/// The longest use, in seconds: a day.
pub const CEILING: i64 = 86_400;
/// How long a failure stands before it is tried again, in seconds.
pub const BACK_OFF: i64 = 10;
/// The time between two fetches of a key set for a key that is not in it, in seconds.
pub const PAUSE: i64 = 30;

/// How long an answer may be used, in seconds from when it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime {
    /// Without asking again.
    pub fresh: i64,
    /// While its host is away.
    pub longest: i64,
}

/// By the table above.
pub fn lifetime(headers: &HeaderMap) -> Lifetime {
    let mut max_age = None;
    for directive in
        headers.get_all(CACHE_CONTROL).iter().filter_map(|v| v.to_str().ok()).flat_map(|v| v.split(','))
    {
        let directive = directive.trim().to_ascii_lowercase();
        match directive.split_once('=') {
            None if directive == "no-store" || directive == "no-cache" => {
                return Lifetime { fresh: FLOOR, longest: FLOOR };
            }
            Some(("max-age", seconds)) => {
                // More than can be counted is a long time; what is no number is none (RFC 9111 §4.2.1).
                let seconds = seconds.trim_matches('"');
                let is_number = !seconds.is_empty() && seconds.bytes().all(|b| b.is_ascii_digit());
                max_age = Some(if is_number { seconds.parse().unwrap_or(CEILING) } else { 0 });
            }
            _ => {}
        }
    }
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let date = |text: &str| chrono::DateTime::parse_from_rfc2822(text).ok().map(|at| at.timestamp());
    let age = text(AGE).and_then(|age| age.parse::<i64>().ok()).unwrap_or(0).max(0);
    let said = max_age.map(|seconds: i64| seconds.saturating_sub(age)).or_else(|| {
        // An `Expires` that cannot be read is in the past; one without a `Date` cannot be measured.
        let expires = text(EXPIRES)?;
        let sent = text(DATE).and_then(date)?;
        Some(date(expires).map_or(0, |expires| expires.saturating_sub(sent)))
    });
    Lifetime { fresh: said.unwrap_or(USUAL).clamp(FLOOR, CEILING), longest: CEILING }
}

/// What is known of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// When it was last asked for.
    pub asked_at: Timestamp,
    /// Until when what is held stands: an answer, or a failure.
    pub until: Timestamp,
}

/// Whether it must be fetched. `anew`: what is held lacks something that is looked for.
pub fn is_due(facts: Option<Facts>, anew: bool, now: Timestamp) -> bool {
    match facts {
        None => true,
        // A clock that was set back: nothing is held for ever.
        Some(facts) if facts.asked_at > now => true,
        Some(facts) => now >= facts.until || anew && now - facts.asked_at >= PAUSE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fresh(lines: &[(&'static str, &str)]) -> (i64, i64) {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        let Lifetime { fresh, longest } = lifetime(&headers);
        (fresh, longest)
    }

    #[test]
    fn http_says_how_long_within_bounds() {
        let date = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
        for (lines, expected) in [
            (vec![], (USUAL, CEILING)),
            (vec![("cache-control", "public, max-age=3600")], (3600, CEILING)),
            (vec![("cache-control", "max-age=0")], (FLOOR, CEILING)),
            (vec![("cache-control", "max-age=99999999999999999999")], (CEILING, CEILING)),
            (vec![("cache-control", "max-age=soon")], (FLOOR, CEILING)),
            (vec![("cache-control", "max-age=\"600\"")], (600, CEILING)),
            (vec![("cache-control", "max-age=3600"), ("age", "3000")], (600, CEILING)),
            (vec![("cache-control", "max-age=3600"), ("age", "-5")], (3600, CEILING)),
            (vec![("cache-control", "MAX-AGE=120")], (120, CEILING)),
            (vec![("cache-control", "max-age=3600"), ("cache-control", "no-store")], (FLOOR, FLOOR)),
            (vec![("cache-control", "no-cache")], (FLOOR, FLOOR)),
            (vec![date, ("expires", "Sun, 06 Nov 1994 09:49:37 GMT")], (3600, CEILING)),
            (vec![date, ("expires", "Sun, 06 Nov 1994 08:00:00 GMT")], (FLOOR, CEILING)),
            (vec![date, ("expires", "0")], (FLOOR, CEILING)),
            (vec![("expires", "Sun, 06 Nov 1994 09:49:37 GMT")], (USUAL, CEILING)),
        ] {
            assert_eq!(fresh(&lines), expected, "{lines:?}");
        }
    }

    #[test]
    fn the_table_decides() {
        let facts =
            |asked_ago: i64, left: i64| Some(Facts { asked_at: 1000 - asked_ago, until: 1000 + left });
        for (facts, anew, expected) in [
            (None, false, true),
            (facts(5, 10), false, false),
            (facts(5, 0), false, true),
            (facts(5, 10), true, false),
            (facts(29, 100), true, false),
            (facts(30, 100), true, true),
            (facts(-1, 100), false, true),
        ] {
            assert_eq!(is_due(facts, anew, 1000), expected, "{facts:?}, anew: {anew}");
        }
    }
}
