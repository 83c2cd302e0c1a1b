//! Scopes of a resource: what there is, adding, editing, renaming, deleting.
//!
//! | asked for                                        | result                                                     |
//! |--------------------------------------------------|------------------------------------------------------------|
//! | add, edit                                        | in force with the next request, on every process           |
//! | a name that is taken, or belongs to no resource  | refused, naming the field                                  |
//! | scopes that include each other                   | refused, naming the circle                                 |
//! | edit, rename, delete what somebody else changed  | refused: [`Failure::Changed`]                              |
//! | rename                                           | what people agreed to is kept under the new name; tokens keep the old one until they expire, and it opens nothing |
//! | delete                                           | gone from what people agreed to; tokens that say it open nothing with it |
//!
//! A grant left without any scope stays: it can do what needs none. All scopes of a resource together are bounded,
//! since a token may carry every one of them in a header.

use super::{Actor, Admin, Failure, Problem};
use crate::audit::Event;
use crate::oauth::scopes::{Includes, is_everywhere};
use crate::store::resources::ScopeRow;
use crate::store::scopes::{Book, Change};
use crate::types::scope::is_scope_token;

/// The longest name, in bytes.
pub const MAX_NAME: usize = 100;
/// The longest description, in characters.
pub const MAX_DESCRIPTION: usize = 500;
/// The most scopes of one resource.
pub const MAX_SCOPES: usize = 40;
/// All names of a resource's scopes together, in bytes.
const MAX_NAMES: usize = 2000;
/// The most tools of one scope.
const MAX_TOOLS: usize = 100;
/// The longest name of a tool, in characters.
const MAX_TOOL: usize = 128;
/// How far holders are counted.
pub const COUNTED: i64 = 1000;
/// How often a change is tried again when another one came first.
const ATTEMPTS: usize = 3;

/// What an administrator says of a scope; the name aside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Input {
    pub description: String,
    /// The tools it opens.
    pub tools: Vec<String>,
    /// Whether a request that names no scope gets it.
    pub is_default: bool,
    /// The scopes of the same resource that it includes.
    pub implies: Vec<String>,
}

/// Who holds a scope: counted up to one more than [`COUNTED`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holders {
    /// Remembered approvals.
    pub consents: i64,
    /// Grants that still give tokens.
    pub grants: i64,
}

/// Whether the tools of a resource are ours.
pub fn is_builtin(book: &Book) -> bool {
    book.kind == "builtin"
}

/// The scopes of a resource.
pub async fn list(admin: &Admin, resource_id: &str) -> Result<Book, Failure> {
    admin.oauth.store.scope_book(resource_id).await?.ok_or(Failure::NotFound)
}

/// One scope of a book.
pub fn find<'b>(book: &'b Book, name: &str) -> Result<&'b ScopeRow, Failure> {
    book.scopes.iter().find(|scope| scope.name == name).ok_or(Failure::NotFound)
}

/// Adds a scope.
pub async fn add(
    admin: &Admin,
    actor: &Actor,
    resource_id: &str,
    name: &str,
    input: &Input,
) -> Result<(), Failure> {
    change(admin, resource_id, |book| {
        let mut problems = name_problems("name", name, book, None);
        let row = checked(book, name, input, &mut problems);
        if book.scopes.len() >= MAX_SCOPES {
            problems.push(Problem::new("name", format!("A resource has at most {MAX_SCOPES} scopes.")));
        }
        sound(problems).map(|()| Change::Add(row))
    })
    .await?;
    record(admin, actor, resource_id, Event::ScopeAdded, name.to_owned()).await;
    Ok(())
}

/// Changes everything of a scope but its name. `version`: of the scope as the administrator saw it.
pub async fn edit(
    admin: &Admin,
    actor: &Actor,
    resource_id: &str,
    (name, version): (&str, i64),
    input: &Input,
) -> Result<(), Failure> {
    change(admin, resource_id, |book| {
        same(book, name, version)?;
        let mut problems = Vec::new();
        let row = checked(book, name, input, &mut problems);
        sound(problems).map(|()| Change::Edit(row))
    })
    .await?;
    let detail = format!(
        "{name}: tools {}; includes {}; default {}",
        input.tools.join(" "),
        input.implies.join(" "),
        input.is_default
    );
    record(admin, actor, resource_id, Event::ScopeEdited, detail).await;
    Ok(())
}

/// Gives a scope another name, also in what people agreed to and in what clients may have.
pub async fn rename(
    admin: &Admin,
    actor: &Actor,
    resource_id: &str,
    (name, version): (&str, i64),
    to: &str,
) -> Result<(), Failure> {
    change(admin, resource_id, |book| {
        same(book, name, version)?;
        sound(name_problems("to", to, book, Some(name)))?;
        let renamed = |other: &String| if other == name { to.to_owned() } else { other.clone() };
        let implies = naming(book, name, |list| list.iter().map(renamed).collect());
        Ok(Change::Rename { name: name.to_owned(), to: to.to_owned(), implies })
    })
    .await?;
    record(admin, actor, resource_id, Event::ScopeRenamed, format!("{name} is now {to}")).await;
    Ok(())
}

/// Deletes a scope, also from what people agreed to. `typed`: its name once more, from who asks.
pub async fn delete(
    admin: &Admin,
    actor: &Actor,
    resource_id: &str,
    (name, version): (&str, i64),
    typed: &str,
) -> Result<(), Failure> {
    change(admin, resource_id, |book| {
        same(book, name, version)?;
        if typed != name {
            return Err(Failure::invalid("typed", "That is not its name. Type it exactly as it is shown."));
        }
        let implies =
            naming(book, name, |list| list.iter().filter(|other| *other != name).cloned().collect());
        Ok(Change::Remove { name: name.to_owned(), implies })
    })
    .await?;
    record(admin, actor, resource_id, Event::ScopeDeleted, name.to_owned()).await;
    Ok(())
}

/// Who would lose a scope.
pub async fn holders(admin: &Admin, resource_id: &str, name: &str) -> Result<Holders, Failure> {
    let ctx = &admin.oauth;
    let counted = ctx.store.count_scope_holders(resource_id, name, COUNTED + 1, ctx.clock.now()).await?;
    Ok(Holders { consents: counted.0, grants: counted.1 })
}

/// Reads the book, decides, and writes; once more when another change came between.
async fn change(
    admin: &Admin,
    resource_id: &str,
    decide: impl Fn(&Book) -> Result<Change, Failure>,
) -> Result<(), Failure> {
    let ctx = &admin.oauth;
    for _ in 0..ATTEMPTS {
        let book = list(admin, resource_id).await?;
        if ctx.store.change_scopes(&book, decide(&book)?, ctx.clock.now()).await? {
            ctx.clients.forget_all();
            ctx.resources.reload(&ctx.store, &ctx.issuer).await?;
            return Ok(());
        }
    }
    Err(Failure::Changed)
}

async fn record(admin: &Admin, actor: &Actor, resource_id: &str, event: Event, detail: String) {
    let entry = actor.did(event).resource(resource_id.to_owned()).detail(detail);
    admin.oauth.audit.record(entry).await;
}

fn same(book: &Book, name: &str, version: i64) -> Result<(), Failure> {
    if find(book, name)?.version == version { Ok(()) } else { Err(Failure::Changed) }
}

fn sound(problems: Vec<Problem>) -> Result<(), Failure> {
    if problems.is_empty() { Ok(()) } else { Err(Failure::Invalid(problems)) }
}

/// The scopes that include `name`, with what they include afterwards.
fn naming(book: &Book, name: &str, after: impl Fn(&[String]) -> Vec<String>) -> Vec<(String, Vec<String>)> {
    let including = book.scopes.iter().filter(|scope| scope.implies.iter().any(|other| other == name));
    including.map(|scope| (scope.name.clone(), after(&scope.implies))).collect()
}

/// What is wrong with a new name; `old` is the one it replaces.
fn name_problems(field: &'static str, name: &str, book: &Book, old: Option<&str>) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut say = |sentence: String| problems.push(Problem::new(field, sentence));
    if !is_scope_token(name) || name.len() > MAX_NAME {
        say(format!(
            "A name has 1 to {MAX_NAME} letters, digits or signs, without spaces, quotation marks and backslashes, \
             e.g. notes:read."
        ));
    } else if is_everywhere(name) {
        say(format!("{name} has a meaning of its own in OpenID Connect. Choose another name."));
    } else if book.scopes.iter().any(|scope| scope.name == name) {
        say(format!("This resource has a scope {name} already. Choose another name."));
    }
    let names: usize =
        book.scopes.iter().filter(|s| Some(s.name.as_str()) != old).map(|s| s.name.len() + 1).sum();
    if names + name.len() > MAX_NAMES {
        say(format!(
            "All names of a resource's scopes together have at most {MAX_NAMES} bytes, so that they fit into a \
             token. Choose a shorter name, or delete a scope."
        ));
    }
    problems
}

/// The row an input stands for, and what is wrong with it.
fn checked(book: &Book, name: &str, input: &Input, problems: &mut Vec<Problem>) -> ScopeRow {
    let description = input.description.trim();
    let length = description.chars().count();
    if length == 0 || length > MAX_DESCRIPTION {
        let text =
            format!("Say in 1 to {MAX_DESCRIPTION} characters what it permits: people read it when asked.");
        problems.push(Problem::new("description", text));
    } else if description.chars().any(char::is_control) {
        problems.push(Problem::new("description", "A description is one line of plain text."));
    }
    let tools = unique(&input.tools);
    if tools.len() > MAX_TOOLS {
        problems.push(Problem::new("tools", format!("A scope opens at most {MAX_TOOLS} tools.")));
    }
    let is_bad = |tool: &&String| tool.chars().count() > MAX_TOOL || tool.chars().any(char::is_control);
    if tools.iter().any(|tool| is_bad(&tool)) {
        problems
            .push(Problem::new("tools", format!("The name of a tool has at most {MAX_TOOL} characters.")));
    }
    let is_there = |tool: &str| book.known_tools.iter().any(|known| known == tool);
    if is_builtin(book) && tools.iter().any(|tool| !is_there(tool)) {
        problems.push(Problem::new("tools", "There is no such tool here. Reload the page and choose again."));
    }
    let implies = unique(&input.implies);
    let known = |other: &String| book.scopes.iter().any(|scope| scope.name == *other);
    if implies.iter().any(|other| !known(other) && other != name) {
        problems.push(Problem::new(
            "implies",
            "It cannot include a scope that does not exist. Reload the page and choose again.",
        ));
    }
    let others = book.scopes.iter().filter(|s| s.name != name).map(|s| (s.name.clone(), s.implies.clone()));
    let together = Includes::new(others.chain([(name.to_owned(), implies.clone())]));
    if let Some(circle) = together.circle() {
        let text = format!(
            "These scopes would include each other: {}. Take one of these steps out.",
            circle.join(" includes ")
        );
        problems.push(Problem::new("implies", text));
    }
    ScopeRow {
        resource_id: book.resource_id.clone(),
        name: name.to_owned(),
        description: description.to_owned(),
        tools,
        is_default: input.is_default,
        implies,
        ..ScopeRow::default()
    }
}

/// Without repetitions, in order.
fn unique(list: &[String]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for entry in list {
        if !out.contains(entry) {
            out.push(entry.clone());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn book() -> Book {
        let scope = |name: &str, implies: &[&str]| ScopeRow {
            name: name.into(),
            implies: implies.iter().map(|i| (*i).into()).collect(),
            ..ScopeRow::default()
        };
        Book {
            resource_id: "res_1".into(),
            resource_name: "Notes".into(),
            kind: "builtin".into(),
            version: 1,
            known_tools: vec!["web_search".into()],
            scopes: vec![scope("a", &["b"]), scope("b", &[])],
        }
    }

    #[test]
    fn bad_names_are_refused_with_a_reason() {
        let says = |name: &str| name_problems("name", name, &book(), None).pop().map(|p| p.sentence);
        assert_eq!(says("notes:read"), None);
        assert_eq!(says(&"x".repeat(MAX_NAME)), None);
        for (name, part) in [
            ("", "1 to 100"),
            ("a b", "without spaces"),
            ("a\"b", "quotation"),
            ("é", "letters"),
            (&*"x".repeat(MAX_NAME + 1), "1 to 100"),
            ("openid", "OpenID Connect"),
            ("offline_access", "OpenID Connect"),
            ("a", "already"),
        ] {
            assert!(says(name).is_some_and(|s| s.contains(part)), "{name}: {:?}", says(name));
        }
        let mut full = book();
        full.scopes =
            (0..20).map(|n| ScopeRow { name: format!("{n:0>99}"), ..ScopeRow::default() }).collect();
        assert!(!name_problems("name", "one-more", &full, None).is_empty());
        assert!(name_problems("to", "short", &full, Some(&full.scopes[0].name.clone())).is_empty());
    }

    #[test]
    fn what_a_scope_says_is_checked_field_by_field() {
        let good = Input { description: "d".into(), tools: vec!["web_search".into()], ..Input::default() };
        let fields = |input: Input| {
            let mut problems = Vec::new();
            checked(&book(), "b", &input, &mut problems);
            problems.into_iter().map(|p| p.field).collect::<Vec<_>>()
        };
        assert!(fields(good.clone()).is_empty());
        for description in ["", "  ", "a\nb", &"x".repeat(MAX_DESCRIPTION + 1)] {
            assert_eq!(fields(Input { description: description.into(), ..good.clone() }), ["description"]);
        }
        assert_eq!(fields(Input { tools: vec!["no_such".into()], ..good.clone() }), ["tools"]);
        for implies in ["a", "b", "gone"] {
            assert_eq!(
                fields(Input { implies: vec![implies.into()], ..good.clone() }),
                ["implies"],
                "{implies}"
            );
        }
        let mut problems = Vec::new();
        checked(&book(), "b", &Input { implies: vec!["a".into()], ..good }, &mut problems);
        assert!(problems[0].sentence.contains("a includes b includes a"), "{}", problems[0].sentence);
    }
}
