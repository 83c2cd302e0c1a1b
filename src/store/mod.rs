//! SQL out: the only folder that imports sqlx.
//!
//! One file per table or pair of tables, with a closed list of verbs (`find`, `add`, `spend`, `revoke`,
//! `reap`, …). One SQL text per operation, the same on SQLite and Postgres. State that may be spent once is
//! spent by one conditional statement. What differs between the databases is in `connect` and `writer`.

pub mod activity;
pub mod api_answers;
pub mod api_tokens;
pub mod audit;
pub mod audit_search;
pub mod ceremonies;
pub mod changes;
pub mod client_secrets;
pub mod clients;
pub mod codes;
mod connect;
pub mod connected;
pub mod consents;
pub mod deletion;
pub mod device_codes;
pub mod document_clients;
pub mod ended_tokens;
mod error;
pub mod exchange_rules;
pub mod grant_search;
pub mod grants;
pub mod identities;
pub mod issuer_grants;
pub mod known_browsers;
pub mod links;
pub mod managed_clients;
mod migrations;
pub mod passkeys;
pub mod people;
pub mod personal;
pub mod pushed_requests;
pub mod recovery_codes;
pub mod refresh_tokens;
pub mod replays;
pub mod resource_changes;
pub mod resource_users;
pub mod resources;
mod row;
pub mod scopes;
pub mod sessions;
pub mod settings;
pub mod signing_keys;
pub mod totp;
pub mod trusted_issuers;
pub mod user_terms;
pub mod users;
pub mod ways_in;
mod writer;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use sqlx::AnyConnection;
use sqlx::AnyPool;

pub use connect::{Options, connect};
pub use error::StoreError;
pub use migrations::FILES as MIGRATIONS;
use writer::{Shape, Writer};

/// A handle on the database; clones share the connections.
#[derive(Clone)]
pub struct Store {
    pool: AnyPool,
    writer: Writer,
}

impl Store {
    /// Runs one statement that writes.
    async fn write<T, F>(&self, operation: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut AnyConnection) -> BoxFuture<'c, Result<T, StoreError>> + Send + 'static,
    {
        self.writer.write(Shape::Statement, operation).await
    }

    /// Runs several statements that hold together or not at all.
    async fn transaction<T, F>(&self, operation: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut AnyConnection) -> BoxFuture<'c, Result<T, StoreError>> + Send + 'static,
    {
        self.writer.write(Shape::Transaction, operation).await
    }

    /// Applies the migrations.
    pub async fn migrate(&self) -> Result<usize, StoreError> {
        migrations::apply(&self.pool, self.writer.turn()).await
    }

    /// Fails unless the schema is this binary's.
    pub async fn check_schema(&self) -> Result<(), StoreError> {
        migrations::check(&self.pool).await
    }

    /// Whether the database answers and, after a write that failed, takes writes again.
    pub async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT 1").execute(&self.pool).await?;
        if !self.writer.is_healthy() {
            self.write(|connection| changes::touch(connection).boxed()).await?;
        }
        Ok(())
    }

    /// Prepares every statement of every table file; the test that keeps both databases honest.
    pub async fn prepare_all(&self) -> Result<usize, (&'static str, StoreError)> {
        use sqlx::{Executor as _, SqlSafeStr as _};
        let mut connection = self.pool.acquire().await.map_err(|e| ("acquire", e.into()))?;
        let all = statements();
        for &statement in &all {
            (&mut *connection)
                .prepare(statement.into_sql_str())
                .await
                .map_err(|e| (statement, StoreError::from(e)))?;
        }
        Ok(all.len())
    }

    /// The pool, for contract tests that look at rows.
    #[doc(hidden)]
    pub fn pool(&self) -> &AnyPool {
        &self.pool
    }
}

/// Every statement of every table file, for tests that look at all of them.
#[doc(hidden)]
pub fn statements() -> Vec<&'static str> {
    [
        activity::ALL,
        api_answers::ALL,
        api_tokens::ALL,
        audit::ALL,
        audit_search::ALL,
        ceremonies::ALL,
        changes::ALL,
        client_secrets::ALL,
        clients::ALL,
        managed_clients::ALL,
        codes::ALL,
        connected::ALL,
        consents::ALL,
        deletion::ALL,
        document_clients::ALL,
        ended_tokens::ALL,
        exchange_rules::ALL,
        device_codes::ALL,
        grant_search::ALL,
        grants::ALL,
        identities::ALL,
        issuer_grants::ALL,
        known_browsers::ALL,
        links::ALL,
        personal::ALL,
        passkeys::ALL,
        people::ALL,
        pushed_requests::ALL,
        recovery_codes::ALL,
        refresh_tokens::ALL,
        replays::ALL,
        resource_changes::ALL,
        resource_users::ALL,
        resources::ALL,
        scopes::ALL,
        sessions::ALL,
        settings::ALL,
        signing_keys::ALL,
        totp::ALL,
        trusted_issuers::ALL,
        user_terms::ALL,
        users::ALL,
        ways_in::ALL,
    ]
    .concat()
}

/// Declares the statements of one table file, and their list for [`Store::prepare_all`].
macro_rules! sql {
    ($($(#[$doc:meta])* $name:ident = $sql:expr;)+) => {
        $($(#[$doc])* const $name: &str = $sql;)+
        pub(super) const ALL: &[&str] = &[$($name),+];
    };
}
use sql;
