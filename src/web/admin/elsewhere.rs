//! What of the administration is ScaleKit's, said on the pages that would otherwise seem to show it.
//!
//! | page                              | says of each resource that takes its tokens from ScaleKit        |
//! |-----------------------------------|------------------------------------------------------------------|
//! | clients, grants, keys             | that its own are there, and where                                |
//! | every page of that one resource   | what is managed there and what here                              |
//! | every other                       | nothing                                                          |

use super::super::pages::admin::Area;
use super::super::{State, when};
use crate::oauth::resource::Resource;
use crate::trust::whom::{Foreign, Whom};
use crate::types::Timestamp;

/// The most resources that are named on one page.
const MAX_NAMED: usize = 5;

/// The sentences for a page. `resource_id` is the one that the page is about.
pub fn sentences(state: &State, area: Area, resource_id: Option<&str>) -> Vec<String> {
    let rest = match (area, resource_id) {
        (Area::Clients, _) => "Its clients are registered there and are not listed here.",
        (Area::Grants, _) => "What people allow is kept, and taken back, there.",
        (Area::Keys, _) => "Its tokens are signed with ScaleKit's keys, not with these.",
        (Area::Resources, Some(_)) => {
            "Clients, consents, lifetimes and keys are managed there; scopes, tools and the audit trail here."
        }
        _ => return Vec::new(),
    };
    let (set, now) = (state.oauth.resources.current(), state.oauth.clock.now());
    let asked = set.all().iter().filter(|r| resource_id.is_none_or(|id| r.id == id));
    let mut all: Vec<String> = asked.filter_map(|resource| sentence(resource, rest, now)).collect();
    let more = all.len().saturating_sub(MAX_NAMED);
    if more > 0 {
        all.truncate(MAX_NAMED);
        all.push(format!("The same holds for {more} more."));
    }
    all
}

fn sentence(resource: &Resource, rest: &str, now: Timestamp) -> Option<String> {
    let name = &resource.name;
    let also = resource.believes.also(now);
    let until = also.map(|(_, until)| when::moment(until));
    match (resource.believes.main(), also) {
        (Whom::ScaleKit(foreign), _) => {
            let both = until
                .map(|end| format!(" Until {end} it takes tokens of this server too."))
                .unwrap_or_default();
            Some(format!("{name} takes its tokens from ScaleKit, {}. {rest}{both}", place(foreign)))
        }
        (Whom::Embedded, Some((Whom::ScaleKit(foreign), _))) => {
            let end = until.unwrap_or_default();
            Some(format!("Until {end} {name} takes tokens of ScaleKit too, {}.", place(foreign)))
        }
        (Whom::Nobody, _) => Some(format!(
            "{name} is to take its tokens from ScaleKit, but its id there is not known: enter it in its settings. Until then nobody gets in."
        )),
        (Whom::Embedded, _) => None,
    }
}

fn place(foreign: &Foreign) -> String {
    format!("{} ({})", foreign.environment(), foreign.audience())
}
