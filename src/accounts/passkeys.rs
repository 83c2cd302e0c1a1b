//! Passkeys: keys of an authenticator that checks the person itself (WebAuthn Level 3), so one is two factors.
//!
//! | signing in                                         | answer                       | effect            | reason in the audit trail | test |
//! |----------------------------------------------------|------------------------------|-------------------|---------------------------|------|
//! | challenge unknown, spent, late, another browser's  | [`PasskeyError::Ceremony`]   | none              | `ceremony_…`              | `a_challenge_is_for_one_browser_once_and_in_time` |
//! | no credential, or none that can be read            | [`PasskeyError::Refused`]    | none              | `malformed_credential`    | `a_credential_that_was_tampered_with_signs_nobody_in` |
//! | a passkey that is not known here                   | [`PasskeyError::Refused`]    | none              | `unknown_passkey`         | `an_unknown_passkey_signs_nobody_in` |
//! | a passkey that says it is another person's         | [`PasskeyError::Refused`]    | none              | `foreign_user_handle`     | `a_credential_that_was_tampered_with_signs_nobody_in` |
//! | a counter that did not grow: perhaps a copy        | [`PasskeyError::Refused`]    | none              | `passkey_counter`         | `a_counter_that_does_not_grow_is_refused` |
//! | wrong challenge, origin, RP id, signature; person not verified | [`PasskeyError::Refused`] | none     | `passkey_not_verified`    | `a_credential_that_was_tampered_with_signs_nobody_in` |
//! | anything else                                      | the person; `sign_in` goes on | challenge spent, counter and use noted, in one transaction | see there | `a_passkey_signs_in_without_a_word_typed` |
//!
//! | adding                                             | answer                       | effect            | reason in the audit trail | test |
//! |----------------------------------------------------|------------------------------|-------------------|---------------------------|------|
//! | challenge of another person, as above              | [`PasskeyError::Ceremony`]   | none              | `ceremony_…`              | `a_challenge_is_for_one_browser_once_and_in_time` |
//! | not verified                                       | [`PasskeyError::Refused`]    | none              | `malformed_credential`, `passkey_not_verified` | `a_passkey_that_cannot_be_verified_is_not_added` |
//! | [`MOST`] there already                             | [`PasskeyError::TooMany`]    | none              | `too_many_passkeys`       | `nobody_has_more_than_twenty_passkeys` |
//! | a credential id that is known already              | [`PasskeyError::Known`]      | none              | `known_passkey`           | `a_passkey_that_cannot_be_verified_is_not_added` |
//! | anything else                                      | added                        | challenge spent and passkey kept, in one transaction | `ok` | `a_passkey_signs_in_without_a_word_typed` |
//!
//! Options for signing in name no account: the authenticator knows whose its passkeys are. The user handle is a
//! hash of the person's id, so that it is the same for all passkeys of a person and says nothing.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::Url;
use webauthn_rs::prelude::{
    DiscoverableAuthentication, Passkey, PasskeyRegistration, PublicKeyCredential,
    RegisterPublicKeyCredential, Uuid, WebauthnError,
};
use webauthn_rs::{Webauthn, WebauthnBuilder};

use super::ceremony::{self, CeremonyError};
use super::challenge;
use super::second_factor::{Dropped, is_required, may_drop};
use super::session::Session;
use super::ways_in::{Way, is_left_without};
use super::{Accounts, notify};
use crate::audit::{Entry, Event};
use crate::mail::Notice;
use crate::oauth::{Origin, flow};
use crate::store::StoreError;
use crate::store::ceremonies::CeremonyKind;
use crate::store::passkeys::{Answered, PasskeyRow};
use crate::store::users::UserRow;
use crate::store::ways_in::Removed;
use crate::types::Plain;
use crate::types::ids::{Kind, new_id};
use crate::types::urls::Issuer;

/// How many a person may have.
pub const MOST: i64 = 20;
/// The longest name, in characters.
pub const MAX_NAME: usize = 60;
/// The longest credential that is read, in bytes.
pub const MAX_CREDENTIAL: usize = 64 * 1024;

/// Why a passkey did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum PasskeyError {
    #[error("passkeys are not possible at this address")]
    Unavailable,
    #[error(transparent)]
    Ceremony(#[from] CeremonyError),
    /// With the reason for the audit trail; the person reads the same for all.
    #[error("the passkey was refused: {0}")]
    Refused(&'static str),
    #[error("there are too many")]
    TooMany,
    #[error("it is known already")]
    Known,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl PasskeyError {
    /// For the audit trail.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Unavailable => "passkeys_unavailable",
            Self::Ceremony(error) => error.reason(),
            Self::Refused(reason) => reason,
            Self::TooMany => "too_many_passkeys",
            Self::Known => "known_passkey",
            Self::Store(_) => "store_unavailable",
        }
    }
}

impl From<WebauthnError> for PasskeyError {
    fn from(error: WebauthnError) -> Self {
        tracing::info!(%error, "a passkey was not accepted");
        Self::Refused(match error {
            WebauthnError::CredentialPossibleCompromise => "passkey_counter",
            _ => "passkey_not_verified",
        })
    }
}

/// The verifier, for the one place passkeys belong to: the RP id is the host of the public URL, the origin the
/// public URL itself.
#[derive(Clone, Debug)]
pub struct Passkeys(Webauthn);

impl Passkeys {
    /// Nothing where the public URL names an IP address: browsers give such places no passkeys.
    pub fn new(issuer: &Issuer) -> Option<Self> {
        let (domain, origin) = (issuer.domain()?, Url::parse(issuer.as_str()).ok()?);
        WebauthnBuilder::new(&domain, &origin).ok()?.rp_name("Gatepost").build().ok().map(Self)
    }
}

/// What the browser is asked, and the secret that continues.
#[derive(Debug)]
pub struct Challenge {
    pub ceremony: Plain<String>,
    /// `PublicKeyCredentialCreationOptionsJSON` or `PublicKeyCredentialRequestOptionsJSON`.
    pub options: Value,
}

fn verifier(accounts: &Accounts) -> Result<&Webauthn, PasskeyError> {
    accounts.passkeys.as_ref().map(|p| &p.0).ok_or(PasskeyError::Unavailable)
}

/// What authenticators know a person by.
fn user_handle(user_id: &str) -> Uuid {
    let hash = Sha256::digest(format!("gatepost passkey user {user_id}"));
    let mut bytes = [0_u8; 16];
    bytes.copy_from_slice(&hash[..16]);
    Uuid::from_bytes(bytes)
}

fn read<T: DeserializeOwned>(credential: &str) -> Result<T, PasskeyError> {
    let text = Some(credential).filter(|c| c.len() <= MAX_CREDENTIAL);
    text.and_then(|c| serde_json::from_str(c).ok()).ok_or(PasskeyError::Refused("malformed_credential"))
}

fn to_row(passkey: &Passkey) -> String {
    serde_json::to_string(passkey).unwrap_or_default()
}

fn of_row(row: &PasskeyRow) -> Result<Passkey, StoreError> {
    serde_json::from_str(&row.credential)
        .map_err(|_| StoreError::inconsistent("passkeys", "credential", &row.id))
}

/// A challenge to sign in with. Nothing is written and nothing counted: every login page that is opened asks for one.
pub fn begin_login(accounts: &Accounts, browser: &str) -> Result<Challenge, PasskeyError> {
    let (options, state) = verifier(accounts)?.start_discoverable_authentication()?;
    let kind = CeremonyKind::PasskeyLogin;
    let ceremony = challenge::make(accounts, kind, browser, &state);
    Ok(Challenge { ceremony, options: json!(options.public_key) })
}

/// The person whose passkey answered the challenge.
pub async fn finish_login(
    accounts: &Accounts,
    ceremony: &str,
    browser: Option<&str>,
    credential: &str,
    return_to: &str,
    origin: &Origin,
) -> Result<UserRow, PasskeyError> {
    let mut user_id = None;
    let answer = verify_login(accounts, ceremony, browser, credential, &mut user_id).await;
    if let Err(error) = &answer {
        let entry =
            Entry::refused(Event::Login, error.reason()).user(user_id).address(origin.address.clone());
        let flow = flow::of_return(&accounts.master, return_to);
        accounts.audit.record(entry.flow(flow).detail("with passkey")).await;
    }
    answer
}

async fn verify_login(
    accounts: &Accounts,
    text: &str,
    browser: Option<&str>,
    credential: &str,
    user_id: &mut Option<String>,
) -> Result<UserRow, PasskeyError> {
    let webauthn = verifier(accounts)?;
    let kind = CeremonyKind::PasskeyLogin;
    let (challenge, state) =
        challenge::open::<DiscoverableAuthentication>(accounts, kind, text, browser).await?;
    let credential: PublicKeyCredential = read(credential)?;
    let (handle, credential_id) = webauthn
        .identify_discoverable_authentication(&credential)
        .map_err(|_| PasskeyError::Refused("malformed_credential"))?;
    let row = accounts.store.find_passkey(&URL_SAFE_NO_PAD.encode(credential_id)).await?;
    let row = row.ok_or(PasskeyError::Refused("unknown_passkey"))?;
    *user_id = Some(row.user_id.clone());
    if handle != user_handle(&row.user_id) {
        return Err(PasskeyError::Refused("foreign_user_handle"));
    }
    let mut passkey = of_row(&row)?;
    let result = webauthn.finish_discoverable_authentication_v2(&credential, state, &passkey)?;
    if !result.user_verified() {
        return Err(PasskeyError::Refused("passkey_not_verified"));
    }
    passkey.update_credential(&result);
    let user = accounts.store.find_user(&row.user_id).await?;
    let user = user.ok_or(PasskeyError::Refused("unknown_passkey"))?;
    let (credential, now) = (to_row(&passkey), accounts.clock.now());
    match accounts.store.use_passkey(challenge, row, credential, now).await? {
        Answered::Done => Ok(user),
        Answered::Spent | Answered::TooMany => Err(CeremonyError::Spent.into()),
        Answered::Changed => Err(PasskeyError::Refused("passkey_counter")),
    }
}

/// A challenge to add a passkey with; authenticators that hold one of the person already decline.
pub async fn begin_add(
    accounts: &Accounts,
    session: &Session,
    browser: &str,
) -> Result<Challenge, PasskeyError> {
    let webauthn = verifier(accounts)?;
    let user = &session.user;
    let known = accounts.store.list_passkeys(&user.id).await?;
    if known.len() >= usize::try_from(MOST).unwrap_or(usize::MAX) {
        return Err(PasskeyError::TooMany);
    }
    let known: Result<Vec<Passkey>, StoreError> = known.iter().map(of_row).collect();
    let known = known?.iter().map(|p| p.cred_id().clone()).collect();
    let shown = user.name.as_deref().unwrap_or(&user.email);
    let (options, state) =
        webauthn.start_passkey_registration(user_handle(&user.id), &user.email, shown, Some(known))?;
    let kind = CeremonyKind::PasskeyAdd;
    let ceremony = ceremony::begin(accounts, kind, browser, Some(user.id.clone()), &state).await?;
    let mut options = json!(options.public_key);
    // The library leaves it to the authenticator; signing in without a name needs one that is discoverable.
    options["authenticatorSelection"]["residentKey"] = json!("required");
    options["authenticatorSelection"]["requireResidentKey"] = json!(true);
    Ok(Challenge { ceremony, options })
}

/// Adds the passkey that answered the challenge, under a name.
pub async fn finish_add(
    accounts: &Accounts,
    session: &Session,
    ceremony: &str,
    browser: Option<&str>,
    credential: &str,
    name: String,
    origin: &Origin,
) -> Result<(), PasskeyError> {
    let added = verify_add(accounts, session, ceremony, browser, credential, name).await;
    let entry = match &added {
        Ok(id) => Entry::ok(Event::PasskeyAdded).detail(id.clone()),
        Err(error) => Entry::refused(Event::PasskeyAdded, error.reason()),
    };
    record(accounts, session, origin, entry).await;
    if added.is_ok() {
        notify::notify(accounts, &session.user, Notice::PasskeyAdded, origin);
    }
    added.map(|_| ())
}

async fn verify_add(
    accounts: &Accounts,
    session: &Session,
    text: &str,
    browser: Option<&str>,
    credential: &str,
    name: String,
) -> Result<String, PasskeyError> {
    let webauthn = verifier(accounts)?;
    let ceremony = ceremony::find(accounts, CeremonyKind::PasskeyAdd, text, browser).await?;
    if ceremony.user_id.as_deref() != Some(&session.user.id) {
        return Err(CeremonyError::Unknown.into());
    }
    let credential: RegisterPublicKeyCredential = read(credential)?;
    let state: PasskeyRegistration = ceremony::data(&ceremony)?;
    let passkey = webauthn.finish_passkey_registration(&credential, &state)?;
    let row = PasskeyRow {
        id: new_id(Kind::Passkey, &accounts.clock, &accounts.rng),
        user_id: session.user.id.clone(),
        credential_id: URL_SAFE_NO_PAD.encode(passkey.cred_id().as_slice()),
        credential: to_row(&passkey),
        name,
        created_at: accounts.clock.now(),
        last_used_at: None,
    };
    let id = row.id.clone();
    match accounts.store.add_passkey(ceremony.id, row, MOST).await {
        Ok(Answered::Done) => Ok(id),
        Ok(Answered::TooMany) => Err(PasskeyError::TooMany),
        Ok(Answered::Spent | Answered::Changed) => Err(CeremonyError::Spent.into()),
        Err(StoreError::Conflict) => Err(PasskeyError::Known),
        Err(error) => Err(error.into()),
    }
}

/// Gives a passkey another name; `false` when the person has none with this id.
pub async fn rename(
    accounts: &Accounts,
    session: &Session,
    id: &str,
    name: String,
    origin: &Origin,
) -> Result<bool, StoreError> {
    let done = accounts.store.rename_passkey(id.to_owned(), session.user.id.clone(), name).await?;
    if done {
        record(accounts, session, origin, Entry::ok(Event::PasskeyRenamed).detail(id)).await;
    }
    Ok(done)
}

/// Removes a passkey, unless it is the last way in or the last second factor of somebody who must have one.
pub async fn remove(
    accounts: &Accounts,
    session: &Session,
    id: &str,
    origin: &Origin,
) -> Result<Removed, StoreError> {
    let required = is_required(accounts, &session.user);
    let providers = accounts.upstream.clone();
    let may = move |ways: &_| {
        is_left_without(ways, &Way::Passkey, |issuer| providers.knows_issuer(issuer))
            && may_drop(required, ways, &Dropped::Passkey, |issuer| providers.asks_for_two(issuer))
    };
    let removed = accounts.store.remove_passkey(id.to_owned(), session.user.id.clone(), may).await?;
    let entry = match removed {
        Removed::Done => Entry::ok(Event::PasskeyRemoved).detail(id),
        Removed::Kept => Entry::refused(Event::PasskeyRemoved, "last_way_in").detail(id),
        Removed::Unknown => Entry::refused(Event::PasskeyRemoved, "unknown_passkey"),
    };
    record(accounts, session, origin, entry).await;
    if removed == Removed::Done {
        notify::notify(accounts, &session.user, Notice::PasskeyRemoved, origin);
    }
    Ok(removed)
}

async fn record(accounts: &Accounts, session: &Session, origin: &Origin, entry: Entry) {
    let entry =
        entry.user(session.user.id.clone()).session(session.id.clone()).address(origin.address.clone());
    accounts.audit.record(entry).await;
}

/// A name that may be given to a passkey.
pub fn check_name(typed: &str) -> Option<String> {
    let name = typed.trim();
    let fine = (1..=MAX_NAME).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    fine.then(|| name.to_owned())
}

/// What a passkey is called at first: browser and system, as far as they can be told.
pub fn default_name(user_agent: Option<&str>) -> String {
    let agent = user_agent.unwrap_or_default();
    let first = |table: &[(&str, &'static str)]| {
        table.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name)
    };
    // Order matters: most browsers also name those they descend from.
    let browser = first(&[
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("FxiOS/", "Firefox"),
        ("CriOS/", "Chrome"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ]);
    let system = first(&[
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS X", "Mac"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(name), None) | (None, Some(name)) => name.to_owned(),
        (None, None) => "Passkey".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passkeys_need_a_host_with_a_name() {
        let possible = |url| Passkeys::new(&Issuer::parse(url).unwrap()).is_some();
        assert!(possible("https://auth.example.com"));
        assert!(possible("http://localhost:10000"));
        assert!(!possible("http://127.0.0.1:10000"));
        assert!(!possible("https://192.0.2.7"));
        assert!(!possible("http://[::1]:10000"));
    }

    #[test]
    fn a_name_is_short_and_a_default_says_where() {
        assert_eq!(check_name("  My phone "), Some("My phone".to_owned()));
        for bad in ["", "   ", "a\nb", &"x".repeat(61)] {
            assert_eq!(check_name(bad), None, "{bad:?}");
        }
        assert_eq!(check_name(&"é".repeat(60)).map(|n| n.chars().count()), Some(60));
        let safari = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1";
        assert_eq!(default_name(Some(safari)), "Safari on iPhone");
        assert_eq!(
            default_name(Some("Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0 Safari/537.36")),
            "Chrome on Linux"
        );
        assert_eq!(default_name(Some("curl/8")), "Passkey");
        assert_eq!(default_name(None), "Passkey");
    }

    #[test]
    fn a_person_has_one_handle() {
        assert_eq!(user_handle("usr_1"), user_handle("usr_1"));
        assert_ne!(user_handle("usr_1"), user_handle("usr_2"));
    }
}
