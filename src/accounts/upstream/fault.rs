//! What can be wrong with a provider, as opposed to the person who comes from it.

use openidconnect::core::CoreErrorResponseType;
use openidconnect::{DiscoveryError, RequestTokenError, StandardErrorResponse, UserInfoError};

use super::http::EgressError;

/// A provider that cannot be used right now, or whose answer cannot be believed. The texts are for the log and the
/// audit trail; none holds a token or a code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("{0}")]
    Unreachable(EgressError),
    #[error("its metadata cannot be used: {0}")]
    Metadata(String),
    #[error("its token endpoint refused the code: {0}")]
    Refused(String),
    #[error("its token endpoint gave no usable answer: {0}")]
    Answer(String),
    #[error("its ID token cannot be believed ({reason}): {text}")]
    IdToken { reason: &'static str, text: String },
    #[error("its userinfo cannot be used: {0}")]
    UserInfo(String),
}

impl Fault {
    /// For the audit trail.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Unreachable(EgressError::Timeout) => "provider_timeout",
            Self::Unreachable(_) => "provider_unreachable",
            Self::Metadata(_) => "provider_metadata",
            Self::Refused(_) => "provider_refused_code",
            Self::Answer(_) => "provider_answer",
            Self::IdToken { reason, .. } => reason,
            Self::UserInfo(_) => "provider_userinfo",
        }
    }

    /// Whether another try in a moment may do better.
    pub const fn is_outage(&self) -> bool {
        matches!(self, Self::Unreachable(_))
    }
}

/// A status other than 200: an overloaded provider is an outage, anything else a mistake.
fn status(code: u16, text: String, otherwise: fn(String) -> Fault) -> Fault {
    if code >= 500 { Fault::Unreachable(EgressError::Broken(text)) } else { otherwise(text) }
}

impl From<DiscoveryError<EgressError>> for Fault {
    fn from(error: DiscoveryError<EgressError>) -> Self {
        match error {
            DiscoveryError::Request(error @ EgressError::NotSecure(_)) => Self::Metadata(error.to_string()),
            DiscoveryError::Request(error) => Self::Unreachable(error),
            DiscoveryError::Response(code, _, text) => status(code.as_u16(), text, Self::Metadata),
            DiscoveryError::Parse(error) => Self::Metadata(format!("{} is wrong or missing", error.path())),
            other => Self::Metadata(other.to_string()),
        }
    }
}

type TokenError = RequestTokenError<EgressError, StandardErrorResponse<CoreErrorResponseType>>;

impl From<TokenError> for Fault {
    fn from(error: TokenError) -> Self {
        match error {
            RequestTokenError::ServerResponse(said) => Self::Refused(said.error().to_string()),
            RequestTokenError::Request(error) => Self::Unreachable(error),
            // Its own text shows the value it stumbled over.
            RequestTokenError::Parse(error, _) => {
                Self::Answer(format!("{} is wrong or missing", error.path()))
            }
            RequestTokenError::Other(text) => Self::Answer(text),
        }
    }
}

impl From<UserInfoError<EgressError>> for Fault {
    fn from(error: UserInfoError<EgressError>) -> Self {
        match error {
            UserInfoError::Request(error) => Self::Unreachable(error),
            UserInfoError::Response(code, _, text) => status(code.as_u16(), text, Self::UserInfo),
            UserInfoError::ClaimsVerification(error) => Self::UserInfo(error.to_string()),
            other => Self::UserInfo(other.to_string()),
        }
    }
}
