//! Rows to begin with, made without the rules above the store.

use gatepost::store::ceremonies::{CeremonyKind, CeremonyRow};
use gatepost::store::clients::{ClientKind, ClientMetadata, ClientRow};
use gatepost::store::codes::CodeRow;
use gatepost::store::device_codes::{Allowed, DeviceRow, Login};
use gatepost::store::grants::GrantRow;
use gatepost::store::links::{LinkPurpose, LinkRow};
use gatepost::store::pushed_requests::PushedRow;
use gatepost::store::refresh_tokens::RefreshRow;
use gatepost::store::resources::{ResourceRow, ScopeRow};
use gatepost::store::sessions::{SessionRow, StillTrue};
use gatepost::store::signing_keys::{KeyRow, KeyState};
use gatepost::store::totp::{ConfirmedIn, TotpRow};
use gatepost::store::users::UserRow;
use gatepost::store::{Options, Store, connect};
use gatepost::types::{FirstFactor, Hashed, ScopeSet};

use crate::support::Database;

/// The moment at which every row is made.
pub const NOW: i64 = 1_800_000_000;

/// A database with the schema and nothing in it.
pub async fn empty(database: &Database) -> Store {
    let store = another(database).await;
    store.migrate().await.unwrap();
    store
}

/// A second process' handle on the same database.
pub async fn another(database: &Database) -> Store {
    connect(&Options { url: database.url.clone(), max_connections: 8 }).await.unwrap()
}

/// A database with a person `usr_1`, a client `cli_1` and a resource `res_1`.
pub async fn furnished(database: &Database) -> Store {
    let store = empty(database).await;
    store.add_user(user(1)).await.unwrap();
    store.add_client(client(1), None).await.unwrap();
    store.add_resource(resource(1), vec![scope(1, "search:read")]).await.unwrap();
    store
}

pub fn user(n: usize) -> UserRow {
    UserRow {
        id: format!("usr_{n}"),
        email: format!("person{n}@example.com"),
        name: Some(format!("Person {n}")),
        password_hash: None,
        is_admin: false,
        created_at: NOW,
        last_login_at: None,
        disabled_at: None,
        version: 1,
        second_factor_required: false,
    }
}

pub fn client(n: usize) -> ClientRow {
    ClientRow {
        id: format!("cli_{n}"),
        kind: ClientKind::Dynamic,
        name: format!("Client {n} \"é\" \u{1f3f0}"),
        auth_method: "none".to_owned(),
        redirect_uris: vec!["http://127.0.0.1/a".to_owned(), "cursor://x?y=\"z\"".to_owned()],
        grant_types: vec!["authorization_code".to_owned()],
        scope: "search:read".to_owned(),
        metadata: ClientMetadata { software_id: Some("s".to_owned()), ..ClientMetadata::default() },
        digest: None,
        management_hash: None,
        allowed_scopes: Some(ScopeSet::parse("notes:read search:read").unwrap()),
        access_token_seconds: Some(600),
        created_at: NOW,
        last_used_at: None,
        disabled_at: None,
        keys: None,
        dpop_bound: false,
        document_mark: None,
        held_at: None,
    }
}

pub fn resource(n: usize) -> ResourceRow {
    ResourceRow {
        id: format!("res_{n}"),
        name: format!("Resource {n}"),
        kind: "builtin".to_owned(),
        path: format!("/r{n}/mcp"),
        uri: None,
        aliases: vec!["https://old.example/mcp".to_owned()],
        is_default: false,
        registration_open: true,
        dpop_required: false,
        access_token_seconds: Some(900),
        refresh_token_seconds: None,
        signing_alg: "ES256".to_owned(),
        dialect: "standard".into(),
        token_issuer: "environment".into(),
        trust: gatepost::store::resources::TrustColumns::default(),
        documents: gatepost::store::resources::DocumentColumns::default(),
        version: 1,
        created_at: NOW,
    }
}

pub fn scope(n: usize, name: &str) -> ScopeRow {
    ScopeRow {
        resource_id: format!("res_{n}"),
        name: name.to_owned(),
        description: "Search the web".to_owned(),
        tools: vec!["web_search".to_owned()],
        is_default: true,
        implies: vec!["other".to_owned()],
        version: 1,
        named_at: NOW,
    }
}

pub fn scopes(text: &str) -> ScopeSet {
    ScopeSet::parse(text).unwrap()
}

/// A grant of `usr_1` to `cli_1` on `res_1`.
pub fn grant(n: usize) -> GrantRow {
    GrantRow {
        id: format!("grt_{n}"),
        user_id: Some("usr_1".to_owned()),
        client_id: "cli_1".to_owned(),
        resource_id: "res_1".to_owned(),
        session_id: None,
        scopes: scopes("search:read"),
        created_at: NOW,
        ends_at: NOW + 10_000,
        revoked_at: None,
        jkt: None,
    }
}

pub fn code(n: usize) -> CodeRow {
    CodeRow {
        id: format!("cod_{n}"),
        hash: Hashed::of("code"),
        grant_id: format!("grt_{n}"),
        redirect_uri: "http://127.0.0.1/a".to_owned(),
        code_challenge: "c".repeat(43),
        dpop_jkt: None,
        nonce: Some("n".to_owned()),
        auth_time: NOW - 5,
        proof: FirstFactor::Password.into(),
        created_at: NOW,
        expires_at: NOW + 60,
        spent_at: None,
    }
}

pub fn refresh(n: usize) -> RefreshRow {
    RefreshRow {
        id: format!("rft_{n}"),
        hash: Hashed::of("first"),
        previous_hash: None,
        rotated_at: None,
        generation: 0,
        grant_id: format!("grt_{n}"),
        created_at: NOW,
        idle_expires_at: NOW + 1_000,
        expires_at: NOW + 2_000,
        holder: None,
    }
}

/// A grant with its code, as a person's "allow" leaves it.
pub async fn allow(store: &Store, n: usize) {
    let added = store.add_grant(format!("con_{n}"), scopes("search:read"), grant(n), code(n)).await;
    assert!(added.unwrap());
}

/// The same, with the code redeemed.
pub async fn redeem(store: &Store, n: usize) {
    allow(store, n).await;
    assert!(store.spend_code(format!("cod_{n}"), NOW, refresh(n), None).await.unwrap());
}

/// A login of a person.
pub fn session(n: usize, user: usize) -> SessionRow {
    SessionRow {
        id: format!("ses_{n}"),
        hash: Hashed::of("session"),
        user_id: format!("usr_{user}"),
        auth_time: NOW,
        created_at: NOW,
        last_seen_at: NOW,
        expires_at: NOW + 1_000,
        user_agent: Some("Browser/1".to_owned()),
        address: Some("192.0.2.1".to_owned()),
        proof: FirstFactor::Password.into(),
    }
}

/// Starts a session for whoever may have one.
pub async fn start(store: &Store, row: SessionRow) {
    assert!(store.start_session(row, StillTrue::default()).await.unwrap());
}

/// Gives a person an authenticator app, from the session with this id.
pub async fn put_app(store: &Store, n: usize, session_id: &str) -> bool {
    let id = format!("cer_app_{session_id}");
    let begun = CeremonyRow {
        id: id.clone(),
        kind: CeremonyKind::TotpAdd,
        hash: Hashed::of("ceremony"),
        browser: Hashed::of("browser"),
        user_id: Some(format!("usr_{n}")),
        data: "{}".to_owned(),
        attempts: 0,
        created_at: NOW,
        expires_at: NOW + 600,
        spent_at: None,
    };
    store.add_ceremony(begun).await.unwrap();
    let app = TotpRow {
        user_id: format!("usr_{n}"),
        sealed_secret: "sealed".to_owned(),
        last_step: 0,
        created_at: NOW,
    };
    let confirmed = ConfirmedIn { session_id: session_id.to_owned(), proof: FirstFactor::Password.into() };
    store.put_totp(id, app, Vec::new(), confirmed).await.unwrap()
}

pub fn link(n: usize, purpose: LinkPurpose, user: Option<usize>) -> LinkRow {
    LinkRow {
        id: format!("lnk_{n}"),
        hash: Hashed::of("link"),
        purpose,
        user_id: user.map(|u| format!("usr_{u}")),
        created_at: NOW,
        expires_at: NOW + 900,
    }
}

pub fn key(n: usize, state: KeyState) -> KeyRow {
    KeyRow {
        id: format!("key_{n}"),
        alg: "ES256".to_owned(),
        state,
        sealed: "sealed".to_owned(),
        public_jwk: "{}".to_owned(),
        created_at: NOW,
        activated_at: (state == KeyState::Active).then_some(NOW),
        retired_at: None,
    }
}

/// How many rows a table has.
pub async fn count(store: &Store, table: &str) -> i64 {
    use sqlx::{AssertSqlSafe, Row as _};
    let statement = AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"));
    sqlx::query(statement).fetch_one(store.pool()).await.unwrap().try_get(0).unwrap()
}

/// A request of a device with `cli_1` for `res_1`, and how many may wait.
pub fn device(n: usize) -> DeviceRow {
    DeviceRow {
        id: format!("dvc_{n}"),
        hash: Hashed::of("device"),
        user_code: Hashed::of(&format!("user code {n}")),
        client_id: "cli_1".to_owned(),
        resource_id: "res_1".to_owned(),
        scopes: scopes("search:read"),
        asked_from: Some("192.0.2.1".to_owned()),
        created_at: NOW,
        expires_at: NOW + 600,
        interval: 5,
        decided_at: None,
        grant_id: None,
        login: None,
        spent_at: None,
    }
}

/// What a person's "allow" of [`device`] leads to.
pub fn allowed(n: usize) -> Allowed {
    Allowed {
        device_id: format!("dvc_{n}"),
        login: Login { auth_time: NOW - 5, proof: FirstFactor::Passkey.into() },
        consent_id: format!("con_{n}"),
        consented: scopes("search:read"),
        grant: grant(n),
    }
}

/// An authorization request of `cli_1` that was sent ahead.
pub fn pushed(n: usize) -> PushedRow {
    PushedRow {
        id: format!("par_{n}"),
        hash: Hashed::of("pushed"),
        client_id: "cli_1".to_owned(),
        parameters: "client_id=cli_1&state=%22".to_owned(),
        created_at: NOW,
        begun_at: None,
        ends_at: NOW + 60,
        spent_at: None,
    }
}
