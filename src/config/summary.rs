//! The effective configuration, for `check-config` and for the admin pages.

use std::fmt;

use serde::Serialize;

/// One setting as it is in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SummaryLine {
    /// Path in `gatepost.toml`.
    pub key: String,
    /// The value; a secret is only `set` or `not set`.
    pub value: String,
    /// Where it came from.
    pub origin: String,
}

/// Where a provider sends people back to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RedirectUri {
    /// The provider's name in the settings.
    pub provider: String,
    /// To be registered there, byte for byte.
    pub uri: String,
}

/// One setting as it is in force, with all that the manual says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingInForce {
    /// Path in `gatepost.toml`.
    pub key: String,
    /// The value; a secret is only `set` or `not set`.
    pub value: String,
    /// Where it came from.
    pub origin: String,
    /// Whether nobody set it.
    pub is_default: bool,
    pub meaning: String,
    /// The strongest environment variable.
    pub variable: String,
}

/// A section of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SectionInForce {
    /// As between brackets in `gatepost.toml`; empty at the top level.
    pub name: String,
    pub meaning: String,
    pub settings: Vec<SettingInForce>,
}

/// The whole configuration as it was read at the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InForce {
    pub sections: Vec<SectionInForce>,
    pub redirect_uris: Vec<RedirectUri>,
    pub warnings: Vec<String>,
}

/// The whole configuration as it is in force, in the order of the manual.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Summary {
    pub settings: Vec<SummaryLine>,
    /// What to register at each provider.
    pub redirect_uris: Vec<RedirectUri>,
    /// Whose tokens are taken.
    pub trust: Vec<String>,
    /// What works but is probably not meant.
    pub warnings: Vec<String>,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |text: fn(&SummaryLine) -> &str| {
            self.settings.iter().map(|line| text(line).chars().count()).max().unwrap_or(0).min(48)
        };
        let (keys, values) = (width(|line| &line.key), width(|line| &line.value));
        for line in &self.settings {
            writeln!(f, "{:keys$}  {:values$}  ({})", line.key, line.value, line.origin)?;
        }
        for RedirectUri { provider, uri } in &self.redirect_uris {
            writeln!(f, "redirect URI to register at {provider}: {uri}")?;
        }
        for line in &self.trust {
            writeln!(f, "trust: {line}")?;
        }
        for warning in &self.warnings {
            writeln!(f, "warning: {warning}")?;
        }
        Ok(())
    }
}
