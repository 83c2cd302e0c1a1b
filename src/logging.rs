//! Logging to standard error. Never logged: tokens, codes, secrets, passwords, cookies, query strings.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

use crate::config::{Log, LogFormat};

/// Starts logging; a second call changes nothing.
pub fn start(settings: &Log) {
    // What clients get wrong is theirs to read, and rmcp logs it as a warning.
    let quiet = format!("rmcp=error,actix_server=warn,{}", settings.level.as_str());
    let filter = EnvFilter::try_new(quiet).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    let _ = match settings.format {
        LogFormat::Json => builder.json().try_init(),
        LogFormat::Text => builder.with_target(false).try_init(),
    };
}
