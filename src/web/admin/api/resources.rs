//! `/resources`: the protected MCP servers.

use actix_web::HttpResponse;
use actix_web::web::Path;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::answers;
use super::call::{Call, Sent};
use super::idempotency::{self, Created};
use super::keys::SigningAlg;
use super::paging::{self, List};
use super::problem::Problem;
use super::text::Time;
use crate::admin::Page;
use crate::admin::resources::{self, create, default, delete, probe, settings};
use crate::oauth::cimd::policy::Choice;
use crate::oauth::scalekit::{Dialect, TokenIssuer};
use crate::store::resources::{DocumentColumns, ResourceRow, TrustColumns};

/// A protected MCP server.
#[derive(Serialize, ToSchema)]
pub struct Resource {
    id: String,
    name: String,
    /// `builtin` is served here, `external` elsewhere.
    #[schema(example = "external")]
    kind: String,
    /// The canonical URL: the audience of its tokens.
    #[schema(format = "uri")]
    url: String,
    /// Further URLs under which clients may ask for it.
    aliases: Vec<String>,
    /// Whether requests that name no resource mean this one.
    is_default: bool,
    /// Whether clients that registered themselves may ask people for access.
    registration_open: bool,
    /// Whether it takes only access tokens that are bound to a key (DPoP).
    dpop_required: bool,
    /// Which clients by document may ask: `open`, `allow` or `off`.
    #[schema(example = "open")]
    cimd_policy: String,
    /// The URLs and patterns that `allow` lets in.
    cimd_allow: Vec<String>,
    /// Absent for the setting of the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    access_token_seconds: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token_seconds: Option<i64>,
    /// `ES256`, `RS256` or `EdDSA`.
    #[schema(example = "ES256")]
    signing_alg: String,
    /// `standard` or `scalekit`: how its tokens and endpoints look.
    #[schema(example = "standard")]
    dialect: String,
    /// `environment` or `resource`: whom tokens of the ScaleKit dialect name as their issuer.
    #[schema(example = "environment")]
    token_issuer: String,
    /// Whose tokens it takes; absent for the setting of the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer: Option<String>,
    /// Absent for that of the settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    scalekit_environment: Option<String>,
    /// Its id at ScaleKit.
    #[serde(skip_serializing_if = "Option::is_none")]
    scalekit_resource_id: Option<String>,
    /// Until then the tokens of the other issuer are taken too.
    #[serde(skip_serializing_if = "Option::is_none")]
    both_until: Option<Time>,
    /// To be sent along with a change.
    version: i64,
    created_at: Time,
}

fn shown(call: &Call, row: ResourceRow) -> Resource {
    Resource {
        url: row.uri.unwrap_or_else(|| call.state.issuer().at(&row.path)),
        id: row.id,
        name: row.name,
        kind: row.kind,
        aliases: row.aliases,
        is_default: row.is_default,
        registration_open: row.registration_open,
        dpop_required: row.dpop_required,
        cimd_policy: row.documents.policy,
        cimd_allow: row.documents.allow,
        access_token_seconds: row.access_token_seconds,
        refresh_token_seconds: row.refresh_token_seconds,
        signing_alg: row.signing_alg,
        dialect: row.dialect,
        token_issuer: row.token_issuer,
        issuer: row.trust.issuer,
        scalekit_environment: row.trust.environment,
        scalekit_resource_id: row.trust.resource_id,
        both_until: row.trust.both_until.map(Time),
        version: row.version,
        created_at: Time(row.created_at),
    }
}

/// A place in a list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Place {
    /// Rows on a page; 50 unless it is said.
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<u32>,
    /// Where the page begins: `next_cursor` of the one before.
    #[param(max_length = 400)]
    pub cursor: Option<String>,
}

/// List resources
///
/// In order of creation.
#[utoipa::path(get, path = "/resources", tag = "resources", params(Place),
    responses((status = 200, description = "A page of resources", body = List<Resource>)))]
pub async fn list(call: Call) -> Result<HttpResponse, Problem> {
    let place: Place = call.query()?;
    let (size, after) = (paging::size(place.limit)?, paging::key(place.cursor.as_deref())?);
    let mut rows = resources::list(call.admin()).await?;
    rows.sort_by(|a, b| a.id.cmp(&b.id));
    let rows = rows.into_iter().filter(|row| after.as_ref().is_none_or(|after| row.id > *after));
    let page = Page::of(rows.take(size + 1).collect(), size, |row| row.id.clone());
    Ok(answers::ok(&List::of(&call, page, |row| shown(&call, row))))
}

/// Show a resource
#[utoipa::path(get, path = "/resources/{id}", tag = "resources",
    params(("id" = String, Path, description = "Its id")),
    responses((status = 200, description = "The resource", body = Resource)))]
pub async fn get(call: Call, id: Path<String>) -> Result<HttpResponse, Problem> {
    let row = resources::find(call.admin(), &id).await?;
    Ok(answers::ok(&shown(&call, row)))
}

/// A server elsewhere to protect.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewResource {
    /// As the consent page shows it.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// Where clients reach it: the audience of its tokens.
    #[schema(max_length = 2000, example = "https://notes.example.com/mcp")]
    url: String,
    /// How its tokens and endpoints look.
    #[serde(default)]
    dialect: DialectName,
    /// Which clients by document may ask; leave it out for `open`.
    #[serde(default)]
    cimd_policy: DocumentPolicy,
    /// URLs, and patterns such as `https://vscode.dev/*`, that `allow` lets in.
    #[serde(default)]
    #[schema(max_items = 50)]
    cimd_allow: Vec<String>,
}

/// Which clients by document may ask.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DocumentPolicy {
    /// Any.
    #[default]
    Open,
    /// Those on the list.
    Allow,
    /// None.
    Off,
}

impl DocumentPolicy {
    fn columns(self, allow: Vec<String>) -> DocumentColumns {
        let choice = match self {
            Self::Open => Choice::Open,
            Self::Allow => Choice::Allow,
            Self::Off => Choice::Off,
        };
        DocumentColumns { policy: choice.as_str().to_owned(), allow }
    }
}

/// How the tokens and endpoints of a resource look.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DialectName {
    /// As the MCP specification says.
    #[default]
    Standard,
    /// As software written for ScaleKit expects.
    Scalekit,
}

/// Whom tokens of the ScaleKit dialect name as their issuer.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum TokenIssuerName {
    /// The public URL of this server.
    #[default]
    Environment,
    /// The issuer of the resource.
    Resource,
}

impl TokenIssuerName {
    const fn issuer(self) -> TokenIssuer {
        match self {
            Self::Environment => TokenIssuer::Environment,
            Self::Resource => TokenIssuer::Resource,
        }
    }
}

impl DialectName {
    const fn dialect(self, issuer: TokenIssuerName) -> Dialect {
        match self {
            Self::Standard => Dialect::Standard,
            Self::Scalekit => Dialect::Scalekit(issuer.issuer()),
        }
    }
}

/// Whose tokens a resource takes.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum IssuerName {
    /// This server's.
    Embedded,
    /// ScaleKit's.
    Scalekit,
}

impl IssuerName {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Scalekit => "scalekit",
        }
    }
}

/// Add a resource
///
/// An MCP server elsewhere, that checks its tokens itself. Its scopes are added next.
#[utoipa::path(post, path = "/resources", tag = "resources", request_body = NewResource,
    responses((status = 201, description = "It is there", body = Resource)))]
pub async fn create(sent: Sent<NewResource>) -> Result<HttpResponse, Problem> {
    let call = &sent.call;
    let NewResource { name, url, dialect, cimd_policy, cimd_allow } = sent.body;
    let dialect = dialect.dialect(TokenIssuerName::default());
    let documents = cimd_policy.columns(cimd_allow);
    let new = create::NewResource { name, url, dialect, documents };
    idempotency::once(call, &sent.digest, async {
        let row = create::create(call.admin(), &call.actor, &new).await?;
        Ok(Created::new(format!("/resources/{}", row.id), &shown(call, row)))
    })
    .await
}

/// Everything that can be set of a resource, as it shall be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResourceSettings {
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// Leave it out where it stays: that of the built-in one follows from the public URL.
    #[serde(default)]
    #[schema(max_length = 2000)]
    url: Option<String>,
    #[serde(default)]
    #[schema(max_items = 20)]
    aliases: Vec<String>,
    registration_open: bool,
    /// Whether it takes only access tokens that are bound to a key (DPoP); leave it out where it stays.
    #[serde(default)]
    dpop_required: Option<bool>,
    /// Which clients by document may ask; leave it out for `open`.
    #[serde(default)]
    cimd_policy: DocumentPolicy,
    /// URLs, and patterns such as `https://vscode.dev/*`, that `allow` lets in.
    #[serde(default)]
    #[schema(max_items = 50)]
    cimd_allow: Vec<String>,
    /// 60 to 86,400; leave it out for the setting of the server.
    #[serde(default)]
    access_token_seconds: Option<i64>,
    /// 3,600 to 315,360,000; leave it out for the setting of the server.
    #[serde(default)]
    refresh_token_seconds: Option<i64>,
    /// With the ScaleKit dialect it becomes RS256, whatever it says.
    signing_alg: SigningAlg,
    #[serde(default)]
    dialect: DialectName,
    #[serde(default)]
    token_issuer: TokenIssuerName,
    /// Whose tokens it takes; leave it out for the setting of the server.
    #[serde(default)]
    issuer: Option<IssuerName>,
    /// Leave it out for that of the settings.
    #[serde(default)]
    #[schema(max_length = 2000)]
    scalekit_environment: Option<String>,
    /// Its id at ScaleKit, `res_…`.
    #[serde(default)]
    #[schema(max_length = 200)]
    scalekit_resource_id: Option<String>,
    /// Until then the tokens of the other issuer are taken too; a year ahead at most.
    #[serde(default)]
    both_until: Option<Time>,
    /// Of the resource as it was read.
    version: i64,
}

/// Change a resource
///
/// In force with the next request, on every process within a second.
#[utoipa::path(put, path = "/resources/{id}", tag = "resources", request_body = ResourceSettings,
    params(("id" = String, Path, description = "Its id")),
    responses((status = 200, description = "As it is now", body = Resource)))]
pub async fn change(sent: Sent<ResourceSettings>, id: Path<String>) -> Result<HttpResponse, Problem> {
    let (call, body) = (&sent.call, sent.body);
    let before = resources::find(call.admin(), &id).await?;
    let wanted = settings::Settings {
        name: body.name,
        url: body.url,
        aliases: body.aliases,
        registration_open: body.registration_open,
        dpop_required: body.dpop_required.unwrap_or(before.dpop_required),
        documents: body.cimd_policy.columns(body.cimd_allow),
        access_token_seconds: body.access_token_seconds,
        refresh_token_seconds: body.refresh_token_seconds,
        signing_alg: body.signing_alg.alg().as_str().to_owned(),
        dialect: body.dialect.dialect(body.token_issuer).as_str().to_owned(),
        token_issuer: body.token_issuer.issuer().as_str().to_owned(),
        trust: TrustColumns {
            issuer: body.issuer.map(|issuer| issuer.as_str().to_owned()),
            environment: body.scalekit_environment,
            resource_id: body.scalekit_resource_id,
            both_until: body.both_until.map(|time| time.0),
        },
    };
    settings::change(call.admin(), &call.actor, &id, body.version, &wanted).await?;
    let row = resources::find(call.admin(), &id).await?;
    Ok(answers::ok(&shown(call, row)))
}

/// Make a resource the default
///
/// Requests that name no resource mean this one.
#[utoipa::path(post, path = "/resources/{id}/default", tag = "resources",
    params(("id" = String, Path, description = "Its id")),
    responses((status = 204, description = "It is the default")))]
pub async fn make_default(call: Call, id: Path<String>) -> Result<HttpResponse, Problem> {
    default::make(call.admin(), &call.actor, &id).await?;
    Ok(answers::done())
}

/// Delete a resource
///
/// Everything that clients hold for it ends. Not the built-in and not the default one.
#[utoipa::path(delete, path = "/resources/{id}", tag = "resources",
    params(("id" = String, Path, description = "Its id")),
    responses((status = 204, description = "It is gone")))]
pub async fn remove(call: Call, id: Path<String>) -> Result<HttpResponse, Problem> {
    delete::delete(call.admin(), &call.actor, &id).await?;
    Ok(answers::done())
}

/// One step of a test.
#[derive(Serialize, ToSchema)]
pub struct TestStep {
    name: &'static str,
    url: String,
    verdict: TestVerdict,
    seen: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

/// How a step went.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum TestVerdict {
    Fine,
    Doubtful,
    Failed,
}

/// Test a resource
///
/// Asks its URL what a client would ask, without a token. Requests go out for it.
#[utoipa::path(post, path = "/resources/{id}/test", tag = "resources",
    params(("id" = String, Path, description = "Its id")),
    responses((status = 200, description = "What was seen", body = List<TestStep>)))]
pub async fn test(call: Call, id: Path<String>) -> Result<HttpResponse, Problem> {
    let steps = probe::run(call.admin(), &call.actor, &id).await?;
    let shown = |step: probe::Step| TestStep {
        name: step.name,
        url: step.url,
        verdict: match step.verdict {
            probe::Verdict::Fine => TestVerdict::Fine,
            probe::Verdict::Doubtful => TestVerdict::Doubtful,
            probe::Verdict::Failed => TestVerdict::Failed,
        },
        seen: step.seen,
        advice: step.advice,
    };
    Ok(answers::ok(&List::whole(steps.into_iter().map(shown).collect())))
}
