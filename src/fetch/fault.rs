//! Why a document is not to be had: a code for the audit trail, a sentence for people, details for the log.

/// Why a document could not be had. The sentence goes on after "the document …"; it tells a stranger nothing of the
/// network around this server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("has an address that is refused: {0}")]
    BadUrl(&'static str),
    /// The host is there, but not on the public internet. The same words as for one that is not there.
    #[error("has a host that cannot be found on the public internet")]
    SpecialAddress,
    #[error("has a host that cannot be found on the public internet")]
    UnknownHost,
    #[error("cannot be had: its host does not answer in time")]
    Timeout,
    #[error("cannot be had: its host cannot be reached over a secure connection")]
    Unreachable(String),
    #[error("is a redirect (status {0}); redirects are not followed")]
    Redirect(u16),
    #[error("cannot be had: its host answers with status {0}")]
    Status(u16),
    #[error("is not sent as JSON: the content type must be application/json, or one that ends with +json")]
    ContentType,
    #[error("is sent compressed; it must be sent as it is")]
    Encoded,
    #[error("is larger than {0} bytes")]
    TooLarge(usize),
    #[error("breaks off before its end")]
    Truncated(String),
    #[error("cannot be fetched now: its host was asked too often; try again in a minute")]
    HostBudget,
    #[error("cannot be fetched now: too many documents are being fetched; try again in a moment")]
    Busy,
    #[error("cannot be fetched now: too many names are being looked up; try again in a moment")]
    LookupsBusy,
}

impl Fault {
    /// The code for the audit trail.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::BadUrl(_) => "document_url_refused",
            Self::SpecialAddress => "document_host_not_public",
            Self::UnknownHost => "document_host_unknown",
            Self::Timeout => "document_timeout",
            Self::Unreachable(_) => "document_unreachable",
            Self::Redirect(_) => "document_redirected",
            Self::Status(_) => "document_status",
            Self::ContentType => "document_content_type",
            Self::Encoded => "document_encoded",
            Self::TooLarge(_) => "document_too_large",
            Self::Truncated(_) => "document_truncated",
            Self::HostBudget => "document_host_budget",
            Self::Busy => "document_fetches_busy",
            Self::LookupsBusy => "document_lookups_busy",
        }
    }

    /// Whether it says nothing of the document itself, and may be gone a moment later.
    pub const fn is_passing(&self) -> bool {
        match self {
            Self::UnknownHost
            | Self::Timeout
            | Self::Unreachable(_)
            | Self::Truncated(_)
            | Self::HostBudget
            | Self::Busy
            | Self::LookupsBusy => true,
            Self::Status(status) => *status == 429 || *status >= 500,
            Self::BadUrl(_)
            | Self::SpecialAddress
            | Self::Redirect(_)
            | Self::ContentType
            | Self::Encoded
            | Self::TooLarge(_) => false,
        }
    }

    /// What a log may say beyond the sentence.
    pub fn detail(&self) -> &str {
        match self {
            Self::Unreachable(detail) | Self::Truncated(detail) => detail,
            _ => "",
        }
    }
}
