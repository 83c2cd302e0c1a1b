//! The effective configuration, for `check-config` and for the admin pages.

use std::fmt;

use serde::Serialize;

/// One setting as it is in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SummaryLine {
    /// Path in `gatepost.toml`.
    pub key: &'static str,
    /// The value; a secret is only `set` or `not set`.
    pub value: String,
    /// Where it came from.
    pub origin: String,
}

/// The whole configuration as it is in force, in the order of the manual.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Summary {
    pub settings: Vec<SummaryLine>,
    /// What works but is probably not meant.
    pub warnings: Vec<String>,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |text: fn(&SummaryLine) -> &str| {
            self.settings.iter().map(|line| text(line).chars().count()).max().unwrap_or(0).min(48)
        };
        let (keys, values) = (width(|line| line.key), width(|line| &line.value));
        for line in &self.settings {
            writeln!(f, "{:keys$}  {:values$}  ({})", line.key, line.value, line.origin)?;
        }
        for warning in &self.warnings {
            writeln!(f, "warning: {warning}")?;
        }
        Ok(())
    }
}
