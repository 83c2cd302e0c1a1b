//! Making a client by hand.
//!
//! | asked for                                    | result                                                          |
//! |----------------------------------------------|-----------------------------------------------------------------|
//! | `static`, `none`                             | a public client: PKCE, no secret                                |
//! | `static`, `client_secret_basic` or `_post`   | a confidential client and its first secret, told this once      |
//! | `machine`, `client_secret_basic` or `_post`  | a machine and its first secret; it has no redirect URIs         |
//! | `machine`, `none`                            | refused: it has nothing but its secret to prove itself with     |
//! | `static`, for devices, without redirect URIs | as above: people come by the code that the device shows         |
//! | `machine`, for devices                       | refused: it has nobody to ask                                   |
//! | `dynamic`                                    | refused: such clients make themselves                           |
//! | a redirect URI that registration would refuse | refused, with its words about each one                         |
//! | a scope that no resource has                 | refused                                                         |
//! | the same form once more                      | the client it made; nothing new, and the secret not again       |

use super::super::resources::{ACCESS_SECONDS, Check};
use super::super::{Actor, Admin, Failure};
use super::{ManagedClient, check_nonce, fields, find};
use crate::audit::Event;
use crate::oauth::client::AuthMethod;
use crate::store::StoreError;
use crate::store::client_secrets::SecretRow;
use crate::store::clients::{ClientKind, ClientMetadata, ClientRow};
use crate::types::Plain;
use crate::types::ids::{Kind, new_id};
use crate::types::secret::Bearer;

/// What a new client needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewClient {
    /// [`ClientKind::Static`], for people to use, or [`ClientKind::Machine`].
    pub kind: ClientKind,
    pub auth_method: AuthMethod,
    /// For [`AuthMethod::PrivateKeyJwt`]: the address of its key set, or the set itself.
    pub keys: Option<String>,
    pub name: String,
    /// Where people are sent back to; none for a machine.
    pub redirect_uris: Vec<String>,
    /// Whether devices without a browser may use it (RFC 8628).
    pub for_devices: bool,
    /// The scopes of resources it may have at most; nothing for no limit.
    pub allowed_scopes: Option<Vec<String>>,
    /// Life of its access tokens in seconds; nothing for what the resource says.
    pub access_token_seconds: Option<i64>,
    /// Whether it gets only tokens that are bound to a key of its own (DPoP).
    pub dpop_bound: bool,
}

/// A client that was made.
#[derive(Debug)]
pub struct Made {
    pub client: ManagedClient,
    /// Its secret, this once; nothing for a public client, and when the form was sent before.
    pub secret: Option<Plain<String>>,
    /// The form had made it before: nothing has happened.
    pub is_repeat: bool,
}

/// Makes it. `nonce`: of the form, so that it makes nothing twice, see [`super::nonce`].
///
/// # Errors
/// [`Failure::Invalid`] with every field that is wrong; [`Failure::NotFound`] when the form was sent before and what
/// it made has been deleted.
pub async fn create(
    admin: &Admin,
    actor: &Actor,
    new: &NewClient,
    nonce: Option<&str>,
) -> Result<Made, Failure> {
    let ctx = &admin.oauth;
    let nonce = nonce.map(check_nonce).transpose()?;
    if let Some(nonce) = &nonce
        && let Some(made) = made_before(admin, nonce).await?
    {
        return Ok(made);
    }
    let row = row(admin, new)?;
    let secret =
        new.auth_method.needs_secret().then(|| Bearer::generate(Kind::ClientSecret, &ctx.clock, &ctx.rng));
    let secret_row = secret.as_ref().map(|bearer| SecretRow::of(bearer, &row.id, row.created_at, None));
    let added = ctx.store.add_client_of_form(row, secret_row, nonce.clone()).await;
    let row = match (added, nonce) {
        (Ok(row), _) => row,
        (Err(StoreError::Conflict), Some(nonce)) => {
            return made_before(admin, &nonce).await?.ok_or(Failure::Store(StoreError::Conflict));
        }
        (Err(error), _) => return Err(error.into()),
    };
    let entry = actor.did(Event::ClientCreated).client(row.id.clone());
    ctx.audit.record(entry.detail(format!("{}: {}", row.kind.as_str(), row.name))).await;
    let client = find(admin, &row.id).await?;
    Ok(Made { client, secret: secret.map(|bearer| bearer.to_text()), is_repeat: false })
}

async fn made_before(admin: &Admin, nonce: &str) -> Result<Option<Made>, Failure> {
    let Some(id) = admin.oauth.store.find_client_of_form(nonce).await? else { return Ok(None) };
    let client = find(admin, &id).await?;
    Ok(Some(Made { client, secret: None, is_repeat: true }))
}

fn row(admin: &Admin, new: &NewClient) -> Result<ClientRow, Failure> {
    let ctx = &admin.oauth;
    let mut check = Check::default();
    let name = check.name(&new.name);
    let redirect_uris = fields::redirect_uris(&mut check, new.kind, &new.redirect_uris, new.for_devices);
    let allowed_scopes = fields::ceiling(&mut check, admin, new.kind, new.allowed_scopes.as_deref(), None);
    let keys = fields::keys(&mut check, admin, new.auth_method.as_str(), new.keys.as_deref());
    check.seconds("access_token_seconds", new.access_token_seconds, &ACCESS_SECONDS);
    if matches!(new.kind, ClientKind::Dynamic | ClientKind::Cimd) {
        check.say("kind", "Clients of that kind register themselves: choose static or machine.");
    }
    if new.kind == ClientKind::Machine && new.auth_method == AuthMethod::None {
        check.say(
            "auth_method",
            "A machine needs a secret or a key: choose client_secret_basic, client_secret_post or private_key_jwt.",
        );
    }
    let has_uris = !redirect_uris.is_empty();
    let grant_types = fields::grant_types(&mut check, new.kind, &[], has_uris, new.for_devices);
    check.done()?;
    Ok(ClientRow {
        id: new_id(Kind::Client, &ctx.clock, &ctx.rng),
        kind: new.kind,
        name,
        auth_method: new.auth_method.as_str().to_owned(),
        redirect_uris,
        grant_types,
        scope: String::new(),
        metadata: ClientMetadata::default(),
        digest: None,
        management_hash: None,
        allowed_scopes,
        access_token_seconds: new.access_token_seconds,
        created_at: ctx.clock.now(),
        last_used_at: None,
        disabled_at: None,
        keys,
        dpop_bound: new.dpop_bound,
        document_mark: None,
        held_at: None,
    })
}
