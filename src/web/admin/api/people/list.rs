//! `GET /people`: everybody, searched and filtered.

use actix_web::HttpResponse;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::super::answers;
use super::super::call::Call;
use super::super::paging::{self, List};
use super::super::problem::Problem;
use super::super::text;
use super::Person;
use crate::admin::people::list::{self, Search};
use crate::store::people::{PersonRow, Show};

/// Somebody in a list.
#[derive(Serialize, ToSchema)]
pub struct ListedPerson {
    #[serde(flatten)]
    person: Person,
    /// Whether they have an authenticator app or a passkey.
    has_second_factor: bool,
}

impl From<PersonRow> for ListedPerson {
    fn from(row: PersonRow) -> Self {
        Self { has_second_factor: row.has_second_factor, person: row.user.into() }
    }
}

/// Which people.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// The start of a word of the name, of the address, or of its domain; or the whole id.
    #[param(max_length = 200)]
    q: Option<String>,
    #[param(inline)]
    show: Option<Which>,
    /// Rows on a page; 50 unless it is said.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// Where the page begins: `next_cursor` of the one before.
    #[param(max_length = 400)]
    cursor: Option<String>,
}

/// Some people only.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Which {
    Administrators,
    Disabled,
    NeverSignedIn,
}

/// List people
///
/// The newest first; those found by `q` in order of what they are found by. With both, a page may be short, or empty,
/// and have another after it: go on while there is a `next`.
#[utoipa::path(get, path = "/people", tag = "people", params(Wanted),
    responses((status = 200, description = "A page of people", body = List<ListedPerson>)))]
pub async fn list(call: Call) -> Result<HttpResponse, Problem> {
    let wanted: Wanted = call.query()?;
    let size = paging::size(wanted.limit)?;
    let search = Search {
        text: text::search(wanted.q.as_deref())?.map(str::to_owned),
        show: match wanted.show {
            None => Show::Everybody,
            Some(Which::Administrators) => Show::Admins,
            Some(Which::Disabled) => Show::Disabled,
            Some(Which::NeverSignedIn) => Show::NeverSignedIn,
        },
        after: paging::key(wanted.cursor.as_deref())?,
    };
    let page = list::page(call.admin(), &search, size).await?;
    Ok(answers::ok(&List::of(&call, page, ListedPerson::from)))
}
