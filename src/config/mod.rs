//! The configuration: read once at start, then only passed on.
//!
//! Owns where settings come from and what they may be. Nothing else reads the environment. Sources, the
//! weakest first: default, `gatepost.toml`, `.env`, environment, flag.
//!
//! | question                              | file                                             |
//! |---------------------------------------|--------------------------------------------------|
//! | which settings are there?             | `settings.rs`, the table everything is made from |
//! | which source wins?                    | `values.rs`                                      |
//! | what may a value be?                  | `parse.rs`, `choices.rs`, `secrets.rs`, `*_url.rs`, `network.rs` |
//! | which values exclude or warn of each other? | `checks.rs`                                |

mod checks;
mod choices;
mod database_url;
mod dotenv;
mod error;
pub mod example;
mod file;
mod key;
mod network;
mod parse;
mod secrets;
mod settings;
mod sources;
mod summary;
#[cfg(test)]
mod tests;
mod values;
mod web_url;

use std::collections::BTreeMap;
use std::net::SocketAddr;

pub use choices::{IssuerMode, LogFilter, LogFormat};
pub use database_url::{DatabaseKind, DatabaseUrl};
pub use error::{ConfigError, Fault, Problem};
pub use key::{Fallback, Key, Section, Shape, all as keys};
pub use network::Network;
pub use secrets::{AdminPassword, EmailAddress, KeyTextError, SecretKey};
pub use settings::{
    Admin, Database, Google, Limits, Log, Registration, SECTIONS, ScaleKit, Server, Sessions, Tavily, Tokens,
};
pub use sources::{Origin, Override, Sources};
pub use summary::{Summary, SummaryLine};
pub use web_url::WebUrl;

use values::Values;

/// The file that is read when `--config` names none.
pub const DEFAULT_FILE: &str = "gatepost.toml";

/// Seconds in a day, for the settings that count days.
pub const DAY: i64 = 86_400;

/// All settings, one field per section.
#[derive(Clone, Debug)]
pub struct Config {
    pub server: Server,
    pub database: Database,
    pub admin: Admin,
    pub tokens: Tokens,
    pub sessions: Sessions,
    pub registration: Registration,
    pub limits: Limits,
    pub google: Google,
    pub tavily: Tavily,
    pub log: Log,
    pub scalekit: ScaleKit,
    /// Where each setting's value came from, by path.
    pub origins: BTreeMap<&'static str, Origin>,
    /// Each setting as people may see it, by path.
    shown: BTreeMap<&'static str, String>,
}

impl Config {
    /// Reads and checks everything; reports every fault at once.
    pub fn load(sources: &Sources) -> Result<Self, ConfigError> {
        let mut values = Values::gather(sources);
        set_computed_defaults(&mut values);
        let config = Self::read(&mut values);
        let mut faults = std::mem::take(&mut values.faults);
        match config {
            Some(mut config) => {
                config.origins = values.origins;
                config.shown = values.shown;
                faults.extend(checks::faults(&config));
                if faults.is_empty() { Ok(config) } else { Err(ConfigError { faults }) }
            }
            None => Err(ConfigError { faults }),
        }
    }

    fn read(values: &mut Values) -> Option<Self> {
        // Every section first, so that one fault does not hide the next.
        let (server, database) = (Server::read(values), Database::read(values));
        let (admin, tokens) = (Admin::read(values), Tokens::read(values));
        let (sessions, registration) = (Sessions::read(values), Registration::read(values));
        let (limits, google) = (Limits::read(values), Google::read(values));
        let (tavily, log, scalekit) = (Tavily::read(values), Log::read(values), ScaleKit::read(values));
        Some(Self {
            server: server?,
            database: database?,
            admin: admin?,
            tokens: tokens?,
            sessions: sessions?,
            registration: registration?,
            limits: limits?,
            google: google?,
            tavily: tavily?,
            log: log?,
            scalekit: scalekit?,
            origins: BTreeMap::new(),
            shown: BTreeMap::new(),
        })
    }

    /// Where the value of this setting came from.
    pub fn origin(&self, path: &str) -> &Origin {
        self.origins.get(path).unwrap_or(&Origin::Default)
    }

    /// What works but is probably not meant, one sentence each. Log them at start.
    pub fn warnings(&self) -> Vec<String> {
        checks::warnings(self)
    }

    /// Every setting with its value and origin; secrets only as set or not.
    pub fn summary(&self) -> Summary {
        let settings = key::all()
            .map(|key| SummaryLine {
                key: key.path,
                value: self.shown.get(key.path).cloned().unwrap_or_default(),
                origin: self.origin(key.path).to_string(),
            })
            .collect();
        Summary { settings, warnings: self.warnings() }
    }
}

/// The defaults that follow from other settings: addresses from the port, the public URL from the addresses.
fn set_computed_defaults(values: &mut Values) {
    let port = values.text("port").and_then(|text| text.parse::<u16>().ok()).unwrap_or(10_000);
    values.set_default("bind", format!("127.0.0.1:{port},[::1]:{port}"));
    let first = values.text("bind").and_then(|text| text.split(',').next());
    let port = first.and_then(|text| text.trim().parse::<SocketAddr>().ok()).map_or(port, |a| a.port());
    values.set_default("public_url", format!("http://localhost:{port}"));
}
