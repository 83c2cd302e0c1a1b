//! The reader against odd, hostile and large bodies, and against rmcp's own parser.

use super::*;

/// The tool a body calls.
fn tool(body: &str) -> Result<Option<String>, Unreadable> {
    Message::read(body.as_bytes()).map(|message| message.tool().map(str::to_owned))
}

#[test]
fn scopes_open_tools_in_three_ways() {
    let lists = [vec!["web_search".to_owned(), "web_extract".to_owned()], vec!["web_extract".to_owned()]];
    let unlocks = Unlocks::new([("search:read", lists[0].as_slice()), ("extract", lists[1].as_slice())]);
    let access = |tool: &str, scopes: &[&str]| {
        let spec = crate::mcp::tools::find(tool).unwrap();
        match unlocks.access(spec, &crate::mcp::principal::sample(scopes)) {
            Access::Granted => "granted".to_owned(),
            Access::Grantable(scopes) => scopes.join(" "),
            Access::Never => "never".to_owned(),
        }
    };
    assert_eq!(access("whoami", &[]), "granted");
    assert_eq!(access("web_search", &["extract"]), "search:read");
    assert_eq!(access("web_search", &["search:read"]), "granted");
    assert_eq!(access("web_extract", &["extract"]), "granted");
    assert_eq!(access("web_extract", &["other"]), "search:read extract");
    let nothing = Unlocks::default();
    let spec = crate::mcp::tools::find("web_search").unwrap();
    assert_eq!(nothing.access(spec, &crate::mcp::principal::sample(&["search:read"])), Access::Never);
}

#[test]
fn a_tool_call_names_its_tool_and_nothing_else_does() {
    let search = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"web_search","arguments":{"name":"whoami"}}}"#;
    assert_eq!(tool(search), Ok(Some("web_search".to_owned())));
    assert_eq!(tool(&search.replace("web_search", "whoami")), Ok(Some("whoami".to_owned())));
    assert_eq!(tool(&search.replace("web_search", "no_such_tool")), Ok(Some("no_such_tool".to_owned())));
    assert_eq!(tool(&search.replace("tools/call", "prompts/get")), Ok(None));
    assert_eq!(tool(r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#), Ok(None));
    assert_eq!(tool(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#), Ok(None));
}

#[test]
fn the_order_of_members_and_escapes_do_not_matter() {
    assert_eq!(
        tool(
            r#"{"params":{"arguments":{},"n\u0061me":"web\u005fsearch"},"id":1,"meth\u006fd":"tools\/call"}"#
        ),
        Ok(Some("web_search".to_owned()))
    );
}

#[test]
fn a_member_that_decides_must_be_unique() {
    for body in [
        r#"{"method":"tools/call","method":"ping","params":{"name":"web_search"}}"#,
        r#"{"method":"tools/call","params":{"name":"whoami"},"params":{"name":"web_search"}}"#,
        r#"{"method":"tools/call","params":{"name":"whoami","name":"web_search"}}"#,
        r#"{"method":"tools/call","params":{"name":"whoami","n\u0061me":"web_search"}}"#,
        r#"{"method":"tools/call","params":{"name":"whoami","Name":"web_search"}}"#,
        r#"{"method":"tools/call","params":{"NAME":"web_search"}}"#,
        r#"{"method":"tools/call","param\u017f":{"name":"web_search"}}"#,
        r#"{"id":1,"id":2,"method":"tools/call","params":{"name":"web_search"}}"#,
    ] {
        assert_eq!(tool(body), Err(Unreadable::Ambiguous), "{body}");
    }
}

#[test]
fn a_batch_is_reported_whatever_it_holds() {
    assert_eq!(tool(r#"[{"method":"tools/call","params":{"name":"web_search"}}]"#), Err(Unreadable::Batch));
    assert_eq!(tool("[]"), Err(Unreadable::Batch));
    assert_eq!(tool("  [1, {}]"), Err(Unreadable::Batch));
}

#[test]
fn what_is_not_one_json_object_is_refused() {
    for body in ["", " ", "null", "1", "\"tools/call\"", "true", "{", "{}x", "{}{}", "[", "\u{feff}{}"] {
        assert_eq!(tool(body), Err(Unreadable::NotJson), "{body:?}");
    }
    assert_eq!(Message::read(&[0xff, 0xfe]), Err(Unreadable::NotJson));
}

#[test]
fn odd_types_name_no_tool() {
    for body in [
        r#"{"method":7,"params":{"name":"web_search"}}"#,
        r#"{"method":"tools/call","params":["web_search"]}"#,
        r#"{"method":"tools/call","params":{"name":["web_search"]}}"#,
        r#"{"method":"tools/call","params":null}"#,
        r#"{"method":{"a":1},"params":"web_search"}"#,
    ] {
        assert_eq!(tool(body), Ok(None), "{body}");
    }
}

#[test]
fn depth_does_not_exhaust_the_stack_and_size_does_not_stall() {
    let deep = format!("{{\"params\":{}1{}}}", "[".repeat(1_000_000), "]".repeat(1_000_000));
    let _ = tool(&deep);
    let deep = format!("{{\"params\":{{\"name\":{}{}}}}}", "{\"a\":".repeat(500_000), "1");
    assert_eq!(tool(&deep), Err(Unreadable::NotJson));
    let wide = (0..200_000).fold(String::new(), |all, n| all + &format!("\"k{n}\":0,"));
    let wide = format!("{{{wide}\"method\":\"tools/call\",\"params\":{{\"name\":\"web_extract\"}}}}");
    assert_eq!(tool(&wide), Ok(Some("web_extract".to_owned())));
}

#[test]
fn initialize_is_recognised_as_a_request_only() {
    let read = |body: &str| Message::read(body.as_bytes()).unwrap();
    assert!(read(r#"{"id":0,"method":"initialize","params":{}}"#).is_initialize());
    assert!(!read(r#"{"method":"initialize","params":{}}"#).is_initialize());
    assert_eq!(read(r#"{"id":0,"method":"prompts/get","params":{"name":"x"}}"#).tool(), None);
}

/// rmcp must never see a tool this reader did not: every message rmcp takes as a call names the tool
/// that was judged.
#[test]
fn rmcp_reads_no_other_tool() {
    use rmcp::model::{ClientJsonRpcMessage, ClientRequest, JsonRpcMessage};
    let parts = [
        r#""method":"tools/call""#,
        r#""method":"ping""#,
        r#""params":{"name":"web_search"}"#,
        r#""params":{"name":"whoami"}"#,
        r#""params":{"name":"whoami","name":"web_search"}"#,
        r#""params":{"_meta":{"name":"whoami"},"name":"web_search"}"#,
        r#""params":["web_search"]"#,
        r#""PARAMS":{"name":"web_search"}"#,
    ];
    for a in parts {
        for b in parts {
            for c in parts {
                let body = format!(r#"{{"jsonrpc":"2.0","id":1,{a},{b},{c}}}"#);
                let Ok(JsonRpcMessage::Request(request)) =
                    serde_json::from_str::<ClientJsonRpcMessage>(&body)
                else {
                    continue;
                };
                let ClientRequest::CallToolRequest(call) = request.request else { continue };
                match Message::read(body.as_bytes()) {
                    Ok(message) => assert_eq!(message.tool(), Some(&*call.params.name), "{body}"),
                    Err(why) => assert_eq!(why, Unreadable::Ambiguous, "{body}"),
                }
            }
        }
    }
}
