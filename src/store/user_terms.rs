//! Table `user_terms`: what people are found by.

use futures::FutureExt as _;
use sqlx::AnyConnection;

use super::{Store, StoreError, row, sql};
use crate::types::terms;

sql! {
    FORGET = "DELETE FROM user_terms WHERE user_id = $1";
    ADD = "INSERT INTO user_terms (term, user_id) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    KNOWN = "UPDATE users SET has_terms = 1 WHERE id = $1";
    /// Changes nothing, but holds the row until the transaction ends: a rename at the same moment waits, or was first.
    HOLD = "UPDATE users SET has_terms = 0 WHERE id = $1 AND has_terms = 0 RETURNING email, name, deleted_at";
    UNKNOWN = "SELECT id FROM users WHERE has_terms = 0 ORDER BY id LIMIT $1";
}

/// The terms of a person: name, address, and the address' domain.
fn terms_of(email: &str, name: Option<&str>) -> Vec<String> {
    let domain = email.split_once('@').map(|(_, domain)| domain);
    let texts = [Some(email), domain, name];
    texts.into_iter().flatten().flat_map(terms::terms).collect()
}

/// Forgets what a person is found by, inside the caller's transaction.
pub(super) async fn forget(connection: &mut AnyConnection, user_id: &str) -> Result<(), StoreError> {
    sqlx::query(FORGET).bind(user_id).execute(connection).await?;
    Ok(())
}

/// Lets a person be found by this address and name, inside the caller's transaction.
pub(super) async fn put(
    connection: &mut AnyConnection,
    user_id: &str,
    email: &str,
    name: Option<&str>,
) -> Result<(), StoreError> {
    forget(connection, user_id).await?;
    for term in terms_of(email, name) {
        sqlx::query(ADD).bind(term).bind(user_id).execute(&mut *connection).await?;
    }
    sqlx::query(KNOWN).bind(user_id).execute(connection).await?;
    Ok(())
}

impl Store {
    /// Makes up to `limit` people known to the search that were stored before there was one; returns how many it
    /// looked at. A deleted person is noted as known and is found by nothing.
    pub async fn add_missing_user_terms(&self, limit: i64) -> Result<usize, StoreError> {
        self.transaction(move |connection| {
            async move {
                let rows = sqlx::query(UNKNOWN).bind(limit).fetch_all(&mut *connection).await?;
                for found in &rows {
                    let id = row::text(found, "id")?;
                    let held = sqlx::query(HOLD).bind(&id).fetch_optional(&mut *connection).await?;
                    let Some(user) = held else { continue };
                    if row::time_opt(&user, "deleted_at")?.is_some() {
                        sqlx::query(KNOWN).bind(&id).execute(&mut *connection).await?;
                        continue;
                    }
                    let (email, name) = (row::text(&user, "email")?, row::text_opt(&user, "name")?);
                    put(connection, &id, &email, name.as_deref()).await?;
                }
                Ok(rows.len())
            }
            .boxed()
        })
        .await
    }
}
