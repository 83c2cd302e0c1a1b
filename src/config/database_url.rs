//! The address of the database.
//!
//! Owns which kinds there are and how one is shown without its password. Connecting is the store's matter.

use std::path::PathBuf;

use url::Url;

use super::error::Problem;
use super::key::Key;
use super::parse::Setting;
use crate::types::Plain;

/// A `sqlite:` or `postgres:` URL, ready to connect with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseUrl {
    url: Plain<String>,
    kind: DatabaseKind,
}

/// The databases that Gatepost knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DatabaseKind {
    Sqlite,
    Postgres,
}

const FIX: &str = "write sqlite:gatepost.db or postgres://user:password@host/database";

impl DatabaseUrl {
    /// Reads a URL. A SQLite file without `mode=` gets `mode=rwc`, so that the first start creates it.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        if let Some(rest) = text.strip_prefix("sqlite:") {
            if rest.trim_start_matches('/').split('?').next().unwrap_or_default().is_empty() {
                return Err(Problem::new("names no file", FIX));
            }
            return Ok(Self { url: Plain::new(with_mode(text)), kind: DatabaseKind::Sqlite });
        }
        let url = Url::parse(text).map_err(|_| Problem::new("is not a database URL", FIX))?;
        match url.scheme() {
            "postgres" | "postgresql" if text.contains("://") => {
                Ok(Self { url: Plain::new(text.to_owned()), kind: DatabaseKind::Postgres })
            }
            "postgres" | "postgresql" => Err(Problem::new("lacks the slashes after the colon", FIX)),
            _ => Err(Problem::new("names a database that Gatepost does not know", FIX)),
        }
    }

    /// The URL to connect with; on Postgres it may hold a password.
    pub fn expose(&self) -> &str {
        self.url.expose()
    }

    /// Which database it is.
    pub const fn kind(&self) -> DatabaseKind {
        self.kind
    }

    /// The SQLite file as named, relative or absolute. `None` for Postgres and for databases in memory.
    pub fn sqlite_file(&self) -> Option<PathBuf> {
        if self.kind != DatabaseKind::Sqlite || self.is_in_memory() {
            return None;
        }
        let rest = self.expose().strip_prefix("sqlite:")?;
        let rest = rest.strip_prefix("//").unwrap_or(rest);
        Some(PathBuf::from(decode_percent(rest.split('?').next().unwrap_or(rest))))
    }

    /// Whether everything is lost when the process ends.
    pub fn is_in_memory(&self) -> bool {
        self.kind == DatabaseKind::Sqlite
            && (self.expose().contains(":memory:")
                || query_of(self.expose()).any(|pair| pair == "mode=memory"))
    }

    /// The URL without a password.
    pub fn redacted(&self) -> String {
        if self.kind == DatabaseKind::Sqlite {
            return self.expose().to_owned();
        }
        let Ok(mut url) = Url::parse(self.expose()) else { return "set".to_owned() };
        if url.password().is_some() && url.set_password(Some("...")).is_err() {
            return "set".to_owned();
        }
        // `?password=` and `?sslpassword=` are understood too.
        let pairs: Vec<(String, String)> = url
            .query_pairs()
            .map(|(name, value)| {
                let secret = name.to_ascii_lowercase().contains("password");
                (name.into_owned(), if secret { "...".to_owned() } else { value.into_owned() })
            })
            .collect();
        if !pairs.is_empty() {
            url.query_pairs_mut().clear().extend_pairs(pairs);
        }
        url.into()
    }
}

fn query_of(url: &str) -> impl Iterator<Item = &str> {
    url.split_once('?').map_or("", |(_, query)| query).split('&')
}

fn with_mode(text: &str) -> String {
    if text.contains(":memory:") || query_of(text).any(|pair| pair.starts_with("mode=")) {
        return text.to_owned();
    }
    let base = text.trim_end_matches(['?', '&']);
    let joint = if base.contains('?') { '&' } else { '?' };
    format!("{base}{joint}mode=rwc")
}

/// Undoes `%3F` and the like, as the driver does.
fn decode_percent(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let code = tail.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match code.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) if first == b'%' => {
                out.push(byte);
                rest = &tail[2..];
            }
            _ => {
                out.push(first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

impl Setting for DatabaseUrl {
    fn parse(text: &str, _: &Key) -> Result<Self, Problem> {
        Self::parse(text)
    }

    fn show(&self) -> String {
        self.redacted()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sqlite_file_is_created_unless_the_url_says_otherwise() {
        let url = |text: &str| DatabaseUrl::parse(text).unwrap().expose().to_owned();
        assert_eq!(url("sqlite:a.db"), "sqlite:a.db?mode=rwc");
        assert_eq!(url("sqlite:a.db?"), "sqlite:a.db?mode=rwc");
        assert_eq!(url("sqlite:a.db?cache=private"), "sqlite:a.db?cache=private&mode=rwc");
        assert_eq!(url("sqlite:a.db?mode=rw"), "sqlite:a.db?mode=rw");
        assert_eq!(url("sqlite::memory:"), "sqlite::memory:");
    }

    #[test]
    fn the_sqlite_file_is_found() {
        let file = |text: &str| DatabaseUrl::parse(text).unwrap().sqlite_file();
        assert_eq!(file("sqlite:a.db"), Some("a.db".into()));
        assert_eq!(file("sqlite:///var/lib/a%3Fb.db?mode=rw"), Some("/var/lib/a?b.db".into()));
        assert_eq!(file("sqlite:/var/lib/a.db"), Some("/var/lib/a.db".into()));
        assert_eq!(file("sqlite::memory:"), None);
        assert_eq!(file("sqlite:x?mode=memory"), None);
        assert_eq!(file("postgres://h/d"), None);
    }

    #[test]
    fn a_password_is_never_shown() {
        let shown = |text: &str| DatabaseUrl::parse(text).unwrap().redacted();
        assert_eq!(shown("postgres://me:hunter2@db/gatepost"), "postgres://me:...@db/gatepost");
        assert_eq!(
            shown("postgresql://db/g?user=me&password=hunter2"),
            "postgresql://db/g?user=me&password=..."
        );
        assert!(!format!("{:?}", DatabaseUrl::parse("postgres://me:hunter2@db/g")).contains("hunter2"));
    }

    #[test]
    fn other_databases_are_refused() {
        for bad in ["mysql://h/d", "gatepost.db", "postgres:d", "sqlite:", "sqlite://?mode=rw", ""] {
            assert!(DatabaseUrl::parse(bad).is_err(), "{bad}");
        }
    }
}
