//! Why a token is not accepted: a sentence for the client, a reason code for the audit trail.

use crate::oauth::error::Refusal;

/// Why a token is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadToken {
    #[error("the access token is not one this server issued")]
    NotOurs,
    #[error("the access token was issued for another resource")]
    WrongAudience,
    #[error("the access token has expired")]
    Expired,
    #[error("the access token has been revoked")]
    Revoked,
    // What follows is told of tokens of another issuer only: its software is not ours to look into.
    #[error("the access token is too large")]
    TooLarge,
    #[error("the access token is not a JWT whose claims can be read")]
    Malformed,
    #[error("the access token is not signed with RS256")]
    WrongAlgorithm,
    #[error("the access token does not name its key")]
    NoKeyId,
    #[error("the access token is from another issuer")]
    ForeignIssuer,
    #[error("the access token does not say when it expires")]
    NoExpiry,
    #[error("the access token is not valid yet")]
    NotYet,
    #[error("the access token names another resource")]
    OtherResource,
    #[error("the access token is bound to something that cannot be checked here")]
    UnknownConfirmation,
    #[error("the access token is signed with a key that its issuer does not publish")]
    UnknownKey,
    #[error("the signature of the access token is wrong")]
    BadSignature,
}

impl BadToken {
    /// For the audit trail.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::NotOurs => "token_not_ours",
            Self::WrongAudience => "token_wrong_audience",
            Self::Expired => "token_expired",
            Self::Revoked => "token_revoked",
            Self::TooLarge => "token_too_large",
            Self::Malformed => "token_malformed",
            Self::WrongAlgorithm => "token_wrong_algorithm",
            Self::NoKeyId => "token_without_key_id",
            Self::ForeignIssuer => "token_foreign_issuer",
            Self::NoExpiry => "token_without_expiry",
            Self::NotYet => "token_not_yet_valid",
            Self::OtherResource => "token_other_resource",
            Self::UnknownConfirmation => "token_unknown_confirmation",
            Self::UnknownKey => "token_unknown_key",
            Self::BadSignature => "token_bad_signature",
        }
    }
}

/// Why a token could not be accepted.
#[derive(Debug)]
pub enum VerifyError {
    Bad(BadToken),
    /// What is needed to judge it cannot be had now: the database, or the keys of its issuer.
    Unavailable(Refusal),
}

impl From<BadToken> for VerifyError {
    fn from(bad: BadToken) -> Self {
        Self::Bad(bad)
    }
}
