//! Everything stored about one person, without secrets: for the copy that people may ask for.

use serde_json::{Map, Value};
use sqlx::any::AnyRow;
use sqlx::{Column as _, Row as _};

use super::{Store, StoreError, sql};

sql! {
    PROFILE = "SELECT id, email, name, is_admin, second_factor_required, created_at, last_login_at, \
               CASE WHEN password_hash IS NULL THEN 0 ELSE 1 END AS has_password \
               FROM users WHERE id = $1 LIMIT $2";
    IDENTITIES = "SELECT id, issuer, subject, provider, email, created_at, last_used_at FROM identities \
                  WHERE user_id = $1 ORDER BY id LIMIT $2";
    PASSKEYS = "SELECT id, credential_id, name, created_at, last_used_at FROM passkeys \
                WHERE user_id = $1 ORDER BY id LIMIT $2";
    AUTHENTICATOR = "SELECT created_at FROM totp WHERE user_id = $1 LIMIT $2";
    RECOVERY_CODES = "SELECT id, created_at, spent_at FROM recovery_codes WHERE user_id = $1 ORDER BY id LIMIT $2";
    SESSIONS = "SELECT id, method, auth_time, created_at, last_seen_at, expires_at, ended_at, user_agent, address \
                FROM sessions WHERE user_id = $1 ORDER BY id LIMIT $2";
    BROWSERS = "SELECT first_seen_at, last_seen_at FROM known_browsers WHERE user_id = $1 \
                ORDER BY first_seen_at LIMIT $2";
    LINKS = "SELECT id, purpose, created_at, expires_at, spent_at FROM one_time_links \
             WHERE user_id = $1 ORDER BY id LIMIT $2";
    CONSENTS = "SELECT k.id, k.client_id, c.name AS client_name, k.resource_id, k.scopes, k.created_at, k.updated_at \
                FROM consents k JOIN clients c ON c.id = k.client_id WHERE k.user_id = $1 ORDER BY k.id LIMIT $2";
    GRANTS = "SELECT id, client_id, resource_id, session_id, scopes, created_at, ends_at, revoked_at, \
              revoked_reason, last_used_at FROM grants WHERE user_id = $1 ORDER BY id LIMIT $2";
    EVENTS = "SELECT id, at, kind, outcome, reason, client_id, resource_id, grant_id, session_id, address, \
              reference, detail FROM audit_events WHERE user_id = $1 ORDER BY id DESC LIMIT $2";
}

/// The parts, by the names they have in the copy.
const PARTS: [(&str, &str); 11] = [
    ("profile", PROFILE),
    ("identities", IDENTITIES),
    ("passkeys", PASSKEYS),
    ("authenticator_app", AUTHENTICATOR),
    ("recovery_codes", RECOVERY_CODES),
    ("sessions", SESSIONS),
    ("known_browsers", BROWSERS),
    ("one_time_links", LINKS),
    ("consents", CONSENTS),
    ("grants", GRANTS),
    ("events", EVENTS),
];

/// A row as JSON: text, numbers, null.
fn read(row: &AnyRow) -> Result<Value, StoreError> {
    let mut object = Map::new();
    for column in row.columns() {
        let name = column.name();
        let value = match row.try_get::<Option<String>, _>(name) {
            Ok(text) => text.map_or(Value::Null, Value::String),
            Err(_) => row.try_get::<Option<i64>, _>(name)?.map_or(Value::Null, Value::from),
        };
        object.insert(name.to_owned(), value);
    }
    Ok(Value::Object(object))
}

impl Store {
    /// Every row about a person, by part, at most `limit` of each; of the events the newest.
    pub async fn rows_about(
        &self,
        user_id: &str,
        limit: i64,
    ) -> Result<Vec<(&'static str, Vec<Value>)>, StoreError> {
        let mut out = Vec::with_capacity(PARTS.len());
        for (name, statement) in PARTS {
            let rows = sqlx::query(statement).bind(user_id).bind(limit).fetch_all(&self.pool).await?;
            out.push((name, rows.iter().map(read).collect::<Result<_, _>>()?));
        }
        Ok(out)
    }
}
