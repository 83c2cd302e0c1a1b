//! The mail server and the sender.
//!
//! Owns which URLs are accepted. No problem reported here repeats what was given: it may hold a password.

use url::Url;

use super::error::Problem;
use super::key::Key;
use super::parse::Setting;
use crate::types::Plain;

/// Where mail leaves, ready to connect with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailUrl {
    url: Plain<String>,
    shown: String,
}

const FIX: &str =
    "write smtps://user:password@mail.example.com or smtp://user:password@mail.example.com:587?tls=required";

impl MailUrl {
    /// Reads a URL. Without TLS only this machine is reached, unless `tls=none` says that it is meant.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let mut url = Url::parse(text).map_err(|_| Problem::new("is not a URL", FIX))?;
        let Some(host) = url.host_str().filter(|host| !host.is_empty()).map(str::to_owned) else {
            return Err(Problem::new("names no server", FIX));
        };
        if url.path().len() > 1 || url.fragment().is_some() {
            return Err(Problem::new("has a path or fragment", FIX));
        }
        let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let tls = match pairs.as_slice() {
            [] => None,
            [(name, value)] if name == "tls" => Some(value.as_str()),
            _ => return Err(Problem::new("has a parameter other than tls", FIX)),
        };
        match (url.scheme(), tls) {
            ("smtps", None) | ("smtp", Some("required" | "opportunistic")) => {}
            // What the library calls no parameter.
            ("smtp", Some("none")) => url.set_query(None),
            ("smtp", None) if is_here(&host) => {}
            ("smtp", None) => {
                return Err(Problem::new(
                    "would send mail and password unencrypted to another machine",
                    "add ?tls=required, or ?tls=none where the network in between is trusted",
                ));
            }
            ("smtps", Some(_)) => {
                return Err(Problem::new("is smtps and says tls= besides", "leave ?tls= out"));
            }
            ("smtp", Some(_)) => {
                return Err(Problem::new(
                    "has an unknown value of tls",
                    "write required, opportunistic or none",
                ));
            }
            _ => return Err(Problem::new("is neither smtp:// nor smtps://", FIX)),
        }
        if url.username().is_empty() != url.password().is_none() {
            return Err(Problem::new("has a user or a password, but not both", FIX));
        }
        let user = if url.username().is_empty() { String::new() } else { format!("{}:...@", url.username()) };
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let query = tls.map(|tls| format!("?tls={tls}")).unwrap_or_default();
        let shown = format!("{}://{user}{host}{port}{query}", url.scheme());
        Ok(Self { url: Plain::new(url.into()), shown })
    }

    /// The URL to connect with, password and all.
    pub const fn expose(&self) -> &Plain<String> {
        &self.url
    }
}

fn is_here(host: &str) -> bool {
    host == "localhost"
        || host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

impl Setting for MailUrl {
    fn parse(text: &str, _: &Key) -> Result<Self, Problem> {
        Self::parse(text)
    }

    fn show(&self) -> String {
        self.shown.clone()
    }
}

/// Who writes: an address, with or without a name before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailSender(String);

impl MailSender {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Setting for MailSender {
    fn parse(text: &str, _: &Key) -> Result<Self, Problem> {
        crate::mail::check_sender(text).map(|()| Self(text.to_owned())).map_err(|error| {
            Problem::new(error.to_string(), "write Gatepost <auth@example.com>, with your own address")
        })
    }

    fn show(&self) -> String {
        self.0.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::MailUrl;

    #[test]
    fn a_mail_url_says_how_it_is_protected_or_stays_here() {
        for (text, shown) in [
            ("smtps://me:hunter2@mail.example.com", "smtps://me:...@mail.example.com"),
            (
                "smtp://me:hunter2@mail.example.com:587?tls=required",
                "smtp://me:...@mail.example.com:587?tls=required",
            ),
            ("smtp://mail.example.com?tls=opportunistic", "smtp://mail.example.com?tls=opportunistic"),
            ("smtp://10.0.0.9:25?tls=none", "smtp://10.0.0.9:25?tls=none"),
            ("smtp://localhost:1025", "smtp://localhost:1025"),
            ("smtp://127.0.0.1:1025", "smtp://127.0.0.1:1025"),
            ("smtp://[::1]:1025", "smtp://[::1]:1025"),
        ] {
            assert_eq!(MailUrl::parse(text).map(|url| url.shown), Ok(shown.to_owned()), "{text}");
        }
        assert_eq!(MailUrl::parse("smtp://10.0.0.9?tls=none").unwrap().url.expose(), "smtp://10.0.0.9");
        for bad in [
            "mail.example.com",
            "smtp://",
            "http://mail.example.com",
            "smtp://me:hunter2@mail.example.com",
            "smtp://hunter2@mail.example.com?tls=required",
            "smtp://me:hunter2@mail.example.com?tls=maybe",
            "smtps://me:hunter2@mail.example.com?tls=required",
            "smtp://me:hunter2@mail.example.com?tls=required&x=1",
            "smtps://me:hunter2@mail.example.com/path",
        ] {
            let problem = MailUrl::parse(bad).unwrap_err();
            assert!(!format!("{problem:?}").contains("hunter2"), "{bad}: {problem:?}");
        }
    }
}
