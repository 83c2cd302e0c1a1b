//! The configuration: read once at start, then only passed on.
//!
//! Owns where settings come from and what they may be. Nothing else reads the environment. Sources, the
//! weakest first: default, `gatepost.toml`, `.env`, environment, flag.
//!
//! | question                              | file                                             |
//! |---------------------------------------|--------------------------------------------------|
//! | which settings are there?             | `settings.rs`, the table everything is made from |
//! | which source wins?                    | `values.rs`                                      |
//! | what may a value be?                  | `parse.rs`, `choices.rs`, `secrets.rs`, `*_url.rs`, `mail.rs`, `network.rs` |
//! | which values exclude or warn of each other? | `checks.rs`                                |
//! | which MCP server at ScaleKit is meant?      | `scalekit.rs`                              |

mod checks;
mod choices;
mod database_url;
mod domain;
mod dotenv;
mod error;
pub mod example;
mod file;
mod key;
mod mail;
mod network;
mod parse;
mod scalekit;
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

pub use choices::{Admit, IssuerMode, LogFilter, LogFormat, Nonce, SecondFactor};
pub use database_url::{DatabaseKind, DatabaseUrl};
pub use domain::Domain;
pub use error::{ConfigError, Fault, Problem};
pub use key::{Fallback, Key, Section, Shape, all as keys, by_env as key_of_variable};
pub use mail::{MailSender, MailUrl};
pub use network::Network;
pub use scalekit::Audience;
pub use secrets::{AdminPassword, EmailAddress, KeyTextError, SecretKey};
pub use settings::{
    Admin, Cimd, Database, Device, Dpop, Google, Limits, Log, Login, Mail, Par, Provider, Registration,
    SECTIONS, ScaleKit, Server, Sessions, Tavily, Tokens,
};
pub use sources::{Origin, Override, Sources};
pub use summary::{InForce, RedirectUri, SectionInForce, SettingInForce, Summary, SummaryLine};
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
    pub login: Login,
    pub tokens: Tokens,
    pub dpop: Dpop,
    pub sessions: Sessions,
    pub registration: Registration,
    pub device: Device,
    pub par: Par,
    pub cimd: Cimd,
    pub limits: Limits,
    pub mail: Mail,
    pub google: Google,
    /// Other OpenID Connect providers, by name.
    pub providers: BTreeMap<String, Provider>,
    pub tavily: Tavily,
    pub log: Log,
    pub scalekit: ScaleKit,
    /// Where each setting's value came from, by path.
    pub origins: BTreeMap<String, Origin>,
    /// Each setting as people may see it, by path.
    shown: BTreeMap<String, String>,
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
        let (admin, login, tokens) = (Admin::read(values), Login::read(values), Tokens::read(values));
        let dpop = Dpop::read(values);
        let (sessions, registration) = (Sessions::read(values), Registration::read(values));
        let cimd = Cimd::read(values);
        let (device, par) = (Device::read(values), Par::read(values));
        let (limits, google) = (Limits::read(values), Google::read(values));
        let providers = read_providers(values);
        let mail = Mail::read(values);
        let (tavily, log, scalekit) = (Tavily::read(values), Log::read(values), ScaleKit::read(values));
        Some(Self {
            server: server?,
            database: database?,
            admin: admin?,
            login: login?,
            tokens: tokens?,
            dpop: dpop?,
            sessions: sessions?,
            registration: registration?,
            device: device?,
            par: par?,
            cimd: cimd?,
            limits: limits?,
            mail: mail?,
            google: google?,
            providers: providers?,
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
        let line = |path: String| SummaryLine {
            value: self.shown.get(&path).cloned().unwrap_or_default(),
            origin: self.origin(&path).to_string(),
            key: path,
        };
        let mut settings = Vec::new();
        for section in SECTIONS {
            if section.is_named() {
                // Together what belongs to one name.
                for name in self.providers.keys() {
                    settings.extend(section.keys.iter().map(|key| line(key.path_of(name))));
                }
            } else {
                settings.extend(section.keys.iter().map(|key| line(key.path.to_owned())));
            }
        }
        Summary {
            settings,
            redirect_uris: self.redirect_uris(),
            trust: self.trust_in_words(),
            warnings: self.warnings(),
        }
    }

    /// The whole configuration with what each setting means, for people.
    pub fn in_force(&self) -> InForce {
        let mut sections = Vec::new();
        for section in SECTIONS {
            let names = if section.is_named() {
                self.providers.keys().cloned().collect()
            } else {
                vec![String::new()]
            };
            sections.extend(names.iter().map(|name| self.section_in_force(section, name)));
        }
        InForce { sections, redirect_uris: self.redirect_uris(), warnings: self.warnings() }
    }

    fn section_in_force(&self, section: &Section, name: &str) -> SectionInForce {
        let setting = |key: &Key| {
            let path = key.path_of(name);
            let origin = self.origin(&path);
            SettingInForce {
                value: self.shown.get(&path).cloned().unwrap_or_default(),
                is_default: *origin == Origin::Default,
                origin: origin.to_string(),
                meaning: key.sentence(),
                variable: key.variable_of(name),
                key: path,
            }
        };
        SectionInForce {
            name: section.name.replace('*', name),
            meaning: key::one_line(section.doc),
            settings: section.keys.iter().map(setting).collect(),
        }
    }

    /// Whose tokens are taken, and what of ScaleKit's settings nothing reads.
    fn trust_in_words(&self) -> Vec<String> {
        let scalekit = &self.scalekit;
        if self.server.issuer == IssuerMode::Embedded {
            return vec![
                "tokens are issued by Gatepost itself; each resource may be set to trust ScaleKit".to_owned(),
            ];
        }
        let environment = scalekit.environment_url.as_deref().unwrap_or_default().trim_end_matches('/');
        let audience = match scalekit.audience() {
            Some(Audience::Id(id)) => format!("the MCP server {id}"),
            Some(Audience::Name(name)) => format!("the audience {name} (no id is known)"),
            None => "nobody yet".to_owned(),
        };
        let mut lines = vec![
            format!("tokens are those of ScaleKit: environment {environment}, made for {audience}"),
            format!("they are verified with {environment}/keys; Gatepost issues none"),
        ];
        let metadata =
            if scalekit.metadata_json.is_some() { "METADATA_JSON_RESPONSE, as it is" } else { "made here" };
        lines.push(format!("metadata of the resource: {metadata}"));
        if scalekit.client_id.is_some() || scalekit.client_secret.is_some() {
            lines.push(
                "SCALEKIT_CLIENT_ID and SCALEKIT_CLIENT_SECRET are set, and not needed: nothing reads them"
                    .to_owned(),
            );
        }
        lines
    }

    /// What to register at each provider that is set up.
    fn redirect_uris(&self) -> Vec<RedirectUri> {
        let google = self.google.client_id.as_ref().map(|_| "google");
        let names = google.into_iter().chain(self.providers.keys().map(String::as_str));
        let uri = |name: &str| self.server.public_url.at(&format!("/login/{name}/callback"));
        names.map(|name| RedirectUri { provider: name.to_owned(), uri: uri(name) }).collect()
    }
}

/// Every provider with a section; `None` after noting what is wrong with any.
fn read_providers(values: &mut Values) -> Option<BTreeMap<String, Provider>> {
    let names = values.names(&Provider::SECTION);
    // All of them first, so that one fault does not hide the next.
    let read: Vec<_> = names.into_iter().map(|name| (values.within(&name, Provider::read), name)).collect();
    read.into_iter().map(|(provider, name)| Some((name, provider?))).collect()
}

/// The defaults that follow from other settings: addresses from the port, the public URL from the addresses.
fn set_computed_defaults(values: &mut Values) {
    let port = values.text("port").and_then(|text| text.parse::<u16>().ok()).unwrap_or(10_000);
    values.set_default("bind", format!("127.0.0.1:{port},[::1]:{port}"));
    let first = values.text("bind").and_then(|text| text.split(',').next());
    let port = first.and_then(|text| text.trim().parse::<SocketAddr>().ok()).map_or(port, |a| a.port());
    values.set_default("public_url", format!("http://localhost:{port}"));
}
