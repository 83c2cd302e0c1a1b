//! What the audit trail is searched for.

use chrono::{NaiveDate, NaiveDateTime};

use super::super::{Admin, Failure, Problem};
use crate::accounts::normal_email;
use crate::audit::Event;
use crate::store::audit_search::Wanted;
use crate::types::Timestamp;
use crate::types::ids::{self, Kind};

/// The longest filter, in bytes: a client's id may be a URL.
const MAX: usize = 512;
/// After every id of an event.
const NEWEST: &str = "evt_~";

/// The filters as they were typed; an empty text stands for anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filters {
    /// Times in UTC, `2026-11-27T09:30` or `2026-11-27`.
    pub from: String,
    pub until: String,
    /// An address or an id.
    pub person: String,
    /// Who did it, where that is another: an address or an id.
    pub actor: String,
    pub client: String,
    pub resource: String,
    pub grant: String,
    pub kind: String,
    /// `ok` or `refused`.
    pub outcome: String,
    pub reason: String,
}

impl Filters {
    /// The names of the filters, as forms and addresses spell them.
    pub const NAMES: [&'static str; 10] =
        ["from", "until", "person", "actor", "client", "resource", "grant", "kind", "outcome", "reason"];

    /// Takes each filter from what was sent, without the spaces around it.
    pub fn read<'a>(value: impl Fn(&str) -> Option<&'a str>) -> Self {
        let mut filters = Self::default();
        for (name, slot) in Self::NAMES.into_iter().zip(filters.slots()) {
            value(name).unwrap_or_default().trim().clone_into(slot);
        }
        filters
    }

    fn slots(&mut self) -> [&mut String; 10] {
        [
            &mut self.from,
            &mut self.until,
            &mut self.person,
            &mut self.actor,
            &mut self.client,
            &mut self.resource,
            &mut self.grant,
            &mut self.kind,
            &mut self.outcome,
            &mut self.reason,
        ]
    }

    /// Name and value of each filter that is set.
    pub fn set(&self) -> Vec<(&'static str, String)> {
        let mut copy = self.clone();
        let values = copy.slots().map(|slot| slot.clone());
        Self::NAMES.into_iter().zip(values).filter(|(_, value)| !value.is_empty()).collect()
    }

    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What the store looks for.
    pub(super) async fn wanted(&self, admin: &Admin) -> Result<Wanted, Failure> {
        let mut problems = Vec::new();
        for (name, value) in self.set() {
            if value.len() > MAX {
                problems.push(Problem::new(name, format!("{name}: at most {MAX} bytes.")));
            }
        }
        let mut bound = |name, text: &str, otherwise: &str| match (text.is_empty(), parse_time(text)) {
            (true, _) => otherwise.to_owned(),
            (_, Some(time)) => ids::first_of(Kind::Event, time),
            (_, None) => {
                problems
                    .push(Problem::new(name, format!("{name}: write a time as 2026-11-27T09:30, in UTC.")));
                String::new()
            }
        };
        let (after, before) = (bound("from", &self.from, ""), bound("until", &self.until, NEWEST));
        if !self.kind.is_empty() && Event::parse(&self.kind).is_none() {
            problems.push(Problem::new("kind", "kind: choose one of the list."));
        }
        if !["", "ok", "refused"].contains(&self.outcome.as_str()) {
            problems.push(Problem::new("outcome", "outcome: choose one of the list."));
        }
        if !problems.is_empty() {
            return Err(Failure::Invalid(problems));
        }
        Ok(Wanted {
            user_id: person(admin, "person", &self.person).await?,
            actor_id: person(admin, "actor", &self.actor).await?,
            client_id: self.client.clone(),
            resource_id: resource(admin, &self.resource),
            grant_id: self.grant.clone(),
            kind: self.kind.clone(),
            outcome: self.outcome.clone(),
            reason: self.reason.clone(),
            after,
            before,
        })
    }
}

/// The id of whoever a text names.
async fn person(admin: &Admin, field: &'static str, text: &str) -> Result<String, Failure> {
    if !text.contains('@') {
        return Ok(text.to_owned());
    }
    let found = match normal_email(text) {
        Some(email) => admin.oauth.store.find_user_by_email(&email).await?,
        None => None,
    };
    found.map(|user| user.id).ok_or_else(|| {
        Failure::invalid(
            field,
            format!("{field}: nobody here has that address. Somebody deleted is found by id."),
        )
    })
}

/// The id of a resource that is named by id or by its address.
fn resource(admin: &Admin, text: &str) -> String {
    let resources = admin.oauth.resources.current();
    resources.all().iter().find(|r| r.uri == text).map_or_else(|| text.to_owned(), |r| r.id.clone())
}

/// A time in UTC as a form or a person writes it.
pub fn parse_time(text: &str) -> Option<Timestamp> {
    let text = text.trim().trim_end_matches('Z');
    let time = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"]
        .into_iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
        .or_else(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0))?;
    Some(time.and_utc().timestamp()).filter(|at| *at >= 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        for (text, expected) in [
            ("1970-01-02", Some(86_400)),
            ("1970-01-01T01:00", Some(3600)),
            ("1970-01-01 01:00:05", Some(3605)),
            ("1970-01-01T01:00:05Z", Some(3605)),
            ("yesterday", None),
            ("1969-01-01", None),
            ("99999-01-01", None),
            ("", None),
        ] {
            assert_eq!(parse_time(text), expected, "{text}");
        }
    }

    #[test]
    fn every_filter_is_read_under_its_name() {
        let filters = Filters::read(|name| Filters::NAMES.into_iter().find(|n| *n == name));
        let set = filters.set();
        assert_eq!(set.len(), Filters::NAMES.len());
        assert!(set.iter().all(|(name, value)| name == value), "{set:?}");
        assert!(Filters::read(|_| Some("  ")).is_empty());
    }
}
