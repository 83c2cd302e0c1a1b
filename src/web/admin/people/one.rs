//! `/admin/people/{id}`: one person, with ways to sign in, sign-ins and apps.

use actix_web::HttpResponse;
use actix_web::web::Path;

use super::super::super::pages::admin::{AppView, Area, IdentityView, PasskeyView, PersonPage, SignInView};
use super::super::super::{State, when};
use super::super::access::View;
use super::super::answers;
use crate::accounts::words;
use crate::admin::people::view::{Person, WaysIn, view as read};
use crate::store::connected::ConnectedRow;
use crate::store::identities::IdentityRow;
use crate::store::sessions::SessionRow;

pub async fn get(view: View, id: Path<String>) -> HttpResponse {
    match read(&view.state.admin, &id).await {
        Ok(person) => answers::page(&view.state, &page(&view, person), &view.token),
        Err(failure) => answers::failed(&view.state, failure),
    }
}

fn page(view: &View, person: Person) -> PersonPage {
    let Person { ways, sessions, apps } = person;
    let WaysIn { user, app_since, passkeys, identities, must_show_two } = ways;
    let state = &view.state;
    PersonPage {
        shell: view.shell(Area::People),
        head: super::head(&user),
        is_you: user.id == view.session.user.id,
        is_admin: user.is_admin,
        is_disabled: user.disabled_at.is_some(),
        created: when::moment(user.created_at),
        last_sign_in: user.last_login_at.map(when::moment),
        has_password: user.password_hash.is_some(),
        app_since: app_since.map(when::moment),
        passkeys: passkeys
            .into_iter()
            .map(|passkey| PasskeyView { name: passkey.name, since: when::moment(passkey.created_at) })
            .collect(),
        identities: identities.into_iter().map(identity).collect(),
        must_show_two,
        sessions: sessions.into_iter().map(sign_in).collect(),
        has_more_apps: apps.next.is_some(),
        apps: apps.apps.into_iter().map(|row| app(state, row)).collect(),
    }
}

fn identity(row: IdentityRow) -> IdentityView {
    IdentityView {
        id: row.id,
        provider: row.provider,
        email: row.email,
        since: when::moment(row.created_at),
        last_use: row.last_used_at.map(when::moment),
    }
}

fn sign_in(row: SessionRow) -> SignInView {
    SignInView {
        id: row.id,
        device: words::device(row.user_agent.as_deref()),
        place: row.address,
        how: words::how(row.proof),
        since: when::moment(row.created_at),
        last_use: when::moment(row.last_seen_at),
    }
}

fn app(state: &State, row: ConnectedRow) -> AppView {
    AppView {
        resource_name: super::super::grants::resource_name(state, &row.resource_id),
        id: row.id,
        client_id: row.client_id,
        client_name: super::super::grants::shown_name(row.client_name),
        since: when::moment(row.created_at),
        last_use: row.last_used_at.map(when::moment),
    }
}
