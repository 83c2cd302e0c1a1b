//! Scopes of one resource. Adding posts `csrf`, `name`, `description`, `tools` (lines) or `tools[]`, `default`,
//! `implies[]`; editing `scope` and `version` instead of `name`; renaming `scope`, `version`, `to`; deleting
//! `scope`, `version`, `typed`.

use askama::Template;

use super::super::filters;
use super::{Area, Problems, ResourceHead, ResourceTab, Shell};

/// The list.
#[derive(Template)]
#[template(path = "admin/scopes/list.html")]
pub struct ScopesPage {
    pub shell: Shell,
    pub head: ResourceHead,
    pub scopes: Vec<ScopeLine>,
    /// Built-in tools that no scope opens.
    pub hidden_tools: Vec<String>,
}

/// One scope.
pub struct ScopeLine {
    pub name: String,
    pub description: String,
    pub tools: Vec<String>,
    pub is_default: bool,
    pub implies: Vec<String>,
}

/// One box to tick.
pub struct Choice {
    pub name: String,
    pub ticked: bool,
}

/// A scope that is added or edited.
#[derive(Template)]
#[template(path = "admin/scopes/form.html")]
pub struct ScopeFormPage {
    pub shell: Shell,
    pub head: ResourceHead,
    pub is_new: bool,
    /// Its tools are ours, to tick; otherwise lines of text.
    pub is_builtin: bool,
    pub name: String,
    pub version: i64,
    pub description: String,
    pub tool_choices: Vec<Choice>,
    pub tool_lines: String,
    pub is_default: bool,
    /// Every other scope, ticked where it is included.
    pub implies: Vec<Choice>,
    pub problems: Problems,
    /// Somebody else was faster: how it stands now.
    pub now: Option<ScopeLine>,
}

/// Asks for another name.
#[derive(Template)]
#[template(path = "admin/scopes/rename.html")]
pub struct RenameScopePage {
    pub shell: Shell,
    pub head: ResourceHead,
    pub name: String,
    pub version: i64,
    pub to: String,
    pub problems: Problems,
    pub changed: bool,
    pub holders: HoldersView,
}

/// Asks before a scope is deleted.
#[derive(Template)]
#[template(path = "admin/scopes/delete.html")]
pub struct DeleteScopePage {
    pub shell: Shell,
    pub head: ResourceHead,
    pub name: String,
    pub version: i64,
    pub problems: Problems,
    pub changed: bool,
    pub holders: HoldersView,
    /// Tools that no other scope opens.
    pub closed_tools: Vec<String>,
}

/// Who holds a scope, in words: `no live grants`, `1 live grant`, `12 live grants` or `more than 1,000 live grants`.
pub struct HoldersView {
    pub consents: String,
    pub grants: String,
}

#[cfg(test)]
mod samples {
    use super::*;
    use crate::admin::Problem;

    fn line(t: &str) -> ScopeLine {
        ScopeLine {
            name: t.into(),
            description: t.into(),
            tools: vec![t.into()],
            is_default: true,
            implies: vec![t.into()],
        }
    }

    fn holders(t: &str) -> HoldersView {
        HoldersView { consents: t.into(), grants: t.into() }
    }

    fn problems(field: &'static str, t: &str) -> Problems {
        Problems(vec![Problem::new(field, t)])
    }

    impl ScopesPage {
        pub fn sample() -> Self {
            Self::filled("notes:read")
        }

        pub fn filled(t: &str) -> Self {
            Self {
                shell: Shell::filled(t, Area::Resources),
                head: ResourceHead::filled(t, ResourceTab::Scopes),
                scopes: vec![line(t)],
                hidden_tools: vec![t.into()],
            }
        }
    }

    impl ScopeFormPage {
        pub fn sample() -> Self {
            Self { problems: Problems::default(), now: None, ..Self::filled("notes:read") }
        }

        pub fn filled(t: &str) -> Self {
            let choice = || Choice { name: t.into(), ticked: true };
            Self {
                shell: Shell::filled(t, Area::Resources),
                head: ResourceHead::filled(t, ResourceTab::Scopes),
                is_new: false,
                is_builtin: true,
                name: t.into(),
                version: 1,
                description: t.into(),
                tool_choices: vec![choice()],
                tool_lines: t.into(),
                is_default: true,
                implies: vec![choice()],
                problems: problems("description", t),
                now: Some(line(t)),
            }
        }
    }

    impl RenameScopePage {
        pub fn sample() -> Self {
            Self { problems: Problems::default(), ..Self::filled("notes:read") }
        }

        pub fn filled(t: &str) -> Self {
            Self {
                shell: Shell::filled(t, Area::Resources),
                head: ResourceHead::filled(t, ResourceTab::Scopes),
                name: t.into(),
                version: 1,
                to: t.into(),
                problems: problems("to", t),
                changed: false,
                holders: holders(t),
            }
        }
    }

    impl DeleteScopePage {
        pub fn sample() -> Self {
            Self { problems: Problems::default(), ..Self::filled("notes:read") }
        }

        pub fn filled(t: &str) -> Self {
            Self {
                shell: Shell::filled(t, Area::Resources),
                head: ResourceHead::filled(t, ResourceTab::Scopes),
                name: t.into(),
                version: 1,
                problems: problems("typed", t),
                changed: false,
                holders: holders(t),
                closed_tools: vec![t.into()],
            }
        }
    }
}
