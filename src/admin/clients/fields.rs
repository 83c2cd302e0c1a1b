//! What the fields of a client may hold. Redirect URIs go by the validator of the protocol.

use super::super::Admin;
use super::super::resources::Check;
use crate::oauth::client::AuthMethod;
use crate::oauth::grants::GrantType;
use crate::oauth::redirect_uri::RedirectUri;
use crate::oauth::registration::{MAX_REDIRECT_URIS, MAX_TOTAL, check_keys};
use crate::store::clients::{ClientKeys, ClientKind};
use crate::types::ScopeSet;
use crate::types::scope::{MAX_SCOPES, is_scope_token};

/// How much of a text that cannot be taken is repeated, in characters.
const REPEATED: usize = 120;

/// A scope that a ceiling can name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nameable {
    pub name: String,
    /// What it lets an app do, as the first resource that has it says.
    pub description: String,
    /// The names of the resources that have it.
    pub resources: Vec<String>,
}

/// The scopes of all resources, each name once, in order.
pub fn nameable_scopes(admin: &Admin) -> Vec<Nameable> {
    let mut all: Vec<Nameable> = Vec::new();
    let mut places = std::collections::HashMap::new();
    let resources = admin.oauth.resources.current();
    for resource in resources.all() {
        for scope in &resource.scopes {
            let place = *places.entry(scope.name.clone()).or_insert_with(|| {
                let (name, description) = (scope.name.clone(), scope.description.clone());
                all.push(Nameable { name, description, resources: Vec::new() });
                all.len() - 1
            });
            all[place].resources.push(resource.name.clone());
        }
    }
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

/// Redirect URIs, each once, with a sentence about every one that cannot be taken.
pub(super) fn redirect_uris(
    check: &mut Check,
    kind: ClientKind,
    texts: &[String],
    for_devices: bool,
) -> Vec<String> {
    const FIELD: &str = "redirect_uris";
    let mut uris: Vec<String> = Vec::new();
    if texts.len() > MAX_REDIRECT_URIS * 4 {
        check.say(FIELD, format!("There are more than {MAX_REDIRECT_URIS} redirect URIs."));
        return uris;
    }
    for text in texts.iter().map(|text| text.trim()).filter(|text| !text.is_empty()) {
        match RedirectUri::parse(text) {
            Ok(uri) if uris.iter().any(|known| known == uri.as_str()) => {}
            Ok(uri) => uris.push(uri.as_str().to_owned()),
            Err(why) => check.say(FIELD, format!("{} {why}.", shortened(text))),
        }
        if uris.len() > MAX_REDIRECT_URIS {
            check.say(FIELD, format!("There are more than {MAX_REDIRECT_URIS} redirect URIs."));
            break;
        }
    }
    if kind == ClientKind::Machine && !uris.is_empty() {
        check.say(FIELD, "A machine acts for nobody, and sends nobody anywhere: it has no redirect URIs.");
    }
    if kind != ClientKind::Machine && !for_devices && texts.iter().all(|text| text.trim().is_empty()) {
        check.say(FIELD, "Enter at least one redirect URI: the maker of the app says which.");
    }
    if uris.iter().map(String::len).sum::<usize>() > MAX_TOTAL {
        check.say(FIELD, format!("The redirect URIs are longer than {MAX_TOTAL} bytes in all."));
    }
    uris
}

/// What a client may ask for tokens with. Whoever sends people nowhere has only devices; what it had besides stays.
pub(super) fn grant_types(
    check: &mut Check,
    kind: ClientKind,
    before: &[String],
    has_uris: bool,
    for_devices: bool,
) -> Vec<String> {
    use GrantType::{AuthorizationCode, ClientCredentials, DeviceCode, RefreshToken};
    if kind == ClientKind::Machine {
        if for_devices {
            check.say("for_devices", "A machine acts for itself: there is nobody whose device it could be.");
        }
        return vec![ClientCredentials.as_str().to_owned()];
    }
    let of_people =
        [(AuthorizationCode, has_uris || !for_devices), (RefreshToken, true), (DeviceCode, for_devices)];
    let is_other = |text: &&String| of_people.iter().all(|(grant, _)| grant.as_str() != text.as_str());
    let given =
        of_people.iter().filter(|(_, is_given)| *is_given).map(|(grant, _)| grant.as_str().to_owned());
    given.chain(before.iter().filter(is_other).cloned()).collect()
}

fn shortened(text: &str) -> String {
    let start: String = text.chars().take(REPEATED).collect();
    if start.len() < text.len() { format!("{start}…") } else { start }
}

/// A ceiling of scopes that exist, or that it named before: they may have been renamed or deleted since.
pub(super) fn ceiling(
    check: &mut Check,
    admin: &Admin,
    kind: ClientKind,
    wanted: Option<&[String]>,
    before: Option<&ScopeSet>,
) -> Option<ScopeSet> {
    const FIELD: &str = "allowed_scopes";
    let names: ScopeSet =
        wanted?.iter().map(|n| n.trim().to_owned()).filter(|name| !name.is_empty()).collect();
    if names.len() > MAX_SCOPES {
        check.say(FIELD, format!("There are more than {MAX_SCOPES} scopes: choose fewer, or set no limit."));
        return Some(names);
    }
    let known: ScopeSet = nameable_scopes(admin).into_iter().map(|scope| scope.name).collect();
    for name in names.iter().filter(|name| !known.contains(name)) {
        if !is_scope_token(name) || !before.is_some_and(|before| before.contains(name)) {
            check.say(FIELD, format!("No resource has a scope {}.", shortened(name)));
        }
    }
    if kind == ClientKind::Machine && names.is_empty() {
        check.say(FIELD, "Choose at least one scope: with none the machine would get no token at all.");
    }
    Some(names)
}

/// The keys of a client that proves itself with one, as a person enters them: the address of a key set, or the set
/// itself. Those of any other client go.
pub(super) fn keys(
    check: &mut Check,
    admin: &Admin,
    auth_method: &str,
    text: Option<&str>,
) -> Option<ClientKeys> {
    const FIELD: &str = "keys";
    if auth_method != AuthMethod::PrivateKeyJwt.as_str() {
        return None;
    }
    let text = text.map(str::trim).filter(|text| !text.is_empty());
    let Some(text) = text else {
        check.say(FIELD, "Enter the address of the app's key set, or the key set itself.");
        return None;
    };
    let keys = if text.starts_with('{') {
        ClientKeys::Inline(text.to_owned())
    } else {
        ClientKeys::Uri(text.to_owned())
    };
    if let Err(why) = check_keys(&admin.oauth, &keys) {
        check.say(FIELD, format!("{why}."));
    }
    Some(keys)
}
