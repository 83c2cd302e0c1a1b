//! Table `settings`: what administrators set while the server runs.

use futures::FutureExt as _;
use sqlx::any::AnyRow;

use super::{Store, StoreError, row, sql};
use crate::types::Timestamp;

/// One setting as stored. An empty value means that it was taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingRow {
    pub name: String,
    pub value: String,
    /// Raised by every change.
    pub version: i64,
    pub updated_at: Timestamp,
    /// A person, an API token, or `command-line`.
    pub updated_by: String,
}

sql! {
    LIST = "SELECT name, value, version, updated_at, updated_by FROM settings ORDER BY name";
    /// Without a row only version 0 is the present one.
    PUT = "INSERT INTO settings (name, value, version, updated_at, updated_by) SELECT CAST($1 AS TEXT), \
           CAST($2 AS TEXT), 1, CAST($3 AS BIGINT), CAST($4 AS TEXT) WHERE CAST($5 AS BIGINT) = 0 \
           OR EXISTS (SELECT 1 FROM settings s WHERE s.name = $1) ON CONFLICT (name) DO UPDATE SET value = excluded.value, version = settings.version + 1, \
           updated_at = excluded.updated_at, updated_by = excluded.updated_by WHERE settings.version = $5";
}

fn read(row: &AnyRow) -> Result<SettingRow, StoreError> {
    Ok(SettingRow {
        name: row::text(row, "name")?,
        value: row::text(row, "value")?,
        version: row::int(row, "version")?,
        updated_at: row::int(row, "updated_at")?,
        updated_by: row::text(row, "updated_by")?,
    })
}

impl Store {
    /// Every setting. Few rows, held in memory by `settings`.
    pub async fn list_settings(&self) -> Result<Vec<SettingRow>, StoreError> {
        sqlx::query(LIST).fetch_all(&self.pool).await?.iter().map(read).collect()
    }

    /// Sets a setting that still has the version of `row`, 0 where there was none; `false` when somebody else was
    /// faster.
    pub async fn put_setting(&self, row: SettingRow) -> Result<bool, StoreError> {
        self.transaction(move |connection| {
            async move {
                let done = sqlx::query(PUT)
                    .bind(&row.name)
                    .bind(&row.value)
                    .bind(row.updated_at)
                    .bind(&row.updated_by)
                    .bind(row.version)
                    .execute(&mut *connection)
                    .await?;
                let is_set = done.rows_affected() > 0;
                if is_set {
                    super::changes::bump(connection, super::changes::Topic::Settings).await?;
                }
                Ok(is_set)
            }
            .boxed()
        })
        .await
    }
}
