//! Changing what an administrator may set of a client.
//!
//! | changed                    | `static` | `machine` | `dynamic` | what holds from then on                                         |
//! |----------------------------|----------|-----------|-----------|-----------------------------------------------------------------|
//! | name                       | yes      | yes       | no        | consent pages and lists say the new one; logins stay            |
//! | redirect URIs              | yes      | none      | no        | requests to be sent elsewhere are refused; logins stay          |
//! | devices without a browser  | yes      | no        | no        | whether they may ask; those connected stay                      |
//! | authentication             | secret ↔ key | secret ↔ key | no | the other way is refused; of two ways to show a secret either is taken |
//! | its keys                   | yes      | yes       | no        | assertions that others signed are refused                       |
//! | scopes it may have at most | yes      | yes       | yes       | tokens that are out open no more than this, here at once, elsewhere when they are renewed |
//! | life of access tokens      | yes      | yes       | yes       | new tokens                                                      |
//! | bound tokens only (DPoP)   | yes      | yes       | no        | new tokens, those of a refresh too                              |
//!
//! A client by document (`cimd`) is as a dynamic one: its document says what is marked `no`.
//!
//! A dynamic client says of itself what is marked `no`, by RFC 7591, and identical ones share a registration: what
//! an administrator put there would be theirs no more. Between public and confidential there is no way: an app that
//! is out there can prove itself, or cannot.
//!
//! The version that a change was made from must still be in force: of two people who change the same client the second
//! is told.

use super::super::resources::{ACCESS_SECONDS, Check};
use super::super::{Actor, Admin, Failure};
use super::{ManagedClient, fields, find};
use crate::audit::Event;
use crate::oauth::client::AuthMethod;
use crate::oauth::grants::device_code;
use crate::store::clients::ClientRow;

/// Everything that can be set, as it shall be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edit {
    pub name: String,
    pub redirect_uris: Vec<String>,
    /// Whether devices without a browser may use it.
    pub for_devices: bool,
    /// `none`, `client_secret_basic`, `client_secret_post` or `private_key_jwt`.
    pub auth_method: String,
    /// The address of its key set, or the set itself.
    pub keys: Option<String>,
    /// The scopes of resources it may have at most; nothing for no limit.
    pub allowed_scopes: Option<Vec<String>>,
    /// Seconds; nothing for what the resource says.
    pub access_token_seconds: Option<i64>,
    /// Whether it gets only tokens that are bound to a key of its own (DPoP).
    pub dpop_bound: bool,
}

impl Edit {
    /// As it is.
    pub fn of(client: &ClientRow) -> Self {
        Self {
            name: client.name.clone(),
            redirect_uris: client.redirect_uris.clone(),
            for_devices: client.grant_types.iter().any(|grant| grant == device_code::GRANT_TYPE),
            auth_method: client.auth_method.clone(),
            keys: client.keys.as_ref().map(|keys| keys.as_str().to_owned()),
            allowed_scopes: client
                .allowed_scopes
                .as_ref()
                .map(|scopes| scopes.iter().map(str::to_owned).collect()),
            access_token_seconds: client.access_token_seconds,
            dpop_bound: client.dpop_bound,
        }
    }

    /// The names of what differs, for the audit trail.
    fn differences(&self, before: &Self) -> Vec<&'static str> {
        [
            ("name", self.name != before.name),
            ("redirect_uris", self.redirect_uris != before.redirect_uris),
            ("for_devices", self.for_devices != before.for_devices),
            ("auth_method", self.auth_method != before.auth_method),
            ("keys", self.keys != before.keys),
            ("allowed_scopes", self.allowed_scopes != before.allowed_scopes),
            ("access_token_seconds", self.access_token_seconds != before.access_token_seconds),
            ("dpop_bound", self.dpop_bound != before.dpop_bound),
        ]
        .into_iter()
        .filter_map(|(name, differs)| differs.then_some(name))
        .collect()
    }
}

/// Puts `wanted` in force, if the client still is at `version`. Nothing happens when nothing differs.
///
/// # Errors
/// [`Failure::Changed`] when somebody else changed it since; [`Failure::Invalid`] with every field that is wrong.
pub async fn edit(
    admin: &Admin,
    actor: &Actor,
    id: &str,
    version: i64,
    wanted: &Edit,
) -> Result<ManagedClient, Failure> {
    let ctx = &admin.oauth;
    let before = find(admin, id).await?;
    if before.version != version {
        return Err(Failure::Changed);
    }
    let row = changed(admin, &before.client, wanted)?;
    let differences = Edit::of(&row).differences(&Edit::of(&before.client));
    if differences.is_empty() {
        return Ok(before);
    }
    if !ctx.store.change_client(row, version).await? {
        return Err(Failure::Changed);
    }
    ctx.clients.forget_all();
    let detail = format!("changed: {}", differences.join(", "));
    ctx.audit.record(actor.did(Event::ClientChanged).client(id.to_owned()).detail(detail)).await;
    find(admin, id).await
}

fn changed(admin: &Admin, before: &ClientRow, wanted: &Edit) -> Result<ClientRow, Failure> {
    let mut check = Check::default();
    let allowed_scopes = fields::ceiling(
        &mut check,
        admin,
        before.kind,
        wanted.allowed_scopes.as_deref(),
        before.allowed_scopes.as_ref(),
    );
    check.seconds("access_token_seconds", wanted.access_token_seconds, &ACCESS_SECONDS);
    let row =
        ClientRow { allowed_scopes, access_token_seconds: wanted.access_token_seconds, ..before.clone() };
    let row = if before.kind.describes_itself() {
        says_itself(&mut check, before, wanted);
        row
    } else {
        let name = check.name(&wanted.name);
        let for_devices = wanted.for_devices;
        let redirect_uris =
            fields::redirect_uris(&mut check, before.kind, &wanted.redirect_uris, for_devices);
        let has_uris = !redirect_uris.is_empty();
        let grant_types =
            fields::grant_types(&mut check, before.kind, &before.grant_types, has_uris, for_devices);
        let auth_method = auth_method(&mut check, before, &wanted.auth_method);
        let keys = fields::keys(&mut check, admin, &auth_method, wanted.keys.as_deref());
        let dpop_bound = wanted.dpop_bound;
        ClientRow { name, auth_method, redirect_uris, grant_types, keys, dpop_bound, ..row }
    };
    check.done()?;
    Ok(row)
}

/// What only the client itself may say must be as it is.
fn says_itself(check: &mut Check, before: &ClientRow, wanted: &Edit) {
    let is = Edit::of(before);
    for (field, differs) in [
        ("name", wanted.name != is.name),
        ("redirect_uris", wanted.redirect_uris != is.redirect_uris),
        ("for_devices", wanted.for_devices != is.for_devices),
        ("auth_method", wanted.auth_method != is.auth_method),
        ("keys", wanted.keys != is.keys),
        ("dpop_bound", wanted.dpop_bound != is.dpop_bound),
    ] {
        if differs {
            check.say(field, "The app says this of itself: it cannot be set here.");
        }
    }
}

fn auth_method(check: &mut Check, before: &ClientRow, wanted: &str) -> String {
    let is_public = |method: &str| method == AuthMethod::None.as_str();
    if AuthMethod::parse(wanted).is_none() {
        check.say("auth_method", "Choose none, client_secret_basic, client_secret_post or private_key_jwt.");
    } else if is_public(wanted) != is_public(&before.auth_method) {
        check.say(
            "auth_method",
            "An app with a secret or a key cannot become one without, nor the other way: make a new client.",
        );
    }
    wanted.to_owned()
}
