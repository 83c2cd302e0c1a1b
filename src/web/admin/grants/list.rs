//! `/admin/grants`: the newest first, by person, client, resource and state.

use actix_web::HttpResponse;

use super::super::super::pages::admin::{Area, GrantsPage};
use super::super::super::when;
use super::super::access::View;
use super::super::answers;
use super::{PAGE, grant_view};
use crate::admin::grants::{Found, Search, State, list};
use crate::admin::{Failure, Page, people};

/// What the form asks for, as typed.
#[derive(Default)]
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
        Ok((found, problem)) => show(&view, &typed, found, problem),
        Err(failure) => answers::failed(&view.state, failure),
    }
}

async fn find(view: &View, typed: &Typed) -> Result<(Found, Option<String>), Failure> {
    let admin = &view.state.admin;
    let some = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    let user = match typed.person.as_str() {
        "" => None,
        // Grants of somebody who is deleted are found by the id only.
        id if id.starts_with("usr_") => Some(id.to_owned()),
        address => match people::resolve(admin, address).await {
            Ok(user) => Some(user.id),
            Err(Failure::NotFound) => {
                let nothing = Found { page: Page { rows: Vec::new(), next: None }, back_to: None };
                let sentence = "Nobody has that e-mail address. Type the whole address, or the id.";
                return Ok((nothing, Some(sentence.to_owned())));
            }
            Err(failure) => return Err(failure),
        },
    };
    let state = match typed.state {
        "live" => Some(State::Live),
        "ended" => Some(State::Ended),
        _ => None,
    };
    let (client, resource) = (some(&typed.client), some(&typed.resource));
    let search = Search { user, client, resource, state, after: view.after() };
    Ok((list(admin, &search).await?, None))
}

fn show(view: &View, typed: &Typed, found: Found, problem: Option<String>) -> HttpResponse {
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
