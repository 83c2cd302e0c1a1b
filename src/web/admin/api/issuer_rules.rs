//! `/issuers/{id}/rules`: what programs of a platform become.

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
use crate::admin::issuers;
use crate::admin::issuers::rules::{self, Input};
use crate::store::trusted_issuers::{Condition, IssuerRuleRow};

/// What one claim must be.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = ClaimCondition, example = json!({ "claim": "repository", "value": "acme/deploy" }))]
#[serde(deny_unknown_fields)]
pub struct ClaimCondition {
    #[schema(min_length = 1, max_length = 100)]
    claim: String,
    /// In which `*` stands for one part between `:` and `/`, or a piece of one.
    #[schema(min_length = 1, max_length = 500)]
    value: String,
}

/// What a program becomes.
#[derive(Serialize, ToSchema)]
#[schema(as = IssuerRule)]
pub struct Rule {
    id: String,
    /// All of them must hold.
    claims: Vec<ClaimCondition>,
    /// The machine.
    client_id: String,
    resource_id: String,
    /// What it gets at most; left out: all that the machine may have there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    scopes: Option<Vec<String>>,
    /// To be sent along with a change.
    version: i64,
    created_at: Time,
    updated_at: Time,
}

impl From<&IssuerRuleRow> for Rule {
    fn from(row: &IssuerRuleRow) -> Self {
        let condition = |c: &Condition| ClaimCondition { claim: c.claim.clone(), value: c.value.clone() };
        Self {
            id: row.id.clone(),
            claims: row.claims.iter().map(condition).collect(),
            client_id: row.client_id.clone(),
            resource_id: row.resource_id.clone(),
            scopes: row.scopes.as_ref().map(|set| set.iter().map(str::to_owned).collect()),
            version: row.version,
            created_at: Time(row.created_at),
            updated_at: Time(row.updated_at),
        }
    }
}

/// What is said of a new rule.
#[derive(Deserialize, ToSchema)]
#[schema(as = NewIssuerRule)]
#[serde(deny_unknown_fields)]
pub struct NewRule {
    #[schema(min_items = 1, max_items = 8)]
    claims: Vec<ClaimCondition>,
    client_id: String,
    resource_id: String,
    /// Left out: all that the machine may have there.
    #[serde(default)]
    scopes: Option<Vec<String>>,
}

/// A rule, as it shall be.
#[derive(Deserialize, ToSchema)]
#[schema(as = IssuerRuleChange)]
#[serde(deny_unknown_fields)]
pub struct RuleChange {
    #[schema(min_items = 1, max_items = 8)]
    claims: Vec<ClaimCondition>,
    client_id: String,
    resource_id: String,
    /// Left out: all that the machine may have there.
    #[serde(default)]
    scopes: Option<Vec<String>>,
    /// Of the rule as it was read.
    version: i64,
}

fn conditions(claims: Vec<ClaimCondition>) -> Vec<Condition> {
    claims.into_iter().map(|c| Condition { claim: c.claim, value: c.value }).collect()
}

async fn one(call: &Call, issuer: &str, id: &str) -> Result<Rule, Problem> {
    let found = issuers::find(call.admin(), issuer).await?;
    Ok(Rule::from(rules::rule(&found, id)?))
}

/// List the rules of a trusted issuer
///
/// The first that fits counts.
#[utoipa::path(get, path = "/issuers/{id}/rules", tag = "issuers",
    params(("id" = String, Path, description = "The id of the issuer")),
    responses((status = 200, description = "All of them, in the order they were added", body = List<Rule>)))]
pub async fn list(call: Call, id: Path<String>) -> Result<HttpResponse, Problem> {
    let issuer = issuers::find(call.admin(), &id).await?;
    Ok(answers::ok(&List::whole(issuer.rules.iter().map(Rule::from).collect())))
}

/// Add a rule to a trusted issuer
#[utoipa::path(post, path = "/issuers/{id}/rules", tag = "issuers", request_body = NewRule,
    params(("id" = String, Path, description = "The id of the issuer")),
    responses((status = 201, description = "It is there", body = Rule)))]
pub async fn add(sent: Sent<NewRule>, id: Path<String>) -> Result<HttpResponse, Problem> {
    let (call, body) = (&sent.call, sent.body);
    let input = Input {
        claims: conditions(body.claims),
        client_id: body.client_id,
        resource_id: body.resource_id,
        scopes: body.scopes,
    };
    idempotency::once(call, &sent.digest, async {
        let rule = rules::add(call.admin(), &call.actor, &id, &input).await?;
        Ok(Created::new(format!("/issuers/{id}/rules/{rule}"), &one(call, &id, &rule).await?))
    })
    .await
}

/// Change a rule of a trusted issuer
#[utoipa::path(put, path = "/issuers/{id}/rules/{rule}", tag = "issuers", request_body = RuleChange,
    params(("id" = String, Path, description = "The id of the issuer"),
        ("rule" = String, Path, description = "The id of the rule")),
    responses((status = 200, description = "As it is now", body = Rule)))]
pub async fn change(sent: Sent<RuleChange>, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let ((id, rule), call, body) = (path.into_inner(), &sent.call, sent.body);
    let input = Input {
        claims: conditions(body.claims),
        client_id: body.client_id,
        resource_id: body.resource_id,
        scopes: body.scopes,
    };
    rules::change(call.admin(), &call.actor, (&id, &rule, body.version), &input).await?;
    Ok(answers::ok(&one(call, &id, &rule).await?))
}

/// Delete a rule of a trusted issuer
#[utoipa::path(delete, path = "/issuers/{id}/rules/{rule}", tag = "issuers",
    params(("id" = String, Path, description = "The id of the issuer"),
        ("rule" = String, Path, description = "The id of the rule")),
    responses((status = 204, description = "It is gone")))]
pub async fn remove(call: Call, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (id, rule) = path.into_inner();
    rules::delete(call.admin(), &call.actor, &id, &rule).await?;
    Ok(answers::done())
}
