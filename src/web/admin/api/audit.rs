//! `/audit`: the trail, searched and taken away.

use actix_web::HttpResponse;
use actix_web::web::Path;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::super::audit::export::stream;
use super::answers;
use super::call::Call;
use super::paging::{self, List};
use super::problem::{Fault, Kind, Problem};
use super::text::Time;
use crate::admin::audit::chain::{self, Story, Verdict};
use crate::admin::audit::export::{self, Format};
use crate::admin::audit::{self as trail, Filters, words};
use crate::admin::{Failure, Page};
use crate::store::audit_search::SeenEvent;

/// Something that happened.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditEvent)]
pub struct Event {
    id: String,
    at: Time,
    /// `noun.verb`.
    #[schema(example = "session.login")]
    kind: String,
    /// In words.
    what: &'static str,
    /// `ok`, or why not.
    #[schema(example = "ok")]
    outcome: String,
    reason: String,
    /// The person it happened to.
    #[serde(skip_serializing_if = "Option::is_none")]
    person_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    /// Who did it, where that is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    actor_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    actor_email: Option<String>,
    /// The API token by which the actor did it.
    #[serde(skip_serializing_if = "Option::is_none")]
    token_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    grant_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<String>,
    /// The authorization it is a step of.
    #[serde(skip_serializing_if = "Option::is_none")]
    flow_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

impl From<SeenEvent> for Event {
    fn from(seen: SeenEvent) -> Self {
        let event = seen.event;
        Self {
            what: words::what(&event),
            id: event.id,
            at: Time(event.at),
            kind: event.kind,
            outcome: event.outcome,
            reason: event.reason,
            person_id: event.user_id,
            email: seen.email,
            actor_id: event.actor_id,
            actor_email: seen.actor_email,
            token_id: event.token_id,
            client_id: event.client_id,
            client_name: seen.client_name,
            resource_id: event.resource_id,
            grant_id: event.grant_id,
            session_id: event.session_id,
            flow_id: event.flow_id,
            address: event.address,
            reference: event.reference,
            detail: event.detail,
        }
    }
}

/// The filters of the trail, with what else a request says. An empty text stands for anything.
macro_rules! wanted {
    ($(#[$about:meta])* $name:ident { $($more:tt)* }) => {
        $(#[$about])*
        #[derive(Deserialize, IntoParams)]
        #[serde(deny_unknown_fields)]
        #[into_params(parameter_in = Query)]
        pub struct $name {
            /// In UTC, `2026-11-27T09:30:00Z`, `2026-11-27T09:30` or `2026-11-27`.
            #[param(max_length = 40)]
            from: Option<String>,
            #[param(max_length = 40)]
            until: Option<String>,
            /// Whom it happened to: an address or an id.
            #[param(max_length = 512)]
            person: Option<String>,
            /// Who did it: an address or an id.
            #[param(max_length = 512)]
            actor: Option<String>,
            #[param(max_length = 512)]
            client: Option<String>,
            /// An id, or the URL.
            #[param(max_length = 512)]
            resource: Option<String>,
            #[param(max_length = 512)]
            grant: Option<String>,
            /// e.g. `session.login`.
            #[param(max_length = 512)]
            kind: Option<String>,
            #[param(inline)]
            outcome: Option<Outcome>,
            /// Why something was refused, e.g. `unknown_client`.
            #[param(max_length = 512)]
            reason: Option<String>,
            $($more)*
        }

        impl $name {
            fn filters(&self) -> Filters {
                Filters::read(|name| match name {
                    "from" => self.from.as_deref(),
                    "until" => self.until.as_deref(),
                    "person" => self.person.as_deref(),
                    "actor" => self.actor.as_deref(),
                    "client" => self.client.as_deref(),
                    "resource" => self.resource.as_deref(),
                    "grant" => self.grant.as_deref(),
                    "kind" => self.kind.as_deref(),
                    "outcome" => self.outcome.map(Outcome::as_str),
                    "reason" => self.reason.as_deref(),
                    _ => None,
                })
            }
        }
    };
}

wanted! {
    /// Which events.
    Wanted {
        /// Rows on a page; 50 unless it is said.
        #[param(minimum = 1, maximum = 100)]
        limit: Option<u32>,
        /// Where the page begins: `next_cursor` of the one before.
        #[param(max_length = 400)]
        cursor: Option<String>,
    }
}

wanted! {
    /// Which events, and how they are written.
    Taken {
        /// `jsonl` unless it is said.
        #[param(inline)]
        format: Option<ExportFormat>,
    }
}

/// How something ended.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Ok,
    Refused,
}

/// JSON Lines, or CSV.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ExportFormat {
    Jsonl,
    Csv,
}

impl Outcome {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Refused => "refused",
        }
    }
}

/// A filter that cannot be understood is a parameter here.
fn as_parameters(failure: Failure) -> Problem {
    let Failure::Invalid(problems) = failure else { return failure.into() };
    let errors: Vec<_> = problems
        .into_iter()
        .map(|p| Fault { pointer: None, parameter: Some(p.field.to_owned()), detail: p.sentence })
        .collect();
    let sentences: Vec<_> = errors.iter().map(|e| e.detail.as_str()).collect();
    Problem { detail: sentences.join(" "), errors, ..Problem::new(Kind::BadParameter, "") }
}

/// Search the audit trail
///
/// The newest first. A page may be short, or empty, and have another after it: go on while there is a `next`.
#[utoipa::path(get, path = "/audit/events", tag = "audit", params(Wanted),
    responses((status = 200, description = "A page of events", body = List<Event>)))]
pub async fn list(call: Call) -> Result<HttpResponse, Problem> {
    let wanted: Wanted = call.query()?;
    let (size, before) = (paging::size(wanted.limit)?, paging::key(wanted.cursor.as_deref())?);
    let listing =
        trail::list(call.admin(), &wanted.filters(), before.as_deref(), size).await.map_err(as_parameters)?;
    let page = Page { rows: listing.rows, next: listing.next };
    Ok(answers::ok(&List::of(&call, page, Event::from)))
}

/// An event, and the story it belongs to.
#[derive(Serialize, ToSchema)]
pub struct EventStory {
    event: Event,
    /// Every event of the same authorization, the oldest first.
    story: Vec<Event>,
    /// How that authorization stands, in words. Absent for events that belong to none.
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<String>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<&'static str>,
}

/// Show an event
///
/// With every other of the same authorization, and how that stands. The id may be a reference from an error.
#[utoipa::path(get, path = "/audit/events/{id}", tag = "audit",
    params(("id" = String, Path, description = "Its id, or a reference")),
    responses((status = 200, description = "The event", body = EventStory)))]
pub async fn get(call: Call, id: Path<String>) -> Result<HttpResponse, Problem> {
    let id = trail::named(call.admin(), &id).await?.ok_or(Failure::NotFound)?;
    let story = chain::tell(call.admin(), &id).await?.ok_or(Failure::NotFound)?;
    Ok(answers::ok(&told(story)))
}

fn told(story: Story) -> EventStory {
    let verdict = story.verdict.as_ref().map(|verdict| {
        let at = match verdict {
            Verdict::Broke(_, id) | Verdict::Ended(id) => Some(id),
            _ => None,
        };
        let broken = story.chain.iter().find(|seen| Some(&seen.event.id) == at).map(|seen| &seen.event);
        words::verdict(verdict, broken)
    });
    let (verdict, remedy) = verdict.unzip();
    EventStory {
        event: story.event.into(),
        story: story.chain.into_iter().map(Event::from).collect(),
        verdict,
        remedy: remedy.filter(|text| !text.is_empty()),
    }
}

/// Export the audit trail
///
/// Everything that fits, as a file that is sent while it is read. Taking it away is noted in the trail.
#[utoipa::path(get, path = "/audit/export", tag = "audit", params(Taken),
    responses((status = 200, description = "The events, one a line",
        content((String = "application/jsonl"), (String = "text/csv")))))]
pub async fn export(call: Call) -> Result<HttpResponse, Problem> {
    let wanted: Taken = call.query()?;
    let format = match wanted.format {
        Some(ExportFormat::Csv) => Format::Csv,
        _ => Format::JsonLines,
    };
    let filters = wanted.filters();
    let first = export::begin(call.admin(), &call.actor, &filters, format).await.map_err(as_parameters)?;
    Ok(stream(call.state, call.actor, filters, format, first))
}
