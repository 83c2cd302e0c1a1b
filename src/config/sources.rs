//! Where settings come from.
//!
//! Owns the only place that looks at the process: everything else works on a [`Sources`] value, so tests
//! never touch the real environment.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use super::error::{ConfigError, Fault};

/// What a configuration is read from. Has no `Debug`: the environment holds secrets.
#[derive(Clone, Default)]
pub struct Sources {
    /// The file named by `--config`. Without it `gatepost.toml` in the working directory, if there is one.
    pub file: Option<PathBuf>,
    /// The process's environment.
    pub env: BTreeMap<String, String>,
    /// Where `gatepost.toml` and `.env` are looked for.
    pub working_dir: PathBuf,
    /// What the command line says.
    pub overrides: Vec<Override>,
}

/// A setting given on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// The setting, e.g. `public_url`.
    pub key: &'static str,
    /// The flag as people type it, e.g. `--public-url`.
    pub flag: &'static str,
    /// What it was set to.
    pub value: String,
}

impl Sources {
    /// Reads the process's environment and working directory. Variables that are not UTF-8 are passed over:
    /// none of ours can be.
    pub fn from_process(file: Option<PathBuf>, overrides: Vec<Override>) -> Result<Self, ConfigError> {
        let working_dir = std::env::current_dir().map_err(|error| ConfigError {
            faults: vec![Fault {
                place: "working directory".to_owned(),
                problem: format!("cannot be read: {error}"),
                fix: "start Gatepost in a directory that exists and that its user may enter".to_owned(),
            }],
        })?;
        let env = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Ok(Self { file, env, working_dir, overrides })
    }
}

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody said anything.
    Default,
    /// The configuration file.
    File(PathBuf),
    /// This variable in the `.env` file.
    DotEnv(Cow<'static, str>),
    /// This environment variable.
    Env(Cow<'static, str>),
    /// This flag.
    Flag(&'static str),
}

impl Origin {
    /// Where to look for the value of the setting `path`, as an error names it.
    pub(super) fn place(&self, path: &str) -> String {
        match self {
            Self::Default => path.to_owned(),
            Self::File(file) => format!("{}, {path}", file.display()),
            Self::DotEnv(name) => format!(".env, {name}"),
            Self::Env(name) => format!("environment, {name}"),
            Self::Flag(flag) => (*flag).to_owned(),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(file) => write!(f, "file {}", file.display()),
            Self::DotEnv(name) => write!(f, ".env {name}"),
            Self::Env(name) => write!(f, "environment {name}"),
            Self::Flag(flag) => write!(f, "flag {flag}"),
        }
    }
}

/// The text of a file, `None` when there is none.
pub(super) fn read_if_there(path: &Path, shown: &str) -> Result<Option<String>, Fault> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Fault {
            place: shown.to_owned(),
            problem: format!("cannot be read: {error}"),
            fix: "make it a text file that Gatepost's user may read, or remove it".to_owned(),
        }),
    }
}
