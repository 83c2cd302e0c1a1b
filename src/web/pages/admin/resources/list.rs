//! The resources, and adding one. Adding posts `csrf`, `name` and `url`.

use askama::Template;

use super::super::super::filters;
use super::super::{Area, Problems, Shell};

/// The list.
#[derive(Template)]
#[template(path = "admin/resources/list.html")]
pub struct ResourcesPage {
    pub shell: Shell,
    pub resources: Vec<ResourceLine>,
    /// There is one that is not built in.
    pub any_elsewhere: bool,
}

/// One resource.
pub struct ResourceLine {
    pub id: String,
    pub name: String,
    pub url: String,
    /// `built in` or `elsewhere`.
    pub kind: &'static str,
    pub scopes: usize,
    pub is_default: bool,
}

/// The form for a new one.
#[derive(Template)]
#[template(path = "admin/resources/new.html")]
pub struct NewResourcePage {
    pub shell: Shell,
    pub name: String,
    pub url: String,
    pub problems: Problems,
}

#[cfg(test)]
impl ResourcesPage {
    pub fn sample() -> Self {
        let line = |id: &str, name: &str, url: &str, kind, is_default| ResourceLine {
            id: id.into(),
            name: name.into(),
            url: url.into(),
            kind,
            scopes: 1,
            is_default,
        };
        Self {
            shell: Shell::sample(Area::Resources),
            resources: vec![
                line("res_06c0a0", "Gatepost tools", "http://localhost:10000/mcp", "built in", true),
                line("res_06c0a1", "Notes", "https://notes.example.com/mcp", "elsewhere", false),
            ],
            any_elsewhere: true,
        }
    }

    pub fn filled(text: &str) -> Self {
        let line = ResourceLine {
            id: "res_06c0a0".into(),
            name: text.into(),
            url: text.into(),
            kind: "elsewhere",
            scopes: 1,
            is_default: true,
        };
        Self { shell: Shell::filled(text, Area::Resources), resources: vec![line], any_elsewhere: true }
    }
}

#[cfg(test)]
impl NewResourcePage {
    pub fn sample() -> Self {
        Self {
            shell: Shell::sample(Area::Resources),
            name: String::new(),
            url: String::new(),
            problems: Problems::default(),
        }
    }

    pub fn filled(text: &str) -> Self {
        let problem = |field| crate::admin::Problem::new(field, text);
        Self {
            shell: Shell::filled(text, Area::Resources),
            name: text.into(),
            url: text.into(),
            problems: Problems(vec![problem("name"), problem("url")]),
        }
    }
}
