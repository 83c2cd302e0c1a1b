//! People. The form about one posts `csrf`, `email`, `name`, and `is_admin` or `version`; a step posts `csrf`, what it
//! is about, and for a deletion `email`.

use askama::Template;

use super::super::filters;
use super::{Area, Problems, Shell};

/// The list.
#[derive(Template)]
#[template(path = "admin/people/list.html")]
pub struct PeoplePage {
    pub shell: Shell,
    pub q: String,
    /// The filter that is on: `all`, `admins`, `disabled` or `new`.
    pub show: &'static str,
    pub people: Vec<PersonView>,
    pub next_url: Option<String>,
    pub first_url: Option<String>,
}

impl PeoplePage {
    /// Values and words of the filter.
    pub const SHOWN: [(&'static str, &'static str); 4] = [
        ("all", "Everybody"),
        ("admins", "Administrators"),
        ("disabled", "Disabled"),
        ("new", "Never signed in"),
    ];

    /// Whether the list is less than everybody.
    pub fn is_narrowed(&self) -> bool {
        !self.q.is_empty() || self.show != "all"
    }
}

/// One person in the list.
pub struct PersonView {
    pub id: String,
    pub email: String,
    pub name: Option<String>,
    pub is_admin: bool,
    pub is_disabled: bool,
    pub has_second_factor: bool,
    pub last_sign_in: Option<String>,
}

/// Whom a page is about.
#[derive(Clone)]
pub struct PersonHead {
    pub id: String,
    pub email: String,
    pub name: Option<String>,
}

/// The form about somebody new.
#[derive(Template)]
#[template(path = "admin/people/new.html")]
pub struct NewPersonPage {
    pub shell: Shell,
    pub email: String,
    pub name: String,
    pub is_admin: bool,
    /// Whether the invitation is mailed.
    pub has_mail: bool,
    pub problems: Problems,
}

/// The form about somebody who is there.
#[derive(Template)]
#[template(path = "admin/people/edit.html")]
pub struct EditPersonPage {
    pub shell: Shell,
    pub head: PersonHead,
    pub email: String,
    pub name: String,
    pub version: i64,
    pub problems: Problems,
    /// Somebody else was faster: what is stored is in `head`.
    pub changed: bool,
}

/// One person.
#[derive(Template)]
#[template(path = "admin/people/one.html")]
#[expect(clippy::struct_excessive_bools, reason = "each is one thing that the page says or leaves out")]
pub struct PersonPage {
    pub shell: Shell,
    pub head: PersonHead,
    /// The administrator who looks.
    pub is_you: bool,
    pub is_admin: bool,
    pub is_disabled: bool,
    pub created: String,
    pub last_sign_in: Option<String>,
    pub has_password: bool,
    pub app_since: Option<String>,
    pub passkeys: Vec<PasskeyView>,
    pub identities: Vec<IdentityView>,
    /// Whether a second factor is a must, for whichever reason.
    pub must_show_two: bool,
    pub sessions: Vec<SignInView>,
    pub apps: Vec<AppView>,
    pub has_more_apps: bool,
}

impl PersonPage {
    pub fn has_second_factor(&self) -> bool {
        self.app_since.is_some() || !self.passkeys.is_empty()
    }

    pub fn has_way_in(&self) -> bool {
        self.has_password || !self.passkeys.is_empty() || !self.identities.is_empty()
    }
}

pub struct PasskeyView {
    pub name: String,
    pub since: String,
}

/// A login at another provider.
pub struct IdentityView {
    pub id: String,
    pub provider: String,
    pub email: Option<String>,
    pub since: String,
    pub last_use: Option<String>,
}

pub struct SignInView {
    pub id: String,
    pub device: String,
    pub place: Option<String>,
    pub how: String,
    pub since: String,
    pub last_use: String,
}

/// A connected app.
pub struct AppView {
    /// The consent's id.
    pub id: String,
    pub client_id: String,
    pub client_name: String,
    pub resource_name: String,
    pub since: String,
    pub last_use: Option<String>,
}

/// Asks before a step.
#[derive(Template)]
#[template(path = "admin/people/step.html")]
pub struct StepPage {
    pub shell: Shell,
    pub head: PersonHead,
    pub title: &'static str,
    /// What follows from it, a sentence each.
    pub points: Vec<String>,
    pub action_url: String,
    pub button: &'static str,
    pub is_danger: bool,
    /// What the form carries, and its value.
    pub hidden: Option<(&'static str, String)>,
    /// Whether the address has to be typed.
    pub asks_for_address: bool,
    pub problem: Option<String>,
}

/// The second factor of a person.
#[derive(Template)]
#[template(path = "admin/people/second_factor.html")]
pub struct PersonFactorPage {
    pub shell: Shell,
    pub head: PersonHead,
    pub has_second_factor: bool,
    /// Wanted of this person in particular.
    pub is_wanted: bool,
    /// Wanted by the general rule.
    pub is_general: bool,
}

/// A link, shown once.
#[derive(Template)]
#[template(path = "admin/people/link.html")]
pub struct PersonLinkPage {
    pub shell: Shell,
    pub head: PersonHead,
    pub is_invitation: bool,
    pub link: String,
    pub life: &'static str,
    /// Whether it was mailed too.
    pub is_mailed: bool,
}

#[cfg(test)]
impl PersonHead {
    fn sample() -> Self {
        Self { id: "usr_06c0a1".into(), email: "bob@example.com".into(), name: Some("Bob".into()) }
    }

    fn filled(text: &str) -> Self {
        Self { id: text.into(), email: text.into(), name: Some(text.into()) }
    }
}

#[cfg(test)]
impl PeoplePage {
    pub fn sample() -> Self {
        let person = |id: &str, name: Option<&str>, is_admin| PersonView {
            id: id.into(),
            email: format!("{id}@example.com"),
            name: name.map(str::to_owned),
            is_admin,
            is_disabled: !is_admin,
            has_second_factor: is_admin,
            last_sign_in: is_admin.then(|| "1 March 2026, 09:30 UTC".into()),
        };
        Self {
            shell: Shell::sample(Area::People),
            q: String::new(),
            show: "all",
            people: vec![person("ann", Some("Ann"), true), person("bob", None, false)],
            next_url: Some("/admin/people?after=usr_1".into()),
            first_url: None,
        }
    }

    /// Nobody in it: everybody, or a search, with more to look at or not.
    pub fn empty(q: &str, next: bool) -> Self {
        let next_url = next.then(|| "/admin/people?after=usr_1".to_owned());
        Self { q: q.into(), people: vec![], next_url, ..Self::sample() }
    }

    pub fn filled(text: &str) -> Self {
        let t = || text.to_owned();
        let person = PersonView {
            id: t(),
            email: t(),
            name: Some(t()),
            is_admin: true,
            is_disabled: true,
            has_second_factor: true,
            last_sign_in: Some(t()),
        };
        Self { shell: Shell::filled(text, Area::People), q: t(), people: vec![person], ..Self::sample() }
    }
}

#[cfg(test)]
impl NewPersonPage {
    pub fn sample() -> Self {
        Self {
            shell: Shell::sample(Area::People),
            email: String::new(),
            name: String::new(),
            is_admin: false,
            has_mail: true,
            problems: Problems::default(),
        }
    }

    pub fn filled(text: &str) -> Self {
        let problems = Problems(vec![crate::admin::Problem::new("email", text)]);
        Self {
            shell: Shell::filled(text, Area::People),
            email: text.into(),
            name: text.into(),
            problems,
            ..Self::sample()
        }
    }
}

#[cfg(test)]
impl EditPersonPage {
    pub fn sample() -> Self {
        Self {
            shell: Shell::sample(Area::People),
            head: PersonHead::sample(),
            email: "bob@example.com".into(),
            name: "Bob".into(),
            version: 3,
            problems: Problems::default(),
            changed: false,
        }
    }

    pub fn filled(text: &str) -> Self {
        Self {
            shell: Shell::filled(text, Area::People),
            head: PersonHead::filled(text),
            email: text.into(),
            name: text.into(),
            changed: true,
            ..Self::sample()
        }
    }
}

#[cfg(test)]
impl PersonPage {
    pub fn sample() -> Self {
        Self::with(Shell::sample(Area::People), PersonHead::sample(), "word")
    }

    pub fn filled(text: &str) -> Self {
        Self::with(Shell::filled(text, Area::People), PersonHead::filled(text), text)
    }

    /// Somebody invited who has nothing yet.
    pub fn bare() -> Self {
        Self {
            is_admin: false,
            is_disabled: false,
            last_sign_in: None,
            has_password: false,
            app_since: None,
            passkeys: vec![],
            identities: vec![],
            sessions: vec![],
            apps: vec![],
            has_more_apps: false,
            ..Self::sample()
        }
    }

    fn with(shell: Shell, head: PersonHead, text: &str) -> Self {
        let t = || text.to_owned();
        Self {
            shell,
            head,
            is_you: false,
            is_admin: true,
            is_disabled: true,
            created: t(),
            last_sign_in: Some(t()),
            has_password: true,
            app_since: Some(t()),
            passkeys: vec![PasskeyView { name: t(), since: t() }],
            identities: vec![IdentityView {
                id: t(),
                provider: t(),
                email: Some(t()),
                since: t(),
                last_use: Some(t()),
            }],
            must_show_two: true,
            sessions: vec![SignInView {
                id: t(),
                device: t(),
                place: Some(t()),
                how: t(),
                since: t(),
                last_use: t(),
            }],
            apps: vec![AppView {
                id: t(),
                client_id: t(),
                client_name: t(),
                resource_name: t(),
                since: t(),
                last_use: Some(t()),
            }],
            has_more_apps: true,
        }
    }
}

#[cfg(test)]
impl StepPage {
    pub fn sample() -> Self {
        Self {
            shell: Shell::sample(Area::People),
            head: PersonHead::sample(),
            title: "Delete this account",
            points: vec!["It cannot be undone.".into()],
            action_url: "/admin/people/usr_06c0a1/delete".into(),
            button: "Delete",
            is_danger: true,
            hidden: Some(("session", "ses_1".into())),
            asks_for_address: true,
            problem: Some("Type the address.".into()),
        }
    }

    pub fn filled(text: &str) -> Self {
        Self {
            shell: Shell::filled(text, Area::People),
            head: PersonHead::filled(text),
            points: vec![text.into()],
            hidden: Some(("session", text.into())),
            problem: Some(text.into()),
            ..Self::sample()
        }
    }
}

#[cfg(test)]
impl PersonFactorPage {
    pub fn sample(is_wanted: bool) -> Self {
        Self {
            shell: Shell::sample(Area::People),
            head: PersonHead::sample(),
            has_second_factor: true,
            is_wanted,
            is_general: !is_wanted,
        }
    }

    pub fn filled(text: &str) -> Self {
        Self {
            shell: Shell::filled(text, Area::People),
            head: PersonHead::filled(text),
            ..Self::sample(true)
        }
    }
}

#[cfg(test)]
impl PersonLinkPage {
    pub fn sample() -> Self {
        Self {
            shell: Shell::sample(Area::People),
            head: PersonHead::sample(),
            is_invitation: true,
            link: "http://localhost:10000/invite?token=lnk_sample".into(),
            life: "7 days",
            is_mailed: true,
        }
    }

    pub fn filled(text: &str) -> Self {
        Self {
            shell: Shell::filled(text, Area::People),
            head: PersonHead::filled(text),
            link: text.into(),
            ..Self::sample()
        }
    }
}
