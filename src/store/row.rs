//! Reading columns, with the table named when one holds what no code writes.

use serde::de::DeserializeOwned;
use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::error::StoreError;
use crate::types::scope::ScopeSet;
use crate::types::{Hashed, Proof, Timestamp};

pub fn text(row: &AnyRow, column: &'static str) -> Result<String, StoreError> {
    Ok(row.try_get(column)?)
}

pub fn text_opt(row: &AnyRow, column: &'static str) -> Result<Option<String>, StoreError> {
    Ok(row.try_get(column)?)
}

pub fn int(row: &AnyRow, column: &'static str) -> Result<i64, StoreError> {
    Ok(row.try_get(column)?)
}

pub fn time_opt(row: &AnyRow, column: &'static str) -> Result<Option<Timestamp>, StoreError> {
    Ok(row.try_get(column)?)
}

pub fn flag(row: &AnyRow, column: &'static str) -> Result<bool, StoreError> {
    Ok(int(row, column)? != 0)
}

pub fn hash(row: &AnyRow, column: &'static str) -> Result<Hashed, StoreError> {
    Ok(Hashed::from_stored(text(row, column)?))
}

pub fn hash_opt(row: &AnyRow, column: &'static str) -> Result<Option<Hashed>, StoreError> {
    Ok(text_opt(row, column)?.map(Hashed::from_stored))
}

pub fn scopes(row: &AnyRow, column: &'static str) -> Result<ScopeSet, StoreError> {
    Ok(ScopeSet::from_stored(&text(row, column)?))
}

/// A column that says how a person proved who they are.
pub fn proof(row: &AnyRow, table: &'static str, column: &'static str) -> Result<Proof, StoreError> {
    Proof::parse(&text(row, column)?)
        .ok_or_else(|| StoreError::inconsistent(table, column, &text(row, "id").unwrap_or_default()))
}

/// A column that holds JSON text.
pub fn json<T: DeserializeOwned>(
    row: &AnyRow,
    table: &'static str,
    column: &'static str,
) -> Result<T, StoreError> {
    serde_json::from_str(&text(row, column)?)
        .map_err(|_| StoreError::inconsistent(table, column, &text(row, "id").unwrap_or_default()))
}

/// JSON text for a column; the values are strings and lists of strings, which always serialise.
pub fn to_json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned())
}
