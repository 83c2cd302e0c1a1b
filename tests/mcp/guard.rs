//! `src/web/mcp.rs`: the guard in front of `/mcp`, row by row.

use reqwest::Method;
use serde_json::{Value, json};

use super::caller::{Caller, challenge_of, log_in, message_of, missing_token};
use crate::on_both;
use crate::support::TestApp;
use crate::support::json_of;

fn search() -> Value {
    json!({ "query": "gateposts" })
}

async fn without_a_token_the_caller_is_told_where_to_get_one(app: TestApp) {
    let expected = missing_token(&app);
    for method in [Method::POST, Method::GET, Method::DELETE] {
        let response = app.http().request(method.clone(), app.at("/mcp")).send().await.unwrap();
        assert_eq!(response.status(), 401, "{method}");
        assert_eq!(challenge_of(&response), expected, "{method}");
        assert_eq!(response.headers()["cache-control"], "no-store");
    }
    let body = json_of(app.http().post(app.at("/mcp")).send().await.unwrap()).await;
    assert!(body.get("error").is_none(), "nothing was sent, so nothing was wrong: {body}");
    for authorization in ["Basic YTpi", "Bearer", "Bearer ", "Token abc", "x", "DPoP"] {
        let request = app.http().post(app.at("/mcp")).header("authorization", authorization);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 401, "{authorization}");
        assert_eq!(challenge_of(&response), expected, "{authorization}");
    }
    let metadata = app.at("/.well-known/oauth-protected-resource/mcp");
    assert!(expected.contains(&metadata));
    let document = json_of(app.http().get(metadata).send().await.unwrap()).await;
    assert_eq!(document["resource"], app.at("/mcp"));
}

async fn a_token_anywhere_but_in_one_header_is_not_seen(app: TestApp) {
    let (_, tokens, caller) = log_in(&app, "search:read").await;
    let token = tokens.access.as_str();
    let expected = missing_token(&app);
    let query = app.http().post(app.at(&format!("/mcp?access_token={token}")));
    let form = app.http().post(app.at("/mcp")).form(&[("access_token", token)]);
    let cookie = app.http().post(app.at("/mcp")).header("cookie", format!("access_token={token}"));
    let twice = caller.raw("{}").header("authorization", format!("Bearer {token}"));
    let mixed = caller.raw("{}").header("authorization", "Basic YTpi");
    for (what, request) in
        [("query", query), ("form", form), ("cookie", cookie), ("twice", twice), ("mixed", mixed)]
    {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 401, "{what}");
        assert_eq!(challenge_of(&response), expected, "{what}");
    }
}

async fn a_missing_scope_is_named_together_with_the_granted_ones(app: TestApp) {
    let (_, _, caller) = log_in(&app, "openid email offline_access").await;
    let who = caller.who().await;
    assert_eq!(who["scopes"], json!(["email", "offline_access", "openid"]), "whoami needs no scope");
    for tool in ["web_search", "web_extract"] {
        let response = caller.call(tool, search()).await;
        assert_eq!(response.status(), 403, "{tool}");
        assert_eq!(
            challenge_of(&response),
            format!(
                "Bearer error=\"insufficient_scope\", scope=\"email openid search:read\", \
                 resource_metadata=\"{}\", error_description=\"this tool needs the scope search:read\"",
                app.at("/.well-known/oauth-protected-resource/mcp")
            )
        );
        assert_eq!(json_of(response).await["error"], "insufficient_scope");
    }
    assert_eq!(app.audit_reasons("access.refused").await, ["insufficient_scope"; 2]);
}

async fn a_missing_scope_is_found_however_the_call_is_written(app: TestApp) {
    let (_, _, caller) = log_in(&app, "openid").await;
    let session = caller.open_session().await;
    let plain = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"web_search"}}"#;
    let escaped =
        r#"{"params":{"n\u0061me":"web\u005fsearch"},"method":"tools\/call","id":1,"jsonrpc":"2.0"}"#;
    let notification = r#"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"web_search"}}"#;
    for body in [plain, escaped, notification] {
        let request = caller.raw(body).header("mcp-session-id", &session);
        assert_eq!(request.send().await.unwrap().status(), 403, "{body}");
        assert_eq!(caller.raw(body).send().await.unwrap().status(), 403, "{body}");
    }
    // A header cannot talk the guard out of what the body says.
    let params = json!({ "name": "web_search", "arguments": search() });
    let contradiction = caller.modern("tools/call", params).header("mcp-name", "whoami");
    assert_eq!(contradiction.send().await.unwrap().status(), 403);
    let unknown = caller.call("no_such_tool", json!({})).await;
    assert_eq!(json_of(unknown).await["error"]["code"], -32602);
}

async fn what_is_not_one_message_is_refused(app: TestApp) {
    let (_, _, caller) = log_in(&app, "search:read").await;
    let call = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami"}}"#;
    for (code, body) in [
        (-32600, format!("[{call}]")),
        (-32600, "[]".to_owned()),
        (-32700, String::new()),
        (-32700, "{".to_owned()),
        (-32700, "null".to_owned()),
        (-32700, "\"tools/call\"".to_owned()),
        (-32700, format!("{call}{call}")),
        (-32700, "\u{feff}{}".to_owned()),
        (-32600, call.replacen("\"id\":1", "\"id\":1,\"id\":2", 1)),
        (-32600, call.replacen("\"params\"", "\"method\":\"ping\",\"params\"", 1)),
        (-32600, call.replacen("\"whoami\"", "\"whoami\",\"name\":\"web_search\"", 1)),
        (-32600, call.replacen("\"whoami\"", "\"whoami\",\"Name\":\"web_search\"", 1)),
    ] {
        let response = caller.raw(body.clone()).send().await.unwrap();
        assert_eq!(response.status(), 400, "{body}");
        let answer = json_of(response).await;
        assert_eq!(answer["error"]["code"], code, "{body}");
        assert_eq!(answer["id"], Value::Null);
    }
    let not_utf8 = caller.raw(vec![0xff, 0xfe, b'{', b'}']).send().await.unwrap();
    assert_eq!(not_utf8.status(), 400);
}

async fn odd_messages_never_break_the_server(app: TestApp) {
    let (_, _, caller) = log_in(&app, "search:read").await;
    let session = caller.open_session().await;
    let deep = format!("{}{}", r#"{"a":"#.repeat(50_000), "}".repeat(50_000));
    let (opening, closing) = ("[".repeat(20_000), "]".repeat(20_000));
    let deep_params =
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{opening}1{closing}}}"#);
    for body in [
        "{}",
        r#"{"jsonrpc":"2.0"}"#,
        r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":1}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":[]}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":null}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami","arguments":7}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami","arguments":[]}}"#,
        r#"{"jsonrpc":"2.0","id":1e400,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":{}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":"\u0000"}}"#,
        r#"{"jsonrpc":"2.0","id":"\ud800","method":"ping"}"#,
        deep.as_str(),
        deep_params.as_str(),
    ] {
        let shown = &body[..body.len().min(90)];
        for request in
            [caller.raw(body.to_owned()), caller.raw(body.to_owned()).header("mcp-session-id", &session)]
        {
            let request = request.timeout(std::time::Duration::from_secs(5));
            let status = request.send().await.unwrap_or_else(|e| panic!("{shown}: {e}")).status();
            assert!(!status.is_server_error(), "{status} for {shown}");
        }
    }
    assert_eq!(caller.status().await, 200);
    assert_eq!(caller.status_on(&session).await, 200);
}

async fn a_body_over_four_mebibytes_is_refused(app: TestApp) {
    let (_, _, caller) = log_in(&app, "search:read").await;
    let limit = 4 * 1024 * 1024;
    let body = |length: usize| {
        let start = r#"{"jsonrpc":"2.0","id":1,"method":"x","params":{"y":""#;
        let end = r#""}}"#;
        format!("{start}{}{end}", "y".repeat(length - start.len() - end.len()))
    };
    assert_eq!(caller.raw(body(limit + 1)).send().await.unwrap().status(), 413);
    let fits = caller.raw(body(limit)).send().await.unwrap().status();
    assert!(fits != 413 && !fits.is_server_error(), "{fits}");
    // Nobody's body is read before it is known whose it is.
    let stranger = Caller::new(&app, "x");
    assert_eq!(stranger.raw(body(limit + 1)).send().await.map_or(401, |r| r.status().as_u16()), 401);
}

async fn another_host_or_origin_is_refused(app: TestApp) {
    let (_, _, caller) = log_in(&app, "search:read").await;
    let port = app.address.port();
    let with = async |name: &'static str, value: &str| {
        let request = caller.modern("server/discover", json!({})).header(name, value);
        request.send().await.unwrap().status().as_u16()
    };
    let other_port = format!("localhost:{}", port.wrapping_add(1));
    let subdomain = format!("localhost.evil.example:{port}");
    let with_user = format!("evil@localhost:{port}");
    for host in ["evil.example", "localhost", "", &other_port, &subdomain, &with_user, "[::1"] {
        assert_eq!(with("host", host).await, 403, "Host {host}");
    }
    for host in [
        format!("localhost:{port}"),
        format!("127.0.0.1:{port}"),
        format!("LOCALHOST:{port}"),
        format!("[::1]:{port}"),
    ] {
        assert_eq!(with("host", &host).await, 200, "Host {host}");
    }
    for origin in [
        "https://evil.example",
        "null",
        "http://localhost.evil.example",
        "file://",
        "x",
        "",
        "http://127.0.0.1.evil.example",
        "http://evil.example:80",
        "app://localhost",
        "http://localhost:6274/path",
        "http://10.0.0.1",
        "http://0.0.0.0",
    ] {
        assert_eq!(with("origin", origin).await, 403, "Origin {origin}");
    }
    for origin in [
        app.url.clone(),
        "http://localhost:6274".to_owned(),
        "http://127.0.0.1:1".to_owned(),
        "http://[::1]:6274".to_owned(),
        "https://localhost".to_owned(),
    ] {
        assert_eq!(with("origin", &origin).await, 200, "Origin {origin}");
    }
    let two = caller.modern("server/discover", json!({}));
    let two = two.header("origin", &app.url).header("origin", "https://evil.example");
    assert_eq!(two.send().await.unwrap().status(), 403);
}

async fn a_foreign_origin_is_refused_before_anything_else_is_looked_at(app: TestApp) {
    let request = app.http().post(app.at("/mcp")).header("origin", "https://evil.example");
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 403);
    assert!(!response.headers().contains_key("www-authenticate"));
    assert_eq!(app.audit_reasons("access.refused").await, ["foreign_origin"]);
}

async fn forwarded_headers_do_not_change_what_the_server_calls_itself(app: TestApp) {
    let request = app
        .http()
        .post(app.at("/mcp"))
        .header("x-forwarded-host", "evil.example")
        .header("x-forwarded-proto", "https")
        .header("forwarded", "host=evil.example;proto=https");
    let response = request.send().await.unwrap();
    assert_eq!(challenge_of(&response), missing_token(&app));
}

async fn a_page_on_this_computer_may_read_every_answer(app: TestApp) {
    let origin = "http://localhost:6274";
    let preflight = app
        .http()
        .request(Method::OPTIONS, app.at("/mcp"))
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header(
            "access-control-request-headers",
            "authorization,content-type,mcp-protocol-version,mcp-session-id,mcp-method,mcp-name",
        );
    let response = preflight.send().await.unwrap();
    assert!(response.status().is_success(), "{}", response.status());
    let headers = response.headers();
    assert_eq!(headers["access-control-allow-origin"], "*");
    let allowed = headers["access-control-allow-methods"].to_str().unwrap().to_owned();
    for method in ["GET", "POST", "DELETE"] {
        assert!(allowed.contains(method), "{allowed}");
    }
    let allowed = headers["access-control-allow-headers"].to_str().unwrap().to_ascii_lowercase();
    for name in [
        "authorization",
        "content-type",
        "mcp-protocol-version",
        "mcp-session-id",
        "mcp-method",
        "mcp-name",
        "last-event-id",
    ] {
        assert!(allowed.contains(name), "{allowed}");
    }
    assert!(!headers.contains_key("access-control-allow-credentials"));
    let refused = app.http().post(app.at("/mcp")).header("origin", origin).send().await.unwrap();
    assert_eq!(refused.status(), 401);
    assert_eq!(refused.headers()["access-control-allow-origin"], "*");
    let exposed = refused.headers()["access-control-expose-headers"].to_str().unwrap().to_ascii_lowercase();
    assert!(exposed.contains("www-authenticate") && exposed.contains("mcp-session-id"), "{exposed}");
}

async fn paths_and_methods_around_the_endpoint(app: TestApp) {
    let (_, _, caller) = log_in(&app, "search:read").await;
    let ask = async |method: Method, path: &str| {
        let request = caller.http.request(method, app.at(path)).bearer_auth(&caller.token);
        request.send().await.unwrap().status().as_u16()
    };
    for (method, path, expected) in [
        (Method::GET, "/mcp", 406),
        (Method::PUT, "/mcp", 405),
        (Method::PATCH, "/mcp", 405),
        (Method::DELETE, "/mcp", 400),
        (Method::POST, "/mcp/x", 404),
        (Method::POST, "/mcpx", 404),
        (Method::POST, "/MCP", 404),
    ] {
        assert_eq!(ask(method.clone(), path).await, expected, "{method} {path}");
    }
    let slash = caller.http.post(app.at("/mcp/")).bearer_auth(&caller.token).send().await.unwrap();
    assert_ne!(slash.status(), 404, "a trailing slash is the same resource");
    let unauthorised = app.http().post(app.at("/mcp/")).send().await.unwrap();
    assert_eq!(unauthorised.status(), 401);
}

async fn an_unknown_tool_is_an_error_and_a_failed_one_a_result(app: TestApp) {
    let (_, _, caller) = log_in(&app, "search:read").await;
    let session = caller.open_session().await;
    for modern in [true, false] {
        let ask = async |tool: &str, arguments: Value| {
            let params = json!({ "name": tool, "arguments": arguments });
            let message = json!({ "jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": params });
            let request = if modern {
                caller.modern("tools/call", params)
            } else {
                caller.legacy(Some(&session), &message)
            };
            message_of(&request.send().await.unwrap().text().await.unwrap())
        };
        let unknown = ask("no_such_tool", json!({})).await;
        assert_eq!(unknown["error"]["code"], -32602, "{unknown}");
        assert!(unknown.get("result").is_none(), "{unknown}");
        // Nobody answers where the search is asked.
        let failed = ask("web_search", search()).await;
        assert_eq!(failed["result"]["isError"], true, "{failed}");
        assert!(failed.get("error").is_none(), "{failed}");
    }
}

on_both! {
    an_unknown_tool_is_an_error_and_a_failed_one_a_result,
    without_a_token_the_caller_is_told_where_to_get_one,
    a_token_anywhere_but_in_one_header_is_not_seen,
    a_missing_scope_is_named_together_with_the_granted_ones,
    a_missing_scope_is_found_however_the_call_is_written,
    what_is_not_one_message_is_refused,
    odd_messages_never_break_the_server,
    a_body_over_four_mebibytes_is_refused,
    another_host_or_origin_is_refused,
    a_foreign_origin_is_refused_before_anything_else_is_looked_at,
    forwarded_headers_do_not_change_what_the_server_calls_itself,
    a_page_on_this_computer_may_read_every_answer,
    paths_and_methods_around_the_endpoint,
}
