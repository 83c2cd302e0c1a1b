//! `/admin/keys`: every key with its state, its dates and what comes next.

use actix_web::HttpResponse;

use super::super::super::pages::admin::{Area, KeyView, KeysPage};
use super::super::super::when;
use super::super::access::View;
use super::super::answers;
use crate::admin::keys;
use crate::oauth::keys::Alg;
use crate::store::signing_keys::{KeyRow, KeyState};
use crate::types::Timestamp;

pub async fn get(view: View) -> HttpResponse {
    let state = &view.state;
    let rows = match keys::list(&state.admin).await {
        Ok(rows) => rows,
        Err(error) => return answers::failed(state, error.into()),
    };
    let (now, resources) = (state.oauth.clock.now(), state.oauth.resources.current());
    let html = KeysPage {
        shell: view.shell(Area::Keys),
        keys: rows.into_iter().map(|row| key_view(row, now)).collect(),
        in_use: Alg::ALL
            .into_iter()
            .map(|alg| {
                let names = resources.all().iter().filter(|r| r.alg == alg).map(|r| r.name.clone()).collect();
                (alg.as_str().to_owned(), names)
            })
            .collect(),
        jwks_url: state.issuer().at("/keys"),
    };
    answers::page(state, &html, &view.token)
}

fn key_view(row: KeyRow, now: Timestamp) -> KeyView {
    let ready_at = keys::ready_at(&row);
    KeyView {
        next_step: match row.state {
            KeyState::Next if ready_at > now => format!("may sign from {}", when::moment(ready_at)),
            KeyState::Next => "ready to sign".to_owned(),
            KeyState::Active => "signs until it is rotated".to_owned(),
            KeyState::Retired => "removed two days after it was retired".to_owned(),
        },
        since: when::moment(row.retired_at.or(row.activated_at).unwrap_or(row.created_at)),
        created: when::moment(row.created_at),
        kid: row.id,
        alg: row.alg,
        state: row.state.as_str().to_owned(),
    }
}
