//! One running Gatepost.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use actix_web::web::Data;
use gatepost::accounts::links::new_user;
use gatepost::app::{self, Ambient, Core};
use gatepost::config::{Config, Sources};
use gatepost::jobs;
use gatepost::store::changes::Versions;
use gatepost::store::signing_keys::KeyRow;
use gatepost::store::users::UserRow;
use gatepost::types::{Clock, Plain, Rng};
use gatepost::web::Patience;
use sqlx::{AssertSqlSafe, Column as _, Row as _};

use super::{Browser, Database, EMAIL, OAuthClient, PASSWORD};

/// Where the tests' clock starts.
pub const START: i64 = 1_800_000_000;
/// Keys are costly to make: those of the first server are those of every server.
static KEYS: OnceLock<Vec<KeyRow>> = OnceLock::new();
/// Who writes the mail of tests.
const FROM: &str = "Gatepost <auth@example.com>";
/// Tables whose rows a refused request must leave alone.
const TABLES: [&str; 14] = [
    "clients",
    "client_secrets",
    "users",
    "sessions",
    "one_time_links",
    "grants",
    "codes",
    "refresh_tokens",
    "passkeys",
    "recovery_codes",
    "ceremonies",
    "api_tokens",
    "device_codes",
    "pushed_requests",
];

pub struct TestApp {
    /// The issuer.
    pub url: String,
    pub address: SocketAddr,
    pub core: Core,
    pub clock: Clock,
    pub user: UserRow,
    /// What callers hold open.
    pub open: jobs::Open,
    server: actix_web::dev::ServerHandle,
    database: Database,
    http: reqwest::Client,
}

impl Drop for TestApp {
    fn drop(&mut self) {
        // Not awaited: the runtime of the test ends with it.
        drop(self.server.stop(false));
    }
}

impl TestApp {
    /// Starts with one person, who is the administrator.
    pub async fn start(database: Database) -> Self {
        Self::start_with(database, &[]).await
    }

    /// Starts with more settings, by their environment names.
    pub async fn start_with(database: Database, settings: &[(&str, &str)]) -> Self {
        Self::launch(database, settings, Clock::manual(START), true, Patience::default()).await
    }

    /// Starts with the machine's clock, for clients that look at it themselves: [`TestApp::advance`] does nothing.
    pub async fn start_in_real_time(database: Database, settings: &[(&str, &str)]) -> Self {
        Self::launch(database, settings, Clock::System, true, Patience::default()).await
    }

    /// Starts as a server that waits only this long for a request's body.
    pub async fn start_impatient(database: Database, time: Duration) -> Self {
        let patience = Patience { form: time, message: time };
        Self::launch(database, &[], Clock::manual(START), true, patience).await
    }

    /// Starts with a mail server.
    pub async fn start_with_mail(database: Database, mailbox: &super::Mailbox) -> Self {
        let settings = [("GATEPOST_MAIL__URL", mailbox.url()), ("GATEPOST_MAIL__FROM", FROM.to_owned())];
        let settings = settings.each_ref().map(|(name, value)| (*name, value.as_str()));
        Self::start_with(database, &settings).await
    }

    /// Starts with nobody: [`TestApp::user`] is a row that is not stored.
    pub async fn start_empty(database: Database) -> Self {
        Self::launch(database, &[], Clock::manual(START), false, Patience::default()).await
    }

    /// Another process on the same database, with the same issuer and clock, on a port of its own.
    pub async fn replica(&self) -> Self {
        self.replica_with(&[]).await
    }

    /// The same with other settings.
    pub async fn replica_with(&self, settings: &[(&str, &str)]) -> Self {
        let database = self.database.shared();
        let mut settings = settings.to_vec();
        settings.push(("GATEPOST_PUBLIC_URL", self.url.as_str()));
        let mut replica =
            Self::launch(database, &settings, self.clock.clone(), false, Patience::default()).await;
        replica.url.clone_from(&self.url);
        replica.user = self.user.clone();
        replica
    }

    async fn launch(
        database: Database,
        settings: &[(&str, &str)],
        clock: Clock,
        with_ann: bool,
        patience: Patience,
    ) -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        socket.set_nonblocking(true).unwrap();
        let url = format!("http://localhost:{}", address.port());
        let key = "00".repeat(32);
        let mut env: BTreeMap<String, String> = [
            ("GATEPOST_PUBLIC_URL", url.as_str()),
            ("GATEPOST_SECRET_KEY", key.as_str()),
            ("DATABASE_URL", database.url.as_str()),
            ("GATEPOST_DATABASE__MAX_CONNECTIONS", "5"),
            ("GATEPOST_TAVILY__BASE_URL", "http://127.0.0.1:9"),
            ("GATEPOST_REGISTRATION__PER_MINUTE_PER_ADDRESS", "10000"),
            ("GATEPOST_LIMITS__LOGIN_PER_MINUTE_PER_ADDRESS", "10000"),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
        env.extend(settings.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())));
        let sources = Sources { env, working_dir: database.dir.path().to_owned(), ..Sources::default() };
        let config = Config::load(&sources).unwrap_or_else(|e| panic!("{e}"));

        let ambient = Ambient { clock: clock.clone(), rng: Rng::System };
        let store = app::open_store(&config, true).await.unwrap();
        let is_new = store.list_keys().await.unwrap().is_empty();
        // Keys of another time are no keys of now.
        let is_usual = is_new && matches!(clock, Clock::Manual(_));
        if let Some(keys) = KEYS.get().filter(|_| is_usual) {
            store.add_keys(keys.clone()).await.unwrap();
        }
        let core = app::build_core(&config, store, ambient).await.unwrap();
        if is_usual && clock.now() == START {
            let made = core.oauth.store.list_keys().await.unwrap();
            KEYS.get_or_init(|| made);
        }
        let hash = core.accounts.passwords.hash(Plain::new(PASSWORD.to_owned())).await.unwrap();
        let user = new_user(&core.accounts, EMAIL.to_owned(), Some("Ann".to_owned()), Some(hash), true);
        if with_ann {
            core.accounts.store.add_user(user.clone()).await.unwrap();
        }
        let (state, mount) = app::build_web(&config, core.clone(), &[address.port()]).unwrap();
        let mut state = Arc::into_inner(state.into_inner()).unwrap();
        state.settings.patience = patience;
        let state = Data::new(state);
        let open = jobs::Open {
            sessions: state.mcp_sessions.clone(),
            streams: state.mcp_streams.clone(),
            mount: mount.clone(),
        };
        let server = gatepost::web::serve(state, mount, vec![socket]).unwrap();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        let http = http_builder(address).pool_max_idle_per_host(0).build().unwrap();
        Self { url, address, core, clock, user, open, server: handle, database, http }
    }

    /// An absolute URL.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// A URL that leads to this very process, also where several share an issuer.
    pub fn direct(&self, path: &str) -> String {
        format!("http://localhost:{}{path}", self.address.port())
    }

    /// Moves the clock, and lets the process notice.
    pub async fn advance(&self, seconds: i64) {
        self.clock.advance(seconds);
        self.sync().await;
    }

    /// Disables Ann. Somebody else becomes an administrator first: the last one stays.
    pub async fn disable_ann(&self) {
        self.another_admin("ada@example.com").await;
        let store = &self.core.accounts.store;
        assert!(store.disable_user(self.user.id.clone(), self.clock.now()).await.unwrap());
    }

    /// An administrator beside Ann, who could sign in.
    pub async fn another_admin(&self, email: &str) -> UserRow {
        let password = self.user.password_hash.clone();
        let user = new_user(&self.core.accounts, email.to_owned(), None, password, true);
        self.core.accounts.store.add_user(user.clone()).await.unwrap();
        user
    }

    /// What the watchers do every moment.
    pub async fn sync(&self) {
        let core = &self.core;
        jobs::sync(&core.oauth, &core.trust, &core.api_tokens, Versions::default()).await.unwrap();
        jobs::hang_up_once(&self.core.oauth, &self.open).await;
    }

    /// An HTTP client that follows no redirect and keeps neither cookies nor connections.
    pub fn http(&self) -> reqwest::Client {
        self.http.clone()
    }

    pub fn http_builder(&self) -> reqwest::ClientBuilder {
        http_builder(self.address)
    }

    /// A browser nobody is signed in on.
    pub fn browser(&self) -> Browser {
        Browser::new(self)
    }

    /// A browser on which Ann is signed in.
    pub async fn signed_in(&self) -> Browser {
        let browser = self.browser();
        browser.sign_in(EMAIL, PASSWORD).await;
        browser
    }

    /// A public client that registered itself with one loopback redirect URI.
    pub async fn client(&self) -> OAuthClient {
        OAuthClient::register(self, "Test app").await
    }

    /// Every row that a refused request must not change, as text.
    pub async fn db_rows(&self) -> String {
        let mut out = String::new();
        for table in TABLES {
            let statement = AssertSqlSafe(format!("SELECT * FROM {table} ORDER BY id"));
            let rows = sqlx::query(statement).fetch_all(self.core.oauth.store.pool()).await.unwrap();
            for row in rows {
                for column in row
                    .columns()
                    .iter()
                    .filter(|c| !["last_used_at", "first_call_at", "registrations"].contains(&c.name()))
                {
                    let name = column.name();
                    let text = row
                        .try_get::<Option<String>, _>(name)
                        .map(Option::unwrap_or_default)
                        .or_else(|_| row.try_get::<Option<i64>, _>(name).map(|n| format!("{n:?}")))
                        .unwrap_or_else(|e| panic!("{table}.{name}: {e}"));
                    writeln!(out, "{table}.{name}={text}").unwrap();
                }
            }
        }
        out
    }

    /// The reasons of the audit events of one kind so far, sorted.
    pub async fn audit_reasons(&self, kind: &str) -> Vec<String> {
        self.core.oauth.audit.flush().await;
        let events = self.core.oauth.store.list_events("", 10_000).await.unwrap();
        let mut reasons: Vec<String> =
            events.into_iter().filter(|e| e.kind == kind).map(|e| e.reason).collect();
        reasons.sort();
        reasons
    }
}

/// A client for plain HTTP: reading the machine's certificates would take longer than most requests.
fn http_builder(address: SocketAddr) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([])
        .redirect(reqwest::redirect::Policy::none())
        .resolve("localhost", address)
        .timeout(Duration::from_secs(30))
}
