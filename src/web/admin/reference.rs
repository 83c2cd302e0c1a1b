//! `/admin/api`: what the API can do, from the document that it serves.

use actix_web::HttpResponse;
use serde_json::Value;

use super::super::pages::admin::{ApiReferencePage, Area, FieldView, GroupView, OperationView, ProblemView};
use super::access::View;
use super::answers;
use super::api::{self, API_ROUTES, ApiRoute, Need, ProblemKind};
use crate::admin::api_tokens::Scope;

/// How deep fields within fields are shown.
const DEPTH: usize = 2;

pub async fn get(view: View) -> HttpResponse {
    let document = api::document();
    let base = view.state.issuer().at(api::PREFIX);
    let html = ApiReferencePage {
        shell: view.shell(Area::Api),
        document_url: format!("{base}/openapi.json"),
        groups: groups(document, &base),
        scopes: Scope::ALL.map(|scope| (scope.name(), scope.meaning())).into(),
        problems: ProblemKind::ALL.map(problem).into(),
        base,
    };
    answers::page(&view.state, &html, &view.token)
}

fn problem(kind: ProblemKind) -> ProblemView {
    let (status, code, title, advice) = kind.row();
    ProblemView { status, code, title, advice }
}

/// The operations, one group for each tag, in the order of the table.
fn groups(document: &Value, base: &str) -> Vec<GroupView> {
    let mut groups: Vec<GroupView> = Vec::new();
    for row in API_ROUTES {
        let operation = &document["paths"][row.path][row.method];
        let tag = text(&operation["tags"][0]);
        let view = operation_view(document, operation, row, base);
        match groups.iter_mut().find(|group| group.name == tag) {
            Some(group) => group.operations.push(view),
            None => groups.push(GroupView { name: tag, operations: vec![view] }),
        }
    }
    groups
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn operation_view(document: &Value, operation: &Value, row: &ApiRoute, base: &str) -> OperationView {
    let content = &operation["requestBody"]["content"];
    let body = &content["application/json"]["schema"];
    let ok = operation["responses"]
        .as_object()
        .and_then(|all| all.iter().find(|(status, _)| status.starts_with('2')));
    let (status, answer) =
        ok.map_or((String::new(), &Value::Null), |(status, answer)| (status.clone(), answer));
    let description = plain(&operation["description"]);
    OperationView {
        id: text(&operation["operationId"]),
        method: row.method.to_uppercase(),
        path: row.path,
        summary: text(&operation["summary"]),
        description: description.split("\n\nNeeds the scope").next().unwrap_or_default().to_owned(),
        scope: match row.need {
            Need::Nothing => "no token".to_owned(),
            Need::Token => "any token".to_owned(),
            Need::Scope(scope) => scope.name().to_owned(),
        },
        parameters: operation["parameters"].as_array().into_iter().flatten().map(parameter).collect(),
        is_picture: content["application/octet-stream"].is_object(),
        body: fields(document, body, DEPTH),
        status,
        answer_text: plain(&answer["description"]),
        answer: fields(document, &answer["content"]["application/json"]["schema"], DEPTH),
        errors: errors(operation),
        curl: curl(document, row, operation, base),
    }
}

/// The statuses of the answers that say no, in order.
fn errors(operation: &Value) -> Vec<String> {
    let all = operation["responses"].as_object().into_iter().flatten().map(|(status, _)| status.clone());
    let mut statuses: Vec<String> = all.filter(|status| status.starts_with(['4', '5'])).collect();
    statuses.sort();
    statuses
}

fn parameter(value: &Value) -> FieldView {
    FieldView {
        name: text(&value["name"]),
        kind: kind(&value["schema"]),
        is_required: value["required"] == true,
        meaning: plain(&value["description"]),
    }
}

/// A text of the document without its marks of code.
fn plain(value: &Value) -> String {
    text(value).replace('`', "")
}

/// A schema, behind its reference, and without the choice of nothing.
fn resolved<'d>(document: &'d Value, schema: &'d Value) -> &'d Value {
    let choices = schema["oneOf"].as_array();
    let some = choices.and_then(|all| all.iter().find(|choice| choice["type"] != "null"));
    let schema = some.unwrap_or(schema);
    match schema["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap_or(&Value::Null),
        None => schema,
    }
}

/// The fields of an object, those of objects within it behind their name.
fn fields(document: &Value, schema: &Value, depth: usize) -> Vec<FieldView> {
    let schema = resolved(document, schema);
    let mut out = Vec::new();
    for part in schema["allOf"].as_array().into_iter().flatten() {
        out.extend(fields(document, part, depth));
    }
    let required =
        |name: &str| schema["required"].as_array().is_some_and(|all| all.iter().any(|r| r == name));
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        let inner = resolved(document, field);
        out.push(FieldView {
            name: name.clone(),
            kind: kind(inner),
            is_required: required(name),
            meaning: plain(if field["description"].is_string() {
                &field["description"]
            } else {
                &inner["description"]
            }),
        });
        let (below, mark) = match inner["type"].as_str() {
            Some("array") => (&inner["items"], "[]"),
            _ => (inner, ""),
        };
        if depth > 0 {
            let prefix = format!("{name}{mark}.");
            let below = fields(document, below, depth - 1);
            out.extend(below.into_iter().map(|f| FieldView { name: format!("{prefix}{}", f.name), ..f }));
        }
    }
    out
}

/// The kind of a value, in words.
fn kind(schema: &Value) -> String {
    if let Some(choices) = schema["enum"].as_array() {
        return choices.iter().map(text).collect::<Vec<_>>().join(" | ");
    }
    let name = match &schema["type"] {
        Value::Array(all) => all.iter().find(|t| *t != "null").map(text).unwrap_or_default(),
        other => text(other),
    };
    match (name.as_str(), schema["format"].as_str()) {
        ("string", Some("date-time")) => "time".to_owned(),
        ("string", Some("uri")) => "URL".to_owned(),
        ("array", _) => "list".to_owned(),
        ("", _) => "object".to_owned(),
        _ => name,
    }
}

/// A line to paste.
fn curl(document: &Value, row: &ApiRoute, operation: &Value, base: &str) -> String {
    let content = &operation["requestBody"]["content"];
    let body = &content["application/json"]["schema"];
    let is_picture = content["application/octet-stream"].is_object();
    let mut words = vec!["curl".to_owned()];
    if row.method != "get" {
        words.push(format!("-X {}", row.method.to_uppercase()));
    }
    if row.need != Need::Nothing {
        words.push("-H \"Authorization: Bearer $TOKEN\"".to_owned());
    }
    if is_picture {
        words.push("-H \"Content-Type: image/png\" --data-binary @logo.png".to_owned());
    } else if !body.is_null() {
        words.push(format!("--json '{}'", example(document, body)));
    }
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let needed = parameters.filter(|p| p["in"] == "query" && p["required"] == true);
    // All that is needed there are versions, and 0 is that of what was never set.
    let query: Vec<String> = needed.map(|p| format!("{}=0", text(&p["name"]))).collect();
    let mark = if query.is_empty() { "" } else { "?" };
    words.push(format!("\"{base}{}{mark}{}\"", row.path, query.join("&")));
    words.join(" ")
}

/// A body with every field that must be there.
fn example(document: &Value, schema: &Value) -> Value {
    let schema = resolved(document, schema);
    if !schema["example"].is_null() {
        return schema["example"].clone();
    }
    if let Some(first) = schema["enum"].as_array().and_then(|all| all.first()) {
        return first.clone();
    }
    match schema["type"].as_str() {
        Some("object") => {
            let required = schema["required"].as_array().into_iter().flatten();
            let pairs = required.filter_map(Value::as_str);
            Value::Object(
                pairs.map(|name| (name.to_owned(), example(document, &schema["properties"][name]))).collect(),
            )
        }
        Some("array") => Value::Array(vec![example(document, &schema["items"])]),
        Some("boolean") => Value::Bool(true),
        Some("integer") => 1.into(),
        _ => "…".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_is_shown_with_a_line_to_paste() {
        let groups = groups(api::document(), "https://auth.example.com/admin/api/v1");
        let shown: Vec<_> = groups.iter().flat_map(|group| &group.operations).collect();
        assert_eq!(shown.len(), API_ROUTES.len());
        for operation in shown {
            assert!(!operation.summary.is_empty() && !operation.id.is_empty(), "{}", operation.path);
            let line = operation.curl.strip_suffix('"').unwrap();
            let (address, query) = line.split_once('?').unwrap_or((line, ""));
            assert!(address.ends_with(operation.path), "{line}");
            let described = &api::document()["paths"][operation.path][operation.method.to_lowercase()];
            let parameters = described["parameters"].as_array().into_iter().flatten();
            let needed = parameters.filter(|p| p["in"] == "query" && p["required"] == true);
            let needed: Vec<String> = needed.map(|p| format!("{}=0", p["name"].as_str().unwrap())).collect();
            assert_eq!(query, needed.join("&"), "{line}");
        }
        assert!(groups.iter().all(|group| !group.name.is_empty()));
    }
}
