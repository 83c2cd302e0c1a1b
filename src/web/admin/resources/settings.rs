//! `/admin/resources/{id}/settings`: what can be set of a resource.

use actix_web::HttpResponse;
use actix_web::web::Path;

use super::super::super::pages::admin::{
    Area, Problems, ResourceSettingsPage, ResourceTab, SettingsForm, Shell,
};
use super::super::super::{State, when};
use super::super::access::{Submission, View};
use super::super::answers;
use super::head_of_row;
use crate::admin::Failure;
use crate::admin::resources::find;
use crate::admin::resources::settings::{Settings, change};
use crate::oauth::resource::ResourceKind;
use crate::store::resources::{DocumentColumns, ResourceRow, TrustColumns};
use crate::trust::whom::Side;
use crate::types::Timestamp;

pub async fn get(view: View, id: Path<String>) -> HttpResponse {
    let state = &view.state;
    match find(&state.admin, &id).await {
        Ok(row) => {
            let html = page(state, view.shell(Area::Resources), &row, as_form(&row));
            answers::page(state, &html, &view.token)
        }
        Err(failure) => answers::failed(state, failure),
    }
}

pub async fn post(sent: Submission, id: Path<String>) -> HttpResponse {
    let state = &sent.state;
    let row = match find(&state.admin, &id).await {
        Ok(row) => row,
        Err(failure) => return answers::failed(state, failure),
    };
    let form = read(&sent, &row);
    let changed = change(&state.admin, &sent.actor, &id, sent.version(), &wanted(&form, &sent, &row)).await;
    let failure = match changed {
        Ok(()) => return answers::done(&ResourceTab::Settings.url(&id), "resource-saved"),
        Err(failure @ (Failure::Invalid(_) | Failure::Changed)) => failure,
        Err(failure) => return answers::failed(state, failure),
    };
    // Once more, for who it was that changed meanwhile.
    let row = match find(&state.admin, &id).await {
        Ok(row) => row,
        Err(failure) => return answers::failed(state, failure),
    };
    let mut html = page(state, sent.shell(Area::Resources), &row, form);
    match &failure {
        Failure::Invalid(problems) => {
            // The version that was read: what others changed since is still to be told of.
            html.version = sent.version();
            html.problems = Problems(problems.clone());
        }
        _ => html.now = Some(in_words(&row)),
    }
    answers::again(state, &failure, &html, &sent.token)
}

fn page(state: &State, shell: Shell, row: &ResourceRow, form: SettingsForm) -> ResourceSettingsPage {
    ResourceSettingsPage {
        shell,
        head: head_of_row(row, ResourceTab::Settings),
        version: row.version,
        form,
        problems: Problems::default(),
        now: None,
        is_default: row.is_default,
        is_deletable: row.kind == ResourceKind::External.as_str(),
        access_setting: state.oauth.lifetimes.access_token,
        refresh_setting: state.oauth.lifetimes.refresh_absolute,
        issuer_setting: match state.oauth.resources.standard().side {
            Side::Embedded => "this server",
            Side::ScaleKit => "ScaleKit",
        },
        environment_setting: if state.oauth.resources.standard().environment.is_some() {
            ""
        } else {
            ", which name none"
        },
    }
}

fn as_form(row: &ResourceRow) -> SettingsForm {
    let number = |value: Option<i64>| value.map(|v| v.to_string()).unwrap_or_default();
    SettingsForm {
        name: row.name.clone(),
        url: row.uri.clone(),
        aliases: row.aliases.join("\n"),
        registration_open: row.registration_open,
        dpop_required: row.dpop_required,
        cimd_policy: row.documents.policy.clone(),
        cimd_allow: row.documents.allow.join("\n"),
        access_token_seconds: number(row.access_token_seconds),
        refresh_token_seconds: number(row.refresh_token_seconds),
        signing_alg: row.signing_alg.clone(),
        dialect: row.dialect.clone(),
        token_issuer: row.token_issuer.clone(),
        issuer: row.trust.issuer.clone().unwrap_or_default(),
        scalekit_environment: row.trust.environment.clone().unwrap_or_default(),
        scalekit_resource_id: row.trust.resource_id.clone().unwrap_or_default(),
        both_until: row.trust.both_until.map(when::last_day).unwrap_or_default(),
    }
}

fn read(sent: &Submission, row: &ResourceRow) -> SettingsForm {
    let text = |name| sent.text(name).to_owned();
    SettingsForm {
        name: text("name"),
        url: row.uri.as_ref().map(|_| text("url")),
        aliases: text("aliases"),
        registration_open: sent.is_ticked("registration_open"),
        dpop_required: sent.is_ticked("dpop_required"),
        cimd_policy: text("cimd_policy"),
        cimd_allow: text("cimd_allow"),
        access_token_seconds: text("access_token_seconds"),
        refresh_token_seconds: text("refresh_token_seconds"),
        signing_alg: text("signing_alg"),
        dialect: text("dialect"),
        token_issuer: text("token_issuer"),
        issuer: text("issuer"),
        scalekit_environment: text("scalekit_environment"),
        scalekit_resource_id: text("scalekit_resource_id"),
        both_until: text("both_until"),
    }
}

fn wanted(form: &SettingsForm, sent: &Submission, row: &ResourceRow) -> Settings {
    // What is no number is outside of every range, and is told so.
    let seconds = |text: &str| (!text.is_empty()).then(|| text.parse().unwrap_or(i64::MIN));
    Settings {
        name: form.name.clone(),
        url: form.url.clone(),
        aliases: sent.lines("aliases"),
        registration_open: form.registration_open,
        dpop_required: form.dpop_required,
        documents: DocumentColumns { policy: form.cimd_policy.clone(), allow: sent.lines("cimd_allow") },
        access_token_seconds: seconds(&form.access_token_seconds),
        refresh_token_seconds: seconds(&form.refresh_token_seconds),
        signing_alg: form.signing_alg.clone(),
        dialect: form.dialect.clone(),
        token_issuer: form.token_issuer.clone(),
        trust: TrustColumns {
            issuer: Some(form.issuer.clone()),
            environment: Some(form.scalekit_environment.clone()),
            resource_id: Some(form.scalekit_resource_id.clone()),
            both_until: until(&form.both_until, row.trust.both_until),
        },
    }
}

/// The end of the chosen day. What is no day lies before every other, and is told so.
fn until(text: &str, before: Option<Timestamp>) -> Option<Timestamp> {
    if text.is_empty() {
        return None;
    }
    // A time within the day, which the command line or a test chose, stays.
    let same = before.filter(|before| when::last_day(*before) == text);
    Some(same.or_else(|| when::end_of_day(text)).unwrap_or(Timestamp::MIN))
}

/// Every value as a person reads it.
fn in_words(row: &ResourceRow) -> Vec<(&'static str, String)> {
    let seconds = |value: Option<i64>| value.map_or_else(|| "the setting".to_owned(), |v| v.to_string());
    let aliases = if row.aliases.is_empty() { "none".to_owned() } else { row.aliases.join(", ") };
    let open = if row.registration_open { "yes" } else { "no" };
    let mut words = vec![("Name", row.name.clone())];
    words.extend(row.uri.clone().map(|url| ("Public URL", url)));
    words.extend([
        ("Aliases", aliases),
        ("Apps that registered themselves may ask", open.to_owned()),
        ("Only tokens with proof of possession", if row.dpop_required { "yes" } else { "no" }.to_owned()),
        ("Apps that publish a document", row.documents.policy.clone()),
        (
            "Documents that are let in",
            if row.documents.allow.is_empty() { "none".to_owned() } else { row.documents.allow.join(", ") },
        ),
        ("Life of access tokens, in seconds", seconds(row.access_token_seconds)),
        ("Life of refresh tokens, in seconds", seconds(row.refresh_token_seconds)),
        ("Dialect", row.dialect.clone()),
        ("Issuer in tokens of the scalekit dialect", row.token_issuer.clone()),
        ("Signing algorithm", row.signing_alg.clone()),
        ("Tokens come from", row.trust.issuer.clone().unwrap_or_else(|| "as the setting says".to_owned())),
        (
            "ScaleKit environment",
            row.trust.environment.clone().unwrap_or_else(|| "that of the settings".to_owned()),
        ),
        ("Id at ScaleKit", row.trust.resource_id.clone().unwrap_or_else(|| "none".to_owned())),
        ("Tokens of both until", row.trust.both_until.map_or_else(|| "no day".to_owned(), when::last_day)),
    ]);
    words
}
