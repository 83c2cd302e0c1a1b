//! Tokens of the API. Making one posts `csrf`, `id`, `name`, `scopes[]` and `days`; revoking `csrf`.

use askama::Template;

use super::super::filters;
use super::{Area, Problems, Shell};

/// The list.
#[derive(Template)]
#[template(path = "admin/api/tokens.html")]
pub struct ApiTokensPage {
    pub shell: Shell,
    pub tokens: Vec<ApiTokenView>,
    pub next_url: Option<String>,
    pub first_url: Option<String>,
}

/// One token.
pub struct ApiTokenView {
    pub id: String,
    pub name: String,
    pub hint: String,
    pub scopes: Vec<String>,
    pub owner_id: String,
    pub owner: String,
    /// `live`, `expired` or `revoked`.
    pub state: &'static str,
    /// Why it was revoked, in words.
    pub because: Option<&'static str>,
    pub expires: String,
    pub last_used: Option<String>,
}

impl ApiTokenView {
    pub fn is_live(&self) -> bool {
        self.state == "live"
    }
}

/// The form for a new one.
#[derive(Template)]
#[template(path = "admin/api/token_new.html")]
pub struct NewApiTokenPage {
    pub shell: Shell,
    /// The id it will have.
    pub id: String,
    pub name: String,
    /// Name, meaning, and whether it is ticked.
    pub scopes: Vec<(&'static str, &'static str, bool)>,
    /// Days, in words, and whether they are chosen.
    pub lives: Vec<(i64, &'static str, bool)>,
    pub problems: Problems,
}

/// A new one, shown this once.
#[derive(Template)]
#[template(path = "admin/api/token_made.html")]
pub struct ApiTokenMadePage {
    pub shell: Shell,
    pub name: String,
    pub token: String,
    pub expires: String,
    /// A line to try it with.
    pub curl: String,
}

/// Asks before one is revoked.
#[derive(Template)]
#[template(path = "admin/api/token_revoke.html")]
pub struct RevokeApiTokenPage {
    pub shell: Shell,
    pub token: ApiTokenView,
}

#[cfg(test)]
impl ApiTokenView {
    pub fn sample(state: &'static str) -> Self {
        Self {
            id: "apt_06c0a00000000000000000000a".into(),
            name: "Nightly report".into(),
            hint: "x7Qa".into(),
            scopes: vec!["audit:read".into(), "people:read".into()],
            owner_id: "usr_1".into(),
            owner: "ada@example.com".into(),
            state,
            because: (state == "revoked").then_some("its owner was disabled"),
            expires: "1 March 2027, 09:30 UTC".into(),
            last_used: (state == "live").then(|| "1 March 2026, 09:30 UTC".into()),
        }
    }

    pub fn filled(text: &str) -> Self {
        let t = || text.to_owned();
        Self {
            id: t(),
            name: t(),
            hint: t(),
            scopes: vec![t()],
            owner_id: t(),
            owner: t(),
            expires: t(),
            last_used: Some(t()),
            ..Self::sample("live")
        }
    }
}

#[cfg(test)]
impl ApiTokensPage {
    pub fn sample() -> Self {
        Self {
            shell: Shell::sample(Area::Api),
            tokens: ["live", "expired", "revoked"].map(ApiTokenView::sample).into(),
            next_url: Some("/admin/api/tokens?after=apt_1".into()),
            first_url: None,
        }
    }

    pub fn filled(text: &str) -> Self {
        Self {
            shell: Shell::filled(text, Area::Api),
            tokens: vec![ApiTokenView::filled(text)],
            next_url: None,
            first_url: None,
        }
    }
}

#[cfg(test)]
impl NewApiTokenPage {
    pub fn sample() -> Self {
        Self {
            shell: Shell::sample(Area::Api),
            id: "apt_06c0a00000000000000000000a".into(),
            name: "Nightly report".into(),
            scopes: vec![
                ("audit:read", "Search the audit trail", true),
                ("people:read", "See people", false),
            ],
            lives: vec![(30, "30 days", false), (90, "90 days", true)],
            problems: Problems::default(),
        }
    }

    pub fn filled(text: &str) -> Self {
        let problem = crate::admin::Problem::new("name", text);
        Self {
            shell: Shell::filled(text, Area::Api),
            id: text.into(),
            name: text.into(),
            problems: Problems(vec![problem]),
            ..Self::sample()
        }
    }
}

#[cfg(test)]
impl ApiTokenMadePage {
    pub fn sample() -> Self {
        Self {
            shell: Shell::sample(Area::Api),
            name: "Nightly report".into(),
            token: "apt_06c0a00000000000000000000a_sample".into(),
            expires: "1 March 2027, 09:30 UTC".into(),
            curl: "curl -H \"Authorization: Bearer apt_06c0a0…\" https://auth.example.com/admin/api/v1/token"
                .into(),
        }
    }

    pub fn filled(text: &str) -> Self {
        let t = || text.to_owned();
        Self { shell: Shell::filled(text, Area::Api), name: t(), token: t(), expires: t(), curl: t() }
    }
}

#[cfg(test)]
impl RevokeApiTokenPage {
    pub fn sample() -> Self {
        Self { shell: Shell::sample(Area::Api), token: ApiTokenView::sample("live") }
    }

    pub fn filled(text: &str) -> Self {
        Self { shell: Shell::filled(text, Area::Api), token: ApiTokenView::filled(text) }
    }
}
