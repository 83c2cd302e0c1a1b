//! Who calls the API: the first argument of every handler decides.
//!
//! | who asks                                 | answer                                             |
//! |------------------------------------------|----------------------------------------------------|
//! | nobody, or with a cookie                 | 401, `Bearer`                                      |
//! | with a token that is not believed        | 401, `invalid_token`; audited                      |
//! | the like, too often from one network     | 429                                                |
//! | with a token without the row's scope     | 403, `insufficient_scope`; audited                 |
//! | with a good token                        | what the rule says                                 |
//! | anybody, while a revocation may have been missed | 503                                        |
//!
//! `tests/admin/api/sweep.rs` asks every operation as each of them.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::web::{Data, Payload as Bytes};
use actix_web::{Error, FromRequest, HttpRequest};
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;
use url::form_urlencoded;

use super::super::super::{State, address, error_page, forms};
use super::document;
use super::paging;
use super::problem::{Kind, Problem};
use super::routes::{self, Need};
use crate::admin::api_tokens::Scope;
use crate::admin::api_tokens::verify::{self, Refused, Verified};
use crate::admin::{Actor, Admin};
use crate::audit::{Entry, Event};
use crate::oauth::params::Params;
use crate::settings::MAX_LOGO;
use crate::types::Hashed;

/// The largest body, in bytes.
pub const MAX_BODY: usize = 64 * 1024;
/// The longest query, in bytes.
const MAX_QUERY: usize = 8 * 1024;

type Extracting<T> = Pin<Box<dyn Future<Output = Result<T, Error>>>>;

/// A call with a token that may make it.
pub struct Call {
    pub state: Data<State>,
    pub token: Arc<Verified>,
    /// For the audit trail: the token and its owner.
    pub actor: Actor,
    pub request: HttpRequest,
}

/// A call with a JSON body, which was read after the token.
pub struct Sent<T> {
    pub call: Call,
    pub body: T,
    /// Of the bytes of the body.
    pub digest: Hashed,
}

/// A call with a picture as its body.
pub struct Picture {
    pub call: Call,
    pub bytes: Vec<u8>,
}

impl Call {
    pub fn admin(&self) -> &Admin {
        &self.state.admin
    }

    /// What the address asks for: each parameter once, none that is not known.
    pub fn query<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let text = self.request.query_string();
        let pairs = Params::parse_within(text.as_bytes(), MAX_QUERY)
            .and_then(|pairs| pairs.each_once_but(None).map(|()| pairs))
            .map_err(|refusal| Problem::new(Kind::BadParameter, refusal.description))?;
        let query = pairs.to_query();
        let reader = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
        serde_path_to_error::deserialize(reader).map_err(|error| {
            let name = match error.path().iter().next_back() {
                Some(Segment::Map { key }) => key.clone(),
                _ => String::new(),
            };
            unread(&name, &error.into_inner().to_string())
        })
    }

    /// Insists on one more scope than the operation itself needs.
    pub async fn insist(&self, scope: Scope) -> Result<(), Problem> {
        if self.token.may(scope) {
            return Ok(());
        }
        let problem = Problem::missing(scope);
        let entry = Entry::refused(Event::AdminRefused, "insufficient_scope");
        Err(noted(
            &self.state,
            &self.request,
            problem,
            entry.user(self.token.owner_id.clone()),
            Some(&self.token.id),
        )
        .await)
    }
}

/// A parameter of the address whose text is of another kind.
fn unread(name: &str, error: &str) -> Problem {
    match name {
        "limit" => paging::not_a_limit(),
        "version" => Problem::parameter(name, "version is the whole number that it was read with."),
        "" => Problem::new(Kind::BadParameter, format!("The query cannot be taken: {error}.")),
        _ => Problem::parameter(name, format!("{name} cannot be taken: {}.", error.replace('`', ""))),
    }
}

/// Writes a refusal into the audit trail; the reference leads there.
async fn noted(
    state: &State,
    request: &HttpRequest,
    problem: Problem,
    entry: Entry,
    token_id: Option<&str>,
) -> Problem {
    let reference = error_page::reference(state);
    let entry = entry
        .token(token_id.map(str::to_owned))
        .address(address::origin(state, request).address)
        .reference(reference.clone())
        .detail(format!("{} {}", request.method(), request.path()));
    state.oauth.audit.record(entry).await;
    Problem { reference: Some(reference.into()), ..problem }
}

fn state_of(request: &HttpRequest) -> Result<Data<State>, Problem> {
    request
        .app_data::<Data<State>>()
        .cloned()
        .ok_or_else(|| Problem::new(Kind::Internal, "The server is not set up."))
}

async fn call(request: HttpRequest) -> Result<Call, Problem> {
    let state = state_of(&request)?;
    let pattern = request.match_pattern().unwrap_or_default();
    let row = routes::row(request.method().as_str(), &pattern)
        .ok_or_else(|| Problem::new(Kind::NotFound, "There is no operation at this address."))?;
    if state.oauth.revocations.is_stale() {
        let detail = "The server cannot reach its database right now.";
        return Err(Problem { retry_after: Some(5), ..Problem::new(Kind::Unavailable, detail) });
    }
    let Some(presented) = forms::bearer(&request) else {
        let detail = "Send an API token in the header Authorization: Bearer.";
        let problem = Problem::new(Kind::MissingToken, detail);
        return Err(problem.challenged("Bearer realm=\"administration\"".to_owned()));
    };
    let origin = address::origin(&state, &request).address;
    let token = match verify::verify(&state.admin, presented, origin.as_deref().unwrap_or_default()).await {
        Ok(token) => token,
        Err(refused) => return Err(not_believed(&state, &request, refused).await),
    };
    let actor = Actor {
        id: token.owner_id.clone(),
        token_id: Some(token.id.clone()),
        session_id: None,
        address: origin,
    };
    let call = Call { state, token, actor, request };
    if let Need::Scope(scope) = row.need {
        call.insist(scope).await?;
    }
    // Something that was meant, a version perhaps, must not go unheard.
    if !call.request.query_string().is_empty() && !document::takes_query(row) {
        let detail = "This operation takes no parameters in its address.";
        return Err(Problem::new(Kind::BadParameter, detail));
    }
    Ok(call)
}

/// Why a token is not believed, told without saying which tokens there are.
async fn not_believed(state: &State, request: &HttpRequest, refused: Refused) -> Problem {
    let (reason, detail, id) = match refused {
        Refused::Throttled(throttled) => return throttled.into(),
        Refused::Store(error) => return error.into(),
        Refused::Unknown => ("unknown_api_token", "The token is not known here: is it complete?", None),
        Refused::Revoked(id) => ("revoked_api_token", "The token was revoked.", Some(id)),
        Refused::Expired(id) => ("expired_api_token", "The token has expired.", Some(id)),
    };
    let challenge = "Bearer realm=\"administration\", error=\"invalid_token\"".to_owned();
    let problem = Problem::new(Kind::BadToken, detail).challenged(challenge);
    noted(state, request, problem, Entry::refused(Event::AdminRefused, reason), id.as_deref()).await
}

async fn sent<T: DeserializeOwned>(request: HttpRequest, mut body: Bytes) -> Result<Sent<T>, Problem> {
    let call = call(request).await?;
    if !forms::has_type(&call.request, "application/json") {
        return Err(Problem::new(Kind::WrongMediaType, "Send JSON, with Content-Type: application/json."));
    }
    let bytes = forms::body(&call.state, &mut body, MAX_BODY).await?;
    let digest = Hashed::of(&String::from_utf8_lossy(&bytes));
    Ok(Sent { body: parsed(&bytes)?, call, digest })
}

async fn picture(request: HttpRequest, mut body: Bytes) -> Result<Picture, Problem> {
    let call = call(request).await?;
    let kinds = ["image/png", "image/jpeg", "image/webp", "application/octet-stream"];
    if !kinds.iter().any(|kind| forms::has_type(&call.request, kind)) {
        return Err(Problem::new(Kind::WrongMediaType, format!("Send one of {}.", kinds.join(", "))));
    }
    let bytes = forms::body(&call.state, &mut body, MAX_LOGO).await?;
    Ok(Picture { bytes: bytes.to_vec(), call })
}

/// Reads JSON, and says where it is wrong.
fn parsed<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    // Databases take no NUL in a text.
    if bytes.windows(6).any(|w| w == b"\\u0000")
        && let Ok(value) = serde_json::from_slice::<Value>(bytes)
        && let Some(pointer) = with_nul(&value, "#".to_owned())
    {
        return Err(Problem::at(pointer, "A text holds the character NUL."));
    }
    // Serde alone would take a list for an object, by the order of its fields.
    if bytes.iter().find(|b| !b.is_ascii_whitespace()) != Some(&b'{') {
        return Err(Problem::at("#".to_owned(), "The body is no JSON object."));
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let body: T = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let pointer = pointer(error.path());
        Problem::at(pointer, format!("{}.", error.into_inner()))
    })?;
    reader.end().map_err(|error| Problem::at("#".to_owned(), format!("{error}.")))?;
    Ok(body)
}

/// A path as a JSON pointer in a fragment.
fn pointer(path: &serde_path_to_error::Path) -> String {
    path.iter().fold("#".to_owned(), |text, segment| match segment {
        Segment::Seq { index } => format!("{text}/{index}"),
        Segment::Map { key } => format!("{text}/{}", escaped(key)),
        Segment::Enum { .. } | Segment::Unknown => text,
    })
}

fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// The first text with a NUL in it.
fn with_nul(value: &Value, at: String) -> Option<String> {
    match value {
        Value::String(text) => text.contains('\0').then_some(at),
        Value::Array(list) => {
            list.iter().enumerate().find_map(|(index, inner)| with_nul(inner, format!("{at}/{index}")))
        }
        Value::Object(map) => map.iter().find_map(|(key, inner)| {
            if key.contains('\0') {
                Some(at.clone())
            } else {
                with_nul(inner, format!("{at}/{}", escaped(key)))
            }
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

impl FromRequest for Call {
    type Error = Error;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { call(request).await.map_err(Error::from) })
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for Sent<T> {
    type Error = Error;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, body) = (request.clone(), Bytes::from_request(request, payload));
        Box::pin(async move { sent(request, body.await?).await.map_err(Error::from) })
    }
}

impl FromRequest for Picture {
    type Error = Error;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, body) = (request.clone(), Bytes::from_request(request, payload));
        Box::pin(async move { picture(request, body.await?).await.map_err(Error::from) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize, Debug)]
    #[serde(deny_unknown_fields)]
    struct Thing {
        #[expect(dead_code, reason = "read for its kind only")]
        list: Vec<u8>,
    }

    #[test]
    fn what_is_wrong_with_a_body_is_pointed_at() {
        let at = |text: &str| {
            parsed::<Thing>(text.as_bytes()).map(|_| ()).map_err(|p| p.errors[0].pointer.clone())
        };
        assert_eq!(at("{\"list\":[1]}"), Ok(()));
        for (text, expected) in [
            ("{\"list\":[1,\"x\"]}", "#/list/1"),
            ("{\"list\":[1],\"more\":1}", "#/more"),
            ("{\"list\":[1],\"list\":[2]}", "#/list"),
            ("{}", "#"),
            ("[", "#"),
            ("[[1]]", "#"),
            ("", "#"),
            ("{\"list\":[1]}{}", "#"),
            ("{\"list\":[\"a\\u0000\"]}", "#/list/0"),
            ("{\"a/b\":\"\\u0000\"}", "#/a~1b"),
        ] {
            let found = at(text).unwrap_err().unwrap();
            assert!(found == expected || found == "#", "{text}: {found}");
        }
    }
}
