//! `Idempotency-Key`: a request that creates something or rotates a key, sent twice, does it once.
//!
//! | a request with this key, by this token, in the last day | answer                                        | test |
//! |---------------------------------------------------------|-----------------------------------------------|------|
//! | none                                                    | it is done                                    | `a_repetition_is_answered_the_same` |
//! | the same, answered                                      | the same once more, but for what is told once | `a_repetition_is_answered_the_same`, `a_rotation_sent_twice_rotates_once`, `a_link_asked_for_twice_is_made_once` |
//! | another method, path or body                            | 422 `key_reused`                              | `a_key_is_for_one_request` |
//! | the same, being worked on                               | 409 `in_progress`                             | `of_two_at_the_same_moment_one_is_done` |
//! | the same, broken off                                    | 409 `outcome_unknown`                         | `a_request_that_was_broken_off_is_not_done_again` |
//! | the same, refused: nothing had changed                  | it is tried again                             | `a_refused_request_may_be_sent_again` |

use std::future::Future;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header;
use serde::Serialize;
use serde_json::Value;

use super::call::Call;
use super::problem::{Kind, Problem};
use crate::store::api_answers::Answer;
use crate::types::Hashed;

/// The name of the header.
pub const HEADER: &str = "Idempotency-Key";
/// Says that an answer is one of before.
const REPLAYED: &str = "Idempotency-Replayed";
/// The longest key, in bytes.
pub const MAX_KEY: usize = 200;
/// How long a request is believed to be worked on, in seconds.
const WORKED_ON: i64 = 60;

/// Something that was made.
pub struct Created {
    status: StatusCode,
    /// Where it is, below the prefix of the API.
    location: Option<String>,
    body: Value,
    /// Fields that are told once only.
    secrets: &'static [&'static str],
}

impl Created {
    pub fn new(location: String, body: &impl Serialize) -> Self {
        Self { status: StatusCode::CREATED, location: Some(location), ..Self::answered(body) }
    }

    /// What was done is answered with 200.
    pub fn answered(body: &impl Serialize) -> Self {
        let body = serde_json::to_value(body).unwrap_or_default();
        Self { status: StatusCode::OK, location: None, body, secrets: &[] }
    }

    /// Fields of the body that a repetition is not told.
    pub fn once_only(self, secrets: &'static [&'static str]) -> Self {
        Self { secrets, ..self }
    }

    /// As it is kept.
    fn kept(&self) -> Answer {
        let mut body = self.body.clone();
        if let Value::Object(fields) = &mut body {
            fields.retain(|name, _| !self.secrets.contains(&name.as_str()));
        }
        Answer {
            status: i64::from(self.status.as_u16()),
            location: self.location.clone(),
            body: body.to_string(),
        }
    }

    fn response(&self, call: &Call) -> HttpResponse {
        made(call, self.status, self.location.as_deref(), self.body.to_string(), false)
    }
}

fn made(
    call: &Call,
    status: StatusCode,
    location: Option<&str>,
    body: String,
    is_replayed: bool,
) -> HttpResponse {
    let mut response = HttpResponse::build(status);
    response.content_type("application/json").insert_header((header::CACHE_CONTROL, "no-store"));
    if let Some(location) = location {
        let address = call.state.issuer().at(&format!("{}{location}", super::PREFIX));
        response.insert_header((header::LOCATION, address));
    }
    if is_replayed {
        response.insert_header((REPLAYED, "true"));
    }
    response.body(body)
}

/// Does it once. `digest`: of the body.
pub async fn once(
    call: &Call,
    digest: &Hashed,
    work: impl Future<Output = Result<Created, Problem>>,
) -> Result<HttpResponse, Problem> {
    let Some(key) = key(call)? else { return Ok(work.await?.response(call)) };
    let (store, now) = (&call.state.oauth.store, call.state.oauth.clock.now());
    let token = call.token.id.clone();
    let request =
        call.request.method().as_str().to_owned() + " " + call.request.path() + " " + digest.as_str();
    let request = Hashed::of(&request);
    if !store.begin_answer(token.clone(), key.clone(), request.clone(), now).await? {
        return before(call, &token, &key, &request).await;
    }
    match work.await {
        Ok(created) => {
            // What could not be kept leaves the row as it is: a repetition is told that it may have been done.
            if let Err(error) = store.keep_answer(token, key, created.kept()).await {
                tracing::warn!(%error, "an answer could not be kept for a repetition of its request");
            }
            Ok(created.response(call))
        }
        Err(problem) => {
            if problem.is_certain()
                && let Err(error) = store.drop_answer(token, key).await
            {
                tracing::warn!(%error, "a refused request stays noted as being worked on");
            }
            Err(problem)
        }
    }
}

/// The key that was sent: 1 to [`MAX_KEY`] printable characters.
fn key(call: &Call) -> Result<Option<String>, Problem> {
    let mut all = call.request.headers().get_all(HEADER);
    let Some(first) = all.next() else { return Ok(None) };
    let text = first.to_str().ok().filter(|text| {
        !text.is_empty() && text.len() <= MAX_KEY && text.bytes().all(|b| b == b' ' || b.is_ascii_graphic())
    });
    match (text, all.next()) {
        (Some(text), None) => Ok(Some(text.to_owned())),
        _ => Err(Problem::parameter(HEADER, format!("{HEADER} is one text of 1 to {MAX_KEY} characters."))),
    }
}

/// What a request with a known key is answered.
async fn before(call: &Call, token: &str, key: &str, request: &Hashed) -> Result<HttpResponse, Problem> {
    let store = &call.state.oauth.store;
    let in_progress = || Problem {
        retry_after: Some(1),
        ..Problem::new(Kind::InProgress, "The first request with this key is being worked on.")
    };
    // Gone meanwhile: the first was refused.
    let Some(found) = store.find_answer(token, key).await? else { return Err(in_progress()) };
    if !found.request.same(request) {
        return Err(Problem::new(Kind::KeyReused, "This key was used for another request."));
    }
    match found.answer {
        Some(answer) => {
            let status = u16::try_from(answer.status).ok().and_then(|s| StatusCode::from_u16(s).ok());
            let status = status.unwrap_or(StatusCode::CREATED);
            Ok(made(call, status, answer.location.as_deref(), answer.body, true))
        }
        None if found.created_at + WORKED_ON > call.state.oauth.clock.now() => Err(in_progress()),
        None => Err(Problem::new(
            Kind::OutcomeUnknown,
            "The first request with this key was broken off: look whether it was done.",
        )),
    }
}
