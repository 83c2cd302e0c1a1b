//! Settings that administrators change while the server runs; `settings` says what they may be.
//!
//! | asked for                                       | result                                   | test |
//! |-------------------------------------------------|------------------------------------------|------|
//! | a rule that the configuration sets              | refused                                  | `what_the_configuration_sets_is_not_changed_here` |
//! | anything, from a page older than the last change | refused: the other change stays         | `of_two_who_change_the_same_the_second_is_told` |
//! | a name, colour or picture that cannot be taken  | refused, with a sentence for each field  | `what_cannot_be_taken_is_said_and_nothing_changes` |
//! | anything else                                   | in force here at once, elsewhere within a second | `a_change_reaches_every_process` |

use super::{Actor, Admin, Failure, Problem};
use crate::accounts::upstream::Fault;
use crate::audit::Event;
use crate::settings::{self, Branding, Logo};
use crate::store::settings::SettingRow;
use crate::types::Requirement;

/// The look of the pages, as typed; each field empty for what Gatepost brings along.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BrandingInput {
    pub name: String,
    /// `#rrggbb`, for light pages.
    pub accent: String,
    /// The same for dark pages; empty to have it worked out.
    pub accent_dark: String,
}

/// Reads what was typed.
///
/// # Errors
/// [`Failure::Invalid`] with `name`, `accent` and `accent_dark`.
pub fn check_branding(input: &BrandingInput) -> Result<Branding, Failure> {
    Branding::parse(&input.name, &input.accent, &input.accent_dark).map_err(|problems| {
        Failure::Invalid(problems.into_iter().map(|(field, text)| Problem::new(field, text)).collect())
    })
}

/// Changes the look of the pages.
pub async fn set_branding(
    admin: &Admin,
    actor: &Actor,
    input: &BrandingInput,
    version: i64,
) -> Result<(), Failure> {
    let branding = check_branding(input)?;
    put(admin, actor, settings::BRANDING, branding.to_json(), version, &branding.to_json()).await
}

/// Shows this picture beside the name.
pub async fn set_logo(admin: &Admin, actor: &Actor, file: Vec<u8>, version: i64) -> Result<(), Failure> {
    let logo = Logo::check(file).map_err(|fault| Failure::invalid("logo", fault.to_string()))?;
    let (width, height) = logo.size();
    let detail = format!("{}, {width} by {height} pixels", logo.media_type.as_str());
    put(admin, actor, settings::LOGO, logo.to_json(), version, &detail).await
}

/// Shows Gatepost's own picture again.
pub async fn remove_logo(admin: &Admin, actor: &Actor, version: i64) -> Result<(), Failure> {
    put(admin, actor, settings::LOGO, String::new(), version, "removed").await
}

/// Says of whom a second factor is required.
pub async fn set_second_factor(
    admin: &Admin,
    actor: &Actor,
    requirement: Requirement,
    version: i64,
) -> Result<(), Failure> {
    refuse_fixed(admin.oauth.settings.current().second_factor.is_fixed)?;
    let value = requirement.as_str();
    put(admin, actor, settings::SECOND_FACTOR, value.to_owned(), version, value).await
}

/// Says whether clients may register themselves.
pub async fn set_registration(
    admin: &Admin,
    actor: &Actor,
    enabled: bool,
    version: i64,
) -> Result<(), Failure> {
    refuse_fixed(admin.oauth.settings.current().registration.is_fixed)?;
    let value = enabled.to_string();
    put(admin, actor, settings::REGISTRATION, value.clone(), version, &value).await
}

fn refuse_fixed(is_fixed: bool) -> Result<(), Failure> {
    let sentence = "The configuration sets this: change it there, and restart the server.";
    if is_fixed { Err(Failure::refused("set_by_configuration", sentence)) } else { Ok(()) }
}

async fn put(
    admin: &Admin,
    actor: &Actor,
    name: &str,
    value: String,
    version: i64,
    detail: &str,
) -> Result<(), Failure> {
    let ctx = &admin.oauth;
    let row = SettingRow {
        name: name.to_owned(),
        value,
        version,
        updated_at: ctx.clock.now(),
        updated_by: actor.id.clone(),
    };
    if !ctx.store.put_setting(row).await? {
        // What the page then shows is what the other one set.
        ctx.settings.reload(&ctx.store).await?;
        return Err(Failure::Changed);
    }
    ctx.settings.reload(&ctx.store).await?;
    ctx.audit.record(actor.did(Event::SettingChanged).detail(format!("{name}: {detail}"))).await;
    Ok(())
}

/// Asks a login provider for its metadata.
///
/// # Errors
/// [`Failure::NotFound`] for a provider that is not set up.
pub async fn ask_provider(admin: &Admin, name: &str) -> Result<Result<(), Fault>, Failure> {
    let accounts = &admin.accounts;
    accounts.upstream.ask(name).await.ok_or(Failure::NotFound)
}
