//! The reader against odd, hostile and large bodies, and against rmcp's own parser.

use super::*;

fn needed(body: &str) -> Needed {
    needed_scope(body.as_bytes())
}

#[test]
fn a_tool_call_needs_its_tools_scope_and_nothing_else_does() {
    let search = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"web_search","arguments":{"name":"whoami"}}}"#;
    assert_eq!(needed(search), Needed::Scope("search:read"));
    assert_eq!(needed(&search.replace("web_search", "whoami")), Needed::None);
    assert_eq!(needed(&search.replace("web_search", "no_such_tool")), Needed::None);
    assert_eq!(needed(&search.replace("tools/call", "prompts/get")), Needed::None);
    assert_eq!(needed(r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#), Needed::None);
    assert_eq!(needed(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#), Needed::None);
}

#[test]
fn the_order_of_members_and_escapes_do_not_matter() {
    assert_eq!(
        needed(
            r#"{"params":{"arguments":{},"n\u0061me":"web\u005fsearch"},"id":1,"meth\u006fd":"tools\/call"}"#
        ),
        Needed::Scope("search:read")
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
        assert_eq!(needed(body), Needed::Ambiguous, "{body}");
    }
}

#[test]
fn a_batch_is_reported_whatever_it_holds() {
    assert_eq!(needed(r#"[{"method":"tools/call","params":{"name":"web_search"}}]"#), Needed::Batch);
    assert_eq!(needed("[]"), Needed::Batch);
    assert_eq!(needed("  [1, {}]"), Needed::Batch);
}

#[test]
fn what_is_not_one_json_object_is_refused() {
    for body in ["", " ", "null", "1", "\"tools/call\"", "true", "{", "{}x", "{}{}", "[", "\u{feff}{}"] {
        assert_eq!(needed(body), Needed::NotJson, "{body:?}");
    }
    assert_eq!(needed_scope(&[0xff, 0xfe]), Needed::NotJson);
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
        assert_eq!(needed(body), Needed::None, "{body}");
    }
}

#[test]
fn depth_does_not_exhaust_the_stack_and_size_does_not_stall() {
    let deep = format!("{{\"params\":{}1{}}}", "[".repeat(1_000_000), "]".repeat(1_000_000));
    let _ = needed(&deep);
    let deep = format!("{{\"params\":{{\"name\":{}{}}}}}", "{\"a\":".repeat(500_000), "1");
    assert_eq!(needed(&deep), Needed::NotJson);
    let wide = (0..200_000).fold(String::new(), |all, n| all + &format!("\"k{n}\":0,"));
    let wide = format!("{{{wide}\"method\":\"tools/call\",\"params\":{{\"name\":\"web_extract\"}}}}");
    assert_eq!(needed(&wide), Needed::Scope("search:read"));
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
