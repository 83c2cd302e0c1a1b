//! Table `change_versions`: counters that tell every process which of its caches are stale.

use futures::FutureExt as _;
use sqlx::{AnyConnection, Row as _};

use super::{Store, StoreError, sql};

/// What a process may hold in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    Resources,
    Clients,
    Keys,
    Revocations,
    /// Names and addresses of people.
    People,
    Settings,
    /// Tokens of the administration's API that ended.
    ApiTokens,
    /// Trusted issuers, their rules, and the rules of exchanges.
    Issuers,
}

impl Topic {
    const fn name(self) -> &'static str {
        match self {
            Self::Resources => "resources",
            Self::Clients => "clients",
            Self::Keys => "keys",
            Self::Revocations => "revocations",
            Self::People => "people",
            Self::Settings => "settings",
            Self::ApiTokens => "api_tokens",
            Self::Issuers => "issuers",
        }
    }
}

/// The counter of every topic at one moment; a topic that never changed reads 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Versions {
    pub resources: i64,
    pub clients: i64,
    pub keys: i64,
    pub revocations: i64,
    pub people: i64,
    pub settings: i64,
    pub api_tokens: i64,
    pub issuers: i64,
}

sql! {
    READ = "SELECT topic, version FROM change_versions";
    TOUCH = "INSERT INTO change_versions (topic, version) VALUES ('probe', 1) \
             ON CONFLICT (topic) DO UPDATE SET version = change_versions.version + 1";
    BUMP = "INSERT INTO change_versions (topic, version) VALUES ($1, 1) \
            ON CONFLICT (topic) DO UPDATE SET version = change_versions.version + 1";
    BUMP_FROM = "UPDATE change_versions SET version = version + 1 WHERE topic = $1 AND version = $2";
}

/// Raises a topic's counter if it still says what it said when the change was thought of. `false` when it does
/// not: the change rests on what may no longer hold.
pub(super) async fn bump_from(
    connection: &mut AnyConnection,
    topic: Topic,
    seen: i64,
) -> Result<bool, StoreError> {
    let done = sqlx::query(BUMP_FROM).bind(topic.name()).bind(seen).execute(connection).await?;
    Ok(done.rows_affected() > 0)
}

/// Writes without changing anything: whether the disk takes it.
pub(super) async fn touch(connection: &mut AnyConnection) -> Result<(), StoreError> {
    sqlx::query(TOUCH).execute(connection).await?;
    Ok(())
}

/// Takes turns with every other first-administrator transaction: the row is held until this one ends.
pub(super) async fn take_turn_at_setup(connection: &mut AnyConnection) -> Result<(), StoreError> {
    sqlx::query(BUMP).bind("setup").execute(connection).await?;
    Ok(())
}

/// Raises a topic's counter inside the transaction that made the change.
pub(super) async fn bump(connection: &mut AnyConnection, topic: Topic) -> Result<(), StoreError> {
    sqlx::query(BUMP).bind(topic.name()).execute(connection).await?;
    Ok(())
}

impl Store {
    /// All counters, in one query.
    pub async fn change_versions(&self) -> Result<Versions, StoreError> {
        let mut versions = Versions::default();
        for row in sqlx::query(READ).fetch_all(&self.pool).await? {
            let version: i64 = row.try_get("version")?;
            match row.try_get::<String, _>("topic")?.as_str() {
                "resources" => versions.resources = version,
                "clients" => versions.clients = version,
                "keys" => versions.keys = version,
                "revocations" => versions.revocations = version,
                "people" => versions.people = version,
                "settings" => versions.settings = version,
                "api_tokens" => versions.api_tokens = version,
                "issuers" => versions.issuers = version,
                _ => {}
            }
        }
        Ok(versions)
    }

    /// Raises a topic's counter on its own.
    pub async fn bump_version(&self, topic: Topic) -> Result<(), StoreError> {
        self.write(move |connection| bump(connection, topic).boxed()).await
    }
}
