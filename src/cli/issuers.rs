//! `gatepost issuer …`

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::JsonArgs;

/// What to do with trusted issuers.
#[derive(Debug, Subcommand)]
pub enum IssuerCommand {
    /// List the issuers whose signed word is taken, and their rules
    #[command(after_help = "Example:\n  gatepost issuer list --json")]
    List(JsonArgs),
    /// Trust an issuer: a platform that runs programs, or a company's identity provider
    #[command(
        after_help = "Example:\n  gatepost issuer add --kind workload --name 'GitHub Actions' --issuer https://token.actions.githubusercontent.com\n  gatepost issuer add --kind enterprise --name Acme --issuer https://id.acme.example --domain acme.example"
    )]
    Add(IssuerAddArgs),
    /// Add a rule: which machine a program of a platform becomes
    #[command(
        after_help = "Example:\n  gatepost issuer rule iss_06bq0000000000000000000000 --when 'repository = acme/deploy' --machine cli_06bq0000000000000000000000 --resource res_06bq0000000000000000000000"
    )]
    Rule(IssuerRuleArgs),
    /// Trust an issuer no more: deletes it with its rules, and ends what it vouched for people
    #[command(after_help = "Example:\n  gatepost issuer remove iss_06bq0000000000000000000000 --yes")]
    Remove {
        /// The issuer's id (iss_…)
        id: String,
        /// Confirm that it cannot be undone
        #[arg(long)]
        yes: bool,
        /// Print JSON instead of text
        #[arg(long)]
        json: bool,
    },
}

/// For what an issuer is trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum IssuerKindArg {
    /// It says which program somebody runs
    Workload,
    /// It says which of its people use which app
    Enterprise,
}

/// Flags of `issuer add`.
#[expect(clippy::struct_excessive_bools, reason = "one for each switch of the command")]
#[derive(Clone, Debug, Args)]
pub struct IssuerAddArgs {
    /// For what it is trusted
    #[arg(long, value_enum)]
    pub kind: IssuerKindArg,
    /// The name to show
    #[arg(long)]
    pub name: String,
    /// Exactly as its tokens say it in iss
    #[arg(long)]
    pub issuer: String,
    /// Where its keys are [default: its own metadata says it]
    #[arg(long, value_name = "URL", conflicts_with = "jwks_file")]
    pub jwks_uri: Option<String>,
    /// A file with its keys, for an issuer that cannot be reached
    #[arg(long, value_name = "PATH")]
    pub jwks_file: Option<PathBuf>,
    /// A signature algorithm that is taken; may be repeated
    #[arg(long = "alg", value_name = "ALG", default_values = ["RS256", "ES256"])]
    pub algorithms: Vec<String>,
    /// Take a workload's token until it expires, not once only: Kubernetes hands out the same one for an hour
    #[arg(long)]
    pub reusable: bool,
    /// A domain whose verified addresses it may speak for; may be repeated
    #[arg(long = "domain", value_name = "DOMAIN")]
    pub domains: Vec<String>,
    /// Take addresses of these domains as verified where its assertions do not say so
    #[arg(long, requires = "domains")]
    pub vouches: bool,
    /// People of these domains who have no account get one
    #[arg(long, requires = "domains")]
    pub admit: bool,
    /// A client that may act for its people; may be repeated [default: every client]
    #[arg(long = "client", value_name = "CLIENT_ID")]
    pub clients: Vec<String>,
    /// A scope that it may give; may be repeated [default: no limit]
    #[arg(long = "scope", value_name = "SCOPE")]
    pub scopes: Vec<String>,
    /// Print JSON instead of text
    #[arg(long)]
    pub json: bool,
}

/// Flags of `issuer rule`.
#[derive(Clone, Debug, Args)]
pub struct IssuerRuleArgs {
    /// The issuer's id (iss_…)
    pub id: String,
    /// What a claim must be; may be repeated, and all must hold
    #[arg(long = "when", value_name = "CLAIM = VALUE", required = true)]
    pub conditions: Vec<String>,
    /// The client that it becomes
    #[arg(long, value_name = "CLIENT_ID")]
    pub machine: String,
    /// The resource that it gets a token for
    #[arg(long, value_name = "RESOURCE_ID")]
    pub resource: String,
    /// A scope that it gets at most; may be repeated [default: all that the machine may have]
    #[arg(long = "scope", value_name = "SCOPE")]
    pub scopes: Vec<String>,
    /// Print JSON instead of text
    #[arg(long)]
    pub json: bool,
}
