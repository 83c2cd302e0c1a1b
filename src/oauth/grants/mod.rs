//! One file per grant type. Each opens with its law and its decision table.

pub mod authorization_code;
pub mod client_credentials;
pub mod device_code;
pub mod jwt_bearer;
pub mod refresh_token;
pub mod token_exchange;

use super::OAuth;
use super::error::{Code, Reason, Refusal};
use crate::audit::{Entry, Event};
use crate::store::grants::GrantRow;

/// How tokens can be asked for. Whatever lists grant types reads this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantType {
    AuthorizationCode,
    RefreshToken,
    ClientCredentials,
    DeviceCode,
    JwtBearer,
    TokenExchange,
}

impl GrantType {
    pub const ALL: &[Self] = &[
        Self::AuthorizationCode,
        Self::RefreshToken,
        Self::ClientCredentials,
        Self::DeviceCode,
        Self::JwtBearer,
        Self::TokenExchange,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => authorization_code::GRANT_TYPE,
            Self::RefreshToken => refresh_token::GRANT_TYPE,
            Self::ClientCredentials => client_credentials::GRANT_TYPE,
            Self::DeviceCode => device_code::GRANT_TYPE,
            Self::JwtBearer => jwt_bearer::GRANT_TYPE,
            Self::TokenExchange => token_exchange::GRANT_TYPE,
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|grant| grant.as_str() == text)
    }

    /// Whether it is on now; what is off is neither named in the metadata nor answered.
    pub fn is_on(self, ctx: &OAuth) -> bool {
        match self {
            Self::AuthorizationCode | Self::RefreshToken | Self::ClientCredentials => true,
            Self::JwtBearer => jwt_bearer::is_on(ctx),
            Self::TokenExchange => token_exchange::is_on(ctx),
            Self::DeviceCode => ctx.devices.enabled,
        }
    }

    /// Whether clients that register themselves may use it.
    pub const fn is_self_service(self) -> bool {
        match self {
            Self::AuthorizationCode | Self::RefreshToken | Self::DeviceCode => true,
            Self::ClientCredentials | Self::JwtBearer | Self::TokenExchange => false,
        }
    }

    /// Whether rules of administrators say who may use it, so that no client has to list it.
    pub const fn is_by_rule(self) -> bool {
        matches!(self, Self::JwtBearer | Self::TokenExchange)
    }
}

/// The grant types of a client that says itself which it wants.
///
/// | it names                                       | it gets                                              |
/// |------------------------------------------------|------------------------------------------------------|
/// | nothing; `authorization_code`, `refresh_token` | these two: many leave out `refresh_token`, and then need it |
/// | the device code grant                          | that and `refresh_token`                             |
/// | that and `authorization_code`                  | all three                                            |
/// | any other                                      | these without it                                     |
///
/// # Errors
/// `invalid_client_metadata` when nothing is left of what it names.
pub fn of_self_service(ctx: &OAuth, asked: &[String]) -> Result<Vec<GrantType>, Refusal> {
    let is_open = |grant: &GrantType| grant.is_self_service() && grant.is_on(ctx);
    let open: Vec<GrantType> = GrantType::ALL.iter().copied().filter(is_open).collect();
    let names = |grant: GrantType| asked.iter().any(|text| text == grant.as_str());
    if !asked.is_empty() && !open.iter().any(|grant| names(*grant)) {
        let open: Vec<&str> = open.iter().map(|grant| grant.as_str()).collect();
        let text = format!("grant_types has none that is supported: {}", open.join(", "));
        return Err(Refusal::new(Code::InvalidClientMetadata, Reason::BadMetadata, text));
    }
    let for_devices = open.contains(&GrantType::DeviceCode) && names(GrantType::DeviceCode);
    let is_given = |grant: &GrantType| match grant {
        GrantType::AuthorizationCode => !for_devices || names(GrantType::AuthorizationCode),
        GrantType::RefreshToken => true,
        other => names(*other),
    };
    Ok(open.into_iter().filter(is_given).collect())
}

/// Revokes a grant whose code or refresh token was replayed, on this process at once, and records it once.
async fn revoke_replayed(ctx: &OAuth, grant: &GrantRow, reason: Reason) -> Result<(), Refusal> {
    if ctx.store.revoke_grant(grant.id.clone(), ctx.clock.now(), reason.as_str()).await? {
        ctx.revocations.revoke(&grant.id);
        let entry = Entry::ok(Event::GrantRevoked)
            .because(reason.as_str())
            .grant(grant.id.clone())
            .client(grant.client_id.clone())
            .user(grant.user_id.clone());
        ctx.audit.record(entry).await;
    }
    Ok(())
}
