//! Starts Gatepost; everything lives in the library.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    gatepost::commands::run(gatepost::cli::Cli::parse())
}
