//! Who uses a resource: the apps that hold something on it, and the people who agreed.

use crate::admin::{Admin, Page};
use crate::store::StoreError;
use crate::store::resource_users::{ResourceClientRow, ResourceConsentRow};

/// Rows on one page.
const PAGE: usize = 50;
/// After every id of ours: they hold digits and the letters up to v.
const LAST: &str = "con_z";

fn limit(size: usize) -> i64 {
    i64::try_from(size + 1).unwrap_or(i64::MAX)
}

/// A page of the clients with live grants, in order of id.
pub async fn clients(
    admin: &Admin,
    resource_id: &str,
    after: Option<&str>,
) -> Result<Page<ResourceClientRow>, StoreError> {
    clients_page(admin, resource_id, after, PAGE).await
}

/// The same, of so many rows.
pub async fn clients_page(
    admin: &Admin,
    resource_id: &str,
    after: Option<&str>,
    size: usize,
) -> Result<Page<ResourceClientRow>, StoreError> {
    let store = &admin.oauth.store;
    let rows = store.list_resource_clients(resource_id, after.unwrap_or_default(), limit(size)).await?;
    Ok(Page::of(rows, size, |row| row.id.clone()))
}

/// A page of what people allowed, the newest first.
pub async fn people(
    admin: &Admin,
    resource_id: &str,
    after: Option<&str>,
) -> Result<Page<ResourceConsentRow>, StoreError> {
    people_page(admin, resource_id, after, PAGE).await
}

/// The same, of so many rows.
pub async fn people_page(
    admin: &Admin,
    resource_id: &str,
    after: Option<&str>,
    size: usize,
) -> Result<Page<ResourceConsentRow>, StoreError> {
    let store = &admin.oauth.store;
    let rows = store.list_resource_consents(resource_id, after.unwrap_or(LAST), limit(size)).await?;
    Ok(Page::of(rows, size, |row| row.id.clone()))
}
