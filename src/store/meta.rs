//! Table `meta`: single values about the installation, e.g. the proof that the master key fits.

use futures::FutureExt as _;
use sqlx::Row as _;

use super::{Store, StoreError, sql};

sql! {
    FIND = "SELECT value FROM meta WHERE name = $1";
    ADD = "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
}

impl Store {
    pub async fn find_meta(&self, name: &'static str) -> Result<Option<String>, StoreError> {
        let row = sqlx::query(FIND).bind(name).fetch_optional(&self.pool).await?;
        row.map(|r| r.try_get(0)).transpose().map_err(Into::into)
    }

    /// Stores a value unless there is one; returns the value in force.
    pub async fn add_meta(&self, name: &'static str, value: String) -> Result<String, StoreError> {
        self.transaction(move |connection| {
            async move {
                sqlx::query(ADD).bind(name).bind(&value).execute(&mut *connection).await?;
                let row = sqlx::query(FIND).bind(name).fetch_one(&mut *connection).await?;
                Ok(row.try_get(0)?)
            }
            .boxed()
        })
        .await
    }
}
