//! `/admin/grants`: the newest first, by person, client, resource and state.
//!
//! | typed as the client              | shown                                              |
//! |----------------------------------|----------------------------------------------------|
//! | an id, also of a deleted client  | its grants                                         |
//! | words that find one client       | its grants                                         |
//! | words that find several          | the clients to choose from, at most [`CHOICES`]    |
//! | words that find none             | a sentence                                         |

use actix_web::HttpResponse;

use super::super::super::pages::admin::{Area, ClientChoices, GrantsPage};
use super::super::super::when;
use super::super::access::View;
use super::super::answers;
use super::{PAGE, grant_view, shown_name};
use crate::admin::grants::{Found, Search, State, list};
use crate::admin::{Admin, Failure, Page, clients, people};

/// Clients to choose from, where words find several.
const CHOICES: usize = 20;

/// What the form asks for, as typed.
#[derive(Clone, Default)]
struct Typed {
    person: String,
    client: String,
    resource: String,
    state: &'static str,
}

impl Typed {
    fn of(view: &View) -> Self {
        let text = |name| view.query.first(name).unwrap_or_default().trim().chars().take(254).collect();
        let state = match view.query.first("state") {
            Some("live") => "live",
            Some("ended") => "ended",
            _ => "",
        };
        Self { person: text("person"), client: text("client"), resource: text("resource"), state }
    }

    fn url(&self, after: Option<&str>) -> String {
        let pairs: Vec<(&str, &str)> = [
            ("person", self.person.as_str()),
            ("client", &self.client),
            ("resource", &self.resource),
            ("state", self.state),
            ("after", after.unwrap_or_default()),
        ]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .collect();
        if pairs.is_empty() {
            return PAGE.to_owned();
        }
        format!("{PAGE}?{}", serde_urlencoded::to_string(pairs).unwrap_or_default())
    }
}

pub async fn get(view: View) -> HttpResponse {
    let typed = Typed::of(&view);
    match find(&view, &typed).await {
        Ok(answer) => show(&view, &typed, answer),
        Err(failure) => answers::failed(&view.state, failure),
    }
}

/// What the page says.
enum Answer {
    Grants(Found),
    /// Why nothing can be found.
    Problem(&'static str),
    Choose(ClientChoices),
}

/// Which client was meant.
enum Meant {
    Any,
    One(String),
    Nobody,
    Several(ClientChoices),
}

async fn meant(admin: &Admin, typed: &Typed) -> Result<Meant, Failure> {
    let text = typed.client.as_str();
    if text.is_empty() {
        return Ok(Meant::Any);
    }
    // Grants of a client that is deleted are found by the id only.
    if text.starts_with("cli_") || text.starts_with("https://") {
        return Ok(Meant::One(text.to_owned()));
    }
    let mut found = clients::search(admin, text, None, CHOICES).await?;
    Ok(match found.rows.len() {
        0 => Meant::Nobody,
        1 => Meant::One(found.rows.remove(0).client.id),
        _ => Meant::Several(ClientChoices {
            clients: found
                .rows
                .into_iter()
                .map(|row| choice(typed, row.client.id, row.client.name))
                .collect(),
            has_more: found.next.is_some(),
        }),
    })
}

/// Id, name, and the address of the same search with this client.
fn choice(typed: &Typed, id: String, name: String) -> (String, String, String) {
    let url = Typed { client: id.clone(), ..typed.clone() }.url(None);
    (id, shown_name(name), url)
}

async fn find(view: &View, typed: &Typed) -> Result<Answer, Failure> {
    let admin = &view.state.admin;
    let some = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    let user = match typed.person.as_str() {
        "" => None,
        // Grants of somebody who is deleted are found by the id only.
        id if id.starts_with("usr_") => Some(id.to_owned()),
        address => match people::resolve(admin, address).await {
            Ok(user) => Some(user.id),
            Err(Failure::NotFound) => {
                let sentence = "Nobody has that e-mail address. Type the whole address, or the id.";
                return Ok(Answer::Problem(sentence));
            }
            Err(failure) => return Err(failure),
        },
    };
    let state = match typed.state {
        "live" => Some(State::Live),
        "ended" => Some(State::Ended),
        _ => None,
    };
    let client = match meant(admin, typed).await? {
        Meant::Any => None,
        Meant::One(id) => Some(id),
        Meant::Nobody => {
            let sentence =
                "No client has a name with words that begin so. A deleted client is found by its id.";
            return Ok(Answer::Problem(sentence));
        }
        Meant::Several(choices) => return Ok(Answer::Choose(choices)),
    };
    let resource = some(&typed.resource);
    let search = Search { user, client, resource, state, after: view.after() };
    Ok(Answer::Grants(list(admin, &search).await?))
}

fn show(view: &View, typed: &Typed, answer: Answer) -> HttpResponse {
    let nothing = Found { page: Page { rows: Vec::new(), next: None }, back_to: None };
    let (found, problem, choices) = match answer {
        Answer::Grants(found) => (found, None, None),
        Answer::Problem(sentence) => (nothing, Some(sentence.to_owned()), None),
        Answer::Choose(choices) => (nothing, None, Some(choices)),
    };
    let (state, now) = (&view.state, view.state.oauth.clock.now());
    let resources = state.oauth.resources.current();
    let after = view.after();
    let html = GrantsPage {
        shell: view.shell(Area::Grants),
        resources: resources
            .all()
            .iter()
            .map(|r| (r.id.clone(), r.name.clone(), r.id == typed.resource))
            .collect(),
        state: typed.state,
        problem,
        choices,
        next_url: found.page.next.as_deref().map(|next| typed.url(Some(next))),
        grants: found.page.rows.into_iter().map(|row| grant_view(state, row, now)).collect(),
        back_to: found.back_to.map(when::moment),
        here_url: typed.url(after.as_deref()),
        first_url: after.as_ref().map(|_| typed.url(None)),
        person: typed.person.clone(),
        client: typed.client.clone(),
    };
    answers::page(state, &html, &view.token)
}
