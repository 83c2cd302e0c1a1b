//! The authorization endpoint: validating a request, and answering it once a person has decided.
//! Law: OAuth 2.1 §4.1.1, §4.1.2 · RFC 8707 §2.1 · RFC 9207 · OpenID Connect Core §3.1.2
//!
//! | request                                                | answer                                       |
//! |--------------------------------------------------------|----------------------------------------------|
//! | `client_id` missing, unknown, disabled, given twice    | error page, 400                              |
//! | `redirect_uri` missing (and several registered), foreign, given twice | error page, 400               |
//! | `response_type` missing; other than `code`             | redirect, `invalid_request`; `unsupported_response_type` |
//! | a client without the grant type `authorization_code`, e.g. a machine | error page, 400                |
//! | another parameter twice                                | redirect, `invalid_request`                  |
//! | no `code_challenge`, method not `S256`                 | redirect, `invalid_request`                  |
//! | `dpop_jkt` that is no thumbprint                       | redirect, `invalid_request`                  |
//! | a reference to a request that was pushed               | as that request, see [`super::par`]          |
//! | `request`, another `request_uri`                       | redirect, `request_not_supported`, `request_uri_not_supported` |
//! | unknown `resource`                                     | redirect, `invalid_target`                   |
//! | a client that registered itself, where the resource takes only clients that an administrator added | redirect, `unauthorized_client` |
//! | a client by document whose document cannot be had or used, or that the resource does not take | error page, see [`super::cimd`] |
//! | no requested scope can be granted, see [`super::scopes`] | redirect, `invalid_scope`                    |
//! | `prompt=none`                                          | redirect, `login_required`, `consent_required` |
//! | fine, nobody signed in (or `prompt=login`, `max_age`)  | login page, then here again                  |
//! | fine                                                   | consent page                                 |
//! | Allow                                                  | redirect with `code`, `state`, `iss`         |
//! | Deny                                                   | redirect, `access_denied`                    |
//!
//! "Redirect" with an error: as far as [`super::error_redirect`] lets it travel by itself.
//!
//! Validation has no side effect; a code is made only by [`approve`].

use std::sync::Arc;

use super::approval::{self, Approval, Asked, Decider};
use super::client::Client;
use super::error::{Code, Reason, Refusal};
use super::grants::authorization_code;
use super::oxide::{self, AuthorizeError, AuthorizeRules};
use super::par::{self, Opened, Reference};
use super::params::Params;
use super::redirect_uri::RedirectUri;
use super::resource::Resource;
use super::scalekit::door;
use super::{OAuth, Origin, cimd, device, dpop, flow, pkce, scopes};
use crate::store::clients::ClientKind;
use crate::store::codes::CodeRow;
use crate::types::ids::Kind;
use crate::types::secret::Bearer;
use crate::types::{ScopeSet, Timestamp};

/// The longest `state` and `nonce`, in bytes.
const MAX_STATE: usize = 2048;

/// A request that may be put before a person.
#[derive(Clone, Debug)]
pub struct AuthorizeRequest {
    pub client: Arc<Client>,
    pub redirect_uri: RedirectUri,
    pub state: Option<String>,
    pub resource: Arc<Resource>,
    /// What the person is asked for.
    pub scopes: ScopeSet,
    pub code_challenge: String,
    /// Thumbprint of the key that the code shall be bound to (RFC 9449 §10).
    pub dpop_jkt: Option<String>,
    pub nonce: Option<String>,
    pub prompt: Prompt,
    /// The login must be no older than this many seconds.
    pub max_age: Option<i64>,
    /// A login at another provider is to be a new one, too.
    pub wants_new_login: bool,
    pub login_hint: Option<String>,
    /// What the client is told as `iss` (RFC 9207).
    pub issuer: String,
    /// What names it, where it was pushed; a decision spends it.
    pub reference: Option<Reference>,
}

/// `prompt` of OpenID Connect Core §3.1.2.1; consent is always asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Prompt {
    #[default]
    Usual,
    /// Ask nobody anything.
    None,
    /// Ask for a new login.
    Login,
}

/// A request that is refused.
#[derive(Debug)]
pub enum Rejected {
    /// On a page: it is not known whom to tell.
    Page(Refusal),
    /// At the client's redirect URI, if [`error_redirect`](super::error_redirect) lets it travel.
    Redirect(Box<ToClient>),
}

/// A refusal that is meant for the client.
#[derive(Debug)]
pub struct ToClient {
    pub refusal: Refusal,
    pub client: Arc<Client>,
    pub redirect_uri: RedirectUri,
    pub state: Option<String>,
    /// What the client is told as `iss` (RFC 9207).
    pub issuer: String,
}

impl Rejected {
    pub fn refusal(&self) -> &Refusal {
        match self {
            Self::Page(refusal) => refusal,
            Self::Redirect(to) => &to.refusal,
        }
    }
}

struct Rules<'a> {
    params: &'a Params,
    client: Result<Arc<Client>, Refusal>,
    resource: Result<Arc<Resource>, Refusal>,
    /// It had to be sent ahead, and was not.
    must_push: bool,
}

impl Rules<'_> {
    fn redirect_uri(&self) -> Result<RedirectUri, Refusal> {
        let client = self.client.clone()?;
        let bad = |reason, text: &'static str| Refusal::new(Code::InvalidRequest, reason, text);
        let Some(text) = self.params.get("redirect_uri")? else {
            return match client.redirect_uris.as_slice() {
                [only] => Ok(only.clone()),
                _ => Err(bad(Reason::MissingParameter, "redirect_uri is missing")),
            };
        };
        let presented = RedirectUri::parse(text).map_err(|e| {
            Refusal::new(Code::InvalidRequest, Reason::BadRedirectUri, format!("redirect_uri {e}"))
        })?;
        if client.redirect_uris.iter().any(|registered| registered.matches(&presented)) {
            Ok(presented)
        } else {
            Err(bad(Reason::ForeignRedirectUri, "redirect_uri is not registered for this client"))
        }
    }
}

impl AuthorizeRules for Rules<'_> {
    fn bind(&self) -> Result<String, Refusal> {
        self.params.require("client_id")?;
        Ok(self.redirect_uri()?.as_str().to_owned())
    }

    fn extend(&self) -> Result<(), Refusal> {
        for name in
            ["state", "response_type", "scope", "nonce", "prompt", "max_age", "login_hint", "response_mode"]
        {
            self.params.get(name)?;
        }
        let (method, challenge) =
            (self.params.get("code_challenge_method")?, self.params.get("code_challenge")?);
        let unsupported = |code, text: &'static str| Refusal::new(code, Reason::RequestObject, text);
        if self.params.first("request").is_some() {
            return Err(unsupported(Code::RequestNotSupported, "request objects are not supported"));
        }
        if self.params.first("request_uri").is_some() {
            return Err(unsupported(Code::RequestUriNotSupported, "request_uri is not supported"));
        }
        if self.must_push {
            return Err(Refusal::new(
                Code::InvalidRequest,
                Reason::NotPushed,
                "requests must be sent to the pushed authorization request endpoint first",
            ));
        }
        if self.params.first("response_mode").is_some_and(|mode| mode != "query") {
            return Err(Refusal::malformed("response_mode must be query"));
        }
        if self.params.get("dpop_jkt")?.is_some_and(|jkt| !dpop::is_thumbprint(jkt)) {
            return Err(Refusal::malformed("dpop_jkt is not the SHA-256 thumbprint of a key"));
        }
        for name in ["state", "nonce"] {
            if self.params.first(name).is_some_and(|v| v.len() > MAX_STATE) {
                return Err(Refusal::malformed(format!("{name} is longer than {MAX_STATE} bytes")));
            }
        }
        pkce::challenge(method, challenge)?;
        may_ask(&*self.client.clone()?, &*self.resource.clone()?)
    }

    fn negotiate(&self) -> Result<ScopeSet, Refusal> {
        asked_scopes(self.params, &*self.client.clone()?, &*self.resource.clone()?)
    }
}

/// The scopes that a person is asked for.
pub fn asked_scopes(params: &Params, client: &Client, resource: &Resource) -> Result<ScopeSet, Refusal> {
    let asked = params.get("scope")?.map_or_else(|| Ok(ScopeSet::default()), ScopeSet::parse);
    let asked = asked
        .map_err(|e| Refusal::new(Code::InvalidScope, Reason::MalformedRequest, format!("scope {e}")))?;
    scopes::negotiate(resource, client, &asked)
}

/// Whether this client may ask people for access to this resource. Registration is for the whole server; a
/// resource that is closed to it takes clients of administrators only.
pub fn may_ask(client: &Client, resource: &Resource) -> Result<(), Refusal> {
    if client.kind == ClientKind::Dynamic && !resource.registration_open {
        return Err(Refusal::new(
            Code::UnauthorizedClient,
            Reason::RegistrationClosed,
            "this server takes only apps that its administrator has added: ask the administrator to add this one",
        ));
    }
    Ok(())
}

/// How a request comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// In a browser's address or form.
    Browser,
    /// From the client itself, ahead of the browser (RFC 9126).
    Pushed,
}

/// Validates an authorization request, or the one that was pushed and is named. Changes nothing.
pub async fn validate(ctx: &OAuth, params: &Params) -> Result<AuthorizeRequest, Rejected> {
    let Opened { params, reference } = par::open(ctx, params).await.map_err(Rejected::Page)?;
    let way = if reference.is_some() { Way::Pushed } else { Way::Browser };
    Ok(AuthorizeRequest { reference, ..judge(ctx, &params, way).await? })
}

/// Validates the parameters of a request.
pub async fn judge(ctx: &OAuth, params: &Params, way: Way) -> Result<AuthorizeRequest, Rejected> {
    let resource = door::named_or_default(ctx, params);
    let client = find_client(ctx, params, resource.as_ref().ok()).await;
    let issuer = door::issuer(ctx, params);
    let must_push = way == Way::Browser && client.as_ref().is_ok_and(|client| par::is_required(ctx, client));
    let rules = Rules { params, client, resource, must_push };
    let redirect = |refusal: Refusal| match (rules.client.clone(), rules.redirect_uri()) {
        (Ok(client), Ok(redirect_uri)) => {
            let state = params.first("state").map(str::to_owned);
            Rejected::Redirect(Box::new(ToClient {
                refusal,
                client,
                redirect_uri,
                state,
                issuer: issuer.clone(),
            }))
        }
        (Err(refusal), _) | (_, Err(refusal)) => Rejected::Page(refusal),
    };
    let scopes = oxide::authorize(params, &rules).await.map_err(|error| match error {
        AuthorizeError::Page(refusal) => Rejected::Page(refusal),
        AuthorizeError::Redirect(refusal) => redirect(refusal),
    })?;
    let (prompt, max_age) = login_wishes(params).map_err(redirect)?;
    let text = |name| params.first(name).map(str::to_owned);
    Ok(AuthorizeRequest {
        client: rules.client.clone().map_err(Rejected::Page)?,
        redirect_uri: rules.redirect_uri().map_err(Rejected::Page)?,
        state: text("state"),
        resource: rules.resource.clone().map_err(redirect)?,
        scopes,
        code_challenge: text("code_challenge").unwrap_or_default(),
        dpop_jkt: text("dpop_jkt"),
        nonce: text("nonce"),
        prompt,
        max_age,
        wants_new_login: max_age.is_some() || words(params).contains(&"login"),
        login_hint: text("login_hint").filter(|h| h.len() <= 254),
        issuer: issuer.clone(),
        reference: None,
    })
}

async fn find_client(
    ctx: &OAuth,
    params: &Params,
    resource: Option<&Arc<Resource>>,
) -> Result<Arc<Client>, Refusal> {
    let id = params.require("client_id")?;
    if cimd::id::is_meant(id) {
        return cimd::at_authorize(ctx, id, resource).await;
    }
    let Some(client) = ctx.clients.find(id).await? else {
        let unknown = Refusal::new(
            Code::InvalidRequest,
            Reason::UnknownClient,
            "client_id is not known here: remove this server from the app and add it again",
        );
        return Err(ctx.clients.missing(id, unknown).await);
    };
    if client.allows(authorization_code::GRANT_TYPE) {
        return Ok(client);
    }
    let text = if device::may_use(&client) {
        "this client is for devices without a browser: it begins at the device authorization endpoint"
    } else {
        "this client acts for itself: it gets its tokens with client_credentials, without any person"
    };
    Err(Refusal::new(Code::UnauthorizedClient, Reason::GrantTypeNotAllowed, text))
}

/// The words of `prompt`.
fn words(params: &Params) -> Vec<&str> {
    params.first("prompt").map_or_else(Vec::new, |p| p.split(' ').collect())
}

fn login_wishes(params: &Params) -> Result<(Prompt, Option<i64>), Refusal> {
    let prompt = match words(params).as_slice() {
        ["none"] => Prompt::None,
        words if words.contains(&"none") => {
            return Err(Refusal::malformed("prompt=none goes with nothing else"));
        }
        words if words.contains(&"login") || words.contains(&"select_account") => Prompt::Login,
        _ => Prompt::Usual,
    };
    let max_age = params
        .first("max_age")
        .map(|v| v.parse::<i64>().ok().filter(|n| *n >= 0))
        .map(|v| v.ok_or_else(|| Refusal::malformed("max_age must be a number of seconds")))
        .transpose()?;
    Ok((prompt, max_age))
}

/// The redirect that tells a client of a refusal: `error`, `error_description`, `state`, `iss`.
pub fn error_location(issuer: &str, uri: &RedirectUri, state: Option<&str>, refusal: &Refusal) -> String {
    let mut pairs =
        vec![("error", refusal.code.as_str()), ("error_description", refusal.description.as_ref())];
    pairs.extend(state.map(|s| ("state", s)));
    pairs.push(("iss", issuer));
    uri.with_params(&pairs)
}

/// Where an authorization request is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// When it arrives.
    Arrival,
    /// While the person reads and decides.
    Decision,
}

/// A login, as far as a request may ask for a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Login {
    /// When the person proved who they are; at another provider perhaps before the session started.
    pub auth_time: Timestamp,
    /// When the session started.
    pub started_at: Timestamp,
}

impl AuthorizeRequest {
    /// Whether a login is as fresh as `max_age` asks. The time a person takes to read and decide does not
    /// count.
    pub fn accepts_login(&self, login: Login, now: Timestamp, moment: Moment) -> bool {
        let allowance = match moment {
            Moment::Arrival => 0,
            Moment::Decision => 600,
        };
        let is_young = |age: i64| now - login.auth_time <= age.saturating_add(allowance);
        self.max_age.is_none_or(is_young) || self.has_led_to(login)
    }

    /// Whether this pushed request has led to this login: then it asks for no other.
    pub fn has_led_to(&self, login: Login) -> bool {
        let begun_at = self.reference.as_ref().and_then(|reference| reference.begun_at);
        begun_at.is_some_and(|begun_at| login.started_at >= begun_at)
    }

    /// What ties its steps together in the audit trail.
    pub fn flow(&self, ctx: &OAuth) -> String {
        let mark = self.reference.as_ref().map_or(&self.code_challenge, |reference| &reference.uri);
        flow::of(&ctx.master, &self.client.id, mark)
    }

    fn asked<'a>(&'a self, ctx: &OAuth, flow: &'a str) -> Asked<'a> {
        Asked {
            client: &self.client,
            resource: &self.resource,
            scopes: &self.scopes,
            fetch_within: ctx.lifetimes.code,
            flow,
        }
    }
}

/// Issues a code for what the person left ticked. Returns where to send the browser.
pub async fn approve(
    ctx: &OAuth,
    request: &AuthorizeRequest,
    decider: &Decider,
    ticked: &ScopeSet,
    origin: &Origin,
) -> Result<String, Refusal> {
    par::spend(ctx, request.reference.as_ref()).await?;
    let flow = request.flow(ctx);
    let approval = approval::prepare(ctx, request.asked(ctx, &flow), decider, ticked, origin).await?;
    let now = ctx.clock.now();
    let bearer = Bearer::generate(Kind::Code, &ctx.clock, &ctx.rng);
    let code = CodeRow {
        id: bearer.id.clone(),
        hash: bearer.hash(),
        grant_id: approval.grant.id.clone(),
        redirect_uri: request.redirect_uri.as_str().to_owned(),
        code_challenge: request.code_challenge.clone(),
        dpop_jkt: request.dpop_jkt.clone(),
        nonce: request.nonce.clone(),
        auth_time: decider.auth_time,
        proof: decider.proof,
        created_at: now,
        expires_at: now + ctx.lifetimes.code,
        spent_at: None,
    };
    let Approval { consent_id, consented, grant, entry } = approval;
    let added = match &request.client.document_row {
        Some(row) => {
            cimd::note(ctx, &request.client).await?;
            ctx.store.add_grant_by_document((**row).clone(), consent_id, consented, grant, code).await?
        }
        None => ctx.store.add_grant(consent_id, consented, grant, code).await?,
    };
    if !added {
        return Err(approval::too_late());
    }
    ctx.audit.record(entry).await;
    let text = bearer.to_text();
    let mut pairs = vec![("code", text.expose().as_str())];
    pairs.extend(request.state.as_deref().map(|s| ("state", s)));
    pairs.push(("iss", request.issuer.as_str()));
    Ok(request.redirect_uri.with_params(&pairs))
}

/// Where a client learns that the person could not sign in: for a link they may follow instead of trying again.
pub fn turned_away(request: &AuthorizeRequest) -> String {
    let refusal = Refusal::new(Code::AccessDenied, Reason::LoginNeeded, "the person could not sign in");
    error_location(&request.issuer, &request.redirect_uri, request.state.as_deref(), &refusal)
}

/// Tells the client that the person said no. Returns where to send the browser.
pub async fn deny(
    ctx: &OAuth,
    request: &AuthorizeRequest,
    decider: &Decider,
    origin: &Origin,
) -> Result<String, Refusal> {
    par::spend(ctx, request.reference.as_ref()).await?;
    let refusal = Refusal::new(Code::AccessDenied, Reason::PersonDenied, "the person did not agree");
    let flow = request.flow(ctx);
    let entry = approval::denied(request.asked(ctx, &flow), decider, origin);
    ctx.audit.record(entry).await;
    Ok(error_location(&request.issuer, &request.redirect_uri, request.state.as_deref(), &refusal))
}
