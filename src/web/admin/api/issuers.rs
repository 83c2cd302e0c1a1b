//! `/issuers`: whose signed word is taken.

use actix_web::HttpResponse;
use actix_web::web::Path;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answers;
use super::call::{Call, Sent};
use super::idempotency::{self, Created};
use super::paging::List;
use super::problem::Problem;
use super::text::Time;
use crate::admin::issuers::{self, Input, NewIssuer as New};
use crate::oauth::issuers::TrustedIssuer;
use crate::store::trusted_issuers::IssuerKind;

/// An issuer elsewhere whose assertions are taken.
#[derive(Serialize, ToSchema)]
#[schema(as = TrustedIssuer)]
pub struct IssuerView {
    id: String,
    /// For administrators.
    name: String,
    /// `iss` of its assertions, byte for byte.
    issuer: String,
    /// `workload`: it says which program runs; `enterprise`: which of its people use a client.
    #[schema(value_type = String)]
    kind: &'static str,
    /// `discovery`, `uri` or `inline`.
    #[schema(value_type = String)]
    keys_from: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    jwks_uri: Option<String>,
    /// A JWK set, as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    jwks: Option<String>,
    algorithms: Vec<String>,
    /// Whether each assertion is taken once.
    single_use: bool,
    /// A verified address of these domains leads into the account with that address.
    trusted_domains: Vec<String>,
    /// Whether these count as verified where an assertion has no `email_verified`.
    vouches: bool,
    /// Whether people of these domains without an account get one.
    admits: bool,
    /// The clients that may act for its people; left out: every client.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    client_ids: Option<Vec<String>>,
    /// The scopes it gives at most; left out: no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    scopes: Option<Vec<String>>,
    /// To be sent along with a change.
    version: i64,
    created_at: Time,
    updated_at: Time,
    /// Since when nothing of it is taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    disabled_at: Option<Time>,
}

impl From<&TrustedIssuer> for IssuerView {
    fn from(issuer: &TrustedIssuer) -> Self {
        let row = &issuer.row;
        Self {
            id: row.id.clone(),
            name: row.name.clone(),
            issuer: row.issuer.clone(),
            kind: row.kind.as_str(),
            keys_from: row.keys.as_str(),
            jwks_uri: row.keys.uri().map(str::to_owned),
            jwks: row.keys.inline().map(str::to_owned),
            algorithms: row.algorithms.clone(),
            single_use: row.single_use,
            trusted_domains: row.trusted_domains.clone(),
            vouches: row.vouches,
            admits: row.admits,
            client_ids: row.client_ids.clone(),
            scopes: row.scopes.as_ref().map(|set| set.iter().map(str::to_owned).collect()),
            version: row.version,
            created_at: Time(row.created_at),
            updated_at: Time(row.updated_at),
            disabled_at: row.disabled_at.map(Time),
        }
    }
}

/// For what an issuer is trusted.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = IssuerKind)]
enum KindName {
    /// It says which program somebody runs.
    Workload,
    /// It says which of its people use which client.
    Enterprise,
}

impl KindName {
    const fn kind(self) -> IssuerKind {
        match self {
            Self::Workload => IssuerKind::Workload,
            Self::Enterprise => IssuerKind::Enterprise,
        }
    }
}

/// Where the keys of an issuer are.
#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum KeysFrom {
    /// Its own metadata names them.
    #[default]
    Discovery,
    /// At `jwks_uri`.
    Uri,
    /// In `jwks`.
    Inline,
}

impl KeysFrom {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Discovery => "discovery",
            Self::Uri => "uri",
            Self::Inline => "inline",
        }
    }
}

const fn yes() -> bool {
    true
}

fn usual_algorithms() -> Vec<String> {
    ["RS256", "ES256"].map(str::to_owned).into()
}

/// What is said of a new issuer.
#[derive(Deserialize, ToSchema)]
#[schema(as = NewTrustedIssuer, example = json!({ "kind": "workload", "name": "GitHub Actions",
    "issuer": "https://token.actions.githubusercontent.com" }))]
#[serde(deny_unknown_fields)]
pub struct NewIssuer {
    kind: KindName,
    /// It cannot be changed later.
    #[schema(min_length = 1, max_length = 1000)]
    issuer: String,
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    #[serde(default)]
    keys_from: KeysFrom,
    #[serde(default)]
    jwks_uri: String,
    /// A JWK set, as text: public keys only.
    #[serde(default)]
    jwks: String,
    #[serde(default = "usual_algorithms")]
    algorithms: Vec<String>,
    /// Of workloads; always so for people.
    #[serde(default = "yes")]
    single_use: bool,
    #[serde(default)]
    trusted_domains: Vec<String>,
    #[serde(default)]
    vouches: bool,
    #[serde(default)]
    admits: bool,
    /// Left out: every client.
    #[serde(default)]
    client_ids: Option<Vec<String>>,
    /// Left out: no limit.
    #[serde(default)]
    scopes: Option<Vec<String>>,
}

/// Everything of an issuer but kind and issuer, as it shall be.
#[derive(Deserialize, ToSchema)]
#[schema(as = TrustedIssuerChange)]
#[serde(deny_unknown_fields)]
pub struct IssuerChange {
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    #[serde(default)]
    keys_from: KeysFrom,
    #[serde(default)]
    jwks_uri: String,
    #[serde(default)]
    jwks: String,
    algorithms: Vec<String>,
    #[serde(default = "yes")]
    single_use: bool,
    #[serde(default)]
    trusted_domains: Vec<String>,
    #[serde(default)]
    vouches: bool,
    #[serde(default)]
    admits: bool,
    #[serde(default)]
    client_ids: Option<Vec<String>>,
    #[serde(default)]
    scopes: Option<Vec<String>>,
    /// Of the issuer as it was read.
    version: i64,
}

/// What a look at the keys of an issuer found.
#[derive(Serialize, ToSchema)]
pub struct KeysFound {
    /// Whether there are keys that can be used.
    ok: bool,
    /// Where they are; left out for a set that is written down.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    jwks_uri: Option<String>,
    /// How many can be used.
    keys: usize,
    /// What is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    fault: Option<String>,
}

/// List trusted issuers
#[utoipa::path(get, path = "/issuers", tag = "issuers",
    responses((status = 200, description = "All of them", body = List<IssuerView>)))]
pub async fn list(call: Call) -> Result<HttpResponse, Problem> {
    let set = issuers::all(call.admin()).await?;
    Ok(answers::ok(&List::whole(set.all().iter().map(|issuer| IssuerView::from(&**issuer)).collect())))
}

/// Show a trusted issuer
#[utoipa::path(get, path = "/issuers/{id}", tag = "issuers",
    params(("id" = String, Path, description = "The id of the issuer")),
    responses((status = 200, description = "The issuer", body = IssuerView)))]
pub async fn get(call: Call, id: Path<String>) -> Result<HttpResponse, Problem> {
    Ok(answers::ok(&IssuerView::from(&*issuers::find(call.admin(), &id).await?)))
}

/// Trust an issuer
///
/// Its assertions are taken at the token endpoint from the next request on. Of workloads, rules are added next.
#[utoipa::path(post, path = "/issuers", tag = "issuers", request_body = NewIssuer,
    responses((status = 201, description = "It is trusted", body = IssuerView)))]
pub async fn add(sent: Sent<NewIssuer>) -> Result<HttpResponse, Problem> {
    let (call, body) = (&sent.call, sent.body);
    let input = Input {
        name: body.name,
        keys_from: body.keys_from.as_str().to_owned(),
        jwks_uri: body.jwks_uri,
        jwks: body.jwks,
        algorithms: body.algorithms,
        single_use: body.single_use,
        trusted_domains: body.trusted_domains,
        vouches: body.vouches,
        admits: body.admits,
        client_ids: body.client_ids,
        scopes: body.scopes,
    };
    let new = New { issuer: body.issuer, kind: body.kind.kind().as_str().to_owned(), input };
    idempotency::once(call, &sent.digest, async {
        let issuer = issuers::add(call.admin(), &call.actor, &new).await?;
        Ok(Created::new(format!("/issuers/{}", issuer.row.id), &IssuerView::from(&*issuer)))
    })
    .await
}

/// Change a trusted issuer
#[utoipa::path(put, path = "/issuers/{id}", tag = "issuers", request_body = IssuerChange,
    params(("id" = String, Path, description = "The id of the issuer")),
    responses((status = 200, description = "As it is now", body = IssuerView)))]
pub async fn change(sent: Sent<IssuerChange>, id: Path<String>) -> Result<HttpResponse, Problem> {
    let (call, body) = (&sent.call, sent.body);
    let input = Input {
        name: body.name,
        keys_from: body.keys_from.as_str().to_owned(),
        jwks_uri: body.jwks_uri,
        jwks: body.jwks,
        algorithms: body.algorithms,
        single_use: body.single_use,
        trusted_domains: body.trusted_domains,
        vouches: body.vouches,
        admits: body.admits,
        client_ids: body.client_ids,
        scopes: body.scopes,
    };
    let issuer = issuers::change(call.admin(), &call.actor, (&id, body.version), &input).await?;
    Ok(answers::ok(&IssuerView::from(&*issuer)))
}

/// Delete a trusted issuer
///
/// With its rules; what it vouched for people ends at once.
#[utoipa::path(delete, path = "/issuers/{id}", tag = "issuers",
    params(("id" = String, Path, description = "The id of the issuer")),
    responses((status = 204, description = "It is gone")))]
pub async fn remove(call: Call, id: Path<String>) -> Result<HttpResponse, Problem> {
    let issuer = issuers::find(call.admin(), &id).await?;
    issuers::delete(call.admin(), &call.actor, &id, &issuer.row.name).await?;
    Ok(answers::done())
}

/// Disable a trusted issuer
///
/// Nothing of it is taken any more; what it vouched for people ends at once.
#[utoipa::path(post, path = "/issuers/{id}/disable", tag = "issuers",
    params(("id" = String, Path, description = "The id of the issuer")),
    responses((status = 204, description = "It is disabled")))]
pub async fn disable(call: Call, id: Path<String>) -> Result<HttpResponse, Problem> {
    issuers::disable(call.admin(), &call.actor, &id).await?;
    Ok(answers::done())
}

/// Enable a trusted issuer
#[utoipa::path(post, path = "/issuers/{id}/enable", tag = "issuers",
    params(("id" = String, Path, description = "The id of the issuer")),
    responses((status = 204, description = "It is trusted again")))]
pub async fn enable(call: Call, id: Path<String>) -> Result<HttpResponse, Problem> {
    issuers::enable(call.admin(), &call.actor, &id).await?;
    Ok(answers::done())
}

/// Fetch the keys of a trusted issuer now
#[utoipa::path(post, path = "/issuers/{id}/test", tag = "issuers",
    params(("id" = String, Path, description = "The id of the issuer")),
    responses((status = 200, description = "What was found", body = KeysFound)))]
pub async fn test(call: Call, id: Path<String>) -> Result<HttpResponse, Problem> {
    let found = issuers::test(call.admin(), &call.actor, &id).await?;
    Ok(answers::ok(&match found {
        Ok(probe) => KeysFound { ok: true, jwks_uri: probe.address, keys: probe.keys, fault: None },
        Err(fault) => KeysFound { ok: false, jwks_uri: None, keys: 0, fault: Some(fault) },
    }))
}
