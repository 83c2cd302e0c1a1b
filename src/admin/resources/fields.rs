//! What the fields of a resource may hold.

use std::ops::RangeInclusive;

use url::Url;

use crate::admin::{Failure, Problem};
use crate::fetch::Reach;
use crate::oauth::cimd::policy::{self, Choice, MAX_ENTRIES};
use crate::oauth::keys::Alg;
use crate::oauth::resource::ResourceSet;
use crate::oauth::scalekit::{SCALEKIT, STANDARD, TokenIssuer};
use crate::store::resources::DocumentColumns;
use crate::types::urls::is_loopback;
use crate::types::visible::is_hidden;

/// The longest name, in characters.
const MAX_NAME: usize = 200;
/// The longest URL, in bytes.
const MAX_URL: usize = 2000;
/// The most aliases.
const MAX_ALIASES: usize = 20;
/// Life of access tokens, in seconds.
pub const ACCESS_SECONDS: RangeInclusive<i64> = 60..=86_400;
/// Absolute life of refresh tokens, in seconds: an hour to ten years, as the setting allows.
pub const REFRESH_SECONDS: RangeInclusive<i64> = 3_600..=315_360_000;

/// Gathers what is wrong, so that a person hears all of it at once.
#[derive(Default)]
pub struct Check(Vec<Problem>);

impl Check {
    /// A name for people: trimmed, not empty.
    pub fn name(&mut self, text: &str) -> String {
        let name = text.trim();
        if name.is_empty() {
            self.say("name", "Enter a name.");
        } else if name.chars().count() > MAX_NAME {
            self.say("name", format!("The name is longer than {MAX_NAME} characters."));
        } else if name.chars().any(is_hidden) {
            self.say("name", "The name has line breaks, or characters that nobody sees.");
        }
        name.to_owned()
    }

    /// The canonical URL, which nobody else may have.
    pub fn url(&mut self, field: &'static str, text: &str, others: &ResourceSet) -> String {
        match as_url(text) {
            Ok(url) => {
                if let Some(other) = others.named(&url) {
                    self.say(field, format!("{url} is a URL of the resource {} already.", other.name));
                }
                url
            }
            Err(sentence) => {
                self.say(field, sentence);
                String::new()
            }
        }
    }

    /// Further URLs; empty ones and repetitions are left out.
    pub fn aliases(&mut self, texts: &[String], others: &ResourceSet) -> Vec<String> {
        let mut aliases: Vec<String> = Vec::new();
        for text in texts.iter().map(|text| text.trim()).filter(|text| !text.is_empty()) {
            if aliases.len() == MAX_ALIASES {
                self.say("aliases", format!("There are more than {MAX_ALIASES} aliases."));
                break;
            }
            let alias = self.url("aliases", text, others);
            if !aliases.contains(&alias) {
                aliases.push(alias);
            }
        }
        aliases
    }

    /// A number of seconds, or nothing for the setting.
    pub fn seconds(&mut self, field: &'static str, value: Option<i64>, range: &RangeInclusive<i64>) {
        if value.is_some_and(|seconds| !range.contains(&seconds)) {
            let (least, most) = (range.start(), range.end());
            self.say(field, format!("Enter a whole number of seconds from {least} to {most}, or nothing."));
        }
    }

    /// A signing algorithm.
    pub fn alg(&mut self, text: &str) {
        if Alg::parse(text).is_none() {
            self.say("signing_alg", "Choose ES256, RS256 or EdDSA.");
        }
    }

    /// A dialect, and whom its tokens name.
    pub fn dialect(&mut self, dialect: &str, token_issuer: &str) {
        if ![STANDARD, SCALEKIT].contains(&dialect) {
            self.say("dialect", "Choose standard or scalekit.");
        }
        if TokenIssuer::parse(token_issuer).is_none() {
            self.say("token_issuer", "Choose environment or resource.");
        }
    }

    /// Which clients by document: the choice, and the list that counts with `allow`, each entry once.
    pub fn documents(&mut self, wanted: &DocumentColumns, reach: Reach) -> DocumentColumns {
        if Choice::parse(&wanted.policy).is_none() {
            self.say("cimd_policy", "Choose open, allow or off.");
        }
        let mut allow: Vec<String> = Vec::new();
        for entry in wanted.allow.iter().map(|entry| entry.trim()).filter(|entry| !entry.is_empty()) {
            if allow.len() == MAX_ENTRIES {
                self.say("cimd_allow", format!("There are more than {MAX_ENTRIES} entries."));
                break;
            }
            if let Err(sentence) = policy::check_entry(entry, reach) {
                self.say("cimd_allow", sentence.chars().take(700).collect::<String>());
            } else if !allow.iter().any(|known| known == entry) {
                allow.push(entry.to_owned());
            }
        }
        DocumentColumns { policy: wanted.policy.clone(), allow }
    }

    pub fn say(&mut self, field: &'static str, sentence: impl Into<String>) {
        self.0.push(Problem::new(field, sentence));
    }

    pub fn done(self) -> Result<(), Failure> {
        if self.0.is_empty() { Ok(()) } else { Err(Failure::Invalid(self.0)) }
    }
}

/// Reads the public URL of an MCP server. Scheme and host become lower case; all else stays as typed, since
/// the servers compare it byte for byte.
///
/// # Errors
/// A sentence for whoever typed it.
pub fn as_url(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("Enter the URL, e.g. https://notes.example.com/mcp.".to_owned());
    }
    if text.len() > MAX_URL {
        return Err(format!("The URL is longer than {MAX_URL} bytes."));
    }
    // Nothing that means something to a shell or a template: the URL is shown in lines to paste.
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._~/:%[]@+,=?#".contains(c);
    if !text.chars().all(is_plain) {
        return Err("The URL may hold letters, digits and - . _ ~ / : % + , = only; write an international \
                    host name in its xn-- form."
            .to_owned());
    }
    let url = Url::parse(text)
        .map_err(|_| "This is no URL: it begins with https:// and names a host.".to_owned())?;
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&url) => {}
        "http" => return Err("Use https:// (http:// only for a server on this machine).".to_owned()),
        _ => return Err("This is no web address: it begins with https://.".to_owned()),
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("The URL must have no ? and no #.".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() || text.contains('@') {
        return Err("The URL must have no user name and no password.".to_owned());
    }
    let typed = lower_case_origin(text);
    let plain = url.as_str();
    if typed == plain || typed == plain.trim_end_matches('/') && url.path() == "/" {
        return Ok(typed);
    }
    Err(format!("Write the URL as {plain}"))
}

/// The URL with scheme and host in lower case.
fn lower_case_origin(text: &str) -> String {
    let host_at = text.find("://").map_or(0, |at| at + 3);
    let path_at = text[host_at..].find('/').map_or(text.len(), |at| host_at + at);
    format!("{}{}", text[..path_at].to_ascii_lowercase(), &text[path_at..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_can_be_read() {
        let told = |text: &str| {
            let mut check = Check::default();
            check.name(text);
            check.0.into_iter().map(|problem| problem.sentence).collect::<String>()
        };
        for fine in ["Notes", "می\u{200C}خواهم", "👩\u{200D}💻"] {
            assert_eq!(told(fine), "", "{fine}");
        }
        for bad in ["\u{200B}", "\u{FEFF}", "a\u{2028}b", "a\nb", "\u{202E}a", "\u{3164}"] {
            assert!(told(bad).contains("nobody sees"), "{bad:?}: {}", told(bad));
        }
        assert!(told(" ").contains("Enter a name"));
    }

    #[test]
    fn urls_stay_as_typed_but_for_the_case_of_the_host() {
        for (typed, expected) in [
            ("https://notes.example/mcp", "https://notes.example/mcp"),
            (" HTTPS://Notes.Example/MCP ", "https://notes.example/MCP"),
            ("https://notes.example", "https://notes.example"),
            ("https://notes.example/", "https://notes.example/"),
            ("https://notes.example:8443/a/b/", "https://notes.example:8443/a/b/"),
            ("http://localhost:3002/mcp", "http://localhost:3002/mcp"),
            ("http://127.0.0.1:3002", "http://127.0.0.1:3002"),
            ("http://[::1]:3002/mcp", "http://[::1]:3002/mcp"),
            ("https://a.example/x%20y", "https://a.example/x%20y"),
        ] {
            assert_eq!(as_url(typed).as_deref(), Ok(expected), "{typed}");
        }
    }

    #[test]
    fn what_is_no_public_url_is_refused_with_a_sentence() {
        let long = format!("https://a.example/{}", "x".repeat(2000));
        for (typed, part) in [
            ("", "Enter the URL"),
            ("notes.example/mcp", "no URL"),
            ("/mcp", "no URL"),
            ("https://", "no URL"),
            ("ftp://notes.example", "no web address"),
            ("javascript:alert", "no web address"),
            ("http://notes.example/mcp", "Use https"),
            ("http://192.168.1.1/mcp", "Use https"),
            ("https://notes.example/mcp?x=1", "no ?"),
            ("https://notes.example/mcp#x", "no #"),
            ("https://ann@notes.example/mcp", "no user name"),
            ("https://ann:pw@notes.example/mcp", "no user name"),
            ("https://@notes.example/mcp", "no user name"),
            ("https://notes.example:443/mcp", "Write the URL as https://notes.example/mcp"),
            ("https://notes.example/a/../mcp", "Write the URL as https://notes.example/mcp"),
            ("https:notes.example", "Write the URL as https://notes.example/"),
            ("https://notes.example/$(reboot)", "letters, digits"),
            ("https://notes.example/'", "letters, digits"),
            ("https://notes.example/a b", "letters, digits"),
            ("https://nötes.example", "xn--"),
            (long.as_str(), "longer than 2000 bytes"),
        ] {
            let sentence = as_url(typed).unwrap_err();
            assert!(sentence.contains(part), "{typed}: {sentence}");
        }
    }
}
