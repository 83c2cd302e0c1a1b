//! Lists, page by page. A cursor is the key at which the next page begins: opaque to callers, worthless when made up.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use utoipa::ToSchema;

use super::call::Call;
use super::problem::Problem;
use crate::admin::Page;

/// Rows on a page, unless something else is asked for.
pub const USUAL: usize = 50;
/// Rows on a page at most.
pub const MOST: usize = 100;

/// A page of a list.
#[derive(Serialize, ToSchema)]
pub struct List<T> {
    pub items: Vec<T>,
    /// To go on: the value of `cursor`. Absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    /// To go on: the whole address. Absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "uri")]
    pub next: Option<String>,
}

/// How many rows are asked for.
pub fn size(limit: Option<u32>) -> Result<usize, Problem> {
    let size = limit.map_or(Ok(USUAL), usize::try_from).unwrap_or(0);
    if (1..=MOST).contains(&size) {
        return Ok(size);
    }
    Err(not_a_limit())
}

/// What is said of a limit that is none.
pub fn not_a_limit() -> Problem {
    Problem::parameter("limit", format!("limit is a number from 1 to {MOST}."))
}

/// The key that a cursor stands for.
pub fn key(cursor: Option<&str>) -> Result<Option<String>, Problem> {
    let Some(cursor) = cursor else { return Ok(None) };
    // An id of a client may be a URL.
    let plain = |c: char| c.is_ascii_graphic();
    URL_SAFE_NO_PAD
        .decode(cursor)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .filter(|key| !key.is_empty() && key.len() <= 1000 && key.chars().all(plain))
        .map(Some)
        .ok_or_else(|| {
            Problem::parameter("cursor", "cursor is not one that a list gave: begin again without.")
        })
}

impl<T> List<T> {
    /// A page of rows, each as it looks in JSON.
    pub fn of<R>(call: &Call, page: Page<R>, show: impl FnMut(R) -> T) -> Self {
        let next_cursor = page.next.map(|key| URL_SAFE_NO_PAD.encode(key));
        Self {
            items: page.rows.into_iter().map(show).collect(),
            next: next_cursor.as_deref().map(|cursor| address(call, cursor)),
            next_cursor,
        }
    }

    /// A list that is always whole.
    pub fn whole(items: Vec<T>) -> Self {
        Self { items, next_cursor: None, next: None }
    }
}

/// The address asked for, with another cursor.
fn address(call: &Call, cursor: &str) -> String {
    let query = url::form_urlencoded::parse(call.request.query_string().as_bytes());
    let mut pairs: Vec<(String, String)> = query.into_owned().filter(|(name, _)| name != "cursor").collect();
    pairs.push(("cursor".to_owned(), cursor.to_owned()));
    let query = serde_urlencoded::to_string(pairs).unwrap_or_default();
    call.state.issuer().at(&format!("{}?{query}", call.request.path()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_are_read_back_and_nothing_else_is() {
        let cursor = URL_SAFE_NO_PAD.encode("61.usr_1");
        assert_eq!(key(Some(&cursor)).unwrap().as_deref(), Some("61.usr_1"));
        assert_eq!(key(None).unwrap(), None);
        let odd = URL_SAFE_NO_PAD.encode("a\0");
        for text in ["", "x", "usr_1", &odd, &"A".repeat(2000)] {
            assert!(key(Some(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn a_page_has_1_to_100_rows() {
        assert_eq!(size(None).unwrap(), 50);
        assert_eq!(size(Some(100)).unwrap(), 100);
        assert!(size(Some(0)).is_err() && size(Some(101)).is_err());
    }
}
