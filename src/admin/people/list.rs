//! Lists of people: the newest first, or in order of what they are found by.
//!
//! A search that is also a filter looks at [`WINDOW`] people at a time: its page may be short, or empty, with more to
//! come.

use super::super::{Admin, Page};
use crate::store::StoreError;
use crate::store::people::{PersonRow, Show};
use crate::types::terms;

/// People on one page.
pub const PAGE: usize = 50;
/// People looked at for one page of a filtered search.
pub const WINDOW: usize = 500;
/// After every id of a person.
const NEWEST: &str = "usr_z";

/// What is looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// The beginning of a name's word, of the address or its domain; or an id.
    pub text: Option<String>,
    pub show: Show,
    /// Where the page begins: what [`Page::next`] said.
    pub after: Option<String>,
}

/// A page of people.
pub async fn list(admin: &Admin, search: &Search) -> Result<Page<PersonRow>, StoreError> {
    page(admin, search, PAGE).await
}

/// The same, of so many rows.
pub async fn page(admin: &Admin, search: &Search, size: usize) -> Result<Page<PersonRow>, StoreError> {
    let store = &admin.accounts.store;
    let text = search.text.as_deref().unwrap_or_default();
    if text.starts_with("usr_") {
        let found = store.find_person(text).await?.filter(|person| shows(search.show, person));
        return Ok(Page { rows: found.into_iter().collect(), next: None });
    }
    let Some(range) = terms::prefix(text) else {
        let before = search.after.as_deref().unwrap_or(NEWEST);
        let rows = store.list_people(search.show, before, limit(size)).await?;
        return Ok(Page::of(rows, size, |person| person.user.id.clone()));
    };
    let start = (range.0.as_str(), "");
    let after =
        search.after.as_deref().and_then(|key| key.split_once('.')).filter(|(term, _)| *term >= start.0);
    let window = if search.show == Show::Everybody { size } else { WINDOW };
    let found = store.search_people(&range, after.unwrap_or(start), limit(window)).await?;
    Ok(narrowed(found, search.show, (size, window)))
}

/// Room for one more, which says that there is more.
fn limit(size: usize) -> i64 {
    i64::try_from(size + 1).unwrap_or(i64::MAX)
}

/// As many as fit of those to show, and where to go on.
fn narrowed(found: Vec<(String, PersonRow)>, show: Show, (size, window): (usize, usize)) -> Page<PersonRow> {
    let total = found.len();
    let mut page = Page { rows: Vec::new(), next: None };
    for (at, (term, person)) in found.into_iter().enumerate().take(window) {
        let key = format!("{term}.{}", person.user.id);
        if shows(show, &person) {
            page.rows.push(person);
        }
        if at + 1 < total && (page.rows.len() == size || at + 1 == window) {
            page.next = Some(key);
            break;
        }
    }
    page
}

const fn shows(show: Show, person: &PersonRow) -> bool {
    match show {
        Show::Everybody => true,
        Show::Admins => person.user.is_admin,
        Show::Disabled => person.user.disabled_at.is_some(),
        Show::NeverSignedIn => person.user.last_login_at.is_none(),
    }
}
