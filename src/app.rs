//! Wiring: settings become the values that everything else is given. The only place that calls every `new`.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use actix_web::web::Data;
use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::accounts::forgot::Forgot;
use crate::accounts::passkeys::Passkeys;
use crate::accounts::password::Passwords;
use crate::accounts::throttle::{Rates, Throttle};
use crate::accounts::upstream::Providers;
use crate::accounts::upstream::provider::{self, Policy, Provider};
use crate::accounts::{Accounts, SessionLifetimes};
use crate::admin::Admin;
use crate::admin::api_tokens::ApiTokens;
use crate::admin::audit::feed::Feed;
use crate::audit::{Audit, Entry, Event};
use crate::config::{self, Audience, Config, DAY, DatabaseKind, IssuerMode, Origin, SecondFactor, SecretKey};
use crate::fetch::{Fetcher, Options as FetchOptions, Reach};
use crate::jobs::Retention;
use crate::mail::{GivenUp, MailSettings, Mailer};
use crate::mcp::tavily::Tavily;
use crate::mcp::{BuiltinServer, McpLimits, McpMount, SessionGuard, SessionLimits, Streams, tools};
use crate::oauth::client::Clients;
use crate::oauth::device::Devices;
use crate::oauth::issuers::TrustedIssuers;
use crate::oauth::keys::Keyring;
use crate::oauth::par::Pushing;
use crate::oauth::resource::Resources;
use crate::oauth::{Lifetimes, OAuth};
use crate::settings::{self, Fixed, Settings};
use crate::store::resources::{DocumentColumns, ResourceRow, ScopeRow, TrustColumns};
use crate::store::scopes::Change;
use crate::store::{Options, Store, StoreError};
use crate::trust::whom::{Foreign, Side, Standard};
use crate::trust::{Revocations, Trust, Usage};
use crate::types::ids::{Kind, new_id};
use crate::types::{Clock, MasterKey, Requirement, Rng, Timestamp};
use crate::web::{Patience, State, WebSettings, host};

/// How long audit events are kept.
const AUDIT_DAYS: i64 = 400;
/// How long an MCP session may be silent.
const MCP_IDLE: Duration = Duration::from_mins(5);
/// Threads that hash passwords, 19 MiB each; no more than there are processors.
const HASH_THREADS: usize = 4;

/// Time and randomness: the machine's, or a test's.
#[derive(Clone, Debug)]
pub struct Ambient {
    pub clock: Clock,
    pub rng: Rng,
}

impl Ambient {
    /// The machine's.
    pub const fn system() -> Self {
        Self { clock: Clock::System, rng: Rng::System }
    }
}

/// The parts that commands and the server share.
#[derive(Clone)]
pub struct Core {
    pub oauth: OAuth,
    pub accounts: Accounts,
    pub trust: Trust,
    pub api_tokens: ApiTokens,
}

impl Core {
    /// The rules for administrators.
    pub fn admin(&self) -> Admin {
        Admin {
            oauth: self.oauth.clone(),
            accounts: self.accounts.clone(),
            api_tokens: self.api_tokens.clone(),
        }
    }
}

/// Opens the database. With `migrate`, brings its schema up to date; without, insists that it is.
pub async fn open_store(config: &Config, migrate: bool) -> Result<Store, StoreError> {
    let options = Options {
        url: config.database.url.expose().to_owned(),
        max_connections: config.database.max_connections,
    };
    if let Some(file) = config.database.url.sqlite_file().filter(|_| options.url.contains("mode=rwc")) {
        keep_private(&file);
    }
    let store = crate::store::connect(&options).await?;
    if migrate {
        store.migrate().await?;
    } else {
        store.check_schema().await?;
    }
    Ok(store)
}

/// Opens everything below the HTTP layer, and makes what a first start needs: keys and the built-in resource.
pub async fn build_core(config: &Config, store: Store, ambient: Ambient) -> anyhow::Result<Core> {
    let Ambient { clock, rng } = ambient;
    let master = master_key(config, &rng)?;
    let keys = Keyring::new(master.clone());
    keys.ensure(&store, &clock, &rng).await?;
    ensure_builtin_resource(&store, &clock, &rng).await?;
    let resources = Resources::new(standard(config));
    resources.reload(&store, &config.server.public_url).await?;
    let trusted = TrustedIssuers::new().context("the client of trusted issuers cannot be set up")?;
    trusted.reload(&store).await?;
    let revocations = Revocations::new(clock.clone());
    revocations.refresh(&store, clock.now()).await?;
    let settings = Settings::load(&store, fixed(config)).await?;
    let audit = Audit::start(store.clone(), clock.clone(), rng.clone());
    let oauth = OAuth {
        clients: Clients::new(store.clone()),
        store: store.clone(),
        clock: clock.clone(),
        rng: rng.clone(),
        issuer: config.server.public_url.clone(),
        lifetimes: Lifetimes {
            access_token: config.tokens.access_token_seconds,
            refresh_idle: config.tokens.refresh_idle_days * DAY,
            refresh_absolute: config.tokens.refresh_absolute_days * DAY,
            refresh_retry: config.tokens.refresh_retry_seconds,
            code: config.tokens.code_seconds,
        },
        dpop_nonce: config.dpop.nonce == config::Nonce::Required,
        master: master.clone(),
        keys,
        resources,
        trusted,
        audit: audit.clone(),
        revocations,
        usage: Usage::start(store.clone(), clock.clone()),
        settings: settings.clone(),
        pushing: Pushing { required: config.par.required },
        devices: Devices { enabled: config.device.enabled, life: config.device.code_seconds },
        fetch: fetcher(config, &clock)?,
        documents_enabled: config.cimd.enabled,
    };
    let upstream = Providers::new(providers(config), &config.server.public_url)
        .context("the client of login providers cannot be set up")?;
    let mail = mailer(config, settings.clone(), &clock, &rng, &audit)?;
    let accounts = Accounts {
        store,
        clock,
        rng,
        mail,
        forgot: Forgot::default(),
        issuer: config.server.public_url.clone(),
        master,
        audit,
        passwords: Passwords::new(hash_threads())?,
        throttle: Throttle::new(Rates {
            login_per_account: config.limits.login_per_minute_per_account,
            login_per_network: config.limits.login_per_minute_per_address,
            registration_per_network: config.registration.per_minute_per_address,
            device_per_network: config.device.per_minute_per_address,
            pushed_per_network: config.par.per_minute_per_address,
        }),
        sessions: SessionLifetimes {
            idle: config.sessions.idle_days * DAY,
            absolute: config.sessions.absolute_days * DAY,
        },
        upstream,
        passkeys: Passkeys::new(&config.server.public_url),
        settings,
    };
    let trust = Trust::new(oauth.clone()).context("the client of token issuers cannot be set up")?;
    Ok(Core { oauth, accounts, trust, api_tokens: ApiTokens::default() })
}

/// What fetches the documents that strangers name.
fn fetcher(config: &Config, clock: &Clock) -> anyhow::Result<Fetcher> {
    let reach = Reach::of(&config.server.public_url);
    let options = FetchOptions::new(reach, config.cimd.max_document_bytes, clock.clone());
    Fetcher::new(options).context("the client of documents cannot be set up")
}

/// Whose tokens are taken where nothing was chosen for a resource.
fn standard(config: &Config) -> Standard {
    let scalekit = &config.scalekit;
    let described = |foreign: Foreign| {
        foreign.described(scalekit.resource_metadata_url.clone(), scalekit.metadata_json.as_deref())
    };
    let side = match config.server.issuer {
        IssuerMode::Embedded => Side::Embedded,
        IssuerMode::ScaleKit => Side::ScaleKit,
    };
    let builtin = scalekit.environment_url.as_deref().and_then(|environment| match scalekit.audience() {
        Some(Audience::Id(id)) => Some(described(Foreign::new(environment, &id))),
        Some(Audience::Name(name)) => Some(described(Foreign::by_audience(environment, &name))),
        None => None,
    });
    Standard { side, environment: scalekit.environment_url.clone(), builtin }
}

/// What the configuration sets, so that administrators cannot; a default leaves it to them.
fn fixed(config: &Config) -> Fixed {
    let is_set = |path: &str| *config.origin(path) != Origin::Default;
    let second_factor = match config.login.require_second_factor {
        SecondFactor::Nobody => Requirement::Nobody,
        SecondFactor::Admins => Requirement::Admins,
        SecondFactor::Everyone => Requirement::Everyone,
    };
    Fixed {
        second_factor: is_set(settings::SECOND_FACTOR).then_some(second_factor),
        registration: is_set(settings::REGISTRATION).then_some(config.registration.enabled),
    }
}

/// The way to the mail server; without one in the settings, nothing is sent.
fn mailer(
    config: &Config,
    brand: Settings,
    clock: &Clock,
    rng: &Rng,
    audit: &Audit,
) -> anyhow::Result<Mailer> {
    let (Some(url), Some(from)) = (&config.mail.url, &config.mail.from) else { return Ok(Mailer::off()) };
    let settings = MailSettings {
        url: url.expose().clone(),
        from: from.as_str().to_owned(),
        issuer: config.server.public_url.clone(),
        brand,
    };
    let audit = audit.clone();
    let given_up: GivenUp = Arc::new(move |kind, reason| {
        let (audit, entry) = (audit.clone(), Entry::refused(Event::MailGivenUp, reason));
        tokio::spawn(async move { audit.record(entry.detail(format!("letter: {kind}"))).await });
    });
    Mailer::start(settings, clock.clone(), rng.clone(), given_up).context("the mail server cannot be used")
}

/// What the HTTP layer needs on top. `ports` are the ports it listens on.
pub fn build_web(config: &Config, core: Core, ports: &[u16]) -> anyhow::Result<(Data<State>, McpMount)> {
    let tavily = Tavily::new(
        config.tavily.base_url.as_str(),
        config.tavily.api_key.clone(),
        Duration::from_secs(config.tavily.timeout_seconds),
    )
    .context("the search client cannot be set up")?;
    let allowed_hosts = host::allowed(&config.server.public_url, ports);
    let limits = McpLimits { session_idle: MCP_IDLE, ..McpLimits::default() };
    let origins = vec![config.server.public_url.as_str().to_owned()];
    let server = BuiltinServer::new(tavily);
    #[cfg(feature = "conformance-fixtures")]
    let server = crate::mcp::conformance::FixtureServer::in_place_of(&server);
    let mount = McpMount::new(server, allowed_hosts.clone(), origins, limits);
    let sessions = SessionLimits {
        per_owner: config.limits.max_mcp_sessions_per_grant,
        total: config.limits.max_mcp_sessions,
        idle_seconds: u32::try_from(MCP_IDLE.as_secs()).unwrap_or(300),
    };
    let state = State {
        mcp_streams: Streams::default(),
        mcp_sessions: SessionGuard::new(sessions, core.oauth.clock.clone()),
        settings: WebSettings {
            allowed_hosts,
            trusted_proxies: config.limits.trusted_proxies.clone(),
            registration_body_limit: config.registration.body_limit_bytes,
            patience: Patience::default(),
            warnings: warnings(config),
        },
        audit_feed: Feed::new(core.oauth.store.clone(), core.oauth.clock.clone()),
        in_force: config.in_force(),
        admin: core.admin(),
        oauth: core.oauth,
        accounts: core.accounts,
        trust: core.trust,
    };
    Ok((Data::new(state), mount))
}

/// What administrators should know about the settings.
fn warnings(config: &Config) -> Vec<String> {
    let mut out = config.warnings();
    if config.server.secret_key.is_none() && config.database.url.kind() == DatabaseKind::Sqlite {
        out.push(
            "The secret key lies in a file beside the database: whoever copies the folder has both. \
             Set GATEPOST_SECRET_KEY to keep them apart."
                .to_owned(),
        );
    }
    out
}

/// The providers that are set up: Google first, then the others by name.
fn providers(config: &Config) -> Vec<Provider> {
    let google = &config.google;
    let google = google.client_id.as_ref().map(|client_id| Provider {
        name: "google".to_owned(),
        label: "Google".to_owned(),
        issuer: google.issuer.as_str().to_owned(),
        client_id: client_id.clone(),
        client_secret: google.client_secret.clone(),
        scopes: ["openid", "email", "profile"].map(str::to_owned).to_vec(),
        policy: Policy {
            admit: admit(google.admit, &google.domains),
            trusted_domains: names(&google.trusted_domains),
            authority: provider::Authority::Google,
        },
        second_factor: google.second_factor,
    });
    let others = config.providers.iter().map(|(name, set)| Provider {
        name: name.clone(),
        label: set.label.clone().unwrap_or_else(|| capital(&name.replace('-', " "))),
        issuer: set.issuer.as_str().to_owned(),
        client_id: set.client_id.clone(),
        client_secret: set.client_secret.clone(),
        scopes: set.scopes.split_whitespace().map(str::to_owned).collect(),
        policy: Policy {
            admit: admit(set.admit, &set.domains),
            trusted_domains: names(&set.trusted_domains),
            authority: authority(set.issuer.as_str()),
        },
        second_factor: set.second_factor,
    });
    google.into_iter().chain(others).collect()
}

fn admit(setting: config::Admit, domains: &[config::Domain]) -> provider::Admit {
    match setting {
        config::Admit::Invited => provider::Admit::Invited,
        config::Admit::Domain => provider::Admit::Domains(names(domains)),
        config::Admit::Anyone => provider::Admit::Anyone,
    }
}

/// Google's rules hold for Google under whatever name.
fn authority(issuer: &str) -> provider::Authority {
    match issuer.trim_end_matches('/') {
        "https://accounts.google.com" => provider::Authority::Google,
        _ => provider::Authority::Verified,
    }
}

fn names(domains: &[config::Domain]) -> Vec<String> {
    domains.iter().map(|domain| domain.as_str().to_owned()).collect()
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn hash_threads() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get).min(HASH_THREADS)
}

/// How long things are kept.
pub const fn retention(config: &Config) -> Retention {
    Retention { unused_clients: config.registration.unused_days * DAY, audit_events: AUDIT_DAYS * DAY }
}

/// The resource behind `/mcp`, made at the first start; later starts put tools that are new under a scope.
async fn ensure_builtin_resource(store: &Store, clock: &Clock, rng: &Rng) -> Result<(), StoreError> {
    let (resources, _) = store.list_resources().await?;
    if let Some(builtin) = resources.iter().find(|r| r.kind == "builtin") {
        return introduce_tools(store, &builtin.id, clock.now()).await;
    }
    let id = new_id(Kind::Resource, clock, rng);
    let scope = search_scope(&id);
    let resource = ResourceRow {
        id: id.clone(),
        name: "Gatepost tools".to_owned(),
        kind: "builtin".to_owned(),
        path: "/mcp".to_owned(),
        uri: None,
        aliases: Vec::new(),
        is_default: true,
        registration_open: true,
        dpop_required: false,
        access_token_seconds: None,
        refresh_token_seconds: None,
        signing_alg: "ES256".to_owned(),
        dialect: "standard".to_owned(),
        token_issuer: "environment".to_owned(),
        trust: TrustColumns::default(),
        documents: DocumentColumns::default(),
        version: 1,
        created_at: clock.now(),
    };
    match store.add_resource(resource, vec![scope]).await {
        // Another process started at the same moment and was first.
        Err(StoreError::Conflict) => Ok(()),
        Err(error) => Err(error),
        Ok(()) => introduce_tools(store, &id, clock.now()).await,
    }
}

/// Puts each tool that this installation has not had before under the scope of its own choice, if that is there.
/// A tool that was there before stays where administrators put it, also under no scope at all.
async fn introduce_tools(store: &Store, resource_id: &str, now: Timestamp) -> Result<(), StoreError> {
    let Some(book) = store.scope_book(resource_id).await? else { return Ok(()) };
    let is_new = |tool: &str| !book.known_tools.iter().any(|known| known == tool);
    let new: Vec<_> = tools::under_scopes().filter(|(tool, _)| is_new(tool)).collect();
    if new.is_empty() {
        return Ok(());
    }
    let is_placed = |tool: &str| book.scopes.iter().any(|scope| scope.tools.iter().any(|t| t == tool));
    let mut of_scopes = Vec::new();
    for scope in &book.scopes {
        let mine = new.iter().filter(|(tool, own)| *own == scope.name && !is_placed(tool));
        let mine: Vec<String> = mine.map(|(tool, _)| (*tool).to_owned()).collect();
        if !mine.is_empty() {
            of_scopes.push((scope.name.clone(), [scope.tools.clone(), mine].concat()));
        }
    }
    let known = book.known_tools.iter().cloned().chain(new.iter().map(|(tool, _)| (*tool).to_owned()));
    let change = Change::Tools { known: known.collect(), of_scopes };
    if !store.change_scopes(&book, change, now).await? {
        tracing::debug!(
            "another process, or an administrator, changed the scopes first; the next start looks again"
        );
    }
    Ok(())
}

fn search_scope(resource_id: &str) -> ScopeRow {
    ScopeRow {
        resource_id: resource_id.to_owned(),
        name: tools::SEARCH_READ.to_owned(),
        description: "Search the web and read pages".to_owned(),
        tools: tools::under_scopes()
            .filter(|(_, scope)| *scope == tools::SEARCH_READ)
            .map(|(tool, _)| tool.to_owned())
            .collect(),
        is_default: true,
        ..ScopeRow::default()
    }
}

/// The setting, or the key file beside the database, made at the first start.
fn master_key(config: &Config, rng: &Rng) -> anyhow::Result<MasterKey> {
    if let Some(key) = &config.server.secret_key {
        return Ok(MasterKey::new(key.material().clone()));
    }
    let path = key_file(config);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) if !text.is_empty() => text,
        Ok(_) => fill_key_file(&path, rng)?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => fill_key_file(&path, rng)?,
        Err(error) => bail!("the key file {} cannot be read: {error}", path.display()),
    };
    let key = SecretKey::decode(text.trim())
        .with_context(|| format!("the key file {} is damaged", path.display()))?;
    Ok(MasterKey::new(key.material().clone()))
}

fn key_file(config: &Config) -> PathBuf {
    match (config.database.url.kind(), config.database.url.sqlite_file()) {
        (DatabaseKind::Sqlite, Some(file)) => file.with_extension("key"),
        _ => PathBuf::from("gatepost.key"),
    }
}

/// Makes a database file that is not there yet readable for its owner only; SQLite's other files follow it.
fn keep_private(path: &Path) {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    // It exists, or it cannot be made: opening the database says so better.
    drop(options.open(path));
}

/// Makes the key file and writes a new key, unless another process starting at the same time was first: it
/// holds the lock from before its key is there until it is on disk.
fn fill_key_file(path: &Path, rng: &Rng) -> anyhow::Result<String> {
    use std::io::{Read as _, Write as _};
    let mut options = std::fs::OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let made = || format!("the key file {} cannot be made", path.display());
    let mut file = options.open(path).with_context(made)?;
    file.lock().with_context(made)?;
    let mut text = String::new();
    file.read_to_string(&mut text).with_context(made)?;
    if text.is_empty() {
        text = URL_SAFE_NO_PAD.encode(rng.bytes::<32>());
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).with_context(made)?;
        tracing::info!(path = %path.display(), "made a key file: keep a copy with your backups");
    }
    Ok(text)
}
