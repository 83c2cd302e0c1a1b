//! The two ways in which an access token is presented in an `Authorization` header.

/// The scheme of an access token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Whoever has the token may use it (RFC 6750).
    Bearer,
    /// Only together with a proof of the key it is bound to (RFC 9449).
    Dpop,
}

impl Scheme {
    /// The name in a header, and in `token_type`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bearer => "Bearer",
            Self::Dpop => "DPoP",
        }
    }

    /// The scheme of tokens that name a key, and of those that name none.
    pub const fn of(bound: bool) -> Self {
        if bound { Self::Dpop } else { Self::Bearer }
    }
}
