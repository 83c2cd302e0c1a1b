//! The texts of all settings, merged from every source.
//!
//! Owns the precedence: default < file < `.env` < environment < flag. Knows nothing of what the texts mean.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use zeroize::Zeroizing;

use super::error::Fault;
use super::file;
use super::key::{self, Fallback, Key, Section, Shape};
use super::parse::Setting;
use super::settings::SECTIONS;
use super::sources::{Origin, Sources, read_if_there};
use super::{DEFAULT_FILE, dotenv};

/// What was found for each setting, and what has been read of it so far.
#[derive(Default)]
pub(super) struct Values {
    found: BTreeMap<String, Found>,
    /// The sections that carry a name, e.g. `providers.my-idp`.
    named: BTreeSet<String>,
    /// The name that `*` stands for while such a section is read.
    instance: String,
    /// Where each value that has been taken came from.
    pub origins: BTreeMap<String, Origin>,
    /// Each value that has been taken, as people may see it.
    pub shown: BTreeMap<String, String>,
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
        values.gather_file(sources);
        values.gather_dotenv(sources);
        values.gather_env(&sources.env, "environment", Origin::Env);
        for given in &sources.overrides {
            if let Some(key) = key::by_path(given.key) {
                values.set(key.path.to_owned(), given.value.trim().to_owned(), Origin::Flag(given.flag));
            }
        }
        values.set_fixed_defaults();
        values
    }

    fn set(&mut self, path: String, text: String, origin: Origin) {
        self.found.insert(path, Found { text: Zeroizing::new(text), origin });
    }

    fn set_fixed_defaults(&mut self) {
        for section in SECTIONS {
            let names = if section.is_named() { self.names(section) } else { vec![String::new()] };
            for (name, key) in names.iter().flat_map(|name| section.keys.iter().map(move |key| (name, key))) {
                if let Fallback::Value(text) = key.fallback {
                    self.set_default(key.path_of(name), text.to_owned());
                }
            }
        }
    }

    /// The names under which a section exists, sorted.
    pub fn names(&self, section: &Section) -> Vec<String> {
        self.named.iter().filter_map(|path| key::instance(section.name, path)).map(str::to_owned).collect()
    }

    /// Reads the section that is called `name`.
    pub fn within<T>(&mut self, name: &str, read: impl FnOnce(&mut Self) -> T) -> T {
        name.clone_into(&mut self.instance);
        let value = read(self);
        self.instance.clear();
        value
    }

    fn gather_file(&mut self, sources: &Sources) {
        let name = sources.file.clone().unwrap_or_else(|| PathBuf::from(DEFAULT_FILE));
        let shown = name.display().to_string();
        match read_if_there(&sources.working_dir.join(&name), &shown) {
            Ok(Some(text)) => {
                let read = file::parse(&text, &shown);
                for (path, text) in read.values {
                    self.set(path, text, Origin::File(name.clone()));
                }
                self.named.extend(read.named);
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
        origin: fn(Cow<'static, str>) -> Origin,
    ) {
        for (section, key) in
            SECTIONS.iter().flat_map(|section| section.keys.iter().map(move |key| (section, key)))
        {
            for &pattern in key.env.iter().rev() {
                if section.is_named() {
                    self.gather_named(variables, section, key, pattern, place, origin);
                } else if let Some(text) = variables.get(pattern).and_then(|text| worth_taking(key, text)) {
                    self.set(key.path.to_owned(), text, origin(pattern.into()));
                }
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

    /// Takes the variables that a pattern such as `GATEPOST_PROVIDERS__*__ISSUER` matches.
    fn gather_named(
        &mut self,
        variables: &BTreeMap<String, String>,
        section: &Section,
        key: &Key,
        pattern: &str,
        place: &str,
        origin: fn(Cow<'static, str>) -> Origin,
    ) {
        for (variable, text) in variables {
            let Some(name) = key::instance_in_variable(pattern, variable) else { continue };
            if !key::is_instance_name(&name) {
                self.faults.push(file::unsafe_name(&format!("{place}, {variable}")));
            } else if let Some(text) = worth_taking(key, text) {
                self.set(key.path_of(&name), text, origin(variable.clone().into()));
                self.named.insert(format!("{}.{name}", section.base()));
            }
        }
    }

    /// The text of a setting, before it is parsed.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.found.get(path).map(|found| found.text.as_str())
    }

    /// Gives a setting that nobody set a value worked out from others.
    pub fn set_default(&mut self, path: impl Into<String>, text: String) {
        self.found
            .entry(path.into())
            .or_insert(Found { text: Zeroizing::new(text), origin: Origin::Default });
    }

    /// Parses a setting; `None` after noting what is wrong.
    pub fn take<T: Setting>(&mut self, path: &'static str) -> Option<T> {
        let key = key::by_path(path)?;
        let path = key.path_of(&self.instance);
        let (value, origin) = match self.found.get(&path) {
            Some(found) => match T::parse(&found.text, key) {
                Ok(value) => (Some(value), found.origin.clone()),
                Err(problem) => {
                    let place = found.origin.place(&path);
                    self.faults.push(Fault { place, problem: problem.what, fix: problem.fix });
                    return None;
                }
            },
            None => (T::absent(), Origin::Default),
        };
        if let Some(value) = &value {
            self.shown.insert(path.clone(), value.show());
            self.origins.insert(path, origin);
        } else {
            self.faults.push(Fault {
                place: path,
                problem: "is not set".to_owned(),
                fix: format!("set it there, or {} in the environment", key.variable_of(&self.instance)),
            });
        }
        value
    }
}

/// A variable's text; nothing for an empty one, which counts as not set.
fn worth_taking(key: &Key, text: &str) -> Option<String> {
    let taken = if matches!(key.shape, Shape::Secret) { text } else { text.trim() };
    (!text.trim().is_empty()).then(|| taken.to_owned())
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
