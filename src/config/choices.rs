//! Settings that are one of a few words, and the log filter made of such words.

use super::error::Problem;
use super::key::{self, Key};
use super::parse::Setting;

/// Who issues the tokens that protected servers accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IssuerMode {
    /// Gatepost itself.
    Embedded,
    /// A ScaleKit environment.
    ScaleKit,
}

/// Who gets an account by signing in at a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admit {
    /// Nobody who has none.
    Invited,
    /// People of certain domains.
    Domain,
    /// Everybody the provider knows.
    Anyone,
}

/// Who must show a second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecondFactor {
    Nobody,
    Admins,
    Everyone,
}

/// Whether proofs of possession need a nonce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nonce {
    Off,
    Required,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

/// A filter in the syntax of `tracing_subscriber::EnvFilter`, checked word by word: that parser takes a
/// misspelt level for the name of a module and then logs nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFilter(String);

impl LogFilter {
    /// The directives, separated by commas.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

const LEVELS: &[&str] = &["error", "warn", "info", "debug", "trace", "off"];

macro_rules! choice {
    ($type:ident { $($word:literal => $variant:ident),+ }) => {
        impl $type {
            /// The word as written in the configuration.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl Setting for $type {
            fn parse(text: &str, _: &Key) -> Result<Self, Problem> {
                match text.to_ascii_lowercase().as_str() {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(not_one_of(text, &[$($word),+])),
                }
            }

            fn show(&self) -> String {
                self.as_str().to_owned()
            }
        }
    };
}
choice!(IssuerMode { "embedded" => Embedded, "scalekit" => ScaleKit });
choice!(Admit { "invited" => Invited, "domain" => Domain, "anyone" => Anyone });
choice!(SecondFactor { "nobody" => Nobody, "admins" => Admins, "everyone" => Everyone });
choice!(Nonce { "off" => Off, "required" => Required });
choice!(LogFormat { "text" => Text, "json" => Json });

impl Setting for LogFilter {
    fn parse(text: &str, _: &Key) -> Result<Self, Problem> {
        let parts: Vec<&str> = text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
        if parts.is_empty() {
            return Err(not_one_of(text, LEVELS));
        }
        for part in &parts {
            let level = part.rsplit_once('=').map_or(*part, |(_, level)| level);
            if !LEVELS.contains(&level.to_ascii_lowercase().as_str()) {
                return Err(not_one_of(level, LEVELS));
            }
        }
        Ok(Self(parts.join(",")))
    }

    fn show(&self) -> String {
        self.0.clone()
    }
}

fn not_one_of(text: &str, words: &[&'static str]) -> Problem {
    let fix = key::nearest_word(text, words).map_or_else(
        || format!("write one of: {}", words.join(", ")),
        |word| format!("did you mean {word}?"),
    );
    Problem::new(format!("\"{text}\" is none of: {}", words.join(", ")), fix)
}
