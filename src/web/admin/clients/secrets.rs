//! `/admin/clients/{id}/secrets`: which there are, adding one, revoking one and letting one expire.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Path;

use super::super::super::pages::admin::{
    Area, ClientSecretsPage, ClientTab, EndSecretPage, SecretMadePage, SecretView, Shell,
};
use super::super::super::{error_page, when};
use super::super::access::{FreshSubmission, FreshView, Submission, View};
use super::super::answers;
use crate::admin::clients::secrets::{self, GRACE, MAX_SECRETS, Secret, TheLast};
use crate::admin::clients::{find, nonce};
use crate::admin::{Admin, Failure};
use crate::oauth::client::AuthMethod;

pub async fn list(view: View, id: Path<String>) -> HttpResponse {
    let state = &view.state;
    match list_page(&state.admin, view.shell(Area::Clients), &id).await {
        Ok(html) => answers::page(state, &html, &view.token),
        Err(failure) => answers::failed(state, failure),
    }
}

async fn list_page(admin: &Admin, shell: Shell, id: &str) -> Result<ClientSecretsPage, Failure> {
    let found = find(admin, id).await?;
    let all = secrets::list(admin, id).await?;
    let working = all.iter().filter(|secret| !secret.is_expired).count();
    let closed = secrets::closed(&found.client).map(|(_, sentence)| sentence.to_owned()).or_else(|| {
        (working >= MAX_SECRETS)
            .then(|| format!("{MAX_SECRETS} secrets work, which is the most. Revoke one to add another."))
    });
    Ok(ClientSecretsPage {
        shell,
        head: super::head(&found, ClientTab::Secrets),
        secrets: all.into_iter().map(secret_view).collect(),
        nonce: nonce(admin),
        closed,
        is_locked_out: working == 0 && AuthMethod::is_secret(&found.client.auth_method),
    })
}

pub async fn add(FreshSubmission(sent): FreshSubmission, id: Path<String>) -> HttpResponse {
    let (state, admin) = (&sent.state, &sent.state.admin);
    let life = match sent.text("life") {
        "" => None,
        text => Some(text.parse().unwrap_or(i64::MIN)),
    };
    let made = match secrets::add(admin, &sent.actor, &id, life, Some(sent.text("nonce"))).await {
        Ok(made) => made,
        Err(failure) => return answers::failed(state, failure),
    };
    let others = secrets::list(admin, &id)
        .await
        .map(|all| all.iter().any(|other| other.id != made.secret.id && !other.is_expired));
    let (found, has_others) = match (find(admin, &id).await, others) {
        (Ok(found), Ok(has_others)) => (found, has_others),
        (Err(failure), _) | (_, Err(failure)) => return answers::failed(state, failure),
    };
    let html = SecretMadePage {
        shell: sent.shell(Area::Clients),
        head: super::head(&found, ClientTab::Secrets),
        secret: secret_view(made.secret),
        text: made.text.map(|text| text.expose().clone()),
        has_others,
    };
    answers::page(state, &html, &sent.token)
}

pub async fn ask(FreshView(view): FreshView, path: Path<(String, String)>) -> HttpResponse {
    let state = &view.state;
    match end_page(&state.admin, view.shell(Area::Clients), &path.0, &path.1).await {
        Ok(html) => answers::page(state, &html, &view.token),
        Err(failure) => answers::failed(state, failure),
    }
}

async fn end_page(admin: &Admin, shell: Shell, id: &str, secret: &str) -> Result<EndSecretPage, Failure> {
    let found = find(admin, id).await?;
    let secret = secrets::one(admin, id, secret).await?;
    let all = secrets::list(admin, id).await?;
    let soon = admin.oauth.clock.now() + GRACE;
    let lasts = |other: &&Secret| other.id != secret.id && other.expires_at.is_none_or(|at| at > soon);
    let others = all.iter().filter(lasts).count();
    Ok(EndSecretPage {
        shell,
        head: super::head(&found, ClientTab::Secrets),
        is_last: others == 0 && !secret.is_expired,
        secret: secret_view(secret),
        problem: None,
    })
}

pub async fn revoke(FreshSubmission(sent): FreshSubmission, path: Path<(String, String)>) -> HttpResponse {
    let secret = (path.0.as_str(), path.1.as_str());
    let done = secrets::revoke(&sent.state.admin, &sent.actor, secret, the_last(&sent)).await;
    ended(&sent, secret, done, "secret-revoked").await
}

pub async fn expire(FreshSubmission(sent): FreshSubmission, path: Path<(String, String)>) -> HttpResponse {
    let secret = (path.0.as_str(), path.1.as_str());
    let done = secrets::expire_in(&sent.state.admin, &sent.actor, secret, GRACE, the_last(&sent)).await;
    ended(&sent, secret, done.map(|_| ()), "secret-expires").await
}

/// Whether it was said that the client may be left without any.
fn the_last(sent: &Submission) -> TheLast {
    if sent.is_ticked("last") { TheLast::Too } else { TheLast::Keep }
}

/// The list, or the question once more where the last one was not meant to go.
async fn ended(
    sent: &Submission,
    (id, secret): (&str, &str),
    done: Result<(), Failure>,
    code: &str,
) -> HttpResponse {
    let state = &sent.state;
    let sentence = match done {
        Ok(()) => return answers::done(&ClientTab::Secrets.url(id), code),
        Err(Failure::Refused { sentence, .. }) => sentence,
        Err(failure) => return answers::failed(state, failure),
    };
    match end_page(&state.admin, sent.shell(Area::Clients), id, secret).await {
        Ok(html) => {
            let html = EndSecretPage { problem: Some(sentence), ..html };
            error_page::form_page(state, StatusCode::CONFLICT, &html, &sent.token)
        }
        Err(failure) => answers::failed(state, failure),
    }
}

fn secret_view(secret: Secret) -> SecretView {
    SecretView {
        id: secret.id,
        hint: secret.hint,
        created: when::moment(secret.created_at),
        expires: secret.expires_at.map(when::moment),
        last_used: secret.last_used_at.map(when::moment),
        is_expired: secret.is_expired,
    }
}
