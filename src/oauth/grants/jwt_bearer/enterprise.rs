//! An enterprise says that one of its people may use a client here (ID-JAG): the client shows what the enterprise signed
//! and gets a token for that person, without any page.
//!
//! | assertion, signed by a trusted issuer, in time                  | wire                  | effect                          | test                                      |
//! |-----------------------------------------------------------------|-----------------------|---------------------------------|-------------------------------------------|
//! | for this client and one of our resources, of a person we know   | 200, no refresh token | one grant stands, shown to them | `a_person_is_vouched_for`                 |
//! | shown by a public client, by one whose id is a URL              | 200                   | as above                        | `a_public_client_may_show_one`            |
//! | `client_id` of another client                                   | 400 `invalid_grant`   | nothing                         | `what_is_wrong_with_an_id_jag`            |
//! | the client is none of those that may act for the issuer's people | 400 `invalid_grant`  | nothing                         | `an_issuer_may_be_for_some_clients`       |
//! | the client registered itself, and the resource takes no such clients | 400 `invalid_grant` | nothing | `a_public_client_may_show_one` |
//! | no client, or wrong credentials                                 | 401 `invalid_client`  | nothing                         | `what_is_wrong_with_an_id_jag`            |
//! | `resource` missing in it, or none of ours                       | 400 `invalid_grant`   | nothing                         | `what_is_wrong_with_an_id_jag`            |
//! | for another resource than the request names                     | 400 `invalid_target`  | nothing                         | `what_is_wrong_with_an_id_jag`            |
//! | `aud` anything but our issuer alone; no `iat`, `jti`, `sub`     | 400 `invalid_grant`   | nothing                         | `what_is_wrong_with_an_id_jag`            |
//! | of a person who is unknown, disabled, or may not come in        | 400 `invalid_grant`   | nothing                         | `who_is_vouched_for_is_decided_by_identity` |
//! | of a person of a trusted domain                                 | 200                   | linked, or made                 | `a_trusted_domain_links_and_admits`       |
//! | `scope` within what it and the issuer's limit say               | 200, those            | as above                        | `scopes_are_what_all_agree_on`            |
//! | `scope` outside                                                 | 400 `invalid_scope`   | nothing                         | `scopes_are_what_all_agree_on`            |
//! | once more after the person ended it                             | 200                   | a new grant                     | `a_person_ends_what_was_vouched_for`      |
//! | its issuer was disabled or removed                              | 400 `invalid_grant`   | what it gave has ended          | `disabling_an_issuer_ends_what_it_gave`   |
//!
//! How the person signed in is the enterprise's business: a second factor that is required here is not asked for.
//! Whoever wants to decide that themselves adds no such issuer.

use std::sync::Arc;

use serde_json::Value;

use super::{ID_JAG_TYP, asked_scopes, issuer_of, no_scope_left, spend};
use crate::audit::{Entry, Event};
use crate::oauth::access_token::{self, LONGEST as LONGEST_TOKEN, Minting};
use crate::oauth::call::Call;
use crate::oauth::client::Client;
use crate::oauth::error::{Code, Reason, Refusal};
use crate::oauth::issuers::matching::Claims;
use crate::oauth::issuers::person::{self, Told};
use crate::oauth::issuers::{TrustedIssuer, assertion};
use crate::oauth::params::Params;
use crate::oauth::resource::Resource;
use crate::oauth::scalekit::door;
use crate::oauth::token::{Granted, Refused, TokenRequest, TokenResponse};
use crate::oauth::{OAuth, cimd, client_auth, scopes};
use crate::store::clients::ClientKind;
use crate::store::grants::GrantRow;
use crate::store::trusted_issuers::IssuerKind;
use crate::store::users::UserRow;
use crate::types::ids::{Kind, new_id};
use crate::types::{ScopeSet, Timestamp};

/// How far ahead `exp` may lie, in seconds.
const LONGEST: i64 = 3_600;
/// How long a grant stands after its last assertion, in seconds: longer than any token that hangs on it.
const STANDS: i64 = 2 * LONGEST_TOKEN;

/// What was verified.
pub struct Proven {
    issuer: Arc<TrustedIssuer>,
    said: Said,
}

/// What an assertion says.
struct Said {
    told: Told,
    /// `client_id` of the assertion.
    client_id: String,
    /// `resource` of the assertion.
    resource: String,
    /// `scope` of the assertion, where it says one.
    scopes: Option<ScopeSet>,
    jti: String,
    until: Timestamp,
}

pub(super) async fn identify(
    ctx: &OAuth,
    call: &Call<'_>,
    params: &Params,
    text: &str,
) -> Result<(Arc<Client>, super::Proven), Refused> {
    let client = client_auth::authenticate(ctx, call, params).await?;
    let of_client = |refusal| Refused { refusal, client_id: Some(client.id.clone()), grant_id: None };
    let issuer = issuer_of(ctx, text, IssuerKind::Enterprise).map_err(of_client)?;
    let now = ctx.clock.now();
    let door = door::issuer(ctx, params);
    let us = [ctx.issuer.as_str(), door.as_str()];
    let unverified = assertion::read(text).map_err(of_client)?;
    understand(&unverified, &us, now).map_err(of_client)?;
    let claims = ctx.trusted.verify(&issuer, text, &[ID_JAG_TYP], now).await.map_err(of_client)?;
    let said = understand(&claims, &us, now).map_err(of_client)?;
    Ok((client, super::Proven::Person(Proven { issuer, said })))
}

/// Reads the claims, and refuses what can be said of them by themselves. `us`: as whom this server is known to who asks.
fn understand(claims: &Claims, us: &[&str], now: Timestamp) -> Result<Said, Refusal> {
    let bad = |text: &'static str| assertion::refuse(Reason::BadAssertion, text);
    if !us.iter().any(|name| assertion::names_only(claims, name)) {
        return Err(assertion::refuse(
            Reason::WrongAudience,
            "assertion is for somebody else: its only aud must be the issuer of this server",
        ));
    }
    let until = assertion::check_times(claims, LONGEST, now)?;
    if assertion::lacks_time(claims, "iat") {
        return Err(assertion::refuse(Reason::AssertionTimes, "assertion needs an iat"));
    }
    let scopes = match claims.get("scope") {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => {
            Some(ScopeSet::parse(text).map_err(|_| bad("scope of assertion cannot be read"))?)
        }
        Some(_) => return Err(bad("scope of assertion is no text")),
    };
    let text = |name| assertion::text(claims, name).map(str::to_owned);
    Ok(Said {
        told: Told::of(claims)?,
        client_id: text("client_id").ok_or_else(|| bad("assertion needs a client_id"))?,
        resource: resource_named(claims).ok_or_else(|| bad("assertion needs a resource"))?,
        scopes,
        jti: assertion::single_use_id(claims)?.to_owned(),
        until,
    })
}

/// `resource`: a text, or a list of one.
fn resource_named(claims: &Claims) -> Option<String> {
    match claims.get("resource")? {
        Value::Array(list) => match list.as_slice() {
            [Value::String(one)] => Some(one.clone()),
            _ => None,
        },
        value => value.as_str().map(str::to_owned),
    }
    .filter(|text| !text.is_empty() && text.len() <= assertion::MAX_TEXT)
}

/// The one resource that assertion and request are about.
fn resource_of(ctx: &OAuth, request: &TokenRequest<'_>, said: &Said) -> Result<Arc<Resource>, Refusal> {
    let resource = ctx.resources.current().named(&said.resource).cloned().ok_or_else(|| {
        assertion::refuse(Reason::UnknownResource, "assertion is for a resource that does not exist here")
    })?;
    if request.resource.as_ref().is_some_and(|named| named.id != resource.id) {
        return Err(Refusal::new(
            Code::InvalidTarget,
            Reason::ResourceMismatch,
            "resource is not the one that assertion is for",
        ));
    }
    resource.check_own(ctx.clock.now())?;
    Ok(resource)
}

/// What all agree on: the request, the assertion, the issuer's limit, the client's limit, and the resource.
fn choose(
    resource: &Resource,
    client: &Client,
    (said, limit): (Option<&ScopeSet>, Option<&ScopeSet>),
    asked: &ScopeSet,
) -> Result<ScopeSet, Refusal> {
    let by_default = || resource.scopes.iter().filter(|s| s.is_default).map(|s| s.name.clone()).collect();
    let said: ScopeSet = said.cloned().unwrap_or_else(by_default);
    let wanted =
        if asked.is_empty() { said.clone() } else { asked.intersection(&resource.includes.closure(&said)) };
    let wanted = match limit {
        Some(limit) => wanted.intersection(&resource.includes.closure(limit)),
        None => wanted,
    };
    match (wanted.is_empty(), said.is_empty() && asked.is_empty()) {
        (false, _) => scopes::for_machine(resource, client, &wanted),
        // Nothing was said and nothing asked for: a token that opens what needs no scope.
        (true, true) => Ok(ScopeSet::default()),
        (true, false) => Err(no_scope_left()),
    }
}

pub(super) async fn run(
    ctx: &OAuth,
    call: &Call<'_>,
    request: &TokenRequest<'_>,
    proven: &Proven,
) -> Result<Granted, Refused> {
    let (client, issuer, said) = (&request.client, &proven.issuer, &proven.said);
    if said.client_id != client.id {
        return Err(
            assertion::refuse(Reason::AssertionOfOther, "assertion was made for another client").into()
        );
    }
    if !issuer.admits_client(&client.id) {
        return Err(assertion::refuse(
            Reason::AssertionOfOther,
            "this client may not act for the people of this issuer: an administrator adds it",
        )
        .into());
    }
    let resource = resource_of(ctx, request, said)?;
    access_token::check_binding(&resource, request.binding.as_deref())?;
    if client.kind == ClientKind::Dynamic && !resource.registration_open {
        return Err(assertion::refuse(
            Reason::RegistrationClosed,
            "clients that registered themselves may not use this resource",
        )
        .into());
    }
    cimd::admit_unchanged(ctx, client, &resource).await?;
    let asked = asked_scopes(request.params)?;
    let limits = (said.scopes.as_ref(), issuer.row.scopes.as_ref());
    let chosen = choose(&resource, client, limits, &asked)?;
    person::check(ctx, issuer, &said.told).await?;
    request.settle(ctx).await?;
    spend(ctx, issuer, &said.jti, said.until).await?;
    let user = person::enter(ctx, issuer, &said.told, &call.origin).await?;
    let grant = standing_grant(ctx, issuer, &user, (client, &resource), &chosen).await?;
    let scopes = scopes::of_token(&resource, client, &chosen);
    let minting = Minting {
        client,
        grant: &grant,
        resource: &resource,
        scopes: &scopes,
        asked_as: door::asked_as(&resource, request.params),
        binding: request.binding.as_deref(),
    };
    let access = access_token::mint(ctx, &minting)?;
    ctx.clients.touch(&client.id, ctx.clock.now());
    let entry = Entry::ok(Event::AssertionTaken)
        .client(client.id.clone())
        .user(user.id.clone())
        .resource(resource.id.clone())
        .grant(grant.id.clone())
        .address(call.origin.address.clone())
        .detail(format!("{}: {}", issuer.row.name, said.told.subject));
    ctx.audit.record(entry).await;
    let response = TokenResponse::of(&access, &scopes);
    Ok(Granted { response, grant_id: grant.id, user_id: grant.user_id, resource_id: grant.resource_id })
}

/// The person's grant to this client on the issuer's word: made, or renewed.
async fn standing_grant(
    ctx: &OAuth,
    issuer: &TrustedIssuer,
    user: &UserRow,
    (client, resource): (&Client, &Resource),
    scopes: &ScopeSet,
) -> Result<GrantRow, Refusal> {
    let now = ctx.clock.now();
    let wanted = GrantRow {
        id: new_id(Kind::Grant, &ctx.clock, &ctx.rng),
        user_id: Some(user.id.clone()),
        client_id: client.id.clone(),
        resource_id: resource.id.clone(),
        session_id: None,
        scopes: scopes.clone(),
        created_at: now,
        ends_at: now + STANDS,
        revoked_at: None,
        jkt: None,
    };
    let consent_id = new_id(Kind::Consent, &ctx.clock, &ctx.rng);
    let kept = ctx.store.keep_issuer_grant(issuer.row.id.clone(), consent_id, wanted.clone()).await?;
    let id = kept.ok_or_else(|| {
        assertion::refuse(Reason::NotAllowed, "issuer, person, client or resource was disabled a moment ago")
    })?;
    Ok(GrantRow { id, ..wanted })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::oauth::client::tests::client;
    use crate::oauth::resource::tests::resource_with;

    fn set(text: &str) -> ScopeSet {
        ScopeSet::parse(text).unwrap()
    }

    #[test]
    fn scopes_are_chosen_by_all_who_have_a_say() {
        let resource = resource_with(&[
            ("search", &["search:read"], false),
            ("search:read", &[], true),
            ("notes", &[], false),
        ]);
        let with = |ceiling: Option<&str>, said: Option<&str>, limit: Option<&str>, asked: &str| {
            let client = Client { allowed_scopes: ceiling.map(set), ..client() };
            let (said, limit) = (said.map(set), limit.map(set));
            choose(&resource, &client, (said.as_ref(), limit.as_ref()), &set(asked))
                .map(|scopes| scopes.to_string())
                .map_err(|refusal| refusal.code)
        };
        let none = Err(Code::InvalidScope);
        assert_eq!(with(None, None, None, ""), Ok("search:read".into()), "the default ones");
        assert_eq!(with(None, Some("notes search"), None, ""), Ok("notes search".into()));
        assert_eq!(
            with(None, Some("notes search"), None, "search:read"),
            Ok("search:read".into()),
            "included"
        );
        assert_eq!(with(None, Some("notes"), None, "search"), none);
        assert_eq!(with(None, Some("notes search"), Some("search"), ""), Ok("search".into()));
        assert_eq!(with(None, Some("notes"), Some("search"), ""), none);
        assert_eq!(with(None, Some("notes"), Some(""), ""), none);
        assert_eq!(with(Some("notes"), Some("notes search"), None, ""), Ok("notes".into()));
        assert_eq!(with(Some("notes"), Some("search"), None, ""), none);
        assert_eq!(with(None, Some("openid offline_access"), None, ""), none, "no login, no refresh");
        assert_eq!(with(None, Some(""), None, ""), Ok(String::new()));
    }

    #[test]
    fn a_resource_is_a_text_or_a_list_of_one() {
        let of = |value: Value| resource_named(json!({ "resource": value }).as_object().unwrap());
        assert_eq!(of(json!("https://a.example")), Some("https://a.example".into()));
        assert_eq!(of(json!(["https://a.example"])), Some("https://a.example".into()));
        for value in [json!([]), json!(["a", "b"]), json!(""), json!(7), json!(null), json!([7])] {
            assert_eq!(of(value), None);
        }
    }
}
