//! The texts of all settings, merged from every source.
//!
//! Owns the precedence: default < file < `.env` < environment < flag. Knows nothing of what the texts mean.

use std::collections::BTreeMap;
use std::path::PathBuf;

use zeroize::Zeroizing;

use super::error::Fault;
use super::file;
use super::key::{self, Fallback, Key, Shape};
use super::parse::Setting;
use super::sources::{Origin, Sources, read_if_there};
use super::{DEFAULT_FILE, dotenv};

/// What was found for each setting, and what has been read of it so far.
#[derive(Default)]
pub(super) struct Values {
    found: BTreeMap<&'static str, Found>,
    /// Where each value that has been taken came from.
    pub origins: BTreeMap<&'static str, Origin>,
    /// Each value that has been taken, as people may see it.
    pub shown: BTreeMap<&'static str, String>,
    /// Everything wrong so far.
    pub faults: Vec<Fault>,
}

struct Found {
    text: Zeroizing<String>,
    origin: Origin,
}

impl Values {
    /// Reads every source, the weakest first.
    pub fn gather(sources: &Sources) -> Self {
        let mut values = Self::default();
        for key in key::all() {
            if let Fallback::Value(text) = key.fallback {
                values.set(key, text.to_owned(), Origin::Default);
            }
        }
        values.gather_file(sources);
        values.gather_dotenv(sources);
        values.gather_env(&sources.env, "environment", Origin::Env);
        for given in &sources.overrides {
            if let Some(key) = key::by_path(given.key) {
                values.set(key, given.value.trim().to_owned(), Origin::Flag(given.flag));
            }
        }
        values
    }

    fn set(&mut self, key: &'static Key, text: String, origin: Origin) {
        self.found.insert(key.path, Found { text: Zeroizing::new(text), origin });
    }

    fn gather_file(&mut self, sources: &Sources) {
        let name = sources.file.clone().unwrap_or_else(|| PathBuf::from(DEFAULT_FILE));
        let shown = name.display().to_string();
        match read_if_there(&sources.working_dir.join(&name), &shown) {
            Ok(Some(text)) => {
                let read = file::parse(&text, &shown);
                for (key, text) in read.values {
                    self.set(key, text, Origin::File(name.clone()));
                }
                self.faults.extend(read.faults);
            }
            Ok(None) if sources.file.is_some() => self.faults.push(Fault {
                place: shown,
                problem: "does not exist".to_owned(),
                fix: "name an existing file with --config, or leave --config out".to_owned(),
            }),
            Ok(None) => {}
            Err(fault) => self.faults.push(fault),
        }
    }

    fn gather_dotenv(&mut self, sources: &Sources) {
        let read = read_if_there(&sources.working_dir.join(".env"), ".env")
            .and_then(|text| text.map_or_else(|| Ok(BTreeMap::new()), |text| dotenv::parse(&text)));
        match read {
            Ok(mut variables) => {
                // A variable of the real environment hides the file's, even an empty one.
                variables.retain(|name, _| !sources.env.contains_key(name));
                self.gather_env(&variables, ".env", Origin::DotEnv);
            }
            Err(fault) => self.faults.push(fault),
        }
    }

    /// Takes every known variable; an empty one counts as not set, as `NAME=${NAME:-}` leaves it.
    fn gather_env(
        &mut self,
        variables: &BTreeMap<String, String>,
        place: &str,
        origin: fn(&'static str) -> Origin,
    ) {
        for key in key::all() {
            for &name in key.env.iter().rev() {
                let Some(text) = variables.get(name).filter(|text| !text.trim().is_empty()) else { continue };
                let text = if matches!(key.shape, Shape::Secret) { text } else { text.trim() };
                self.set(key, text.to_owned(), origin(name));
            }
        }
        for (name, text) in variables {
            if !name.starts_with("GATEPOST_") || key::by_env(name).is_some() || is_service_link(name, text) {
                continue;
            }
            self.faults.push(Fault {
                place: format!("{place}, {name}"),
                problem: "is not a known variable".to_owned(),
                fix: key::nearest_env(name).map_or_else(
                    || "remove it; config.example.toml lists every variable".to_owned(),
                    |known| format!("did you mean {known}?"),
                ),
            });
        }
    }

    /// The text of a setting, before it is parsed.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.found.get(path).map(|found| found.text.as_str())
    }

    /// Gives a setting that nobody set a value worked out from others.
    pub fn set_default(&mut self, path: &'static str, text: String) {
        self.found.entry(path).or_insert(Found { text: Zeroizing::new(text), origin: Origin::Default });
    }

    /// Parses a setting; `None` after noting what is wrong.
    pub fn take<T: Setting>(&mut self, path: &'static str) -> Option<T> {
        let key = key::by_path(path)?;
        let (value, origin) = match self.found.get(path) {
            Some(found) => match T::parse(&found.text, key) {
                Ok(value) => (Some(value), found.origin.clone()),
                Err(problem) => {
                    let place = found.origin.place(path);
                    self.faults.push(Fault { place, problem: problem.what, fix: problem.fix });
                    return None;
                }
            },
            None => (T::absent(), Origin::Default),
        };
        if let Some(value) = &value {
            self.shown.insert(key.path, value.show());
            self.origins.insert(key.path, origin);
        } else {
            self.faults.push(Fault {
                place: path.to_owned(),
                problem: "is not set".to_owned(),
                fix: format!("set {}", key.env.first().unwrap_or(&path)),
            });
        }
        value
    }
}

/// Whether Kubernetes put the variable there: a Service named `gatepost` or `gatepost-…` announces its
/// address to every container of the namespace in variables that begin like ours.
fn is_service_link(name: &str, text: &str) -> bool {
    let is_address =
        |text: &str| ["tcp://", "udp://", "sctp://"].iter().any(|scheme| text.starts_with(scheme));
    let names_port = || {
        name.split_once("_PORT_").is_some_and(|(_, rest)| {
            let mut parts = rest.split('_');
            parts.next().is_some_and(|port| port.parse::<u16>().is_ok())
                && parts.next().is_some_and(|protocol| matches!(protocol, "TCP" | "UDP" | "SCTP"))
        })
    };
    name.ends_with("_SERVICE_HOST")
        || name.ends_with("_SERVICE_PORT")
        || name.contains("_SERVICE_PORT_")
        || (name.ends_with("_PORT") && is_address(text))
        || names_port()
}
