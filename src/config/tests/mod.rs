//! The configuration as its users meet it: a directory, an environment, flags, and what comes of them.

mod errors;
mod generated;
mod precedence;
mod providers;
mod rules;

use std::collections::BTreeMap;

use super::*;

/// An empty directory with the sources around it.
struct Setup {
    dir: tempfile::TempDir,
    sources: Sources,
}

impl Setup {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let sources = Sources { working_dir: dir.path().to_owned(), ..Sources::default() };
        Self { dir, sources }
    }

    fn file(self, name: &str, text: &str) -> Self {
        std::fs::write(self.dir.path().join(name), text).unwrap();
        self
    }

    fn toml(self, text: &str) -> Self {
        self.file(DEFAULT_FILE, text)
    }

    fn env(mut self, variables: &[(&str, &str)]) -> Self {
        let variables = variables.iter().map(|&(name, value)| (name.to_owned(), value.to_owned()));
        self.sources.env.extend(variables.collect::<BTreeMap<_, _>>());
        self
    }

    fn flag(mut self, key: &'static str, flag: &'static str, value: &str) -> Self {
        self.sources.overrides.push(Override { key, flag, value: value.to_owned() });
        self
    }

    fn load(&self) -> Config {
        Config::load(&self.sources).unwrap_or_else(|error| panic!("{error}"))
    }

    fn error(&self) -> String {
        Config::load(&self.sources).map(|config| config.summary().to_string()).unwrap_err().to_string()
    }
}

fn env_error(name: &str, value: &str) -> String {
    Setup::new().env(&[(name, value)]).error()
}
