//! `/admin/people`: everybody, searched and filtered.

use actix_web::HttpResponse;

use super::super::super::pages::admin::{Area, PeoplePage, PersonView};
use super::super::super::when;
use super::super::access::View;
use super::super::answers;
use super::PAGE;
use crate::admin::people::list::{Search, list};
use crate::store::people::{PersonRow, Show};

pub async fn get(view: View) -> HttpResponse {
    let (show, code) = match view.query.first("show") {
        Some("admins") => (Show::Admins, "admins"),
        Some("disabled") => (Show::Disabled, "disabled"),
        Some("new") => (Show::NeverSignedIn, "new"),
        _ => (Show::Everybody, "all"),
    };
    let search = Search { text: view.search(), show, after: view.after() };
    let page = match list(&view.state.admin, &search).await {
        Ok(page) => page,
        Err(error) => return answers::failed(&view.state, error.into()),
    };
    let q = search.text.unwrap_or_default();
    let html = PeoplePage {
        shell: view.shell(Area::People),
        people: page.rows.into_iter().map(person_view).collect(),
        next_url: page.next.map(|after| url(&q, code, Some(&after))),
        first_url: search.after.map(|_| url(&q, code, None)),
        q,
        show: code,
    };
    answers::page(&view.state, &html, &view.token)
}

fn url(q: &str, show: &str, after: Option<&str>) -> String {
    let pairs: Vec<(&str, &str)> = [("q", q), ("show", show), ("after", after.unwrap_or_default())]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .collect();
    format!("{PAGE}?{}", serde_urlencoded::to_string(pairs).unwrap_or_default())
}

fn person_view(PersonRow { user, has_second_factor }: PersonRow) -> PersonView {
    PersonView {
        id: user.id,
        email: user.email,
        name: user.name,
        is_admin: user.is_admin,
        is_disabled: user.disabled_at.is_some(),
        has_second_factor,
        last_sign_in: user.last_login_at.map(when::moment),
    }
}
