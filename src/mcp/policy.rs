//! Which scope a request needs: the tool is read from the raw body before it is let through, its scopes from the
//! resource.
//!
//! Owns the reading of `method` and `params.name` out of a JSON-RPC message, in a way no second parser can
//! read differently, and what a caller may do with a tool ([`Unlocks::access`]). Does not own the answer (403 with
//! a challenge: `web/`), nor which scope opens which tool: administrators decide. The handler asks again
//! ([`super::server`]): this is the first line of two, there because only an HTTP status makes a client step up.
//!
//! | Body | [`Message::read`] |
//! |---|---|
//! | any single message | its method, and its tool |
//! | a JSON array | `Batch`: removed from MCP with 2025-06-18 |
//! | a deciding member twice, or also in another case | `Ambiguous`: parsers differ in which one they take |
//! | anything else | `NotJson` |
//!
//! | Tool | [`Access`] |
//! |---|---|
//! | needs no scope | `Granted` |
//! | a scope opens it, and the token has one that does | `Granted` |
//! | a scope opens it, and the token has none that does | `Grantable`: listed; a call asks for the scope |
//! | no scope opens it | `Never`: hidden; a call is answered as for a tool that does not exist |
//!
//! The caller bounds the body (4 MiB). Depth is bounded by the readers: values that do not decide are
//! skipped here without recursion, and rmcp stops at 128 levels.

use std::collections::HashMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::principal::Principal;
use super::tools::ToolSpec;

/// Which scopes of one resource open which of its tools.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unlocks(HashMap<String, Vec<String>>);

/// What a caller may do with a tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access<'u> {
    Granted,
    /// Nothing of it: it wants one of these scopes, the first of them rather than the others.
    Grantable(&'u [String]),
    Never,
}

impl Unlocks {
    /// From each scope and the tools it opens; of several that open one tool, the first is asked for.
    pub fn new<'a>(scopes: impl IntoIterator<Item = (&'a str, &'a [String])>) -> Self {
        let mut by_tool: HashMap<String, Vec<String>> = HashMap::new();
        for (scope, tools) in scopes {
            for tool in tools {
                by_tool.entry(tool.clone()).or_default().push(scope.to_owned());
            }
        }
        Self(by_tool)
    }

    /// What this caller may do with a built-in tool.
    pub fn access(&self, tool: &ToolSpec, caller: &Principal) -> Access<'_> {
        if tool.scope.is_none() {
            return Access::Granted;
        }
        match self.0.get(tool.name) {
            None => Access::Never,
            Some(scopes) if scopes.iter().any(|scope| caller.has(scope)) => Access::Granted,
            Some(scopes) => Access::Grantable(scopes),
        }
    }
}

/// Why a body is refused unread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Not one JSON text with an object at its root.
    #[error("the body is not a JSON-RPC message")]
    NotJson,
    /// A JSON array.
    #[error("JSON-RPC batches are not supported (removed in MCP 2025-06-18)")]
    Batch,
    /// A member that decides appears twice, or in another case too.
    #[error("the body has a duplicate member")]
    Ambiguous,
}

impl Unreadable {
    /// The JSON-RPC 2.0 error code for the body of the 400.
    pub const fn code(self) -> i32 {
        match self {
            Self::NotJson => -32700,
            Self::Batch | Self::Ambiguous => -32600,
        }
    }
}

/// The parts of a JSON-RPC message that decide about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// `method`, when it is a string.
    pub method: Option<String>,
    /// `params.name`, when it is a string: the tool of a `tools/call`, the prompt of a `prompts/get`.
    pub name: Option<String>,
    /// Whether there is an `id`: a request, not a notification.
    pub has_id: bool,
}

impl Message {
    /// Reads a POST body.
    pub fn read(body: &[u8]) -> Result<Self, Unreadable> {
        match serde_json::from_slice::<Root>(body) {
            Ok(Root::Message(message)) => Ok(message),
            Ok(Root::Batch) => Err(Unreadable::Batch),
            Ok(Root::Ambiguous) => Err(Unreadable::Ambiguous),
            Ok(Root::Other) | Err(_) => Err(Unreadable::NotJson),
        }
    }

    /// The tool, when this is a `tools/call`.
    pub fn tool(&self) -> Option<&str> {
        (self.method.as_deref() == Some("tools/call")).then_some(self.name.as_deref()).flatten()
    }

    /// Whether this opens a legacy session (MCP before 2026-07-28).
    pub fn is_initialize(&self) -> bool {
        self.has_id && self.method.as_deref() == Some("initialize")
    }
}

/// Members whose repetition could make two parsers see two different messages.
const TOP: [&str; 6] = ["method", "params", "id", "jsonrpc", "result", "error"];
const PARAMS: [&str; 3] = ["name", "arguments", "_meta"];

/// A watched list of members and which of them were seen.
struct Watch<'w> {
    known: &'w [&'static str],
    seen: u8,
}

impl<'w> Watch<'w> {
    const fn new(known: &'w [&'static str]) -> Self {
        Self { known, seen: 0 }
    }

    /// Notes a member; false when it makes the message ambiguous. Spellings that differ only in case count
    /// as the same member: some parsers (Go's) match without regard to case, and a gateway may sit in front
    /// of one.
    fn admit(&mut self, key: &str) -> bool {
        let Some(at) = self.known.iter().position(|known| *known == fold(key)) else { return true };
        let bit = 1_u8 << at;
        let first = self.seen & bit == 0 && key == self.known[at];
        self.seen |= bit;
        first
    }
}

/// Lower case with the two letters outside ASCII that fold into it (U+017F long s; U+212A lowers to k).
fn fold(key: &str) -> String {
    if key.len() > 64 {
        return String::new();
    }
    key.to_lowercase().replace('\u{17f}', "s")
}

enum Root {
    Message(Message),
    Batch,
    Ambiguous,
    Other,
}

impl<'de> Deserialize<'de> for Root {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RootVisitor)
    }
}

struct RootVisitor;

/// Any scalar where an object was hoped for.
macro_rules! scalars_are {
    ($other:expr) => {
        fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
            Ok($other)
        }
        fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
            Ok($other)
        }
        fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
            Ok($other)
        }
        fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
            Ok($other)
        }
        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok($other)
        }
    };
}

impl<'de> Visitor<'de> for RootVisitor {
    type Value = Root;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON-RPC message")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Root, A::Error> {
        let (mut message, mut watch, mut clear) = (Message::default(), Watch::new(&TOP), true);
        while let Some(key) = map.next_key::<String>()? {
            clear &= watch.admit(&key);
            match key.as_str() {
                "method" => message.method = map.next_value::<Text>()?.0,
                "params" => match map.next_value::<Params>()? {
                    Params::Named(name) => message.name = name,
                    Params::Ambiguous => clear = false,
                },
                other => {
                    message.has_id |= other == "id";
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(if clear { Root::Message(message) } else { Root::Ambiguous })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Root, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Root::Batch)
    }

    fn visit_str<E>(self, _: &str) -> Result<Root, E> {
        Ok(Root::Other)
    }

    scalars_are!(Root::Other);
}

/// A string, or nothing for any other value.
struct Text(Option<String>);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Text, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Text(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Text, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Text(None))
    }

    fn visit_str<E>(self, text: &str) -> Result<Text, E> {
        Ok(Text(Some(text.to_owned())))
    }

    scalars_are!(Text(None));
}

/// `params`: its name, when it is an object.
enum Params {
    Named(Option<String>),
    Ambiguous,
}

impl<'de> Deserialize<'de> for Params {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ParamsVisitor)
    }
}

struct ParamsVisitor;

impl<'de> Visitor<'de> for ParamsVisitor {
    type Value = Params;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Params, A::Error> {
        let (mut name, mut watch, mut clear) = (None, Watch::new(&PARAMS), true);
        while let Some(key) = map.next_key::<String>()? {
            clear &= watch.admit(&key);
            if key == "name" {
                name = map.next_value::<Text>()?.0;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(if clear { Params::Named(name) } else { Params::Ambiguous })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Params, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Params::Named(None))
    }

    fn visit_str<E>(self, _: &str) -> Result<Params, E> {
        Ok(Params::Named(None))
    }

    scalars_are!(Params::Named(None));
}

#[cfg(test)]
#[path = "policy_tests.rs"]
mod tests;
