//! Login at other OpenID Connect providers: leaving for one, and coming back from it.
//! Law: OpenID Connect Core §3.1 · RFC 9207 · RFC 9700 §4.4 (mix-up), §4.7 (CSRF)
//!
//! | who comes back                                   | answer                    | reason in the audit trail | test |
//! |--------------------------------------------------|---------------------------|---------------------------|------|
//! | with a `state` that is unknown, or another browser's | refuse                | `ceremony_…`              | `a_state_works_once_and_on_its_browser` |
//! | with one that was answered already               | on to where it led        | `ceremony_spent`          | `going_back_leads_on_and_not_into_an_error` |
//! | at another provider's callback                   | refuse                    | `wrong_provider`          | `an_answer_of_another_issuer_is_refused` |
//! | with a foreign `iss`, or none where it is always sent | refuse               | `wrong_issuer`            | `an_answer_of_another_issuer_is_refused` |
//! | with `error=access_denied`                       | back to the login         | `cancelled_at_provider`   | `whoever_cancels_gets_back_to_the_login` |
//! | with another `error`, or without a `code`        | refuse                    | `provider_error`          | `what_a_provider_does_wrong_is_told_apart` |
//! | with a code, the provider away or in the wrong   | refuse                    | see `fault`               | `what_a_provider_does_wrong_is_told_apart` |
//! | with a code, asked to log in again, `auth_time` older than the visit | refuse | `login_not_fresh`         | `a_login_that_is_not_fresh_is_refused_where_it_must_be` |
//! | with a code, an ID token that cannot be believed | refuse                    | see `id_token`            | `an_id_token_that_is_wrong_in_any_way_is_refused` |
//! | vouched for                                      | see `admission`           | see there                 | `the_authorization_request_survives_the_round_trip` |
//!
//! **Fresh logins.** Whoever is asked to sign in once more, and whoever an app sends with `prompt=login` or `max_age`,
//! leaves with `prompt=login` and `max_age=0`. A provider that knows these asks the person again and tells when it did,
//! in `auth_time`; a session is as old as that says. One that sends no `auth_time` is believed to have asked. Google
//! knows neither and sends none: it is told `prompt=select_account`, and a choice among the accounts that are signed
//! in at Google counts as a login.
//!
//! `state` is the secret of a ceremony bound to the browser's cookie, spent by the first answer. `nonce` and the PKCE
//! verifier are keyed hashes of it, so that a copy of the database holds neither.
//!
//! | file            | owns                                                         |
//! |-----------------|--------------------------------------------------------------|
//! | `admission`     | who comes in, as a table                                     |
//! | `client`        | the requests of the protocol; with `metadata`, `id_token`, `fault` and `http` the only user of openidconnect |
//! | `entry`         | carrying a decision out                                      |
//! | `identities`    | a person's own identities: adding, removing                  |
//! | `provider`      | what is set up                                               |

pub mod admission;
mod client;
mod entry;
mod fault;
mod http;
mod id_token;
pub mod identities;
mod metadata;
pub mod provider;

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

pub use admission::Refusal;
pub use client::Ask;
use client::{RelyingParty, Secrets};
pub use entry::Outcome;
pub use fault::Fault;
use id_token::LEEWAY;
pub use identities::Proposal;
use provider::Provider;

use super::ceremony::{self, CeremonyError};
use super::links::{self, LinkError};
use super::session::Session;
use super::{Accounts, MasterKey};
use crate::audit::{Entry, Event};
use crate::oauth::Origin;
use crate::oauth::params::Params;
use crate::store::StoreError;
use crate::store::ceremonies::{CeremonyKind, CeremonyRow};
use crate::store::links::LinkPurpose;
use crate::types::Plain;
use crate::types::master_key::Purpose as KeyPurpose;
use crate::types::urls::Issuer;

/// The longest code and `error` that are looked at.
const MAX_CODE: usize = 4096;

/// The providers people may come from; clones share what is known of them.
#[derive(Clone)]
pub struct Providers(Arc<Vec<RelyingParty>>);

impl Providers {
    /// Clients of these providers, answered below the public URL.
    pub fn new(providers: Vec<Provider>, issuer: &Issuer) -> Result<Self, reqwest::Error> {
        let http = http::client()?;
        let party = |provider: Provider| {
            let redirect_uri = issuer.at(&provider.callback_path());
            RelyingParty::new(provider, redirect_uri, http.clone())
        };
        Ok(Self(Arc::new(providers.into_iter().map(party).collect())))
    }

    /// Every provider, in the order of the settings.
    pub fn all(&self) -> impl Iterator<Item = &Provider> {
        self.0.iter().map(|party| &party.provider)
    }

    pub fn find(&self, name: &str) -> Option<&Provider> {
        self.party(name).map(|party| &party.provider)
    }

    /// Whether anybody can come from this issuer today.
    pub fn knows_issuer(&self, issuer: &str) -> bool {
        self.all().any(|provider| provider.issuer == issuer)
    }

    /// Whether a provider with this issuer asks people for two factors itself.
    pub fn asks_for_two(&self, issuer: &str) -> bool {
        self.all().any(|provider| provider.issuer == issuer && provider.second_factor)
    }

    /// Asks a provider for its metadata, whatever is kept of it; nothing for one that is not set up.
    pub async fn ask(&self, name: &str) -> Option<Result<(), Fault>> {
        Some(self.party(name)?.ask().await)
    }

    fn party(&self, name: &str) -> Option<&RelyingParty> {
        self.0.iter().find(|party| party.provider.name == name)
    }
}

/// Why somebody is sent to a provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// To sign in, then on to this path.
    Login { return_to: String },
    /// To accept the invitation with this id.
    Invitation { link_id: String },
    /// To add an identity to the account of the signed-in person.
    Link,
}

/// What is remembered between leaving and coming back.
#[derive(Serialize, Deserialize)]
struct Pending {
    provider: String,
    purpose: Purpose,
    /// The person is to prove it once more.
    #[serde(default)]
    fresh: bool,
}

/// From where somebody starts.
#[derive(Clone, Debug)]
pub enum Start<'a> {
    Login { return_to: &'a str },
    Invitation { link: &'a str },
    Link { user_id: &'a str },
}

/// Who asks, and under which reference the page and the audit trail speak of it.
#[derive(Clone, Debug)]
pub struct Attempt {
    pub origin: Origin,
    pub reference: String,
}

/// Why nobody came in.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("no such provider is set up")]
    UnknownProvider,
    #[error("the invitation does not work any more")]
    DeadInvitation,
    #[error("nobody is signed in, or somebody else")]
    NotSignedIn,
    #[error(transparent)]
    Ceremony(CeremonyError),
    /// Answered already, on this browser.
    #[error("it was answered before")]
    Answered,
    #[error("the answer came in at another provider's address")]
    WrongProvider,
    #[error("the answer is another issuer's")]
    WrongIssuer,
    #[error("the person cancelled")]
    Cancelled,
    #[error("the provider says: {0}")]
    ProviderSaid(String),
    /// The provider did not ask the person again.
    #[error("the login there is older than this visit")]
    NotFresh,
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The rules do not let them in; with the address the provider told.
    #[error("refused")]
    Refused(Refusal, Option<String>),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Failure {
    /// For the audit trail.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::UnknownProvider => "unknown_provider",
            Self::DeadInvitation => "dead_link",
            Self::NotSignedIn => "not_signed_in",
            Self::Ceremony(error) => error.reason(),
            Self::Answered => "ceremony_spent",
            Self::WrongProvider => "wrong_provider",
            Self::WrongIssuer => "wrong_issuer",
            Self::Cancelled => "cancelled_at_provider",
            Self::ProviderSaid(_) => "provider_error",
            Self::NotFresh => "login_not_fresh",
            Self::Fault(fault) => fault.reason(),
            Self::Refused(refusal, _) => refusal.reason(),
            Self::Store(_) => "store_unavailable",
        }
    }
}

/// A visit that ended without a result, and what it was for where that is known.
#[derive(Debug)]
pub struct Stopped {
    pub failure: Failure,
    pub purpose: Option<Purpose>,
}

fn secrets(master: &MasterKey, state: Plain<String>) -> Secrets {
    let derived =
        |purpose| Plain::new(URL_SAFE_NO_PAD.encode(master.mac(purpose, &[state.expose().as_str()])));
    let (nonce, verifier) = (derived(KeyPurpose::UpstreamNonce), derived(KeyPurpose::UpstreamVerifier));
    Secrets { state, nonce, verifier }
}

/// Sends somebody to a provider. Returns where.
pub async fn begin(
    accounts: &Accounts,
    provider: &str,
    browser: &str,
    start: Start<'_>,
    ask: Ask,
    attempt: &Attempt,
) -> Result<String, Stopped> {
    let begun = try_begin(accounts, provider, browser, &start, ask).await;
    if let Err(failure) = &begun {
        let event = if matches!(start, Start::Link { .. }) { Event::IdentityLinked } else { Event::Login };
        record(accounts, event, failure, provider, None, attempt).await;
    }
    begun.map_err(|failure| {
        let purpose = match start {
            Start::Login { return_to } => Some(Purpose::Login { return_to: return_to.to_owned() }),
            Start::Link { .. } => Some(Purpose::Link),
            Start::Invitation { .. } => None,
        };
        Stopped { failure, purpose }
    })
}

async fn try_begin(
    accounts: &Accounts,
    provider: &str,
    browser: &str,
    start: &Start<'_>,
    ask: Ask,
) -> Result<String, Failure> {
    let party = accounts.upstream.party(provider).ok_or(Failure::UnknownProvider)?;
    let (purpose, user_id) = match start {
        Start::Login { return_to } => (Purpose::Login { return_to: (*return_to).to_owned() }, None),
        Start::Link { user_id } => (Purpose::Link, Some((*user_id).to_owned())),
        Start::Invitation { link } => {
            let link = links::find(accounts, LinkPurpose::Invite, link).await.map_err(link_failure)?;
            let user = links::person_of(accounts, &link).await.map_err(link_failure)?;
            (Purpose::Invitation { link_id: link.id }, Some(user.id))
        }
    };
    let fresh = ask == Ask::Again;
    let pending = Pending { provider: provider.to_owned(), purpose, fresh };
    let state = ceremony::begin(accounts, CeremonyKind::Upstream, browser, user_id, &pending).await?;
    let secrets = secrets(&accounts.master, state);
    Ok(party.authorization_url(&secrets, ask, accounts.clock.now()).await?)
}

fn link_failure(error: LinkError) -> Failure {
    match error {
        LinkError::Store(error) => Failure::Store(error),
        _ => Failure::DeadInvitation,
    }
}

/// Takes an authorization response. `session` is who is signed in on the browser.
pub async fn answer(
    accounts: &Accounts,
    provider: &str,
    browser: Option<&str>,
    session: Option<&Session>,
    params: &Params,
    attempt: &Attempt,
) -> Result<Outcome, Stopped> {
    let found = come_back(accounts, provider, browser, params).await;
    let (ceremony, Pending { purpose, fresh, .. }) = match found {
        Ok(found) => found,
        Err(stopped) => {
            record(accounts, Event::Login, &stopped.failure, provider, None, attempt).await;
            return Err(stopped);
        }
    };
    let event = if purpose == Purpose::Link { Event::IdentityLinked } else { Event::Login };
    let user_id = ceremony.user_id.clone();
    let visit = Visit { ceremony, purpose: &purpose, fresh };
    let outcome = act(accounts, provider, visit, session, params, attempt).await;
    if let Err(failure) = &outcome {
        record(accounts, event, failure, provider, user_id, attempt).await;
    }
    outcome.map_err(|failure| Stopped { failure, purpose: Some(purpose) })
}

/// The visit that an answer belongs to.
async fn come_back(
    accounts: &Accounts,
    provider: &str,
    browser: Option<&str>,
    params: &Params,
) -> Result<(CeremonyRow, Pending), Stopped> {
    let stop = |failure| Stopped { failure, purpose: None };
    if accounts.upstream.party(provider).is_none() {
        return Err(stop(Failure::UnknownProvider));
    }
    let state = params.get("state").ok().flatten().unwrap_or_default();
    let row = match ceremony::find(accounts, CeremonyKind::Upstream, state, browser).await {
        Ok(row) => row,
        Err(CeremonyError::Spent) => {
            let row = ceremony::find_spent(accounts, CeremonyKind::Upstream, state, browser).await;
            let purpose = row.ok().and_then(|row| ceremony::data::<Pending>(&row).ok()).map(|p| p.purpose);
            return Err(Stopped { failure: Failure::Answered, purpose });
        }
        Err(error) => return Err(stop(Failure::Ceremony(error))),
    };
    let pending: Pending = ceremony::data(&row).map_err(|error| stop(error.into()))?;
    if pending.provider != provider {
        return Err(stop(Failure::WrongProvider));
    }
    Ok((row, pending))
}

/// A visit that somebody came back from.
struct Visit<'a> {
    ceremony: CeremonyRow,
    purpose: &'a Purpose,
    fresh: bool,
}

async fn act(
    accounts: &Accounts,
    provider: &str,
    visit: Visit<'_>,
    session: Option<&Session>,
    params: &Params,
    attempt: &Attempt,
) -> Result<Outcome, Failure> {
    let Visit { ceremony, purpose, fresh } = visit;
    let party = accounts.upstream.party(provider).ok_or(Failure::UnknownProvider)?;
    let now = accounts.clock.now();
    // Whatever follows: this answer was the one.
    if !accounts.store.spend_ceremony(ceremony.id.clone(), CeremonyKind::Upstream, now).await? {
        return Err(Failure::Answered);
    }
    let one = |name| params.get(name).map_err(|_| Failure::ProviderSaid(format!("{name} is given twice")));
    if !party.is_from_here(one("iss")?, now).await? {
        return Err(Failure::WrongIssuer);
    }
    if let Some(error) = one("error")? {
        return Err(match error {
            "access_denied" => Failure::Cancelled,
            other => Failure::ProviderSaid(other.chars().take(100).collect()),
        });
    }
    let code = one("code")?.filter(|code| code.len() <= MAX_CODE);
    let code = code.ok_or_else(|| Failure::ProviderSaid("there is no code in the answer".to_owned()))?;
    let state = Plain::new(one("state")?.unwrap_or_default().to_owned());
    let told = party.redeem(code.to_owned(), &secrets(&accounts.master, state), now).await?;
    if fresh && told.auth_time.is_some_and(|at| at < ceremony.created_at - LEEWAY) {
        return Err(Failure::NotFresh);
    }
    entry::enter(accounts, &party.provider, &ceremony, purpose, session, &told, attempt).await
}

async fn record(
    accounts: &Accounts,
    event: Event,
    failure: &Failure,
    provider: &str,
    user_id: Option<String>,
    attempt: &Attempt,
) {
    let detail = match failure {
        Failure::Refused(_, Some(email)) => format!("provider {provider}, address {email}"),
        other => format!("provider {provider}: {other}"),
    };
    let entry = Entry::refused(event, failure.reason())
        .user(user_id)
        .address(attempt.origin.address.clone())
        .reference(attempt.reference.clone())
        .detail(detail);
    accounts.audit.record(entry).await;
}
