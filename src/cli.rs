//! The command line: what can be typed and its help texts.
//!
//! Owns parsing only; running a command is elsewhere. Exit codes: 0 done, [`EXIT_FAILED`], [`EXIT_USAGE`].

mod issuers;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use self::issuers::{IssuerAddArgs, IssuerCommand, IssuerKindArg, IssuerRuleArgs};
use crate::config::Override;

/// Exit code of a command that was understood and failed.
pub const EXIT_FAILED: u8 = 1;
/// Exit code of a command line or configuration that was not understood.
pub const EXIT_USAGE: u8 = 2;

/// OAuth 2.1 authorization server, protected MCP server and MCP gateway in one binary.
///
/// Without a command it serves. With nothing configured it does so on http://localhost:10000 and prints a link
/// to set up the first administrator.
#[derive(Debug, Parser)]
#[command(name = "gatepost", version, propagate_version = true, max_term_width = 100)]
#[command(
    after_help = "Example:\n  gatepost\n  gatepost --config /etc/gatepost.toml serve --bind 0.0.0.0:10000"
)]
pub struct Cli {
    /// The configuration file [default: gatepost.toml, if there is one]
    #[arg(long, global = true, value_name = "PATH")]
    pub config: Option<PathBuf>,

    #[command(subcommand)]
    pub command: Option<Command>,
}

impl Cli {
    /// The command to run: what was typed, else `serve` without flags.
    pub fn into_command(self) -> Command {
        self.command.unwrap_or_else(|| Command::Serve(ServeArgs::default()))
    }

    /// What the flags say about settings.
    pub fn overrides(&self) -> Vec<Override> {
        match &self.command {
            Some(Command::Serve(args)) => args.overrides(),
            _ => Vec::new(),
        }
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve (what gatepost does without a command)
    #[command(
        after_help = "Example:\n  gatepost serve --bind 0.0.0.0:10000 --public-url https://auth.example.com"
    )]
    Serve(ServeArgs),
    /// Bring the database schema up to date and stop
    #[command(after_help = "Example:\n  DATABASE_URL=postgres://gatepost@db/gatepost gatepost migrate")]
    Migrate,
    /// Manage people
    #[command(subcommand, after_help = "Example:\n  gatepost user list")]
    User(UserCommand),
    /// Manage clients
    #[command(subcommand, after_help = "Example:\n  gatepost client list")]
    Client(ClientCommand),
    /// Manage the protected servers
    #[command(subcommand, after_help = "Example:\n  gatepost resource list")]
    Resource(ResourceCommand),
    /// Manage the issuers elsewhere whose signed word is taken
    #[command(subcommand, after_help = "Example:\n  gatepost issuer list")]
    Issuer(IssuerCommand),
    /// Manage the keys that sign tokens
    #[command(subcommand, after_help = "Example:\n  gatepost keys list")]
    Keys(KeysCommand),
    /// Manage the tokens with which programs use the administration's API
    #[command(subcommand, after_help = "Example:\n  gatepost api-token list")]
    ApiToken(ApiTokenCommand),
    /// Check the configuration, show every setting in force and where it comes from
    #[command(after_help = "Example:\n  gatepost check-config --config /etc/gatepost.toml")]
    CheckConfig(JsonArgs),
}

/// Flags of `serve`; each is stronger than the environment and the file.
#[derive(Clone, Debug, Default, Args)]
pub struct ServeArgs {
    /// Address and port to listen on; repeat it or separate several with commas
    #[arg(long, value_name = "ADDRESS:PORT", value_delimiter = ',')]
    pub bind: Vec<String>,
    /// The URL under which clients and people reach Gatepost
    #[arg(long, value_name = "URL")]
    pub public_url: Option<String>,
    /// The database, e.g. sqlite:gatepost.db; a password is better given in DATABASE_URL
    #[arg(long, value_name = "URL")]
    pub database_url: Option<String>,
    /// Do not bring the schema up to date; refuse to start when it is not
    #[arg(long)]
    pub no_migrate: bool,
}

impl ServeArgs {
    /// What the flags say about settings.
    pub fn overrides(&self) -> Vec<Override> {
        let given = |key, flag, value: Option<String>| value.map(|value| Override { key, flag, value });
        let bind = (!self.bind.is_empty()).then(|| self.bind.join(","));
        [
            given("bind", "--bind", bind),
            given("public_url", "--public-url", self.public_url.clone()),
            given("database.url", "--database-url", self.database_url.clone()),
            given("database.migrate", "--no-migrate", self.no_migrate.then(|| "false".to_owned())),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// The one flag of commands that only print data.
#[derive(Clone, Copy, Debug, Args)]
pub struct JsonArgs {
    /// Print JSON instead of text
    #[arg(long)]
    pub json: bool,
}

/// `gatepost user …`
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Create a person; without a password, send an invitation, a one-time link to come in with, or print it
    #[command(
        after_help = "Example:\n  gatepost user create --email ann@example.com --name Ann --admin\n  pass show ann | gatepost user create --email ann@example.com --password-stdin"
    )]
    Create(UserCreateArgs),
    /// List people
    #[command(after_help = "Example:\n  gatepost user list --json")]
    List(JsonArgs),
    /// Keep a person out: ends their logins and everything their clients hold
    #[command(after_help = "Example:\n  gatepost user disable ann@example.com")]
    Disable(UserRef),
    /// Let a disabled person log in again
    #[command(after_help = "Example:\n  gatepost user enable ann@example.com")]
    Enable(UserRef),
    /// Send or print a new invitation for a person who did not use the last one in time
    #[command(after_help = "Example:\n  gatepost user invite ann@example.com")]
    Invite {
        /// The person's e-mail address
        email: String,
        /// Print the link, although it could be mailed
        #[arg(long)]
        print_link: bool,
    },
    /// Send a one-time link with which a person chooses a new password; without a mail server, print it
    #[command(after_help = "Example:\n  gatepost user reset-link ann@example.com")]
    ResetLink {
        /// The person's e-mail address
        email: String,
        /// Print the link instead of sending it
        #[arg(long)]
        print_link: bool,
    },
    /// Delete a person with everything stored about them; refused for the last administrator
    #[command(after_help = "Example:\n  gatepost user delete ann@example.com --yes")]
    Delete {
        /// The person's e-mail address
        email: String,
        /// Confirm that it cannot be undone
        #[arg(long)]
        yes: bool,
    },
    /// Remove authenticator app, recovery codes and passkeys of a person who has lost them
    #[command(after_help = "Example:\n  gatepost user clear-second-factor ann@example.com")]
    ClearSecondFactor(UserRef),
}

/// Flags of `user create`.
#[derive(Clone, Debug, Args)]
pub struct UserCreateArgs {
    /// The e-mail address to log in with
    #[arg(long)]
    pub email: String,
    /// The name to show
    #[arg(long)]
    pub name: Option<String>,
    /// Make the person an administrator
    #[arg(long)]
    pub admin: bool,
    /// Read the password from standard input
    #[arg(long)]
    pub password_stdin: bool,
    /// Print the link instead of sending it
    #[arg(long)]
    pub print_link: bool,
}

/// A person, by e-mail address or id.
#[derive(Clone, Debug, Args)]
pub struct UserRef {
    /// E-mail address or id (usr_…)
    #[arg(value_name = "EMAIL_OR_ID")]
    pub email_or_id: String,
}

/// `gatepost client …`
#[derive(Debug, Subcommand)]
pub enum ClientCommand {
    /// Create a client and print its id and, once, its secret
    #[command(
        after_help = "Example:\n  gatepost client create --name Reports --redirect-uri https://reports.example.com/callback\n  gatepost client create --machine --name Nightly --scope search:read"
    )]
    Create(ClientCreateArgs),
    /// List clients
    #[command(after_help = "Example:\n  gatepost client list --json")]
    List(JsonArgs),
    /// Keep a client out and revoke everything it holds
    #[command(after_help = "Example:\n  gatepost client revoke cli_06bq0000000000000000000000")]
    Revoke {
        /// The client's id
        client_id: String,
    },
    /// Delete a client for good: revokes everything it holds, and its id never works again
    #[command(after_help = "Example:\n  gatepost client delete cli_06bq0000000000000000000000 --yes")]
    Delete {
        /// The client's id
        client_id: String,
        /// Confirm that it cannot be undone
        #[arg(long)]
        yes: bool,
        /// Print JSON instead of text
        #[arg(long)]
        json: bool,
    },
    /// Manage the secrets of a client
    #[command(
        subcommand,
        after_help = "Example:\n  gatepost client secret list cli_06bq0000000000000000000000"
    )]
    Secret(SecretCommand),
}

/// `gatepost client secret …`
#[derive(Debug, Subcommand)]
pub enum SecretCommand {
    /// Add a secret and print it, once; those before go on working
    #[command(after_help = "Example:\n  gatepost client secret add cli_06bq0000000000000000000000 --days 90")]
    Add {
        /// The client's id
        client_id: String,
        /// How many days it works [default: until it is revoked]
        #[arg(long, value_name = "DAYS")]
        days: Option<u16>,
        /// Print JSON instead of text
        #[arg(long)]
        json: bool,
    },
    /// List the secrets of a client: how they end, and when they were used
    #[command(after_help = "Example:\n  gatepost client secret list cli_06bq0000000000000000000000 --json")]
    List {
        /// The client's id
        client_id: String,
        /// Print JSON instead of text
        #[arg(long)]
        json: bool,
    },
    /// Revoke a secret at once, or in 24 hours
    #[command(
        after_help = "Example:\n  gatepost client secret revoke cli_06bq0000000000000000000000 sec_06bq0000000000000000000000"
    )]
    Revoke {
        /// The client's id
        client_id: String,
        /// The secret's id (sec_…)
        secret_id: String,
        /// Let it work for 24 hours more
        #[arg(long)]
        in_24_hours: bool,
        /// Also when it is the last one: the client then gets no token
        #[arg(long)]
        last: bool,
        /// Print JSON instead of text
        #[arg(long)]
        json: bool,
    },
}

/// Flags of `client create`.
#[derive(Clone, Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct ClientCreateArgs {
    /// The name people see on the consent page
    #[arg(long)]
    pub name: String,
    /// Where people are sent back to; repeat it for several
    #[arg(long = "redirect-uri", value_name = "URI", required_unless_present_any = ["machine", "devices"])]
    pub redirect_uris: Vec<String>,
    /// Make a machine: it acts for nobody but itself, with the client_credentials grant
    #[arg(long, conflicts_with = "redirect_uris")]
    pub machine: bool,
    /// Let devices without a browser use it: people allow them with a short code; no redirect URI is needed
    #[arg(long, conflicts_with = "machine")]
    pub devices: bool,
    /// A scope it may have; repeat it for several [default: no limit]
    #[arg(long = "scope", value_name = "SCOPE")]
    pub scopes: Vec<String>,
    /// Life of its access tokens, where resources do not say less
    #[arg(long, value_name = "SECONDS")]
    pub token_seconds: Option<i64>,
    /// Give it only tokens that are bound to a key of its own (DPoP)
    #[arg(long)]
    pub dpop_bound: bool,
    /// How it proves itself at the token endpoint [default: none; of a machine client_secret_basic]
    #[arg(long, value_enum, value_name = "METHOD")]
    pub auth_method: Option<AuthMethodArg>,
    /// For private_key_jwt: the https address of its key set, or the set itself as JSON
    #[arg(long, value_name = "URL|JSON")]
    pub keys: Option<String>,
    /// Print JSON instead of text
    #[arg(long)]
    pub json: bool,
}

/// Client authentication methods, as RFC 7591 names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum AuthMethodArg {
    /// No secret: programs on people's own machines
    None,
    /// Secret in the Authorization header
    ClientSecretBasic,
    /// Secret in the form
    ClientSecretPost,
    /// It signs with a key of its own; see --keys
    PrivateKeyJwt,
}

/// `gatepost resource …`
#[derive(Debug, Subcommand)]
pub enum ResourceCommand {
    /// List protected servers
    #[command(after_help = "Example:\n  gatepost resource list --json")]
    List(JsonArgs),
    /// Add a server that runs elsewhere and checks its tokens itself
    #[command(
        after_help = "Example:\n  gatepost resource add --name Notes --url https://notes.example.com/mcp\n  gatepost resource add --name Notes --url https://notes.example.com/mcp --scope 'notes:read=Read notes' --dialect scalekit"
    )]
    Add(ResourceAddArgs),
    /// Delete a server: ends everything that clients hold for it; not the built-in one
    #[command(after_help = "Example:\n  gatepost resource remove res_06bq0000000000000000000000 --yes")]
    Remove {
        /// The server's id (res_…)
        id: String,
        /// Confirm that it cannot be undone
        #[arg(long)]
        yes: bool,
        /// Print JSON instead of text
        #[arg(long)]
        json: bool,
    },
}

/// The dialects.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub enum DialectArg {
    /// As the MCP specification says
    #[default]
    Standard,
    /// As software written for ScaleKit expects
    Scalekit,
}

/// Which apps that publish a document are taken.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub enum CimdPolicyArg {
    /// Any
    #[default]
    Open,
    /// Those named with --cimd-allow
    Allow,
    /// None
    Off,
}

/// Flags of `resource add`.
#[derive(Clone, Debug, Args)]
pub struct ResourceAddArgs {
    /// The name people see on the consent page
    #[arg(long)]
    pub name: String,
    /// Where clients reach it: the audience of its tokens
    #[arg(long)]
    pub url: String,
    /// A scope that apps get when they name none, with what people read of it; may be repeated
    #[arg(long = "scope", value_name = "NAME=DESCRIPTION", value_parser = scope_and_description)]
    pub scopes: Vec<(String, String)>,
    /// How its tokens and endpoints look; with scalekit, prints the variables for its server
    #[arg(long, value_enum, default_value_t)]
    pub dialect: DialectArg,
    /// Which apps that publish a document of themselves may ask for access
    #[arg(long, value_enum, default_value_t)]
    pub cimd_policy: CimdPolicyArg,
    /// With --cimd-policy allow: a document's URL, or a pattern such as https://vscode.dev/*; may be repeated
    #[arg(long, value_name = "URL")]
    pub cimd_allow: Vec<String>,
    /// Print JSON instead of text
    #[arg(long)]
    pub json: bool,
}

fn scope_and_description(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, description)) if !description.trim().is_empty() => {
            Ok((name.to_owned(), description.to_owned()))
        }
        _ => Err("write it as NAME=DESCRIPTION, e.g. 'notes:read=Read your notes'".to_owned()),
    }
}

/// `gatepost keys …`
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// List signing keys, without their private part
    #[command(after_help = "Example:\n  gatepost keys list --json")]
    List(JsonArgs),
    /// Sign with the key that is waiting, keep the old one for checking, and publish another to wait
    #[command(after_help = "Example:\n  gatepost keys rotate --alg ES256")]
    Rotate(KeysRotateArgs),
    /// Withdraw a waiting key, or stop believing a retired one at once; an active key is rotated first
    #[command(after_help = "Example:\n  gatepost keys retire key_06bq0000000000000000000000")]
    Retire {
        /// The key's id
        kid: String,
    },
}

/// Flags of `keys rotate`.
#[derive(Clone, Copy, Debug, Args)]
pub struct KeysRotateArgs {
    /// Rotate only the key of this algorithm [default: every algorithm in use]
    #[arg(long, value_enum)]
    pub alg: Option<AlgArg>,
    /// Sign with the new key at once, e.g. after a leak
    #[arg(long)]
    pub activate_now: bool,
}

/// `gatepost api-token …`
#[derive(Debug, Subcommand)]
pub enum ApiTokenCommand {
    /// Make a token and print it, once
    #[command(
        after_help = "Example:\n  gatepost api-token create --name Nightly --owner ann@example.com --scope audit:read --days 30"
    )]
    Create(ApiTokenCreateArgs),
    /// List tokens, without their secrets
    #[command(after_help = "Example:\n  gatepost api-token list --json")]
    List(JsonArgs),
    /// End a token at once
    #[command(after_help = "Example:\n  gatepost api-token revoke apt_06bq0000000000000000000000")]
    Revoke {
        /// The token's id (apt_…)
        id: String,
    },
}

/// Flags of `api-token create`.
#[derive(Clone, Debug, Args)]
pub struct ApiTokenCreateArgs {
    /// What it is for
    #[arg(long)]
    pub name: String,
    /// The administrator it acts for: e-mail address or id
    #[arg(long, value_name = "EMAIL_OR_ID")]
    pub owner: String,
    /// What it may do, e.g. resources:read; repeat it or separate several with commas
    #[arg(long = "scope", value_name = "SCOPE", value_delimiter = ',', required = true)]
    pub scopes: Vec<String>,
    /// How many days it works
    #[arg(long, default_value_t = 90)]
    pub days: i64,
    /// Print JSON instead of text
    #[arg(long)]
    pub json: bool,
}

/// Signing algorithms, as JWS names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum AlgArg {
    #[value(name = "ES256")]
    Es256,
    #[value(name = "RS256")]
    Rs256,
    #[value(name = "EdDSA")]
    EdDsa,
}

#[cfg(test)]
mod tests;
