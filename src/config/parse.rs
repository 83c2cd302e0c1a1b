//! From text to value and back, for the general types.
//!
//! Owns the trait that every field's type implements. Types with rules of their own have their own files.

use std::net::{IpAddr, SocketAddr};

use zeroize::Zeroize;

use super::error::Problem;
use super::key::{Key, Shape};
use crate::types::Plain;
use crate::types::urls::{Issuer, IssuerError};

/// A type that a setting can have.
pub(super) trait Setting: Sized {
    /// The value this text stands for. The problem must not repeat the text of a secret.
    fn parse(text: &str, key: &Key) -> Result<Self, Problem>;

    /// The value as `check-config` shows it; a secret shows only that it is set.
    fn show(&self) -> String;

    /// The value of a setting that nobody set and that has no default.
    fn absent() -> Option<Self> {
        None
    }
}

impl<T: Setting> Setting for Option<T> {
    fn parse(text: &str, key: &Key) -> Result<Self, Problem> {
        T::parse(text, key).map(Some)
    }

    fn show(&self) -> String {
        self.as_ref().map_or_else(|| "not set".to_owned(), T::show)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

impl Setting for String {
    fn parse(text: &str, key: &Key) -> Result<Self, Problem> {
        if text.is_empty() {
            return Err(Problem::new("is empty", format!("give {} a value or remove it", key.name())));
        }
        Ok(text.to_owned())
    }

    fn show(&self) -> String {
        self.clone()
    }
}

impl<T: Setting + Zeroize> Setting for Plain<T> {
    fn parse(text: &str, key: &Key) -> Result<Self, Problem> {
        // Keys read from a file often bring its line end along.
        T::parse(text.trim(), key).map(Self::new)
    }

    fn show(&self) -> String {
        "set".to_owned()
    }
}

impl Setting for bool {
    fn parse(text: &str, _: &Key) -> Result<Self, Problem> {
        match text {
            "true" | "1" => Ok(true),
            "false" | "0" => Ok(false),
            _ => Err(Problem::new(format!("\"{text}\" is neither true nor false"), "write true or false")),
        }
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

/// A whole number within the bounds of its row.
fn number(text: &str, key: &Key) -> Result<i64, Problem> {
    let Shape::Number(range) = &key.shape else {
        return Err(Problem::new("has no bounds", "give its row in settings.rs the shape Number"));
    };
    let fix = format!("write a whole number from {} to {}", range.start(), range.end());
    match text.parse::<i64>() {
        Err(_) => Err(Problem::new(format!("\"{text}\" is not a whole number"), fix)),
        Ok(number) if number < *range.start() => Err(Problem::new(format!("{number} is too small"), fix)),
        Ok(number) if number > *range.end() => Err(Problem::new(format!("{number} is too large"), fix)),
        Ok(number) => Ok(number),
    }
}

macro_rules! numbers {
    ($($type:ty),+) => {$(
        impl Setting for $type {
            fn parse(text: &str, key: &Key) -> Result<Self, Problem> {
                Self::try_from(number(text, key)?)
                    .map_err(|_| Problem::new("does not fit", "write a smaller number"))
            }

            fn show(&self) -> String {
                self.to_string()
            }
        }
    )+};
}
numbers!(u16, u32, u64, usize, i64);

impl<T: Setting + PartialEq> Setting for Vec<T> {
    /// Elements between commas. Repeated elements count once.
    fn parse(text: &str, key: &Key) -> Result<Self, Problem> {
        let mut out = Self::new();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let element = T::parse(part, key)?;
            if !out.contains(&element) {
                out.push(element);
            }
        }
        Ok(out)
    }

    fn show(&self) -> String {
        if self.is_empty() {
            return "none".to_owned();
        }
        self.iter().map(T::show).collect::<Vec<_>>().join(", ")
    }
}

impl Setting for SocketAddr {
    fn parse(text: &str, _: &Key) -> Result<Self, Problem> {
        text.parse().map_err(|_| {
            let ip = text.trim_matches(['[', ']']).parse::<IpAddr>();
            let fix = if let Ok(ip) = ip {
                format!("add the port: {}", Self::new(ip, 10_000))
            } else if let Some(port) = text.strip_prefix(':') {
                format!("write 0.0.0.0:{port} for every interface or 127.0.0.1:{port} for this machine only")
            } else if let Some(port) = text.strip_prefix("localhost:") {
                format!("write 127.0.0.1:{port},[::1]:{port}")
            } else {
                "write an IP address and a port, e.g. 0.0.0.0:10000 or [::]:10000".to_owned()
            };
            Problem::new(format!("\"{text}\" is not an address with a port"), fix)
        })
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Setting for Issuer {
    fn parse(text: &str, _: &Key) -> Result<Self, Problem> {
        Self::parse(text).map_err(|error| {
            let fix = match error {
                IssuerError::NotAUrl if !text.contains("://") && !text.is_empty() => {
                    "put the scheme in front, e.g. https://auth.example.com"
                }
                IssuerError::NotAUrl => "write the URL people open, e.g. https://auth.example.com",
                IssuerError::NotSecure => "put a TLS proxy in front and write its https:// URL",
                IssuerError::Extra => "write scheme, host and port only, e.g. https://auth.example.com",
                IssuerError::Path => "give Gatepost a host name of its own and leave the path out",
            };
            Problem::new(error.to_string(), fix)
        })
    }

    fn show(&self) -> String {
        self.as_str().to_owned()
    }
}
