//! `whoami`: what the access token of this call says.

use chrono::{DateTime, SecondsFormat};
use rmcp::model::JsonObject;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Call, Output, Problem, ToolSpec, read_arguments, schema_of};
use crate::mcp::principal::Principal;

pub(super) const SPEC: ToolSpec = ToolSpec {
    name: "whoami",
    title: "Who am I",
    description: "Shows who this connection acts for: the person (subject, e-mail address and name when \
        known) or machine, the OAuth client, the granted scopes, the resource the access token is for, who \
        issued it and when it expires. Use it to tell the user which account is connected or why a tool is not allowed. \
        Takes no arguments, changes nothing, and never shows the token itself.",
    summary: "Show which account, client and scopes a connection has.",
    scope: None,
    open_world: false,
    input_schema: schema_of::<Arguments>,
    output_schema: schema_of::<Identity>,
    call: Call::Whoami,
};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(description = "No arguments.")]
struct Arguments {}

/// The caller.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(description = "Who the access token of this call stands for.")]
struct Identity {
    #[schemars(description = "Who issued the token.")]
    issuer: String,
    #[schemars(description = "`person`, or `machine` when the client acts for itself.")]
    kind: Kind,
    #[schemars(description = "Stable id of the person or machine.")]
    subject: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(description = "E-mail address, when known.")]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(description = "Display name, when known.")]
    name: Option<String>,
    client: Client,
    #[schemars(description = "Granted scopes, sorted.")]
    scopes: Vec<String>,
    #[schemars(description = "The MCP server the token is valid for.")]
    resource: String,
    #[schemars(description = "When the token expires, in seconds since 1970-01-01T00:00:00Z.")]
    expires_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(description = "The same as RFC 3339 text in UTC.")]
    expires_at_rfc3339: Option<String>,
    #[schemars(
        description = "Whether the token works only together with proofs of the client's key (DPoP)."
    )]
    bound_to_key: bool,
}

/// Whether somebody or something acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Person,
    Machine,
}

/// The application that acts.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(description = "The OAuth client that acts for the subject.")]
struct Client {
    #[schemars(description = "OAuth client id.")]
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(description = "Name the client goes by.")]
    name: Option<String>,
}

pub(super) fn run(principal: &Principal, arguments: JsonObject) -> Result<Output, Problem> {
    let Arguments {} = read_arguments(arguments)?;
    let identity = Identity {
        issuer: principal.issuer.clone(),
        kind: if principal.is_machine { Kind::Machine } else { Kind::Person },
        subject: principal.subject.clone(),
        email: principal.email.clone(),
        name: principal.name.clone(),
        client: Client { id: principal.client_id.clone(), name: principal.client_name.clone() },
        scopes: principal.scopes.iter().cloned().collect(),
        resource: principal.resource.clone(),
        expires_at: principal.expires_at,
        expires_at_rfc3339: DateTime::from_timestamp(principal.expires_at, 0)
            .map(|time| time.to_rfc3339_opts(SecondsFormat::Secs, true)),
        bound_to_key: principal.jkt.is_some(),
    };
    let text = describe(&identity);
    Output::new(&identity, text)
}

fn describe(who: &Identity) -> String {
    let kind = if who.kind == Kind::Machine { " (a machine)" } else { "" };
    let mut lines = vec![format!("Subject: {}{kind}", who.subject)];
    lines.extend(who.email.as_ref().map(|email| format!("Email: {email}")));
    lines.extend(who.name.as_ref().map(|name| format!("Name: {name}")));
    lines.push(match &who.client.name {
        Some(name) => format!("Client: {name} ({})", who.client.id),
        None => format!("Client: {}", who.client.id),
    });
    lines.push(if who.scopes.is_empty() {
        "Scopes: none".to_owned()
    } else {
        format!("Scopes: {}", who.scopes.join(" "))
    });
    lines.push(format!("Resource: {}", who.resource));
    lines.push(format!("Issuer: {}", who.issuer));
    lines.push(match &who.expires_at_rfc3339 {
        Some(time) => format!("Token expires: {time}"),
        None => format!("Token expires: {} (Unix time)", who.expires_at),
    });
    lines.extend(who.bound_to_key.then(|| "Token bound to a key: yes".to_owned()));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mcp::principal::sample;

    #[test]
    fn it_tells_what_the_token_says() {
        let out = run(&sample(&["search:read", "profile"]), JsonObject::new()).unwrap();
        assert_eq!(
            out.structured,
            serde_json::json!({
                "issuer": "http://localhost:10000", "kind": "person",
                "subject": "usr_1", "email": "ada@example.com", "name": "Ada",
                "client": {"id": "cli_1", "name": "Inspector"},
                "scopes": ["profile", "search:read"],
                "resource": "http://localhost:10000/mcp",
                "expires_at": 1_700_003_600_i64,
                "expires_at_rfc3339": "2023-11-14T23:13:20Z",
                "bound_to_key": false,
            })
        );
        assert!(out.text.contains("Client: Inspector (cli_1)\nScopes: profile search:read"), "{}", out.text);
        let bound = Principal { jkt: Some("x".into()), ..sample(&[]) };
        let out = run(&bound, JsonObject::new()).unwrap();
        assert_eq!(out.structured["bound_to_key"], true);
        assert!(out.text.ends_with("Token bound to a key: yes"), "{}", out.text);
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        let mut who = sample(&[]);
        (who.email, who.name, who.client_name, who.expires_at) = (None, None, None, i64::MAX);
        let out = run(&who, JsonObject::new()).unwrap();
        assert!(out.structured.get("email").is_none());
        assert!(out.structured.get("expires_at_rfc3339").is_none());
        assert!(out.text.contains("Scopes: none"));
        (who.is_machine, who.issuer) = (true, "https://acme.scalekit.cloud".into());
        let out = run(&who, JsonObject::new()).unwrap();
        assert_eq!(out.structured["kind"], "machine");
        assert!(out.text.starts_with("Subject: usr_1 (a machine)\n"), "{}", out.text);
        assert!(out.text.contains("Issuer: https://acme.scalekit.cloud"), "{}", out.text);
    }

    #[test]
    fn arguments_are_refused_with_a_reason() {
        let arguments = JsonObject::from_iter([("user".to_owned(), "x".into())]);
        assert!(run(&sample(&[]), arguments).unwrap_err().0.contains("unknown field `user`"));
    }
}
