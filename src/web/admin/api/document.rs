//! `/openapi.json`: the operations described ([OpenAPI 3.1](https://spec.openapis.org/oas/v3.1.1.html)), from what
//! stands beside them and the table in `routes`.

use std::sync::LazyLock;

use actix_web::HttpResponse;
use serde_json::{Map, Value, json};
use utoipa::OpenApi as _;
use utoipa::PartialSchema as _;

use super::super::super::respond;
use super::idempotency;
use super::problem::{self, Kind};
use super::routes::{API_ROUTES, ApiRoute, Described, Need, PREFIX};
use crate::admin::api_tokens::Scope;

static DOCUMENT: LazyLock<Value> = LazyLock::new(build);

/// The document.
pub fn json() -> &'static Value {
    &DOCUMENT
}

/// Whether an operation has parameters in its address behind the question mark.
pub fn takes_query(row: &ApiRoute) -> bool {
    let parameters = DOCUMENT["paths"][row.path][row.method]["parameters"].as_array();
    parameters.is_some_and(|all| all.iter().any(|parameter| parameter["in"] == "query"))
}

/// This description
///
/// Needs no token.
#[utoipa::path(get, path = "/openapi.json", tag = "token",
    responses((status = 200, description = "An OpenAPI 3.1 document", body = Object)))]
pub async fn get() -> HttpResponse {
    respond::json_public(json(), 300)
}

fn build() -> Value {
    let mut document = serde_json::to_value(Described::openapi()).unwrap_or_default();
    document["info"] = json!({
        "title": "Gatepost administration",
        "version": env!("CARGO_PKG_VERSION"),
        "description": "What the pages of /admin do, for programs. Every call carries an API token, made at \
            /admin/api/tokens, in the header Authorization: Bearer. What is added later are new operations, new \
            optional fields of requests, and new fields of answers: ignore those you do not know.",
        "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
    });
    document["servers"] = json!([{ "url": PREFIX }]);
    document["components"]["schemas"]["Problem"] = problem_schema();
    document["components"]["schemas"]["Fault"] =
        serde_json::to_value(problem::Fault::schema()).unwrap_or_default();
    document["components"]["responses"] = answers();
    document["components"]["securitySchemes"] = json!({ "token": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "apt_…",
        "description": scopes(),
    } });
    for row in API_ROUTES {
        let operation = &mut document["paths"][row.path][row.method];
        if let Value::Object(operation) = operation {
            complete(operation, row);
        }
    }
    document
}

fn problem_schema() -> Value {
    serde_json::to_value(problem::Body::schema()).unwrap_or_default()
}

/// The scopes as a list in Markdown.
fn scopes() -> String {
    Scope::ALL.iter().fold("An API token, with one or more of these scopes:\n".to_owned(), |text, scope| {
        format!("{text}\n- `{}`: {}", scope.name(), scope.meaning())
    })
}

/// One answer for every status that problems have.
fn answers() -> Value {
    let mut answers = Map::new();
    for kind in Kind::ALL {
        let (status, _, title, advice) = kind.row();
        let text = format!("{title}. {advice}");
        let entry = answers.entry(status.to_string()).or_insert_with(|| {
            json!({
                "description": "",
                "content": { problem::MEDIA_TYPE: { "schema": { "$ref": "#/components/schemas/Problem" } } },
            })
        });
        let before = entry["description"].as_str().unwrap_or_default().to_owned();
        entry["description"] = json!(format!("{before}\n\n{text}").trim());
    }
    answers.into()
}

/// What makes something without an address of its own.
const ROTATES: &str = "/keys/rotate";

/// The header that makes a creation safe to repeat.
fn idempotency_key() -> Value {
    json!({
        "name": idempotency::HEADER,
        "in": "header",
        "required": false,
        "description": "A text of your choice: sent again within a day with the same request, it does nothing, and is \
            answered the same with `Idempotency-Replayed: true`, without what is told once only.",
        "schema": { "type": "string", "minLength": 1, "maxLength": idempotency::MAX_KEY, "pattern": "^[ -~]+$" },
    })
}

/// What every operation has in common: the token, and the ways to say no.
fn complete(operation: &mut Map<String, Value>, row: &ApiRoute) {
    let name: Vec<&str> = row.path.split('/').filter(|part| !part.is_empty()).collect();
    operation.insert(
        "operationId".to_owned(),
        json!(
            format!("{} {}", row.method, name.join(" "))
                .replace(['{', '}'], "")
                .replace([' ', '-', '.'], "_")
        ),
    );
    if row.need == Need::Nothing {
        operation.insert("security".to_owned(), json!([]));
        return;
    }
    operation.insert("security".to_owned(), json!([{ "token": [] }]));
    let mut parts: Vec<String> =
        operation.get("description").and_then(Value::as_str).map(str::to_owned).into_iter().collect();
    if let Need::Scope(scope) = row.need {
        operation.insert("x-scope".to_owned(), json!(scope.name()));
        parts.push(format!("Needs the scope `{}`.", scope.name()));
    }
    operation.insert("description".to_owned(), json!(parts.join("\n\n")));
    let creates = operation.get("responses").is_some_and(|responses| responses.get("201").is_some());
    if creates || row.path == ROTATES {
        let parameters = operation.entry("parameters").or_insert_with(|| json!([]));
        parameters.as_array_mut().into_iter().for_each(|all| all.push(idempotency_key()));
    }
    let mut statuses = vec![400, 401, 403, 429, 500, 503];
    let says_404 = operation.get("responses").is_some_and(|responses| responses.get("404").is_some());
    if row.path.contains('{') || says_404 {
        statuses.push(404);
    }
    if row.method != "get" {
        statuses.extend([409, 422]);
    }
    if operation.contains_key("requestBody") {
        statuses.extend([408, 413, 415]);
    }
    if let Some(Value::Object(responses)) = operation.get_mut("responses") {
        for status in statuses {
            responses
                .insert(status.to_string(), json!({ "$ref": format!("#/components/responses/{status}") }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_describes_each_row_and_nothing_else() {
        let paths = json()["paths"].as_object().unwrap();
        let described: usize = paths.values().map(|path| path.as_object().unwrap().len()).sum();
        assert_eq!(described, API_ROUTES.len());
        for row in API_ROUTES {
            let operation = &paths[row.path][row.method];
            assert!(operation["summary"].is_string(), "{row:?}");
            let scope = match row.need {
                Need::Scope(scope) => json!(scope.name()),
                _ => Value::Null,
            };
            assert_eq!(operation["x-scope"], scope, "{row:?}");
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let text = json().to_string();
        for part in text.split("\"$ref\":\"#").skip(1) {
            let pointer = part.split('"').next().unwrap();
            assert!(json().pointer(pointer).is_some(), "{pointer}");
        }
    }
}
