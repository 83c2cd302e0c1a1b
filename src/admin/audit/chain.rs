//! The story of one event: everything that belongs to the same authorization, and at which step it stands.
//!
//! | what happened last                                  | verdict                                   |
//! |-----------------------------------------------------|-------------------------------------------|
//! | a step was refused and not taken since              | it broke there, for that reason           |
//! | the person was led to login or consent, no more     | waiting for the person                    |
//! | allowed, no token                                   | the app never came for its token          |
//! | a token, never shown at the resource                | issued, never used                        |
//! | a token, used                                       | it works                                  |

use std::collections::{BTreeMap, BTreeSet};

use super::super::Admin;
use crate::audit::Event;
use crate::store::StoreError;
use crate::store::audit_search::SeenEvent;
use crate::types::Timestamp;
use crate::types::ids::{self, Kind};

/// How far around an event that belongs to no authorization its neighbours are looked for, in seconds.
const NEARBY: i64 = 600;
/// How long after a client's id was made its registration was written, at most, in seconds.
const REGISTERED_WITHIN: i64 = 60;
/// Grants of one flow that are followed. A flow has one, unless a client repeats its challenge.
const MAX_GRANTS: usize = 5;
/// As many events of one grant as the store gives before it leaves some out.
const SHOWN_OF_GRANT: usize = 100;

/// A step on the way from registration to the first call, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    Registration,
    Request,
    Login,
    Consent,
    Token,
    Use,
}

impl Step {
    /// In the order they are taken.
    pub const ALL: [Self; 6] =
        [Self::Registration, Self::Request, Self::Login, Self::Consent, Self::Token, Self::Use];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Registration => "Registration",
            Self::Request => "Request",
            Self::Login => "Sign-in",
            Self::Consent => "Consent",
            Self::Token => "Token",
            Self::Use => "First call",
        }
    }

    /// The step an event is about.
    pub fn of(kind: &str) -> Option<Self> {
        Some(match Event::parse(kind)? {
            Event::ClientRegistered | Event::ClientCreated => Self::Registration,
            Event::Authorization | Event::DeviceAuthorization => Self::Request,
            Event::Login | Event::SecondFactor => Self::Login,
            Event::Consent => Self::Consent,
            Event::TokenIssued | Event::TokenRefreshed | Event::GrantRevoked | Event::TokenRevoked => {
                Self::Token
            }
            Event::AccessRefused => Self::Use,
            _ => return None,
        })
    }
}

/// How an authorization stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It broke at this step: the event that says why.
    Broke(Step, String),
    /// The person decided against it.
    Denied,
    /// The login was ended on purpose.
    Ended(String),
    Waiting,
    NoToken,
    NeverUsed,
    Works,
}

/// One event with what belongs to it.
#[derive(Clone, Debug)]
pub struct Story {
    pub event: SeenEvent,
    /// The oldest first; the event is among them.
    pub chain: Vec<SeenEvent>,
    /// Nothing for events that belong to no authorization.
    pub verdict: Option<Verdict>,
    /// When the grant was first used at its resource.
    pub first_call: Option<Timestamp>,
    /// The grant whose events in between are left out.
    pub cut: Option<String>,
}

/// One event and its story; nothing when there is no such event.
pub async fn tell(admin: &Admin, id: &str) -> Result<Option<Story>, StoreError> {
    let store = &admin.oauth.store;
    let Some(event) = store.find_event(id).await? else { return Ok(None) };
    let mut events = Events::default();
    events.add(vec![event.clone()]);
    if let Some(reference) = &event.event.reference {
        events.add(store.events_of_reference(reference).await?);
    }
    follow(admin, &mut events).await?;
    let cut = events.cut.take();
    let is_flow = !(events.flows.is_empty() && events.grants.is_empty());
    if is_flow {
        if let Some(client) = events.by_id.values().find_map(|e| e.event.client_id.clone()) {
            events.add(registration(admin, &client).await?.into_iter().collect());
        }
    } else {
        events.add(nearby(admin, &event).await?);
    }
    let mut first_call = None;
    for grant in &events.grants {
        first_call = first_call.max(store.first_call_of_grant(grant).await?);
    }
    let chain: Vec<SeenEvent> = events.by_id.into_values().collect();
    let verdict = is_flow.then(|| judge(&chain, first_call.is_some()));
    Ok(Some(Story { event, chain, verdict, first_call, cut }))
}

/// Events by id, with the flows and grants they name.
#[derive(Default)]
struct Events {
    by_id: BTreeMap<String, SeenEvent>,
    flows: BTreeSet<String>,
    grants: BTreeSet<String>,
    cut: Option<String>,
}

impl Events {
    fn add(&mut self, rows: Vec<SeenEvent>) {
        for row in rows {
            self.flows.extend(row.event.flow_id.clone());
            if self.grants.len() < MAX_GRANTS {
                self.grants.extend(row.event.grant_id.clone());
            }
            self.by_id.insert(row.event.id.clone(), row);
        }
    }
}

/// From grants to their flows and from flows to their grants, until nothing new is named.
async fn follow(admin: &Admin, events: &mut Events) -> Result<(), StoreError> {
    let store = &admin.oauth.store;
    let mut seen = BTreeSet::new();
    for _ in 0..4 {
        for flow in events.flows.clone().into_iter().take(MAX_GRANTS) {
            if seen.insert(flow.clone()) {
                events.add(store.events_of_flow(&flow).await?);
            }
        }
        for grant in events.grants.clone() {
            if seen.insert(grant.clone()) {
                let rows = store.events_of_grant(&grant).await?;
                if rows.len() >= SHOWN_OF_GRANT {
                    events.cut = Some(grant);
                }
                events.add(rows);
            }
        }
    }
    Ok(())
}

async fn registration(admin: &Admin, client_id: &str) -> Result<Option<SeenEvent>, StoreError> {
    let Some(at) = ids::made_at(client_id) else { return Ok(None) };
    let (from, until) =
        (ids::first_of(Kind::Event, at - 1), ids::first_of(Kind::Event, at + REGISTERED_WITHIN));
    admin.oauth.store.registration_of_client(client_id, &from, &until).await
}

async fn nearby(admin: &Admin, seen: &SeenEvent) -> Result<Vec<SeenEvent>, StoreError> {
    let event = &seen.event;
    let Some(user) = &event.user_id else { return Ok(Vec::new()) };
    let from = ids::first_of(Kind::Event, event.at - NEARBY);
    let until = ids::first_of(Kind::Event, event.at + NEARBY);
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let (session, client) = (text(&event.session_id), text(&event.client_id));
    admin.oauth.store.events_nearby(user, (&from, &until), &session, &client).await
}

/// The table above. `chain` is in order of time.
pub fn judge(chain: &[SeenEvent], is_used: bool) -> Verdict {
    let mut broken: Option<(Step, &SeenEvent)> = None;
    let (mut reached, mut has_token) = (Step::Registration, false);
    for seen in chain {
        let Some(step) = Step::of(&seen.event.kind) else { continue };
        let is_loss = matches!(seen.event.kind.as_str(), "grant.revoked" | "token.revoked");
        if is_loss && seen.event.outcome == "ok" {
            broken = Some((step, seen));
        } else if seen.event.outcome == "ok" {
            reached = reached.max(step);
            has_token |= step == Step::Token;
            // A step that is taken after all is not where it broke; a lost login stays lost.
            broken = broken.filter(|(at, why)| *at > step || why.event.outcome == "ok");
        } else if broken.is_none_or(|(_, why)| why.event.outcome != "ok") {
            broken = Some((step, seen));
        }
    }
    match broken {
        Some((_, seen)) if seen.event.reason == "person_denied" => Verdict::Denied,
        Some((_, seen)) if seen.event.outcome == "ok" && !seen.event.reason.starts_with("replayed") => {
            Verdict::Ended(seen.event.id.clone())
        }
        Some((step, seen)) => Verdict::Broke(step, seen.event.id.clone()),
        None if has_token && is_used => Verdict::Works,
        None if has_token => Verdict::NeverUsed,
        None if reached >= Step::Consent => Verdict::NoToken,
        None => Verdict::Waiting,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::audit::EventRow;

    fn chain(events: &[(&str, &str, &str)]) -> Vec<SeenEvent> {
        let row = |(n, (kind, outcome, reason)): (usize, &(&str, &str, &str))| SeenEvent {
            event: EventRow {
                id: format!("evt_{n}"),
                kind: (*kind).into(),
                outcome: (*outcome).into(),
                reason: (*reason).into(),
                ..EventRow::default()
            },
            ..SeenEvent::default()
        };
        events.iter().enumerate().map(row).collect()
    }

    #[test]
    fn the_table() {
        let asked = ("authorization.requested", "ok", "to_login");
        let login = ("session.login", "ok", "ok");
        let wrong = ("session.login", "refused", "wrong_password");
        let allowed = ("consent.decided", "ok", "ok");
        let denied = ("consent.decided", "refused", "person_denied");
        let token = ("token.issued", "ok", "ok");
        let refused = ("token.issued", "refused", "pkce_mismatch");
        let replayed = ("grant.revoked", "ok", "replayed_refresh_token");
        let stale = ("token.refreshed", "refused", "replayed_refresh_token");
        let broke = |step, n: usize| Verdict::Broke(step, format!("evt_{n}"));
        for (events, is_used, expected) in [
            (vec![asked], false, Verdict::Waiting),
            (vec![asked, wrong], false, broke(Step::Login, 1)),
            (vec![asked, wrong, login], false, Verdict::Waiting),
            (vec![asked, login, denied], false, Verdict::Denied),
            (vec![asked, denied, asked, allowed, token], true, Verdict::Works),
            (vec![asked, login, allowed], false, Verdict::NoToken),
            (vec![asked, login, allowed, refused], false, broke(Step::Token, 3)),
            (vec![allowed, refused, token], false, Verdict::NeverUsed),
            (vec![allowed, token], true, Verdict::Works),
            (vec![allowed, token, replayed, stale], true, broke(Step::Token, 2)),
            (vec![allowed, token, ("token.revoked", "ok", "ok")], true, Verdict::Ended("evt_2".into())),
            (
                vec![allowed, token, ("access.refused", "refused", "insufficient_scope")],
                true,
                broke(Step::Use, 2),
            ),
        ] {
            assert_eq!(judge(&chain(&events), is_used), expected, "{events:?}");
        }
    }
}
