//! The audit trail. The filters are asked for with GET; exporting posts `csrf`, `format` and the filters.

use askama::Template;

use super::super::filters;
use super::{Area, Problems, Shell};
use crate::admin::audit::Filters;

/// The trail, filtered.
#[derive(Template)]
#[template(path = "admin/audit/list.html")]
pub struct AuditPage {
    pub shell: Shell,
    /// What the search box holds.
    pub search: String,
    /// What was searched for and names no event.
    pub not_found: Option<String>,
    pub filter: FilterView,
    pub problems: Problems,
    pub lines: Vec<EventLine>,
    pub is_filtered: bool,
    pub next_url: Option<String>,
    pub first_url: Option<String>,
    /// Where the search stopped for this time.
    pub searched_back_to: Option<String>,
}

/// The filters, and what there is to choose from.
pub struct FilterView {
    pub filters: Filters,
    pub kinds: Vec<KindView>,
    /// Id and name.
    pub resources: Vec<(String, String)>,
}

/// A kind of event to choose.
pub struct KindView {
    pub value: &'static str,
    pub name: &'static str,
    pub is_chosen: bool,
}

/// One event in a list.
#[derive(Clone, Default)]
pub struct EventLine {
    pub id: String,
    pub when: String,
    pub what: String,
    pub is_refused: bool,
    /// Nothing where it says no more than that it was done.
    pub reason: Option<String>,
    pub who: Option<String>,
    pub actor: Option<String>,
    pub app: Option<String>,
    pub resource: Option<String>,
    pub address: Option<String>,
}

/// One event, and the story it belongs to.
#[derive(Template)]
#[template(path = "admin/audit/one.html")]
pub struct EventPage {
    pub shell: Shell,
    pub line: EventLine,
    pub because: Option<&'static str>,
    pub remedy: Option<&'static str>,
    /// Names and values.
    pub facts: Vec<(&'static str, String)>,
    /// The way of an authorization; empty for everything else.
    pub steps: Vec<StepView>,
    pub verdict: Option<VerdictView>,
    pub moments: Vec<MomentView>,
    /// All events of a grant of which some are left out here.
    pub cut_url: Option<String>,
}

/// One step of the way, and how far it got.
pub struct StepView {
    pub name: &'static str,
    /// `done`, `broke here` or `not seen`.
    pub state: &'static str,
}

/// How an authorization stands.
pub struct VerdictView {
    pub sentence: String,
    pub remedy: &'static str,
    pub code: Option<String>,
    pub is_bad: bool,
    pub is_good: bool,
}

/// One moment of the story.
pub struct MomentView {
    pub line: EventLine,
    pub because: Option<&'static str>,
    /// The event the page is about.
    pub is_this: bool,
}

/// Events as they come.
#[derive(Template)]
#[template(path = "admin/audit/live.html")]
pub struct LivePage {
    pub shell: Shell,
    pub lines: Vec<EventLine>,
}

#[cfg(test)]
impl EventLine {
    pub fn sample(what: &str, reason: Option<&str>) -> Self {
        let t = |text: &str| Some(text.to_owned());
        Self {
            id: format!("evt_{}", what.len()),
            when: "2026-03-02 10:00:00 UTC".into(),
            what: what.into(),
            is_refused: reason.is_some(),
            reason: reason.map(str::to_owned),
            who: t("ada@example.com"),
            actor: None,
            app: t("Claude Code"),
            resource: t("Gatepost tools"),
            address: t("192.0.2.7"),
        }
    }

    pub fn filled(text: &str) -> Self {
        let t = || Some(text.to_owned());
        Self {
            id: text.into(),
            when: text.into(),
            what: text.into(),
            is_refused: true,
            reason: t(),
            who: t(),
            actor: t(),
            app: t(),
            resource: t(),
            address: t(),
        }
    }
}

#[cfg(test)]
impl FilterView {
    pub fn sample() -> Self {
        Self {
            filters: Filters { outcome: "refused".into(), ..Filters::default() },
            kinds: vec![
                KindView { value: "session.login", name: "Signed in", is_chosen: true },
                KindView { value: "token.issued", name: "Token issued", is_chosen: false },
            ],
            resources: vec![("res_1".into(), "Gatepost tools".into())],
        }
    }
}

#[cfg(test)]
impl AuditPage {
    pub fn sample() -> Self {
        Self {
            shell: Shell::sample(Area::Audit),
            search: String::new(),
            not_found: None,
            filter: FilterView::sample(),
            problems: Problems::default(),
            lines: vec![
                EventLine::sample("Token refused", Some("pkce_mismatch")),
                EventLine { app: None, resource: None, ..EventLine::sample("Signed in", None) },
            ],
            is_filtered: true,
            next_url: Some("/admin/audit?after=evt_1".into()),
            first_url: Some("/admin/audit".into()),
            searched_back_to: Some("2026-03-01 10:00:00 UTC".into()),
        }
    }

    pub fn empty() -> Self {
        Self {
            lines: Vec::new(),
            next_url: None,
            first_url: None,
            searched_back_to: None,
            not_found: Some("abc".into()),
            ..Self::sample()
        }
    }

    pub fn filled(text: &str) -> Self {
        Self {
            shell: Shell::filled(text, Area::Audit),
            search: text.into(),
            not_found: Some(text.into()),
            filter: FilterView {
                filters: Filters::read(|_| Some(text)),
                resources: vec![(text.trim().into(), text.into())],
                ..FilterView::sample()
            },
            problems: Problems(vec![crate::admin::Problem::new("person", text)]),
            lines: vec![EventLine::filled(text)],
            searched_back_to: Some(text.into()),
            ..Self::sample()
        }
    }
}

#[cfg(test)]
impl EventPage {
    pub fn sample() -> Self {
        let moment = |what: &str, reason: Option<&str>, is_this| MomentView {
            line: EventLine::sample(what, reason),
            because: reason.map(|_| "The app could not prove that it began this authorization."),
            is_this,
        };
        let step = |name, state| StepView { name, state };
        Self {
            shell: Shell::sample(Area::Audit),
            line: EventLine::sample("Token refused", Some("pkce_mismatch")),
            because: Some("The app could not prove that it began this authorization."),
            remedy: Some("Start again from the app."),
            facts: vec![("Event", "evt_06c0a1".into()), ("Address", "192.0.2.7".into())],
            steps: vec![step("Request", "done"), step("Token", "broke here"), step("First call", "not seen")],
            verdict: Some(VerdictView {
                sentence: "It broke at the token.".into(),
                remedy: "Start again from the app.",
                code: Some("pkce_mismatch".into()),
                is_bad: true,
                is_good: false,
            }),
            moments: vec![
                moment("Access allowed", None, false),
                moment("Token refused", Some("pkce_mismatch"), true),
                MomentView {
                    line: EventLine {
                        when: "2026-03-02".into(),
                        what: "First call".into(),
                        ..EventLine::default()
                    },
                    because: None,
                    is_this: false,
                },
            ],
            cut_url: Some("/admin/audit?grant=grt_1".into()),
        }
    }

    /// An event that belongs to no authorization.
    pub fn alone() -> Self {
        Self {
            line: EventLine {
                actor: Some("ada@example.com".into()),
                ..EventLine::sample("Signing key rotated", None)
            },
            because: None,
            remedy: None,
            steps: Vec::new(),
            verdict: None,
            moments: Vec::new(),
            cut_url: None,
            ..Self::sample()
        }
    }

    pub fn filled(text: &str) -> Self {
        Self {
            shell: Shell::filled(text, Area::Audit),
            line: EventLine::filled(text),
            facts: vec![("Detail", text.into())],
            verdict: Some(VerdictView {
                sentence: text.into(),
                remedy: "",
                code: Some(text.into()),
                is_bad: false,
                is_good: true,
            }),
            moments: vec![MomentView { line: EventLine::filled(text), because: None, is_this: true }],
            ..Self::sample()
        }
    }
}

#[cfg(test)]
impl LivePage {
    pub fn sample() -> Self {
        Self { shell: Shell::sample(Area::Audit), lines: vec![EventLine::sample("Signed in", None)] }
    }

    pub fn filled(text: &str) -> Self {
        Self { shell: Shell::filled(text, Area::Audit), lines: vec![EventLine::filled(text)] }
    }
}
