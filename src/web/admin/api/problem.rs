//! How the API says no: problem details ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)), always with a reference
//! that the log and, where something was refused, the audit trail know too.

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpResponse, ResponseError};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::super::problem::Problem as Unread;
use super::super::super::{State, error_page};
use crate::accounts::throttle::Throttled;
use crate::admin::Failure;
use crate::admin::api_tokens::Scope;
use crate::store::StoreError;

/// The media type of problem details.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// The kinds of problems.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    BadBody,
    BadParameter,
    MissingToken,
    BadToken,
    MissingScope,
    ForeignHost,
    NotFound,
    MethodNotAllowed,
    TooSlow,
    Changed,
    InProgress,
    OutcomeUnknown,
    TooLarge,
    WrongMediaType,
    Invalid,
    Refused,
    KeyReused,
    TooMany,
    Internal,
    Unavailable,
}

impl Kind {
    pub const ALL: [Self; 20] = [
        Self::BadBody,
        Self::BadParameter,
        Self::MissingToken,
        Self::BadToken,
        Self::MissingScope,
        Self::ForeignHost,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::TooSlow,
        Self::Changed,
        Self::InProgress,
        Self::OutcomeUnknown,
        Self::TooLarge,
        Self::WrongMediaType,
        Self::Invalid,
        Self::Refused,
        Self::KeyReused,
        Self::TooMany,
        Self::Internal,
        Self::Unavailable,
    ];

    /// Status, and the name for programs.
    pub const fn wire(self) -> (u16, &'static str) {
        match self {
            Self::BadBody => (400, "bad_body"),
            Self::BadParameter => (400, "bad_parameter"),
            Self::MissingToken => (401, "missing_token"),
            Self::BadToken => (401, "bad_token"),
            Self::MissingScope => (403, "missing_scope"),
            Self::ForeignHost => (403, "foreign_host"),
            Self::NotFound => (404, "not_found"),
            Self::MethodNotAllowed => (405, "method_not_allowed"),
            Self::TooSlow => (408, "too_slow"),
            Self::Changed => (409, "changed"),
            Self::InProgress => (409, "in_progress"),
            Self::OutcomeUnknown => (409, "outcome_unknown"),
            Self::TooLarge => (413, "too_large"),
            Self::WrongMediaType => (415, "wrong_media_type"),
            Self::Invalid => (422, "invalid"),
            Self::Refused => (422, "refused"),
            Self::KeyReused => (422, "key_reused"),
            Self::TooMany => (429, "too_many"),
            Self::Internal => (500, "internal"),
            Self::Unavailable => (503, "unavailable"),
        }
    }

    /// What it is, for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::BadBody => "The body cannot be read",
            Self::BadParameter => "A parameter cannot be taken",
            Self::MissingToken => "There is no token",
            Self::BadToken => "The token is not believed",
            Self::MissingScope => "The token may not do this",
            Self::ForeignHost => "The server does not answer under this host name",
            Self::NotFound => "It is not there",
            Self::MethodNotAllowed => "There is no such operation here",
            Self::TooSlow => "The body did not arrive in time",
            Self::Changed => "It was changed meanwhile",
            Self::InProgress => "A request with this key is being worked on",
            Self::OutcomeUnknown => "A request with this key was not answered",
            Self::TooLarge => "The body is too large",
            Self::WrongMediaType => "The body is of another kind",
            Self::Invalid => "What was sent cannot be taken",
            Self::Refused => "A rule forbids it",
            Self::KeyReused => "The Idempotency-Key was used for another request",
            Self::TooMany => "There were too many attempts",
            Self::Internal => "The server made a mistake",
            Self::Unavailable => "The server cannot work at the moment",
        }
    }

    /// What to do about it.
    pub const fn advice(self) -> &'static str {
        match self {
            Self::BadBody => "Compare it with the schema; pointer says where.",
            Self::BadParameter => "Compare it with the description.",
            Self::MissingToken => {
                "Send the header Authorization: Bearer with an API token. Cookies do not count."
            }
            Self::BadToken => "It is not complete, was revoked, or has expired: make another.",
            Self::MissingScope => "Make a token with the scope that detail names.",
            Self::ForeignHost => "Use the public URL, and let a proxy pass the header Host on.",
            Self::NotFound => "Look it up again: it may have been deleted.",
            Self::MethodNotAllowed => "Use one of the methods that Allow names.",
            Self::TooSlow => "Try again.",
            Self::Changed => "Read it again, and make the change from its present version.",
            Self::InProgress => "Try again in a moment.",
            Self::OutcomeUnknown => "It may have been done: look. If it was not, send it with another key.",
            Self::TooLarge => "Send less at a time.",
            Self::WrongMediaType => "Say what it is in Content-Type.",
            Self::Invalid => "Change what errors names; pointer says where.",
            Self::Refused => "The code and detail say which, and what to do.",
            Self::KeyReused => "Use a new key for each request that is not a repetition.",
            Self::TooMany => "Wait as long as Retry-After says.",
            Self::Internal => "Tell whoever runs it, with the reference.",
            Self::Unavailable => "Wait as long as Retry-After says. Nothing is half done.",
        }
    }

    /// Status, name, title, and what to do about it.
    pub const fn row(self) -> (u16, &'static str, &'static str, &'static str) {
        let (status, name) = self.wire();
        (status, name, self.title(), self.advice())
    }

    fn status(self) -> StatusCode {
        StatusCode::from_u16(self.row().0).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// For an answer that some other part gave.
    fn of(status: StatusCode) -> Self {
        let same = |kind: &Self| kind.row().0 == status.as_u16();
        let otherwise = if status.is_client_error() { Self::BadParameter } else { Self::Internal };
        Self::ALL.into_iter().find(same).unwrap_or(otherwise)
    }
}

/// One part of a request that cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Fault {
    /// Where in the body, as a JSON pointer in a fragment (RFC 6901), e.g. `#/name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// Or which parameter of the address or header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// What is wrong, for people.
    pub detail: String,
}

/// Why something was not done. Nothing has changed.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct Body {
    /// A page that explains this kind of problem.
    #[serde(rename = "type")]
    #[schema(format = "uri")]
    kind: String,
    /// The kind in words.
    title: &'static str,
    /// The status of the answer.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// The kind, or the rule, for programs.
    #[schema(value_type = String)]
    code: &'static str,
    /// What is wrong this time, for people.
    detail: String,
    /// Finds the entry in the log, and of a refusal in the audit trail.
    reference: String,
    /// Every part that cannot be taken.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<Fault>,
}

/// A problem on its way to being told.
#[derive(Clone, Debug)]
pub struct Problem {
    pub kind: Kind,
    pub detail: String,
    /// The code of a rule, where one forbids it.
    pub code: Option<&'static str>,
    pub errors: Vec<Fault>,
    /// Where the audit trail has it already.
    pub reference: Option<Box<str>>,
    /// `WWW-Authenticate`, or `Allow`.
    pub header: Option<Box<(HeaderName, String)>>,
    /// Seconds.
    pub retry_after: Option<u64>,
}

impl Problem {
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            code: None,
            errors: Vec::new(),
            reference: None,
            header: None,
            retry_after: None,
        }
    }

    /// A parameter that cannot be taken.
    pub fn parameter(name: &str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        let fault = Fault { pointer: None, parameter: Some(name.to_owned()), detail: detail.clone() };
        Self { errors: vec![fault], ..Self::new(Kind::BadParameter, detail) }
    }

    /// A part of the body that cannot be read.
    pub fn at(pointer: String, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        let fault = Fault { pointer: Some(pointer), parameter: None, detail: detail.clone() };
        Self { errors: vec![fault], ..Self::new(Kind::BadBody, detail) }
    }

    /// A scope that is missing ([RFC 6750 §3.1](https://www.rfc-editor.org/rfc/rfc6750#section-3.1)).
    pub fn missing(scope: Scope) -> Self {
        let name = scope.name();
        Self::new(Kind::MissingScope, format!("This needs a token with the scope {name}."))
            .challenged(format!("Bearer error=\"insufficient_scope\", scope=\"{name}\""))
    }

    /// With `WWW-Authenticate`.
    pub fn challenged(self, challenge: String) -> Self {
        Self { header: Some(Box::new((header::WWW_AUTHENTICATE, challenge))), ..self }
    }

    /// With `Allow`.
    pub fn allowing(self, methods: String) -> Self {
        Self { header: Some(Box::new((header::ALLOW, methods))), ..self }
    }

    /// Whether it is certain that nothing was done.
    pub const fn is_certain(&self) -> bool {
        !matches!(self.kind, Kind::Internal | Kind::Unavailable)
    }

    fn response(self, issuer: &str, reference: String) -> HttpResponse {
        let (status, name, title, _) = self.kind.row();
        let mut response = HttpResponse::build(self.kind.status());
        response.insert_header((header::CACHE_CONTROL, "no-store")).content_type(MEDIA_TYPE);
        if let Some(seconds) = self.retry_after {
            response.insert_header((header::RETRY_AFTER, seconds));
        }
        if let Some((name, text)) = self.header.map(|header| *header)
            && let Ok(value) = HeaderValue::from_str(&text)
        {
            response.insert_header((name, value));
        }
        if self.kind == Kind::TooSlow {
            response.insert_header((header::CONNECTION, "close"));
        }
        response.json(Body {
            kind: format!("{issuer}/admin/api#{name}"),
            title,
            status,
            code: self.code.unwrap_or(name),
            detail: self.detail,
            reference,
            errors: self.errors,
        })
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.kind.status()
    }

    /// Without a body: [`finish`] writes it.
    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status_code())
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::NotFound => Self::new(Kind::NotFound, "There is no such thing, or not any more."),
            Failure::Changed => {
                Self::new(Kind::Changed, "Somebody changed it since it was read. Nothing of yours was saved.")
            }
            Failure::Invalid(problems) => {
                let errors: Vec<_> = problems
                    .into_iter()
                    .map(|p| Fault {
                        pointer: Some(format!("#/{}", p.field)),
                        parameter: None,
                        detail: p.sentence,
                    })
                    .collect();
                let sentences: Vec<_> = errors.iter().map(|e| e.detail.as_str()).collect();
                Self { detail: sentences.join(" "), errors, ..Self::new(Kind::Invalid, "") }
            }
            Failure::Refused { code, sentence } => {
                Self { code: Some(code), ..Self::new(Kind::Refused, sentence) }
            }
            Failure::Store(error) => error.into(),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        if let StoreError::Unavailable(_) = error {
            tracing::warn!(%error, "the API cannot reach the database");
            let detail = "The server cannot reach its database right now.";
            return Self { retry_after: Some(5), ..Self::new(Kind::Unavailable, detail) };
        }
        tracing::error!(%error, "the API failed");
        Self::new(Kind::Internal, "The server made a mistake.")
    }
}

impl From<Throttled> for Problem {
    fn from(throttled: Throttled) -> Self {
        let seconds = throttled.retry_after;
        let detail = format!("There were too many attempts. Try again in {seconds} seconds.");
        Self { retry_after: Some(seconds), ..Self::new(Kind::TooMany, detail) }
    }
}

impl From<Unread> for Problem {
    fn from(problem: Unread) -> Self {
        match problem {
            Unread::Malformed(refusal) => Self::new(Kind::BadBody, refusal.description.clone()),
            Unread::TooLarge(limit) => {
                Self::new(Kind::TooLarge, format!("The body has more than the {limit} bytes that are read."))
            }
            Unread::TooSlow => Self::new(Kind::TooSlow, "The body did not arrive in time."),
            Unread::Throttled(throttled) => throttled.into(),
        }
    }
}

/// A problem as an answer, noted in the log.
pub fn answer(state: &State, problem: Problem) -> HttpResponse {
    let reference = problem.reference.clone().map_or_else(|| error_page::reference(state), String::from);
    let code = problem.code.unwrap_or(problem.kind.row().1);
    tracing::info!(reference, code, detail = problem.detail, "the API refused a request");
    problem.response(state.issuer().as_str(), reference)
}

/// Puts every problem into words, whoever found it.
pub async fn finish<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let response = next.call(request).await?;
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return Ok(response.map_into_left_body());
    }
    let told = response.response().error().and_then(|error| error.as_error::<Problem>()).cloned();
    let problem = told.unwrap_or_else(|| Problem::new(Kind::of(status), Kind::of(status).row().2));
    let request = response.request().clone();
    let Some(state) = request.app_data::<Data<State>>() else { return Ok(response.map_into_left_body()) };
    let answer = answer(state, problem);
    Ok(response.into_response(answer).map_into_right_body())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_name_of_its_own() {
        for (at, kind) in Kind::ALL.into_iter().enumerate() {
            assert!(!Kind::ALL[..at].iter().any(|other| other.row().1 == kind.row().1), "{kind:?}");
            assert_eq!(kind.status().as_u16(), kind.row().0);
        }
        assert_eq!(Kind::of(StatusCode::NOT_FOUND), Kind::NotFound);
        assert_eq!(Kind::of(StatusCode::IM_A_TEAPOT), Kind::BadParameter);
        assert_eq!(Kind::of(StatusCode::BAD_GATEWAY), Kind::Internal);
    }
}
