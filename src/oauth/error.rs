//! What the protocol endpoints refuse with: one list of wire codes, one list of reasons.
//!
//! The code and the description go to the client; the reason goes to the audit trail and the log only.

use std::borrow::Cow;

use crate::store::StoreError;

/// An error code on the wire, with its HTTP status where it is answered directly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// A parameter is missing, repeated, or malformed. RFC 6749 §4.1.2.1, §5.2
    InvalidRequest,
    /// Client authentication failed, or the client is unknown. RFC 6749 §5.2
    InvalidClient,
    /// The code or refresh token is invalid, expired, revoked, or another client's. RFC 6749 §5.2
    InvalidGrant,
    /// The client may not use this grant type. RFC 6749 §5.2
    UnauthorizedClient,
    /// The grant type is not supported. RFC 6749 §5.2
    UnsupportedGrantType,
    /// The response type is not `code`. RFC 6749 §4.1.2.1
    UnsupportedResponseType,
    /// No requested scope can be granted, or a refresh asks for more than was granted. RFC 6749 §5.2
    InvalidScope,
    /// The resource is unknown. RFC 8707 §2
    InvalidTarget,
    /// The person said no. RFC 6749 §4.1.2.1
    AccessDenied,
    /// `prompt=none` without a login. OpenID Connect Core §3.1.2.6
    LoginRequired,
    /// `prompt=none` and a consent page is needed. OpenID Connect Core §3.1.2.6
    ConsentRequired,
    /// A `request` object was sent. OpenID Connect Core §3.1.2.6
    RequestNotSupported,
    /// A `request_uri` was sent. OpenID Connect Core §3.1.2.6
    RequestUriNotSupported,
    /// A redirect URI cannot be registered. RFC 7591 §3.2.2
    InvalidRedirectUri,
    /// Other registration metadata cannot be accepted. RFC 7591 §3.2.2
    InvalidClientMetadata,
    /// The bearer token is missing parts, expired, revoked or not ours. RFC 6750 §3.1
    InvalidToken,
    /// The token lacks a scope. RFC 6750 §3.1
    InsufficientScope,
    /// The proof of possession is missing or wrong. RFC 9449 §5, §7.1
    InvalidDpopProof,
    /// The proof must carry the nonce of the answer. RFC 9449 §8, §9
    UseDpopNonce,
    /// The person has not decided yet. RFC 8628 §3.5
    AuthorizationPending,
    /// The device asks too often. RFC 8628 §3.5
    SlowDown,
    /// The person said no, told at the token endpoint. RFC 8628 §3.5
    PersonDenied,
    /// The device code has expired. RFC 8628 §3.5
    ExpiredToken,
    /// The `request_uri` is not one of ours, or has ended. RFC 9101 §6.3, RFC 9126
    InvalidRequestUri,
    /// Too many requests from one place. RFC 6585 §4
    TemporarilyUnavailable,
    /// Our fault. RFC 6749 §4.1.2.1
    ServerError,
}

impl Code {
    /// The code as text.
    pub const fn as_str(self) -> &'static str {
        self.row().0
    }

    /// Whether it only says to ask again later, which a device does every few seconds.
    pub const fn is_wait(self) -> bool {
        matches!(self, Self::AuthorizationPending | Self::SlowDown)
    }

    /// The HTTP status of a direct answer.
    pub const fn status(self) -> u16 {
        self.row().1
    }

    const fn row(self) -> (&'static str, u16) {
        match self {
            Self::InvalidRequest => ("invalid_request", 400),
            Self::InvalidClient => ("invalid_client", 401),
            Self::InvalidGrant => ("invalid_grant", 400),
            Self::UnauthorizedClient => ("unauthorized_client", 400),
            Self::UnsupportedGrantType => ("unsupported_grant_type", 400),
            Self::UnsupportedResponseType => ("unsupported_response_type", 400),
            Self::InvalidScope => ("invalid_scope", 400),
            Self::InvalidTarget => ("invalid_target", 400),
            Self::AccessDenied => ("access_denied", 403),
            Self::LoginRequired => ("login_required", 400),
            Self::ConsentRequired => ("consent_required", 400),
            Self::RequestNotSupported => ("request_not_supported", 400),
            Self::RequestUriNotSupported => ("request_uri_not_supported", 400),
            Self::InvalidRedirectUri => ("invalid_redirect_uri", 400),
            Self::InvalidClientMetadata => ("invalid_client_metadata", 400),
            Self::InvalidToken => ("invalid_token", 401),
            Self::InsufficientScope => ("insufficient_scope", 403),
            Self::InvalidDpopProof => ("invalid_dpop_proof", 400),
            Self::UseDpopNonce => ("use_dpop_nonce", 400),
            Self::AuthorizationPending => ("authorization_pending", 400),
            Self::SlowDown => ("slow_down", 400),
            Self::PersonDenied => ("access_denied", 400),
            Self::ExpiredToken => ("expired_token", 400),
            Self::InvalidRequestUri => ("invalid_request_uri", 400),
            Self::TemporarilyUnavailable => ("temporarily_unavailable", 503),
            Self::ServerError => ("server_error", 500),
        }
    }
}

/// Why, in words stable enough to search for: `reason` of an audit event. `Document` has its own: what is wrong with
/// the document of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    MalformedRequest,
    DuplicateParameter,
    MissingParameter,
    UnknownClient,
    DisabledClient,
    ForeignRedirectUri,
    BadRedirectUri,
    BadMetadata,
    BadRegistrationToken,
    RegistrationClosed,
    ClientNotAdmitted,
    ClientOnHold,
    Document(&'static str),
    RateLimited,
    UnsupportedResponseType,
    UnsupportedGrantType,
    GrantTypeNotAllowed,
    RequestObject,
    NotPushed,
    TooManyPushed,
    UnknownPushedRequest,
    ExpiredPushedRequest,
    SpentPushedRequest,
    ForeignPushedRequest,
    PkceMissing,
    PkcePlain,
    PkceMalformed,
    PkceMismatch,
    UnknownResource,
    ResourceMismatch,
    NoScopeLeft,
    ScopeWidened,
    PersonDenied,
    LoginNeeded,
    ConsentNeeded,
    AuthMethodMismatch,
    WrongClientSecret,
    ExpiredClientSecret,
    RevokedClientSecret,
    BadAssertion,
    BadAssertionSignature,
    AssertionTimes,
    WrongAudience,
    ReplayedAssertion,
    UnknownClientKey,
    UntrustedIssuer,
    UnknownIssuerKey,
    AssertionOfOther,
    NoRuleFits,
    UnknownPerson,
    AddressNotVerified,
    AddressRecycled,
    BadSubjectToken,
    TooManyEnded,
    ClientKeysUnavailable,
    UnknownCode,
    ExpiredCode,
    ReplayedCode,
    ForeignCode,
    AwaitedPerson,
    PolledTooSoon,
    TooManyWaiting,
    UnknownDeviceCode,
    ExpiredDeviceCode,
    ReplayedDeviceCode,
    ForeignDeviceCode,
    UnknownRefreshToken,
    ExpiredRefreshToken,
    ReplayedRefreshToken,
    ForeignRefreshToken,
    RevokedGrant,
    SecondFactorNeeded,
    RacedRequest,
    DisabledPerson,
    UnknownToken,
    NotAllowed,
    MalformedProof,
    BadProofKey,
    WrongProofSignature,
    ForeignProof,
    StaleProof,
    ProofNonceNeeded,
    ReplayedProof,
    ProofMissing,
    ForeignProofKey,
    BoundTokenAsBearer,
    UnboundToken,
    StoreUnavailable,
    IssuerUnavailable,
    ForeignIssuer,
    Internal,
}

impl Reason {
    /// The reason in snake case, as stored.
    pub fn as_str(self) -> String {
        if let Self::Document(code) = self {
            return code.to_owned();
        }
        let mut out = String::new();
        for (i, c) in format!("{self:?}").chars().enumerate() {
            if c.is_ascii_uppercase() && i > 0 {
                out.push('_');
            }
            out.push(c.to_ascii_lowercase());
        }
        out
    }
}

/// A refused request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub code: Code,
    pub reason: Reason,
    /// For the developer of the client; never internals, never a secret.
    pub description: Cow<'static, str>,
}

impl Refusal {
    pub fn new(code: Code, reason: Reason, description: impl Into<Cow<'static, str>>) -> Self {
        Self { code, reason, description: description.into() }
    }

    /// `invalid_request` for a malformed parameter.
    pub fn malformed(description: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::InvalidRequest, Reason::MalformedRequest, description)
    }

    /// `invalid_request` for a missing parameter.
    pub fn missing(name: &str) -> Self {
        Self::new(Code::InvalidRequest, Reason::MissingParameter, format!("{name} is missing"))
    }

    /// Our own failure: the client learns nothing of it.
    pub const fn internal() -> Self {
        Self {
            code: Code::ServerError,
            reason: Reason::Internal,
            description: Cow::Borrowed("internal error"),
        }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) => {
                tracing::error!(%error, "the database is not reachable");
                Self::new(
                    Code::TemporarilyUnavailable,
                    Reason::StoreUnavailable,
                    "the server cannot reach its database; try again shortly",
                )
            }
            StoreError::Conflict
            | StoreError::Inconsistent { .. }
            | StoreError::Database(_)
            | StoreError::Schema(_) => {
                tracing::error!(%error, "a store operation failed");
                Self::internal()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_read_as_snake_case() {
        assert_eq!(Reason::ReplayedRefreshToken.as_str(), "replayed_refresh_token");
    }
}
