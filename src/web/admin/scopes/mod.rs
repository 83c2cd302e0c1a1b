//! `/admin/resources/{id}/scopes`: what people can permit on one resource.

pub mod add;
pub mod delete;
pub mod edit;
pub mod list;
pub mod rename;

use super::super::pages::admin::{
    Choice, HoldersView, Problems, ResourceHead, ResourceTab, ScopeFormPage, ScopeLine, Shell,
};
use super::access::Submission;
use crate::admin::Failure;
use crate::admin::scopes::{self, COUNTED, Holders, Input};
use crate::mcp::tools;
use crate::store::resources::ScopeRow;
use crate::store::scopes::Book;

fn page_of(resource_id: &str) -> String {
    ResourceTab::Scopes.url(resource_id)
}

fn head(book: &Book) -> ResourceHead {
    ResourceHead {
        id: book.resource_id.clone(),
        name: book.resource_name.clone(),
        kind: if scopes::is_builtin(book) { "built in" } else { "elsewhere" }.to_owned(),
        tab: ResourceTab::Scopes,
    }
}

fn line(scope: &ScopeRow) -> ScopeLine {
    ScopeLine {
        name: scope.name.clone(),
        description: scope.description.clone(),
        tools: scope.tools.clone(),
        is_default: scope.is_default,
        implies: scope.implies.clone(),
    }
}

fn input_of(scope: &ScopeRow) -> Input {
    Input {
        description: scope.description.clone(),
        tools: scope.tools.clone(),
        is_default: scope.is_default,
        implies: scope.implies.clone(),
    }
}

/// What a form says; tools are boxes or lines.
fn read(sent: &Submission) -> Input {
    Input {
        description: sent.text("description").to_owned(),
        tools: [sent.list("tools[]"), sent.lines("tools")].concat(),
        is_default: sent.is_ticked("default"),
        implies: sent.list("implies[]"),
    }
}

fn form(shell: Shell, book: &Book, name: &str, version: Option<i64>, input: &Input) -> ScopeFormPage {
    let ticked = |list: &[String], name: &str| list.iter().any(|entry| entry == name);
    let choice = |list: &[String], name: &str| Choice { name: name.to_owned(), ticked: ticked(list, name) };
    ScopeFormPage {
        shell,
        head: head(book),
        is_new: version.is_none(),
        is_builtin: scopes::is_builtin(book),
        name: name.to_owned(),
        version: version.unwrap_or_default(),
        description: input.description.clone(),
        tool_choices: tools::under_scopes().map(|(tool, _)| choice(&input.tools, tool)).collect(),
        tool_lines: input.tools.join("\n"),
        is_default: input.is_default,
        implies: book
            .scopes
            .iter()
            .filter(|scope| version.is_none() || scope.name != name)
            .map(|scope| choice(&input.implies, &scope.name))
            .collect(),
        problems: Problems::default(),
        now: None,
    }
}

fn problems(failure: &Failure) -> Problems {
    match failure {
        Failure::Invalid(problems) => Problems(problems.clone()),
        _ => Problems::default(),
    }
}

fn holders(holders: Holders) -> HoldersView {
    let words = |count: i64, one: &str| match count {
        0 => format!("no {one}s"),
        1 => format!("1 {one}"),
        count if count > COUNTED => format!("more than 1,000 {one}s"),
        count => format!("{count} {one}s"),
    };
    HoldersView {
        consents: words(holders.consents, "remembered approval"),
        grants: words(holders.grants, "live grant"),
    }
}

/// Built-in tools that no scope opens, `without` aside.
fn hidden_tools(book: &Book, without: Option<&str>) -> Vec<String> {
    if !scopes::is_builtin(book) {
        return Vec::new();
    }
    let open = |tool: &str| {
        let mut scopes = book.scopes.iter().filter(|scope| Some(scope.name.as_str()) != without);
        scopes.any(|scope| scope.tools.iter().any(|own| own == tool))
    };
    tools::under_scopes().filter(|(tool, _)| !open(tool)).map(|(tool, _)| tool.to_owned()).collect()
}
