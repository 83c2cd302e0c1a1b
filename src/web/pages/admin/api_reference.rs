//! What the API can do: every operation with what it takes, gives and needs.

use askama::Template;

use super::super::filters;
use super::{Area, Shell};

/// The page.
#[derive(Template)]
#[template(path = "admin/api/reference.html")]
pub struct ApiReferencePage {
    pub shell: Shell,
    /// Before every path.
    pub base: String,
    pub document_url: String,
    pub groups: Vec<GroupView>,
    /// Name and meaning.
    pub scopes: Vec<(&'static str, &'static str)>,
    pub problems: Vec<ProblemView>,
}

/// The operations on one kind of thing.
pub struct GroupView {
    pub name: String,
    pub operations: Vec<OperationView>,
}

/// One operation.
pub struct OperationView {
    pub id: String,
    pub method: String,
    pub path: &'static str,
    pub summary: String,
    pub description: String,
    /// What a token needs.
    pub scope: String,
    pub parameters: Vec<FieldView>,
    /// Whether the body is a picture.
    pub is_picture: bool,
    pub body: Vec<FieldView>,
    /// Of the answer when all is well.
    pub status: String,
    pub answer_text: String,
    pub answer: Vec<FieldView>,
    /// Of the answers when it is not.
    pub errors: Vec<String>,
    pub curl: String,
}

/// A parameter, or a field of a body.
pub struct FieldView {
    pub name: String,
    pub kind: String,
    pub is_required: bool,
    pub meaning: String,
}

/// A kind of problem.
pub struct ProblemView {
    pub status: u16,
    pub code: &'static str,
    pub title: &'static str,
    pub advice: &'static str,
}

#[cfg(test)]
impl ApiReferencePage {
    pub fn sample() -> Self {
        let field = |name: &str, kind: &str, is_required, meaning: &str| FieldView {
            name: name.into(),
            kind: kind.into(),
            is_required,
            meaning: meaning.into(),
        };
        let rotate = OperationView {
            id: "post_keys_rotate".into(),
            method: "POST".into(),
            path: "/keys/rotate",
            summary: "Rotate a key".into(),
            description: "The waiting key of this algorithm signs from now on.".into(),
            scope: "keys:write".into(),
            parameters: Vec::new(),
            is_picture: false,
            body: vec![
                field("alg", "ES256 | RS256 | EdDSA", true, "A signing algorithm."),
                field("now", "boolean", false, "Sign with the waiting key even where it is new."),
            ],
            status: "200".into(),
            answer_text: "It signs".into(),
            answer: vec![field("id", "string", true, "")],
            errors: ["400", "401", "403", "409", "413", "415", "422", "429", "503"].map(Into::into).into(),
            curl: "curl -X POST -H \"Authorization: Bearer $TOKEN\" --json '{\"alg\":\"ES256\"}' \
                   \"https://auth.example.com/admin/api/v1/keys/rotate\""
                .into(),
        };
        let list = OperationView {
            id: "get_keys".into(),
            method: "GET".into(),
            path: "/keys",
            summary: "List the signing keys".into(),
            description: String::new(),
            scope: "keys:read".into(),
            parameters: vec![field("limit", "integer", false, "Rows on a page.")],
            body: Vec::new(),
            curl: "curl -H \"Authorization: Bearer $TOKEN\" \"https://auth.example.com/admin/api/v1/keys\""
                .into(),
            answer: Vec::new(),
            answer_text: "The keys".into(),
            status: "200".into(),
            errors: Vec::new(),
            is_picture: false,
        };
        Self {
            shell: Shell::sample(Area::Api),
            base: "https://auth.example.com/admin/api/v1".into(),
            document_url: "https://auth.example.com/admin/api/v1/openapi.json".into(),
            groups: vec![GroupView { name: "keys".into(), operations: vec![list, rotate] }],
            scopes: vec![("keys:read", "See signing keys"), ("keys:write", "Rotate signing keys")],
            problems: vec![ProblemView {
                status: 409,
                code: "changed",
                title: "It was changed meanwhile",
                advice: "Read it again.",
            }],
        }
    }

    pub fn filled(text: &str) -> Self {
        let t = || text.to_owned();
        Self { shell: Shell::filled(text, Area::Api), base: t(), ..Self::sample() }
    }
}
