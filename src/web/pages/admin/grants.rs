//! Grants. Ending posts `csrf`, `id[]` and `back` to `/admin/grants/end`; `csrf`, `user` and `client` to
//! `/admin/grants/end-pair`.

use askama::Template;

use super::super::filters;
use super::{Area, Shell};

/// The list.
#[derive(Template)]
#[template(path = "admin/grants/list.html")]
pub struct GrantsPage {
    pub shell: Shell,
    pub person: String,
    pub client: String,
    /// Every resource: id, name, and whether it is the one looked for.
    pub resources: Vec<(String, String, bool)>,
    /// `live`, `ended`, or empty.
    pub state: &'static str,
    /// Why nothing can be found.
    pub problem: Option<String>,
    /// Where the words that were typed find several clients.
    pub choices: Option<ClientChoices>,
    pub grants: Vec<GrantView>,
    /// How far back was looked, where that was not to the end.
    pub back_to: Option<String>,
    /// This page's own address.
    pub here_url: String,
    pub next_url: Option<String>,
    pub first_url: Option<String>,
}

impl GrantsPage {
    /// Values and words of the filter by state.
    pub const STATES: [(&'static str, &'static str); 3] =
        [("", "Live and ended"), ("live", "Live"), ("ended", "Ended")];

    pub fn is_narrowed(&self) -> bool {
        let of_one = self.resources.iter().any(|(.., chosen)| *chosen);
        of_one || [self.person.as_str(), &self.client, self.state].iter().any(|text| !text.is_empty())
    }

    pub fn has_live(&self) -> bool {
        self.grants.iter().any(|grant| grant.is_live)
    }
}

/// Clients that the same words find.
pub struct ClientChoices {
    /// Id, name, and where its grants are listed.
    pub clients: Vec<(String, String, String)>,
    pub has_more: bool,
}

/// One grant in the list.
pub struct GrantView {
    pub id: String,
    pub who: WhoView,
    pub client_id: String,
    pub client_name: String,
    pub resource_name: String,
    pub scopes: String,
    pub created: String,
    pub last_use: Option<String>,
    pub is_live: bool,
}

impl GrantView {
    pub const fn is_machine(&self) -> bool {
        matches!(self.who, WhoView::Machine)
    }

    /// The id of the person who gave it, if they are still there.
    pub const fn person(&self) -> Option<&String> {
        match &self.who {
            WhoView::Person { id, .. } => Some(id),
            WhoView::Deleted | WhoView::Machine => None,
        }
    }
}

/// Whose grant it is.
pub enum WhoView {
    Person {
        id: String,
        email: String,
    },
    /// Somebody whose account is deleted.
    Deleted,
    Machine,
}

/// One grant.
#[derive(Template)]
#[template(path = "admin/grants/one.html")]
pub struct GrantPage {
    pub shell: Shell,
    pub grant: GrantView,
    pub resource_id: String,
    /// Name and description.
    pub scopes: Vec<(String, String)>,
    /// `live`, `ended`, or why it ended.
    pub state: String,
    pub ends: String,
    pub renewable_until: Option<String>,
    pub session_id: Option<String>,
}

#[cfg(test)]
impl GrantView {
    fn with(text: &str, who: WhoView) -> Self {
        let t = || text.to_owned();
        Self {
            id: t(),
            who,
            client_id: t(),
            client_name: t(),
            resource_name: t(),
            scopes: t(),
            created: t(),
            last_use: Some(t()),
            is_live: true,
        }
    }
}

#[cfg(test)]
impl GrantsPage {
    pub fn sample() -> Self {
        Self {
            shell: Shell::sample(Area::Grants),
            person: String::new(),
            client: String::new(),
            resources: vec![("res_1".into(), "Gatepost tools".into(), false)],
            state: "",
            problem: None,
            choices: None,
            grants: vec![
                GrantView::with(
                    "grt_1",
                    WhoView::Person { id: "usr_1".into(), email: "bob@example.com".into() },
                ),
                GrantView::with("grt_2", WhoView::Deleted),
                GrantView { last_use: None, is_live: false, ..GrantView::with("grt_3", WhoView::Machine) },
            ],
            back_to: None,
            here_url: "/admin/grants".into(),
            next_url: Some("/admin/grants?after=grt_3".into()),
            first_url: None,
        }
    }

    /// Nothing in it: at all, or of what is looked for.
    pub fn empty(person: &str, back_to: Option<&str>) -> Self {
        let next_url = back_to.map(|_| "/admin/grants?after=grt_3".to_owned());
        let back_to = back_to.map(str::to_owned);
        Self { person: person.into(), grants: vec![], back_to, next_url, ..Self::sample() }
    }

    pub fn filled(text: &str) -> Self {
        let t = || text.to_owned();
        Self {
            shell: Shell::filled(text, Area::Grants),
            person: t(),
            client: t(),
            resources: vec![(t(), t(), true)],
            problem: Some(t()),
            choices: Some(ClientChoices {
                clients: vec![(t(), t(), "/admin/grants".into())],
                has_more: true,
            }),
            grants: vec![GrantView::with(text, WhoView::Person { id: t(), email: t() })],
            back_to: Some(t()),
            here_url: "/admin/grants".into(),
            ..Self::sample()
        }
    }
}

#[cfg(test)]
impl GrantPage {
    pub fn sample() -> Self {
        Self::with(
            Shell::sample(Area::Grants),
            "word",
            WhoView::Person { id: "usr_1".into(), email: "bob@example.com".into() },
        )
    }

    pub fn machine() -> Self {
        let grant =
            GrantView { is_live: false, last_use: None, ..GrantView::with("grt_2", WhoView::Machine) };
        Self { grant, renewable_until: None, session_id: None, scopes: vec![], ..Self::sample() }
    }

    pub fn filled(text: &str) -> Self {
        let t = || text.to_owned();
        Self::with(Shell::filled(text, Area::Grants), text, WhoView::Person { id: t(), email: t() })
    }

    fn with(shell: Shell, text: &str, who: WhoView) -> Self {
        let t = || text.to_owned();
        Self {
            shell,
            grant: GrantView::with(text, who),
            resource_id: t(),
            scopes: vec![(t(), t())],
            state: t(),
            ends: t(),
            renewable_until: Some(t()),
            session_id: Some(t()),
        }
    }
}
