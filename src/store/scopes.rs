//! Tables `resources` and `scopes`: changing the scopes of one resource, and with them what people agreed to.
//!
//! A rule reads the [`Book`] of a resource, checks what holds for all its scopes together, and hands back the
//! version it read: a change happens only while that is still the version, so that nothing slips in between.

use futures::FutureExt as _;
use sqlx::{AnyConnection, Row as _};

use super::changes::{Topic, bump};
use super::resources::{ScopeRow, add_scope, read_scope};
use super::{Store, StoreError, row, sql};
use crate::types::Timestamp;

/// The scopes of one resource at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Book {
    pub resource_id: String,
    pub resource_name: String,
    /// As in [`super::resources::ResourceRow::kind`].
    pub kind: String,
    /// Raised by every change of any of the scopes.
    pub version: i64,
    /// Tools that a start has put under a scope once.
    pub known_tools: Vec<String>,
    pub scopes: Vec<ScopeRow>,
}

/// One change of a book.
#[derive(Clone, Debug)]
pub enum Change {
    Add(ScopeRow),
    /// Description, tools, default and what it includes; the name stays.
    Edit(ScopeRow),
    /// In consents, grants, ceilings of clients and rules too. `implies`: the scopes that name it, and what they include now.
    Rename {
        name: String,
        to: String,
        implies: Vec<(String, Vec<String>)>,
    },
    /// From consents, grants, ceilings of clients and rules too.
    Remove {
        name: String,
        implies: Vec<(String, Vec<String>)>,
    },
    /// The built-in tools of this version, and the tools of each scope that got new ones.
    Tools {
        known: Vec<String>,
        of_scopes: Vec<(String, Vec<String>)>,
    },
}

sql! {
    BOOK = "SELECT id, name, kind, scopes_version, known_tools FROM resources WHERE id = $1";
    LIST = "SELECT resource_id, name AS id, name, description, tools, is_default, implies, version, named_at \
            FROM scopes WHERE resource_id = $1 ORDER BY name";
    /// Also takes turns: the row is held until the transaction ends.
    CLAIM = "UPDATE resources SET scopes_version = scopes_version + 1 WHERE id = $1 AND scopes_version = $2";
    EDIT = "UPDATE scopes SET description = $3, tools = $4, is_default = $5, implies = $6, updated_at = $7, \
            version = version + 1 WHERE resource_id = $1 AND name = $2";
    SET_IMPLIES = "UPDATE scopes SET implies = $3, updated_at = $4, version = version + 1 \
                   WHERE resource_id = $1 AND name = $2";
    SET_TOOLS = "UPDATE scopes SET tools = $3, updated_at = $4, version = version + 1 \
                 WHERE resource_id = $1 AND name = $2";
    SET_KNOWN_TOOLS = "UPDATE resources SET known_tools = $2 WHERE id = $1";
    RENAME = "UPDATE scopes SET name = $3, named_at = $4, updated_at = $4, version = version + 1 \
              WHERE resource_id = $1 AND name = $2";
    REMOVE = "DELETE FROM scopes WHERE resource_id = $1 AND name = $2";
    /// A name stands between spaces once the text has one at each end: `$3` between spaces, or one space alone.
    IN_CONSENTS = "UPDATE consents SET scopes = TRIM(REPLACE(' ' || scopes || ' ', ' ' || $2 || ' ', $3)) \
                   WHERE resource_id = $1 \
                   AND REPLACE(' ' || scopes || ' ', ' ' || $2 || ' ', ' ') <> ' ' || scopes || ' '";
    IN_GRANTS = "UPDATE grants SET scopes = TRIM(REPLACE(' ' || scopes || ' ', ' ' || $2 || ' ', $3)) \
                 WHERE resource_id = $1 \
                 AND REPLACE(' ' || scopes || ' ', ' ' || $2 || ' ', ' ') <> ' ' || scopes || ' '";
    IN_ISSUER_RULES = "UPDATE issuer_rules SET scopes = TRIM(REPLACE(' ' || scopes || ' ', ' ' || $2 || ' ', $3)) \
                       WHERE resource_id = $1 AND scopes IS NOT NULL";
    IN_EXCHANGE_RULES = "UPDATE exchange_rules SET scopes = TRIM(REPLACE(' ' || scopes || ' ', ' ' || $2 || ' ', $3)) \
                         WHERE to_id = $1";
    /// A ceiling speaks of every resource: where another one has the name too, it stays beside the new one.
    IN_CEILINGS = "UPDATE clients SET allowed_scopes = TRIM(REPLACE(' ' || allowed_scopes || ' ', ' ' || $1 || ' ', \
                   CASE WHEN EXISTS (SELECT 1 FROM scopes s WHERE s.name = $1) THEN ' ' || $1 || $2 ELSE $2 END)) \
                   WHERE allowed_scopes IS NOT NULL \
                   AND REPLACE(' ' || allowed_scopes || ' ', ' ' || $1 || ' ', ' ') <> ' ' || allowed_scopes || ' '";
    COUNT_CONSENTS = "SELECT COUNT(*) AS n FROM (SELECT 1 FROM consents WHERE resource_id = $1 \
                      AND REPLACE(' ' || scopes || ' ', ' ' || $2 || ' ', ' ') <> ' ' || scopes || ' ' \
                      LIMIT $3) held";
    COUNT_GRANTS = "SELECT COUNT(*) AS n FROM (SELECT 1 FROM grants WHERE resource_id = $1 \
                    AND revoked_at IS NULL AND ends_at > $4 \
                    AND REPLACE(' ' || scopes || ' ', ' ' || $2 || ' ', ' ') <> ' ' || scopes || ' ' \
                    LIMIT $3) held";
}

/// Puts `instead`, with a space at each end, where a name stands in what people agreed to.
async fn rewrite(
    connection: &mut AnyConnection,
    resource_id: &str,
    name: &str,
    instead: &str,
) -> Result<(), StoreError> {
    for statement in [IN_CONSENTS, IN_GRANTS] {
        sqlx::query(statement).bind(resource_id).bind(name).bind(instead).execute(&mut *connection).await?;
    }
    let mut rules = 0;
    for statement in [IN_ISSUER_RULES, IN_EXCHANGE_RULES] {
        let query = sqlx::query(statement).bind(resource_id).bind(name).bind(instead);
        rules += query.execute(&mut *connection).await?.rows_affected();
    }
    if rules > 0 {
        bump(connection, Topic::Issuers).await?;
    }
    let done = sqlx::query(IN_CEILINGS).bind(name).bind(instead).execute(&mut *connection).await?;
    if done.rows_affected() > 0 {
        bump(connection, Topic::Clients).await?;
    }
    Ok(())
}

async fn apply(
    connection: &mut AnyConnection,
    resource_id: &str,
    change: Change,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (implies, tools) = match change {
        Change::Add(scope) => {
            add_scope(connection, &scope, now).await?;
            (Vec::new(), Vec::new())
        }
        Change::Edit(scope) => {
            sqlx::query(EDIT)
                .bind(resource_id)
                .bind(&scope.name)
                .bind(&scope.description)
                .bind(row::to_json(&scope.tools))
                .bind(i64::from(scope.is_default))
                .bind(row::to_json(&scope.implies))
                .bind(now)
                .execute(&mut *connection)
                .await?;
            (Vec::new(), Vec::new())
        }
        Change::Rename { name, to, implies } => {
            let query = sqlx::query(RENAME).bind(resource_id).bind(&name).bind(&to).bind(now);
            query.execute(&mut *connection).await?;
            rewrite(connection, resource_id, &name, &format!(" {to} ")).await?;
            (implies, Vec::new())
        }
        Change::Remove { name, implies } => {
            sqlx::query(REMOVE).bind(resource_id).bind(&name).execute(&mut *connection).await?;
            rewrite(connection, resource_id, &name, " ").await?;
            (implies, Vec::new())
        }
        Change::Tools { known, of_scopes } => {
            let query = sqlx::query(SET_KNOWN_TOOLS).bind(resource_id).bind(row::to_json(&known));
            query.execute(&mut *connection).await?;
            (Vec::new(), of_scopes)
        }
    };
    for (statement, lists) in [(SET_IMPLIES, implies), (SET_TOOLS, tools)] {
        for (name, list) in lists {
            let query =
                sqlx::query(statement).bind(resource_id).bind(&name).bind(row::to_json(&list)).bind(now);
            query.execute(&mut *connection).await?;
        }
    }
    Ok(())
}

impl Store {
    /// The scopes of a resource; nothing when there is no such resource.
    pub async fn scope_book(&self, resource_id: &str) -> Result<Option<Book>, StoreError> {
        // The version first: what changes after it makes the version one of before.
        let found = sqlx::query(BOOK).bind(resource_id).fetch_optional(&self.pool).await?;
        let Some(found) = found else { return Ok(None) };
        let scopes = sqlx::query(LIST).bind(resource_id).fetch_all(&self.pool).await?;
        Ok(Some(Book {
            resource_id: row::text(&found, "id")?,
            resource_name: row::text(&found, "name")?,
            kind: row::text(&found, "kind")?,
            version: row::int(&found, "scopes_version")?,
            known_tools: row::json(&found, "resources", "known_tools")?,
            scopes: scopes.iter().map(read_scope).collect::<Result<_, _>>()?,
        }))
    }

    /// Changes the scopes of a resource. `false`, with nothing changed, when they are not those of the book any more.
    pub async fn change_scopes(
        &self,
        book: &Book,
        change: Change,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let (resource_id, version) = (book.resource_id.clone(), book.version);
        self.transaction(move |connection| {
            async move {
                // First, as every change of resources does: two that held one row each would wait for each other.
                bump(connection, Topic::Resources).await?;
                let claim = sqlx::query(CLAIM).bind(&resource_id).bind(version);
                if claim.execute(&mut *connection).await?.rows_affected() == 0 {
                    return Ok(false);
                }
                apply(connection, &resource_id, change, now).await?;
                Ok(true)
            }
            .boxed()
        })
        .await
    }

    /// How many consents and live grants hold a scope, each counted up to `limit`.
    pub async fn count_scope_holders(
        &self,
        resource_id: &str,
        name: &str,
        limit: i64,
        now: Timestamp,
    ) -> Result<(i64, i64), StoreError> {
        let consents = sqlx::query(COUNT_CONSENTS).bind(resource_id).bind(name).bind(limit);
        let consents = consents.fetch_one(&self.pool).await?.try_get("n")?;
        let grants = sqlx::query(COUNT_GRANTS).bind(resource_id).bind(name).bind(limit).bind(now);
        Ok((consents, grants.fetch_one(&self.pool).await?.try_get("n")?))
    }
}
