//! A domain of e-mail addresses.

use super::error::Problem;
use super::key::Key;
use super::parse::Setting;

/// A domain name in lower case, e.g. `example.com`. Sub-domains are other domains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Domain(String);

impl Domain {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Setting for Domain {
    fn parse(text: &str, _: &Key) -> Result<Self, Problem> {
        let name = text.to_ascii_lowercase();
        let label = |label: &str| {
            !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        };
        if name.len() <= 253 && name.contains('.') && name.split('.').all(label) {
            return Ok(Self(name));
        }
        let fix = "write the part after the @, e.g. example.com; names with other letters as xn--…";
        Err(Problem::new(format!("\"{text}\" is not a domain"), fix))
    }

    fn show(&self) -> String {
        self.0.clone()
    }
}
