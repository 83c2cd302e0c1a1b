//! What a request to a protocol endpoint brings besides its parameters.

use super::Origin;

/// One request, as far as the rules look at it.
#[derive(Clone, Debug)]
pub struct Call<'a> {
    /// The `Authorization` header.
    pub authorization: Option<&'a str>,
    /// Every `DPoP` header (RFC 9449 §4.1).
    pub dpop: Vec<&'a str>,
    pub method: &'a str,
    /// The path it was sent to, as it came.
    pub path: &'a str,
    pub origin: Origin,
}
