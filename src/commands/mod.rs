//! Running the commands of the command line. `anyhow` ends here, as a line on standard error and exit code 1.

mod api_tokens;
mod client_secrets;
mod clients;
mod issuers;
mod keys;
mod output;
mod resources;
mod serve;
mod users;

use std::process::ExitCode;

use crate::app::{self, Ambient, Core};
use crate::cli::{Cli, Command, EXIT_FAILED, EXIT_USAGE};
use crate::config::{Config, Sources};
use crate::logging;

/// Runs what was typed.
pub fn run(cli: Cli) -> ExitCode {
    let overrides = cli.overrides();
    let config = Sources::from_process(cli.config.clone(), overrides).and_then(|s| Config::load(&s));
    let config = match config {
        Ok(config) => config,
        Err(error) => {
            output::error(&error.to_string());
            return ExitCode::from(EXIT_USAGE);
        }
    };
    logging::start(&config.log);
    let outcome = actix_web::rt::System::new().block_on(dispatch(cli.into_command(), config));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::error(&format!("gatepost: {error:#}"));
            ExitCode::from(EXIT_FAILED)
        }
    }
}

async fn dispatch(command: Command, config: Config) -> anyhow::Result<()> {
    match command {
        Command::Serve(_) => serve::run(config).await,
        Command::Migrate => {
            let count = app::open_store(&config, true).await?.migrate().await?;
            output::line(&format!("The schema is up to date: {count} migrations are applied."));
            Ok(())
        }
        Command::User(command) => users::run(&core(&config).await?, command).await,
        Command::Client(command) => clients::run(&core(&config).await?, command).await,
        Command::Resource(command) => resources::run(&core(&config).await?, command).await,
        Command::Issuer(command) => issuers::run(&core(&config).await?, command).await,
        Command::Keys(command) => keys::run(&core(&config).await?, command).await,
        Command::ApiToken(command) => api_tokens::run(&core(&config).await?, command).await,
        Command::CheckConfig(args) => {
            let summary = config.summary();
            if args.json {
                output::json(&summary);
            } else {
                output::line(&summary.to_string());
            }
            Ok(())
        }
    }
}

/// What every command but `serve` works on.
async fn core(config: &Config) -> anyhow::Result<Core> {
    let store = app::open_store(config, config.database.migrate).await?;
    app::build_core(config, store, Ambient::system()).await
}
