//! The trail as a file: JSON Lines or CSV, read in groups so that its size does not matter.
//!
//! | a group is asked for, and meanwhile                   | answer                      | test |
//! |-------------------------------------------------------|-----------------------------|------|
//! | nothing has happened                                  | the group                   | `an_export_holds_every_event_that_fits_once` |
//! | the session ended, the API token was revoked or expired, or whoever asks administers no more | refused, audited; the file breaks off | `an_export_ends_with_the_right_to_it` |

use serde_json::json;

use super::super::api_tokens::State;
use super::super::{Actor, Admin, Failure};
use super::{Filters, Listing, feed};
use crate::audit::Event;
use crate::store::StoreError;
use crate::store::audit_search::SeenEvent;

/// Events read at a time.
pub const GROUP: usize = 1000;

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a line.
    JsonLines,
    /// [RFC 4180](https://www.rfc-editor.org/rfc/rfc4180), every field in quotes.
    Csv,
}

/// Name and value of every column, in order.
fn fields(seen: &SeenEvent) -> [(&'static str, Option<String>); 19] {
    let event = &seen.event;
    let time =
        chrono::DateTime::from_timestamp(event.at, 0).map(|t| t.format("%Y-%m-%dT%H:%M:%SZ").to_string());
    let text = |text: &str| Some(text.to_owned());
    [
        ("id", text(&event.id)),
        ("time", time),
        ("kind", text(&event.kind)),
        ("outcome", text(&event.outcome)),
        ("reason", text(&event.reason)),
        ("user_id", event.user_id.clone()),
        ("user_email", seen.email.clone()),
        ("actor_id", event.actor_id.clone()),
        ("actor_email", seen.actor_email.clone()),
        ("client_id", event.client_id.clone()),
        ("client_name", seen.client_name.clone()),
        ("resource_id", event.resource_id.clone()),
        ("grant_id", event.grant_id.clone()),
        ("session_id", event.session_id.clone()),
        ("flow_id", event.flow_id.clone()),
        ("token_id", event.token_id.clone()),
        ("address", event.address.clone()),
        ("reference", event.reference.clone()),
        ("detail", event.detail.clone()),
    ]
}

impl Format {
    /// The format of this name; JSON Lines for any other.
    pub fn parse(name: &str) -> Self {
        if name == "csv" { Self::Csv } else { Self::JsonLines }
    }

    pub const fn extension(self) -> &'static str {
        match self {
            Self::JsonLines => "jsonl",
            Self::Csv => "csv",
        }
    }

    pub const fn media_type(self) -> &'static str {
        match self {
            Self::JsonLines => "application/jsonl; charset=utf-8",
            Self::Csv => "text/csv; charset=utf-8",
        }
    }

    /// What the file begins with.
    pub fn head(self) -> String {
        match self {
            Self::JsonLines => String::new(),
            Self::Csv => csv_line(fields(&SeenEvent::default()).into_iter().map(|(name, _)| name.to_owned())),
        }
    }

    /// One event.
    pub fn line(self, seen: &SeenEvent) -> String {
        match self {
            Self::JsonLines => {
                let object: serde_json::Map<_, _> =
                    fields(seen).into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect();
                format!("{}\n", serde_json::Value::Object(object))
            }
            Self::Csv => csv_line(fields(seen).into_iter().map(|(_, value)| value.unwrap_or_default())),
        }
    }
}

fn csv_line(values: impl Iterator<Item = String>) -> String {
    let quoted: Vec<_> = values.map(|value| format!("\"{}\"", tame(&value).replace('"', "\"\""))).collect();
    format!("{}\r\n", quoted.join(","))
}

/// Spreadsheets calculate what begins like a formula: an apostrophe makes it text.
fn tame(value: &str) -> String {
    let is_formula = value
        .trim_start_matches([' ', '\u{A0}'])
        .starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    if is_formula { format!("'{value}") } else { value.to_owned() }
}

/// Notes that somebody takes the trail away, and reads its first group: a filter that cannot be understood is
/// refused before anything is sent.
pub async fn begin(
    admin: &Admin,
    actor: &Actor,
    filters: &Filters,
    format: Format,
) -> Result<Listing, Failure> {
    let first = super::list(admin, filters, None, GROUP).await?;
    let set: Vec<_> = filters.set().into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    let what = if set.is_empty() { "everything".to_owned() } else { set.join(" ") };
    admin
        .oauth
        .audit
        .record(actor.did(Event::AuditExported).detail(format!("{}: {what}", format.extension())))
        .await;
    Ok(first)
}

/// The group that begins at `next`, for whoever began.
///
/// # Errors
/// [`Failure::Refused`] `right_lost` when they may not any more.
pub async fn more(admin: &Admin, actor: &Actor, filters: &Filters, next: &str) -> Result<Listing, Failure> {
    if !may_go_on(admin, actor).await? {
        admin.oauth.audit.record(actor.was_refused(Event::AuditExported, "right_lost")).await;
        return Err(Failure::refused("right_lost", "Whoever began the export may not go on with it."));
    }
    super::list(admin, filters, Some(next), GROUP).await
}

async fn may_go_on(admin: &Admin, actor: &Actor) -> Result<bool, StoreError> {
    if let Some(token) = &actor.token_id {
        let found = admin.oauth.store.find_api_token(token).await?;
        return Ok(found.is_some_and(|token| State::of(&token, admin.oauth.clock.now()) == State::Live));
    }
    match &actor.session_id {
        Some(session) => feed::may_watch(&admin.accounts, session).await,
        None => Ok(true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::audit::EventRow;

    #[test]
    fn what_strangers_wrote_stays_text_in_a_spreadsheet() {
        for (text, expected) in [
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("  =1", "'  =1"),
            ("＝1", "'＝1"),
            ("a=1", "a=1"),
            ("", ""),
        ] {
            assert_eq!(tame(text), expected);
        }
        assert_eq!(csv_line(["a\"b".to_owned(), "c,\nd".to_owned()].into_iter()), "\"a\"\"b\",\"c,\nd\"\r\n");
    }

    #[test]
    fn both_formats_hold_every_column() {
        let seen = SeenEvent {
            event: EventRow { id: "evt_1".into(), detail: Some("\"x\"\n".into()), ..EventRow::default() },
            ..SeenEvent::default()
        };
        let line = Format::JsonLines.line(&seen);
        assert_eq!(line.matches('\n').count(), 1, "{line}");
        let json: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(
            (json["detail"].as_str(), json["time"].as_str()),
            (Some("\"x\"\n"), Some("1970-01-01T00:00:00Z"))
        );
        assert_eq!(json.as_object().unwrap().len(), Format::Csv.head().split(',').count());
        assert!(Format::Csv.line(&seen).starts_with("\"evt_1\",\"1970-01-01T00:00:00Z\","));
    }
}
