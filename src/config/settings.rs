//! The table of settings: every name, default, bound, variable and manual text, once.
//!
//! Owns what can be set. How text becomes a value is in `parse.rs`, rules between settings in `checks.rs`.
//! After a change run the tests: they rewrite `config.example.toml`.

use std::net::SocketAddr;

use super::choices::{Admit, IssuerMode, LogFilter, LogFormat, Nonce, SecondFactor};
use super::database_url::DatabaseUrl;
use super::domain::Domain;
use super::key::Fallback::{Computed, Unset, Value};
use super::key::Shape::{List, Number, Secret, Switch, Text};
use super::key::{Key, Section, section};
use super::mail::{MailSender, MailUrl};
use super::network::Network;
use super::secrets::{AdminPassword, EmailAddress, SecretKey};
use super::values::Values;
use super::web_url::WebUrl;
use crate::types::Plain;
use crate::types::urls::Issuer;

/// Every section, in the order of the manual.
pub const SECTIONS: &[Section] = &[
    Server::SECTION,
    Database::SECTION,
    Admin::SECTION,
    Login::SECTION,
    Tokens::SECTION,
    Dpop::SECTION,
    Sessions::SECTION,
    Registration::SECTION,
    Device::SECTION,
    Par::SECTION,
    Cimd::SECTION,
    Limits::SECTION,
    Mail::SECTION,
    Google::SECTION,
    Provider::SECTION,
    Tavily::SECTION,
    Log::SECTION,
    ScaleKit::SECTION,
];

section! {
    /// Where Gatepost listens, how the world reaches it, and whose tokens it believes.
    Server "" "" {
        /// The URL under which clients and people reach Gatepost: the issuer in every token and the base of
        /// every link. https, or http for this machine only; no path. Default: `http://localhost:` and the
        /// port of the first address of `bind`.
        public_url: Issuer = Text, Computed("http://localhost:10000"), ["GATEPOST_PUBLIC_URL"];
        /// Addresses to listen on, each with its port. Default: this machine only, over IPv4 and IPv6, on
        /// `port`. In a container: `0.0.0.0:10000`.
        bind: Vec<SocketAddr> = List, Computed("127.0.0.1:10000, [::1]:10000"), ["GATEPOST_BIND"];
        /// The port of the default addresses; without effect where `bind` is set. Hosting platforms set PORT.
        port: u16 = Number(1..=65_535), Value("10000"), ["PORT"];
        /// The master key that seals signing keys and other secrets at rest: at least 32 random bytes as
        /// base64 or hex, e.g. from `openssl rand -base64 32`. Default: a key file beside the SQLite database,
        /// made at the first start. Keep a copy: without the key, what it sealed is lost.
        secret_key: Option<SecretKey> = Secret, Unset(""), ["GATEPOST_SECRET_KEY"];
        /// Who issues the tokens that protected servers accept: `embedded` (Gatepost itself) or `scalekit`.
        issuer: IssuerMode = Text, Value("embedded"), ["GATEPOST_ISSUER"];
    }
}

section! {
    /// Where everything is kept.
    Database "database" "database." {
        /// `sqlite:` and a file (created when missing unless `mode=` says otherwise), or `postgres://…`.
        /// A relative file is relative to the working directory.
        url: DatabaseUrl = Text, Value("sqlite:gatepost.db?mode=rwc"), ["GATEPOST_DATABASE__URL", "DATABASE_URL"];
        /// The most connections one process keeps open.
        max_connections: u32 = Number(1..=1_000), Value("10"), ["GATEPOST_DATABASE__MAX_CONNECTIONS"];
        /// Whether `serve` brings the schema up to date before it starts. When off, it refuses to start on an
        /// out-of-date schema; run `gatepost migrate` first.
        migrate: bool = Switch, Value("true"), ["GATEPOST_DATABASE__MIGRATE"];
    }
}

section! {
    /// The first administrator, created at start when there is none. Both or neither; with neither, Gatepost
    /// prints a one-time set-up link.
    Admin "admin" "admin." {
        /// The e-mail address to log in with.
        email: Option<EmailAddress> = Text, Unset("you@example.com"), ["GATEPOST_ADMIN__EMAIL", "GATEPOST_ADMIN_EMAIL"];
        /// The password, at least 12 characters and not easy to guess. Only used to create the account: a later change here changes nothing.
        password: Option<AdminPassword> = Secret, Unset(""), ["GATEPOST_ADMIN__PASSWORD", "GATEPOST_ADMIN_PASSWORD"];
    }
}

section! {
    /// How people sign in.
    Login "login" "login." {
        /// Who must show a second factor (a code of an authenticator app, or a passkey) before anything else:
        /// `nobody`, `admins` or `everyone`. Whoever must and has none is led to set one up. Set here, it wins over
        /// what administrators choose on `/admin/settings`.
        require_second_factor: SecondFactor = Text, Value("nobody"), ["GATEPOST_LOGIN__REQUIRE_SECOND_FACTOR"];
    }
}

section! {
    /// How long the things that Gatepost issues live.
    Tokens "tokens" "tokens." {
        /// Life of an access token, in seconds, where its resource does not say otherwise. Advised: 900 where
        /// a server other than Gatepost verifies the tokens.
        access_token_seconds: i64 = Number(60..=86_400), Value("3600"), ["GATEPOST_TOKENS__ACCESS_TOKEN_SECONDS"];
        /// A refresh token that is not used for this many days dies.
        refresh_idle_days: i64 = Number(1..=3_650), Value("30"), ["GATEPOST_TOKENS__REFRESH_IDLE_DAYS"];
        /// After this many days a person logs in again, however busy the client was.
        refresh_absolute_days: i64 = Number(1..=3_650), Value("90"), ["GATEPOST_TOKENS__REFRESH_ABSOLUTE_DAYS"];
        /// For this many seconds a client that lost an answer may repeat its refresh and gets the same
        /// successor. 0 treats every repetition as theft.
        refresh_retry_seconds: i64 = Number(0..=600), Value("60"), ["GATEPOST_TOKENS__REFRESH_RETRY_SECONDS"];
        /// Life of an authorization code, in seconds.
        code_seconds: i64 = Number(10..=600), Value("60"), ["GATEPOST_TOKENS__CODE_SECONDS"];
    }
}

section! {
    /// Tokens that work only together with proofs of the client's key (RFC 9449).
    Dpop "dpop" "dpop." {
        /// Whether each proof must carry a nonce that Gatepost gave out in the ten minutes before: `off` or `required`.
        /// Every proof counts once either way; a nonce also makes those worthless that were signed ahead of time. It
        /// costs clients one more request at the start.
        nonce: Nonce = Text, Value("off"), ["GATEPOST_DPOP__NONCE"];
    }
}

section! {
    /// How long a browser stays logged in.
    Sessions "sessions" "sessions." {
        /// A login that is not used for this many days ends.
        idle_days: i64 = Number(1..=365), Value("14"), ["GATEPOST_SESSIONS__IDLE_DAYS"];
        /// A login ends after this many days, however busy it was.
        absolute_days: i64 = Number(1..=3_650), Value("90"), ["GATEPOST_SESSIONS__ABSOLUTE_DAYS"];
    }
}

section! {
    /// Clients that register themselves (RFC 7591).
    Registration "registration" "registration." {
        /// Whether clients may register themselves. Set here, it wins over what administrators choose on
        /// `/admin/settings`.
        enabled: bool = Switch, Value("true"), ["GATEPOST_REGISTRATION__ENABLED"];
        /// Registrations accepted from one network address per minute.
        per_minute_per_address: u32 = Number(1..=100_000), Value("60"), ["GATEPOST_REGISTRATION__PER_MINUTE_PER_ADDRESS"];
        /// A registration that nobody logs in with within this many days is removed.
        unused_days: i64 = Number(1..=3_650), Value("7"), ["GATEPOST_REGISTRATION__UNUSED_DAYS"];
        /// The largest registration request that is read, in bytes.
        body_limit_bytes: usize = Number(1_024..=1_048_576), Value("65536"), ["GATEPOST_REGISTRATION__BODY_LIMIT_BYTES"];
    }
}

section! {
    /// Clients that name themselves by the URL of a document (client ID metadata documents).
    Cimd "cimd" "cimd." {
        /// Whether such clients are taken. Each resource says which of them; off, none are, and what people allowed
        /// before goes on until it is revoked.
        enabled: bool = Switch, Value("true"), ["GATEPOST_CIMD__ENABLED"];
        /// The largest document that is read, in bytes.
        max_document_bytes: usize = Number(1_024..=65_536), Value("5120"), ["GATEPOST_CIMD__MAX_DOCUMENT_BYTES"];
    }
}

section! {
    /// Devices without a browser: a person allows them on another device, with a short code (RFC 8628).
    Device "device" "device." {
        /// Whether they may ask at all.
        enabled: bool = Switch, Value("true"), ["GATEPOST_DEVICE__ENABLED"];
        /// How long a person has to enter the code, in seconds.
        code_seconds: i64 = Number(60..=3_600), Value("600"), ["GATEPOST_DEVICE__CODE_SECONDS"];
        /// Requests accepted from one network address per minute.
        per_minute_per_address: u32 = Number(1..=100_000), Value("30"), ["GATEPOST_DEVICE__PER_MINUTE_PER_ADDRESS"];
    }
}

section! {
    /// Authorization requests that clients send ahead of the browser (RFC 9126).
    Par "par" "par." {
        /// Whether every client has to. Most MCP clients cannot.
        required: bool = Switch, Value("false"), ["GATEPOST_PAR__REQUIRED"];
        /// Requests accepted from one network address per minute. A web app sends those of all its people from one.
        per_minute_per_address: u32 = Number(1..=100_000), Value("600"), ["GATEPOST_PAR__PER_MINUTE_PER_ADDRESS"];
    }
}

section! {
    /// Bounds on what callers can use up.
    Limits "limits" "limits." {
        /// Reverse proxies (addresses or networks) whose word about the caller's address is believed.
        /// Everyone else's `X-Forwarded-For` is ignored.
        trusted_proxies: Vec<Network> = List, Value(""), ["GATEPOST_LIMITS__TRUSTED_PROXIES"];
        /// Login attempts accepted from one network address per minute.
        login_per_minute_per_address: u32 = Number(1..=100_000), Value("30"), ["GATEPOST_LIMITS__LOGIN_PER_MINUTE_PER_ADDRESS"];
        /// Login attempts accepted for one account from one network address per minute. Counted together, so that
        /// nobody can lock another person out.
        login_per_minute_per_account: u32 = Number(1..=100_000), Value("10"), ["GATEPOST_LIMITS__LOGIN_PER_MINUTE_PER_ACCOUNT"];
        /// MCP sessions that one person may hold open at a time through one client.
        max_mcp_sessions_per_grant: usize = Number(1..=100_000), Value("32"), ["GATEPOST_LIMITS__MAX_MCP_SESSIONS_PER_GRANT"];
        /// MCP sessions that one process holds open at a time, all grants together.
        max_mcp_sessions: usize = Number(1..=10_000_000), Value("10000"), ["GATEPOST_LIMITS__MAX_MCP_SESSIONS"];
    }
}

section! {
    /// Mail to people: links for forgotten passwords and new accounts, and word of sign-ins on new browsers. Both
    /// or neither; with neither, nothing is sent and links are printed instead.
    Mail "mail" "mail." {
        /// The mail server: `smtps://user:password@host`, or `smtp://user:password@host:587?tls=required`. Without
        /// TLS only this machine is accepted, unless `?tls=none` says that it is meant. `%40` stands for an @ in
        /// user or password.
        url: Option<MailUrl> = Text, Unset("smtps://gatepost:password@mail.example.com"), ["GATEPOST_MAIL__URL"];
        /// Who writes, as people see it.
        from: Option<MailSender> = Text, Unset("Gatepost <auth@example.com>"), ["GATEPOST_MAIL__FROM"];
    }
}

section! {
    /// Login with Google. Client id and secret: both or neither. The redirect URI to register there is the public
    /// URL with `/login/google/callback`; `gatepost check-config` prints it.
    Google "google" "google." {
        /// The client id that Google gave you.
        client_id: Option<String> = Text, Unset("1234-abc.apps.googleusercontent.com"), ["GATEPOST_GOOGLE__CLIENT_ID"];
        /// The client secret that Google gave you.
        client_secret: Option<Plain<String>> = Secret, Unset(""), ["GATEPOST_GOOGLE__CLIENT_SECRET"];
        /// Google's issuer. Only tests need another; other providers have sections of their own.
        issuer: WebUrl = Text, Value("https://accounts.google.com"), ["GATEPOST_GOOGLE__ISSUER"];
        /// Who may sign in without an account here, and gets one: `invited` (nobody: accounts are made with
        /// `gatepost user create`), `domain` (people of the Google Workspace domains in `domains`) or `anyone`.
        admit: Admit = Text, Value("invited"), ["GATEPOST_GOOGLE__ADMIT"];
        /// The domains of `admit = "domain"`.
        domains: Vec<Domain> = List, Value(""), ["GATEPOST_GOOGLE__DOMAINS"];
        /// Whoever Google says has a verified address of these domains gets into the account here with that address,
        /// without asking. Name only domains whose addresses you manage.
        trusted_domains: Vec<Domain> = List, Value(""), ["GATEPOST_GOOGLE__TRUSTED_DOMAINS"];
        /// Whether Google itself asks these people for two factors, so that no code is asked for here.
        second_factor: bool = Switch, Value("false"), ["GATEPOST_GOOGLE__SECOND_FACTOR"];
    }
}

section! {
    /// Login with any other OpenID Connect provider: a section for each, with a name of your choice of lower-case
    /// letters, digits and hyphens. The name is part of the redirect URI to register there: the public URL with
    /// `/login/example/callback`; `gatepost check-config` prints it. In variables the name is upper-case with `_`
    /// for a hyphen.
    Provider "providers.*" "providers.*." {
        /// The provider's issuer, byte for byte as in its metadata; found at its
        /// `/.well-known/openid-configuration`. https, or http for this machine only.
        issuer: WebUrl = Text, Unset("https://id.example.com"), ["GATEPOST_PROVIDERS__*__ISSUER"];
        /// The client id that the provider gave you.
        client_id: String = Text, Unset("gatepost"), ["GATEPOST_PROVIDERS__*__CLIENT_ID"];
        /// The client secret that the provider gave you. Without one Gatepost is a public client, which not every
        /// provider accepts.
        client_secret: Option<Plain<String>> = Secret, Unset(""), ["GATEPOST_PROVIDERS__*__CLIENT_SECRET"];
        /// What the button on the sign-in page says after "Continue with". Default: the section's name.
        label: Option<String> = Text, Unset("Example"), ["GATEPOST_PROVIDERS__*__LABEL"];
        /// What the provider is asked for; `openid` must be there, and without `email` no address is told.
        scopes: String = Text, Value("openid email profile"), ["GATEPOST_PROVIDERS__*__SCOPES"];
        /// Who may sign in without an account here, and gets one: `invited` (nobody: accounts are made with
        /// `gatepost user create`), `domain` (whoever has a verified address of `domains`) or `anyone`.
        admit: Admit = Text, Value("invited"), ["GATEPOST_PROVIDERS__*__ADMIT"];
        /// The domains of `admit = "domain"`.
        domains: Vec<Domain> = List, Value(""), ["GATEPOST_PROVIDERS__*__DOMAINS"];
        /// Whoever the provider says has a verified address of these domains gets into the account here with that
        /// address, without asking. Name only domains for whose addresses the provider really vouches.
        trusted_domains: Vec<Domain> = List, Value(""), ["GATEPOST_PROVIDERS__*__TRUSTED_DOMAINS"];
        /// Whether the provider itself asks people for two factors, so that no code is asked for here.
        second_factor: bool = Switch, Value("false"), ["GATEPOST_PROVIDERS__*__SECOND_FACTOR"];
    }
}

section! {
    /// The search service behind the built-in tools.
    Tavily "tavily" "tavily." {
        /// The API key, from app.tavily.com. Without one the tools are listed and say how to set it.
        api_key: Option<Plain<String>> = Secret, Unset(""), ["GATEPOST_TAVILY__API_KEY", "TAVILY_API_KEY"];
        /// Where the service is. https, or http for this machine only.
        base_url: WebUrl = Text, Value("https://api.tavily.com"), ["GATEPOST_TAVILY__BASE_URL"];
        /// How long one call may take, in seconds.
        timeout_seconds: u64 = Number(1..=300), Value("30"), ["GATEPOST_TAVILY__TIMEOUT_SECONDS"];
    }
}

section! {
    /// What is written to standard error.
    Log "log" "log." {
        /// `text` for people, `json` for machines.
        format: LogFormat = Text, Value("text"), ["GATEPOST_LOG__FORMAT"];
        /// `error`, `warn`, `info`, `debug`, `trace` or `off`; also per module, e.g. `info,gatepost::oauth=debug`.
        level: LogFilter = Text, Value("info"), ["GATEPOST_LOG__LEVEL"];
    }
}

section! {
    /// A ScaleKit environment. Read under ScaleKit's own names too, so that an existing `.env` works
    /// unchanged; without effect until `issuer` is `scalekit`.
    ScaleKit "scalekit" "scalekit." {
        /// The environment's URL: the issuer of its tokens.
        environment_url: Option<String> = Text, Unset("https://example.scalekit.com"), ["GATEPOST_SCALEKIT__ENVIRONMENT_URL", "SCALEKIT_ENVIRONMENT_URL"];
        /// The id of the MCP server there, `res_` and digits: what its tokens must name in `aud`.
        resource_id: Option<String> = Text, Unset("res_123"), ["GATEPOST_SCALEKIT__RESOURCE_ID", "SCALEKIT_RESOURCE_ID"];
        /// The audience its tokens must name, where no id is known: neither above nor in `metadata_json`.
        audience_name: Option<String> = Text, Unset("http://localhost:10000/mcp"), ["GATEPOST_SCALEKIT__AUDIENCE_NAME", "SCALEKIT_AUDIENCE_NAME"];
        /// Where clients find the protected resource metadata, where it is not Gatepost's own.
        resource_metadata_url: Option<String> = Text, Unset("http://localhost:10000/.well-known/oauth-protected-resource/mcp"), ["GATEPOST_SCALEKIT__RESOURCE_METADATA_URL", "SCALEKIT_RESOURCE_METADATA_URL"];
        /// The protected resource metadata as JSON, as copied from ScaleKit's dashboard; served as it is.
        metadata_json: Option<String> = Text, Unset("{}"), ["GATEPOST_SCALEKIT__METADATA_JSON", "METADATA_JSON_RESPONSE"];
        /// The client id for ScaleKit's own API. Not needed: nothing reads it.
        client_id: Option<String> = Text, Unset("skc_123"), ["GATEPOST_SCALEKIT__CLIENT_ID", "SCALEKIT_CLIENT_ID"];
        /// The client secret for ScaleKit's own API. Not needed: nothing reads it.
        client_secret: Option<Plain<String>> = Secret, Unset(""), ["GATEPOST_SCALEKIT__CLIENT_SECRET", "SCALEKIT_CLIENT_SECRET"];
    }
}
