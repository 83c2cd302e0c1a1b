//! Clients that publish a document of themselves: their `client_id` is its URL.
//! Law: draft-ietf-oauth-client-id-metadata-document · docs/decisions/0015-client-documents.md
//!
//! | asked by                    | the document             | the row                    | result                               |
//! |-----------------------------|--------------------------|----------------------------|--------------------------------------|
//! | the authorization endpoint  | is good                  | none, or any that works    | the client as the document says      |
//! |                             | is bad, or cannot be had | –                          | page, 400; 503 where it may pass     |
//! |                             | –                        | disabled or deleted        | page, 400                            |
//! |                             | of a client that the resource does not take | –       | page, 400; nothing is fetched        |
//! | the token endpoint          | is good                  | any that works             | the client as the document says, on hold if it changed |
//! |                             | is good                  | none                       | the client as the document says      |
//! |                             | is bad, or cannot be had | there                      | the client as the row says           |
//! |                             | cannot be had            | on hold                    | 503: whose keys count is not known   |
//! |                             | is bad, or cannot be had | none                       | `invalid_client`; 503 where it may pass |
//!
//! | part                                   | file       |
//! |----------------------------------------|------------|
//! | which ids are URLs of documents        | `id`       |
//! | what a document may say                | `document` |
//! | which clients a resource takes         | `policy`   |
//! | what becomes of access when it changes | `hold`     |
//! | getting it                             | `crate::fetch` |
//!
//! What administrators set for a client (its ceiling of scopes, the life of its tokens, that it is disabled) is in its
//! row and always counts. The row is written with the first grant; who only asks leaves none, unless what is asked must be
//! kept (a device's request, a pushed one): then the row comes with it, so many of clients that are new here a minute and
//! network, and goes within the hour unless somebody agrees.

pub mod document;
pub mod hold;
pub mod id;
pub mod policy;

use std::sync::Arc;

use moka::sync::Cache;

use super::OAuth;
use super::client::{Client, Found};
use super::error::{Code, Reason, Refusal};
use super::resource::Resource;
use crate::audit::{Entry, Event};
use crate::fetch::{Answer, Fault, Wanted};
use crate::store::clients::{ClientKind, ClientRow};
use crate::store::document_clients::DocumentState;
use crate::store::grants::GrantRow;
use document::BadDocument;
use hold::Given;

/// What is known of the document of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// What people rely on in it as it is now, or as it is last known.
    pub mark: String,
    /// How it was when people relied on it; nothing while nobody did.
    pub state: Option<DocumentState>,
}

/// A document that was read.
#[derive(Clone)]
pub struct Reading {
    of: Arc<Answer>,
    read: Result<Arc<ClientRow>, BadDocument>,
}

/// The documents that were read last, so that each is read once.
pub type Readings = Cache<String, Reading>;

/// For how many clients.
pub fn readings() -> Readings {
    Cache::new(1_000)
}

/// Why a document is not there.
#[derive(Clone, Debug)]
struct Lack {
    reason: &'static str,
    sentence: String,
    /// Whether it may be gone a moment later.
    passes: bool,
}

impl OAuth {
    /// Whether some resource takes clients by document.
    pub fn takes_documents(&self) -> bool {
        let now = self.clock.now();
        let takes = |r: &Arc<Resource>| r.documents.is_on() && r.believes.takes_own(now);
        self.documents_enabled && self.resources.current().all().iter().any(takes)
    }

    /// Whether some resource takes this one.
    fn takes_document(&self, id: &str) -> bool {
        let now = self.clock.now();
        let takes = |r: &Arc<Resource>| r.documents.admits(id) && r.believes.takes_own(now);
        self.documents_enabled && self.resources.current().all().iter().any(takes)
    }
}

/// The client for the authorization endpoint. `resource`: the one that access is asked to, if it is known.
pub async fn at_authorize(
    ctx: &OAuth,
    id: &str,
    resource: Option<&Arc<Resource>>,
) -> Result<Arc<Client>, Refusal> {
    id::check(id, ctx.fetch.reach()).map_err(|why| {
        Refusal::new(
            Code::InvalidRequest,
            Reason::Document("document_url_refused"),
            format!("client_id {why}"),
        )
    })?;
    let takes = match resource {
        Some(resource) => ctx.documents_enabled && resource.documents.admits(id),
        None => ctx.takes_document(id),
    };
    if !takes {
        return Err(not_admitted());
    }
    let stored = match ctx.clients.look(id).await? {
        Found::Known(client) => Some(client),
        Found::Unknown => None,
        Found::Disabled => {
            return Err(Refusal::new(
                Code::InvalidRequest,
                Reason::DisabledClient,
                "the administrator has disabled this client",
            ));
        }
    };
    let row = describe(ctx, id, stored.as_deref().is_some_and(is_relied_on)).await;
    let row = row.map_err(|lack| refused(&lack, Code::InvalidRequest))?;
    Ok(Arc::new(as_it_says(&row, stored.as_deref())))
}

fn not_admitted() -> Refusal {
    Refusal::new(
        Code::UnauthorizedClient,
        Reason::ClientNotAdmitted,
        "this server does not take this app: ask its administrator to let it in",
    )
}

/// Whether a resource takes a client, whatever is known of its document now. Those that publish none are taken.
///
/// # Errors
/// `unauthorized_client`.
pub fn check_policy(ctx: &OAuth, client: &Client, resource: &Resource) -> Result<(), Refusal> {
    let is_taken = ctx.documents_enabled && resource.documents.admits(&client.id);
    if client.kind == ClientKind::Cimd && !is_taken { Err(not_admitted()) } else { Ok(()) }
}

/// Whether a client may begin something on a resource without the authorization endpoint. Returns the row that must be
/// written together with it; nothing for clients that publish no document, of which nothing is asked.
///
/// # Errors
/// `unauthorized_client` when the resource does not take it; `temporarily_unavailable` when it is new here and
/// `newcomer_in_time`, which counts it, says that too many such came lately.
pub async fn may_begin(
    ctx: &OAuth,
    client: &Client,
    resource: &Resource,
    newcomer_in_time: impl Fn() -> bool,
) -> Result<Option<ClientRow>, Refusal> {
    check_policy(ctx, client, resource)?;
    let Some(row) = &client.document_row else { return Ok(None) };
    note(ctx, client).await?;
    let is_new = client.document.as_ref().is_none_or(|document| document.state.is_none());
    if is_new && !newcomer_in_time() {
        return Err(Refusal::new(
            Code::TemporarilyUnavailable,
            Reason::RateLimited,
            "too many apps that are new here came from your network; try again in a minute",
        ));
    }
    Ok(Some((**row).clone()))
}

/// The same for what goes on without the page that asks people anew: not while the client is on hold.
///
/// # Errors
/// `unauthorized_client`, also when what people relied on in its document has changed.
pub async fn may_begin_unchanged(
    ctx: &OAuth,
    client: &Client,
    resource: &Resource,
    newcomer_in_time: impl Fn() -> bool,
) -> Result<Option<ClientRow>, Refusal> {
    let is_other = |document: &Document| {
        document.state.as_ref().is_some_and(|s| s.is_relied_on && s.mark != document.mark)
    };
    let is_held = match (&client.document_row, &client.document) {
        (Some(_), document) => document.as_ref().is_some_and(is_other),
        // Its document cannot be had: as it was last.
        (None, _) => client.held_at.is_some(),
    };
    check_policy(ctx, client, resource)?;
    if is_held {
        note(ctx, client).await?;
        return Err(Refusal::new(
            Code::UnauthorizedClient,
            Reason::ClientOnHold,
            "the document of this app has changed: connect it again in a browser, or ask the administrator to accept it",
        ));
    }
    may_begin(ctx, client, resource, newcomer_in_time).await
}

/// The same where somebody who is trusted here vouched for what begins: the client has its row afterwards.
///
/// # Errors
/// As [`may_begin_unchanged`].
pub async fn admit_unchanged(ctx: &OAuth, client: &Client, resource: &Resource) -> Result<(), Refusal> {
    match may_begin_unchanged(ctx, client, resource, || true).await? {
        Some(row) => Ok(ctx.store.keep_document_client(row).await?),
        None => Ok(()),
    }
}

/// The client for the token endpoint and those beside it; nothing when it is not known, or disabled. Puts it on hold
/// when its document has changed.
pub async fn at_token(ctx: &OAuth, id: &str) -> Result<Option<Arc<Client>>, Refusal> {
    if id::check(id, ctx.fetch.reach()).is_err() {
        return Ok(None);
    }
    let takes = ctx.takes_document(id);
    let stored = match ctx.clients.look(id).await? {
        Found::Known(client) => client,
        Found::Unknown if takes => {
            let row = describe(ctx, id, false).await.map_err(|lack| refused(&lack, Code::InvalidClient))?;
            return Ok(Some(Arc::new(as_it_says(&row, None))));
        }
        Found::Unknown | Found::Disabled => return Ok(None),
    };
    if !takes {
        return Ok(Some(stored));
    }
    match describe(ctx, id, is_relied_on(&stored)).await {
        Ok(row) => {
            let client = as_it_says(&row, Some(&stored));
            note(ctx, &client).await?;
            Ok(Some(Arc::new(client)))
        }
        Err(_) if stored.held_at.is_none() => Ok(Some(stored)),
        Err(lack) => Err(refused(&Lack { passes: true, ..lack }, Code::InvalidClient)),
    }
}

/// Puts a client on hold, or ends its hold, as its document is now. Recorded once for each change.
pub async fn note(ctx: &OAuth, client: &Client) -> Result<(), Refusal> {
    let Some(Document { mark, state: Some(state) }) = &client.document else { return Ok(()) };
    let (done, event) = if state.is_relied_on && state.mark != *mark && state.held_mark.as_ref() != Some(mark)
    {
        let now = ctx.clock.now();
        (ctx.store.hold_client(client.id.clone(), mark.clone(), now).await?, Event::ClientHeld)
    } else if state.mark == *mark && state.held_at.is_some() {
        (ctx.store.release_client(client.id.clone(), mark.clone()).await?, Event::ClientReleased)
    } else {
        return Ok(());
    };
    if done {
        ctx.clients.forget_all();
        ctx.audit.record(Entry::ok(event).client(client.id.clone()).because("document_changed")).await;
    }
    Ok(())
}

/// Whether what was given to this client may be renewed ([`hold`]).
pub async fn may_renew(ctx: &OAuth, client: &Client, grant: &GrantRow) -> Result<bool, Refusal> {
    let Some(document) = &client.document else { return Ok(true) };
    let mark = ctx.store.document_mark_of_grant(&grant.id).await?;
    Ok(hold::may_renew(document, Given { mark: mark.as_deref(), at: grant.created_at }))
}

/// The document as it is now, for administrators.
///
/// # Errors
/// A sentence on why it cannot be had.
pub async fn current(ctx: &OAuth, id: &str) -> Result<Arc<ClientRow>, String> {
    describe(ctx, id, true).await.map_err(|lack| lack.sentence)
}

/// Whether anybody ever agreed to it: until then it is a stranger, and its document may change.
pub fn is_relied_on(client: &Client) -> bool {
    client.document.as_ref().and_then(|d| d.state.as_ref()).is_some_and(|state| state.is_relied_on)
}

/// The client of a document, with what administrators set in its row.
fn as_it_says(row: &Arc<ClientRow>, stored: Option<&Client>) -> Client {
    let mark = row.document_mark.clone().unwrap_or_default();
    let state =
        stored.and_then(|stored| stored.document.as_ref()).and_then(|document| document.state.clone());
    let said = Client::from_row((**row).clone());
    Client {
        document: Some(Document { mark, state }),
        document_row: Some(Arc::clone(row)),
        held_at: stored.and_then(|stored| stored.held_at),
        allowed_scopes: stored.and_then(|stored| stored.allowed_scopes.clone()),
        access_token_seconds: stored.and_then(|stored| stored.access_token_seconds),
        created_at: stored.map_or(said.created_at, |stored| stored.created_at),
        ..said
    }
}

/// `is_known`: somebody relied on this client before, so that strangers' documents must not stand in its way.
async fn describe(ctx: &OAuth, id: &str, is_known: bool) -> Result<Arc<ClientRow>, Lack> {
    let fetched =
        if is_known { ctx.fetch.document(id).await } else { ctx.fetch.document_of_stranger(id).await };
    let answer = fetched.map_err(|fault| Lack {
        reason: fault.reason(),
        sentence: format!("the document of this app {fault}"),
        // A name that nobody has is answered as one of this server's own network: neither tells which names exist.
        passes: fault.is_passing() && fault != Fault::UnknownHost,
    })?;
    let known = ctx.clients.readings().get(id).filter(|known| Arc::ptr_eq(&known.of, &answer));
    let reading = known.unwrap_or_else(|| {
        let read = document::read(ctx, id, &answer.bytes).map(Arc::new);
        // Asked for again soon; until then it is refused without being read once more.
        let of = if read.is_err() { ctx.fetch.is_useless(Wanted::Document, id) } else { None };
        let reading = Reading { of: of.unwrap_or(answer), read };
        ctx.clients.readings().insert(id.to_owned(), reading.clone());
        reading
    });
    let lack = |bad: BadDocument| Lack {
        reason: bad.reason(),
        sentence: format!("the document of this app {bad}"),
        passes: false,
    };
    reading.read.map_err(lack)
}

fn refused(lack: &Lack, code: Code) -> Refusal {
    let code = if lack.passes { Code::TemporarilyUnavailable } else { code };
    Refusal::new(code, Reason::Document(lack.reason), lack.sentence.clone())
}
