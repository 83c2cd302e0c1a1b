//! Rules of token exchange. Adding posts `csrf`, `client_id`, `from_id`, `to_id`, `scopes`; changing `version`, `scopes`.

use askama::Template;

use super::super::filters;
use super::{Area, Problems, Shell};

/// The list.
#[derive(Template)]
#[template(path = "admin/exchanges/list.html")]
pub struct ExchangesPage {
    pub shell: Shell,
    pub rules: Vec<ExchangeLine>,
}

/// One rule.
pub struct ExchangeLine {
    pub id: String,
    pub client: String,
    pub from: String,
    pub to: String,
    pub scopes: String,
}

/// What is typed of a rule.
#[derive(Default)]
pub struct ExchangeForm {
    pub client_id: String,
    pub from_id: String,
    pub to_id: String,
    pub scopes: String,
}

/// A rule that is added or changed.
#[derive(Template)]
#[template(path = "admin/exchanges/form.html")]
pub struct ExchangeFormPage {
    pub shell: Shell,
    /// One that is there.
    pub rule: Option<ExchangeLine>,
    pub version: i64,
    pub form: ExchangeForm,
    /// Id and name.
    pub resources: Vec<(String, String)>,
    pub problems: Problems,
    /// Somebody else was faster: its scopes as they are.
    pub now: Option<String>,
}

/// Asks before a rule is deleted.
#[derive(Template)]
#[template(path = "admin/exchanges/delete.html")]
pub struct DeleteExchangePage {
    pub shell: Shell,
    pub rule: ExchangeLine,
}

#[cfg(test)]
pub mod samples {
    use super::*;
    use crate::admin::Problem;

    fn line(t: &str) -> ExchangeLine {
        ExchangeLine { id: "exr_1".into(), client: t.into(), from: t.into(), to: t.into(), scopes: t.into() }
    }

    fn form(t: &str) -> ExchangeFormPage {
        let id = || "res_1".to_owned();
        ExchangeFormPage {
            shell: Shell::filled(t, Area::Issuers),
            rule: None,
            version: 1,
            form: ExchangeForm { client_id: t.into(), from_id: id(), to_id: id(), scopes: t.into() },
            resources: vec![(id(), t.into())],
            problems: Problems(vec![Problem::new("client_id", t), Problem::new("scopes", t)]),
            now: None,
        }
    }

    fn render(name: &'static str, page: impl Template) -> (&'static str, String) {
        (name, page.render().unwrap())
    }

    /// Every page, and the states of it that look different.
    pub fn samples() -> Vec<(&'static str, String)> {
        let shell = || Shell::sample(Area::Issuers);
        let t = "notes:read";
        let changed = ExchangeFormPage { rule: Some(line(t)), now: Some(t.into()), ..form(t) };
        vec![
            render("admin-exchanges", ExchangesPage { shell: shell(), rules: vec![line(t)] }),
            render("admin-exchanges-none", ExchangesPage { shell: shell(), rules: Vec::new() }),
            render("admin-exchange-new", ExchangeFormPage { problems: Problems::default(), ..form(t) }),
            render("admin-exchange-changed", changed),
            render("admin-exchange-delete", DeleteExchangePage { shell: shell(), rule: line(t) }),
        ]
    }

    /// With one text wherever a stranger's could stand.
    pub fn filled(t: &str) -> Vec<(&'static str, String)> {
        let shell = || Shell::filled(t, Area::Issuers);
        let changed = ExchangeFormPage { rule: Some(line(t)), now: Some(t.into()), ..form(t) };
        vec![
            render("admin-exchanges", ExchangesPage { shell: shell(), rules: vec![line(t)] }),
            render("admin-exchange-new", form(t)),
            render("admin-exchange-edit", changed),
            render("admin-exchange-delete", DeleteExchangePage { shell: shell(), rule: line(t) }),
        ]
    }
}
