//! Why a client by document was refused, in words for administrators.

const MAKER: &str = "The maker of the app has to mend its document.";
const AWAY: &str = "Try again in a moment. If it goes on, see whether this server can reach that host.";

/// What is wrong with a client's document, or with the client itself, and what to do.
pub fn why(reason: &str) -> Option<(&'static str, &'static str)> {
    Some(match reason {
        "client_not_admitted" => (
            "The resource does not take this app: its document is not among those that are let in.",
            "Let it in, or its host, in the settings of the resource.",
        ),
        "client_on_hold" => (
            "The app's document has changed where it sends access or by which keys it is known, since this was allowed.",
            "Look at the client: accept the change or disable it. Or the person allows the app anew.",
        ),
        "document_url_refused" => ("The app's id is a URL that cannot be that of a document.", MAKER),
        "document_host_not_public" => (
            "The app's document lies at a host with an address that is not on the public internet. It was not asked for.",
            "Nothing needs to be done, unless the app is yours: give its document a public host.",
        ),
        "document_host_unknown" => ("The host of the app's document is not known.", AWAY),
        "document_timeout" | "document_unreachable" | "document_truncated" => (
            "The app's document could not be had: its host is away, slow, or has no valid certificate.",
            AWAY,
        ),
        "document_status" => ("Where the app's document should be, its host answers with an error.", AWAY),
        "document_redirected" => {
            ("Where the app's document should be is a redirect, which is not followed.", MAKER)
        }
        "document_content_type" | "document_encoded" | "document_not_json" => {
            ("Where the app's document should be is something else than JSON.", MAKER)
        }
        "document_too_large" => (
            "The app's document is too large.",
            "Its maker makes it smaller; or set cimd.max_document_bytes higher.",
        ),
        "document_host_budget" | "document_fetches_busy" | "document_lookups_busy" => {
            ("Too many documents were asked for at once.", "It is tried again in a minute.")
        }
        "document_of_another_client" => ("The document is not that of this app: it names another id.", MAKER),
        "document_without_name" | "document_with_secret" | "document_auth_method" | "document_metadata" => {
            ("The app's document says something that cannot be taken.", MAKER)
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::why;

    #[test]
    fn every_reason_of_a_document_has_words() {
        for reason in [
            "client_not_admitted",
            "client_on_hold",
            "document_url_refused",
            "document_host_not_public",
            "document_host_unknown",
            "document_timeout",
            "document_unreachable",
            "document_redirected",
            "document_status",
            "document_content_type",
            "document_encoded",
            "document_too_large",
            "document_truncated",
            "document_host_budget",
            "document_fetches_busy",
            "document_lookups_busy",
            "document_not_json",
            "document_of_another_client",
            "document_without_name",
            "document_with_secret",
            "document_auth_method",
            "document_metadata",
        ] {
            assert!(why(reason).is_some(), "{reason}");
        }
    }
}
