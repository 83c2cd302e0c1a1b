//! `/settings`: what administrators set while the server runs, and what the configuration says.

use actix_web::HttpResponse;
use actix_web::web::Path;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::answers;
use super::call::{Call, Picture, Sent};
use super::problem::Problem;
use super::text::Time;
use crate::admin::settings::{self, BrandingInput};
use crate::settings::{Change, Choice};
use crate::types::Requirement;

/// Every setting in force.
#[derive(Serialize, ToSchema)]
pub struct Settings {
    branding: BrandingState,
    logo: LogoState,
    second_factor: SecondFactorRule,
    registration: RegistrationRule,
    /// What the configuration says; secrets are only `set` or `not set`.
    configuration: Vec<ConfigurationLine>,
    warnings: Vec<String>,
}

/// The look of the pages.
#[derive(Serialize, ToSchema)]
struct BrandingState {
    name: String,
    /// `#rrggbb`; empty for what Gatepost brings along.
    accent: String,
    accent_dark: String,
    #[serde(flatten)]
    changed: LastChange,
}

/// The picture on every page.
#[derive(Serialize, ToSchema)]
struct LogoState {
    /// Whether there is one of your own.
    is_set: bool,
    #[serde(flatten)]
    changed: LastChange,
}

/// Of whom a second factor is required.
#[derive(Serialize, ToSchema)]
struct SecondFactorRule {
    #[schema(value_type = Whom)]
    required_of: &'static str,
    /// Whether the configuration says so: then it cannot be changed here.
    is_fixed: bool,
    #[serde(flatten)]
    changed: LastChange,
}

/// Whether clients may register themselves.
#[derive(Serialize, ToSchema)]
struct RegistrationRule {
    enabled: bool,
    /// Whether the configuration says so: then it cannot be changed here.
    is_fixed: bool,
    #[serde(flatten)]
    changed: LastChange,
}

/// The last change.
#[derive(Serialize, ToSchema)]
struct LastChange {
    /// To be sent along with a change; 0 where nothing was changed.
    version: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    changed_at: Option<Time>,
    /// The id of a person, or `command-line`.
    #[serde(skip_serializing_if = "Option::is_none")]
    changed_by: Option<String>,
}

impl From<&Change> for LastChange {
    fn from(change: &Change) -> Self {
        let is_changed = change.version > 0;
        Self {
            version: change.version,
            changed_at: is_changed.then_some(Time(change.at)),
            changed_by: is_changed.then(|| change.by.clone()),
        }
    }
}

/// One setting of the configuration.
#[derive(Serialize, ToSchema)]
struct ConfigurationLine {
    key: String,
    value: String,
    /// Where it came from.
    origin: String,
    variable: String,
}

/// Of whom something is required.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Whom {
    Nobody,
    Admins,
    Everyone,
}

fn rule<T>(choice: &Choice<T>, required_of: &'static str) -> SecondFactorRule {
    SecondFactorRule { required_of, is_fixed: choice.is_fixed, changed: (&choice.change).into() }
}

fn all(call: &Call) -> Settings {
    let set = call.state.oauth.settings.current();
    let branding = &set.brand.branding;
    let colour = |colour: Option<crate::settings::Colour>| colour.map(|c| c.to_string()).unwrap_or_default();
    Settings {
        branding: BrandingState {
            name: set.brand.name().to_owned(),
            accent: colour(branding.accents.map(|a| a.light)),
            accent_dark: colour(branding.accents.and_then(|a| a.dark)),
            changed: (&set.branding).into(),
        },
        logo: LogoState { is_set: set.brand.logo.is_some(), changed: (&set.logo).into() },
        second_factor: rule(&set.second_factor, set.second_factor.value.as_str()),
        registration: RegistrationRule {
            enabled: set.registration.value,
            is_fixed: set.registration.is_fixed,
            changed: (&set.registration.change).into(),
        },
        configuration: call
            .state
            .in_force
            .sections
            .iter()
            .flat_map(|section| &section.settings)
            .map(|line| ConfigurationLine {
                key: line.key.clone(),
                value: line.value.clone(),
                origin: line.origin.clone(),
                variable: line.variable.clone(),
            })
            .collect(),
        warnings: call.state.in_force.warnings.clone(),
    }
}

/// Show the settings
#[utoipa::path(get, path = "/settings", tag = "settings",
    responses((status = 200, description = "Every setting in force", body = Settings)))]
pub async fn get(call: Call) -> HttpResponse {
    answers::ok(&all(&call))
}

/// The look of the pages, as it shall be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BrandingChange {
    /// Empty for Gatepost.
    #[serde(default)]
    #[schema(max_length = 60)]
    name: String,
    /// `#rrggbb`, for light pages; empty for what Gatepost brings along.
    #[serde(default)]
    #[schema(max_length = 7)]
    accent: String,
    /// The same for dark pages; empty to have it worked out.
    #[serde(default)]
    #[schema(max_length = 7)]
    accent_dark: String,
    /// Of the branding as it was read.
    version: i64,
}

/// Change the look of the pages
#[utoipa::path(put, path = "/settings/branding", tag = "settings", request_body = BrandingChange,
    responses((status = 200, description = "The settings now", body = Settings)))]
pub async fn branding(sent: Sent<BrandingChange>) -> Result<HttpResponse, Problem> {
    let (call, body) = (&sent.call, sent.body);
    let input = BrandingInput { name: body.name, accent: body.accent, accent_dark: body.accent_dark };
    settings::set_branding(call.admin(), &call.actor, &input, body.version).await?;
    Ok(answers::ok(&all(call)))
}

/// Which version is meant.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LogoVersion {
    /// Of the logo as it was read.
    version: i64,
}

/// Change the logo
///
/// The body is the picture itself: PNG, JPEG or WebP.
#[utoipa::path(put, path = "/settings/logo", tag = "settings", params(LogoVersion),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, description = "The settings now", body = Settings)))]
pub async fn logo(sent: Picture) -> Result<HttpResponse, Problem> {
    let call = &sent.call;
    let LogoVersion { version } = call.query()?;
    settings::set_logo(call.admin(), &call.actor, sent.bytes, version).await?;
    Ok(answers::ok(&all(call)))
}

/// Remove the logo
///
/// Gatepost's own is shown again.
#[utoipa::path(delete, path = "/settings/logo", tag = "settings", params(LogoVersion),
    responses((status = 200, description = "The settings now", body = Settings)))]
pub async fn remove_logo(call: Call) -> Result<HttpResponse, Problem> {
    let LogoVersion { version } = call.query()?;
    settings::remove_logo(call.admin(), &call.actor, version).await?;
    Ok(answers::ok(&all(&call)))
}

/// Of whom a second factor shall be required.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SecondFactorChange {
    required_of: Whom,
    /// Of the rule as it was read.
    version: i64,
}

/// Say of whom a second factor is required
#[utoipa::path(put, path = "/settings/second-factor", tag = "settings", request_body = SecondFactorChange,
    responses((status = 200, description = "The settings now", body = Settings)))]
pub async fn second_factor(sent: Sent<SecondFactorChange>) -> Result<HttpResponse, Problem> {
    let call = &sent.call;
    let requirement = match sent.body.required_of {
        Whom::Nobody => Requirement::Nobody,
        Whom::Admins => Requirement::Admins,
        Whom::Everyone => Requirement::Everyone,
    };
    settings::set_second_factor(call.admin(), &call.actor, requirement, sent.body.version).await?;
    Ok(answers::ok(&all(call)))
}

/// Whether clients shall register themselves.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegistrationChange {
    enabled: bool,
    /// Of the rule as it was read.
    version: i64,
}

/// Say whether clients may register themselves
#[utoipa::path(put, path = "/settings/registration", tag = "settings", request_body = RegistrationChange,
    responses((status = 200, description = "The settings now", body = Settings)))]
pub async fn registration(sent: Sent<RegistrationChange>) -> Result<HttpResponse, Problem> {
    let call = &sent.call;
    settings::set_registration(call.admin(), &call.actor, sent.body.enabled, sent.body.version).await?;
    Ok(answers::ok(&all(call)))
}

/// Whether a login provider answers.
#[derive(Serialize, ToSchema)]
pub struct ProviderState {
    answers: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<String>,
}

/// Ask a login provider for its metadata
///
/// Requests go out for it.
#[utoipa::path(post, path = "/settings/providers/{name}/check", tag = "settings",
    params(("name" = String, Path, description = "As the configuration calls it")),
    responses((status = 200, description = "Whether it answers", body = ProviderState)))]
pub async fn provider(call: Call, name: Path<String>) -> Result<HttpResponse, Problem> {
    let asked = settings::ask_provider(call.admin(), &name).await?;
    let fault = asked.err().map(|fault| fault.to_string());
    Ok(answers::ok(&ProviderState { answers: fault.is_none(), fault }))
}
