//! What may be said of an issuer.
//!
//! | field             | what may be in it                                                                            |
//! |-------------------|----------------------------------------------------------------------------------------------|
//! | `name`            | 1 to 100 characters on one line                                                              |
//! | `issuer`          | where it is discovered: an https URL, or http on this machine; else any text without spaces. Never this server |
//! | `keys_from`       | `discovery`, `uri` with a `jwks_uri`, `inline` with a `jwks`                                 |
//! | `algorithms`      | at least one of those that can be verified                                                   |
//! | `trusted_domains` | names of domains; without any, nobody is found by an address                                 |
//! | `vouches`         | only together with `trusted_domains`                                                         |
//! | `admits`          | only together with `trusted_domains`                                                         |
//! | `client_ids`      | ids of clients, URLs of those that have one                                                  |
//! | `scopes`          | names of scopes                                                                              |
//!
//! What does not belong to a kind is not looked at, and stored empty.

use crate::admin::{Failure, Problem};
use crate::oauth::OAuth;
use crate::oauth::issuers::keys::is_fetchable;
use crate::oauth::jose::{ALG_NAMES, Keys};
use crate::store::trusted_issuers::{IssuerKind, IssuerRow, KeysFrom};
use crate::types::scope::{MAX_SCOPES, is_scope_token};
use crate::types::{ScopeSet, Timestamp};

/// The longest name, in characters.
const MAX_NAME: usize = 100;
/// The longest issuer, address or id of a client, in bytes.
const MAX_TEXT: usize = 1_000;
/// The largest key set, in bytes.
const MAX_JWKS: usize = 32 * 1024;
/// The most domains.
const MAX_DOMAINS: usize = 50;
/// The most clients.
const MAX_CLIENTS: usize = 100;

/// What an administrator says of an issuer; issuer and kind aside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Input {
    pub name: String,
    /// `discovery`, `uri` or `inline`.
    pub keys_from: String,
    pub jwks_uri: String,
    pub jwks: String,
    pub algorithms: Vec<String>,
    pub single_use: bool,
    pub trusted_domains: Vec<String>,
    pub vouches: bool,
    pub admits: bool,
    /// Nothing: every client.
    pub client_ids: Option<Vec<String>>,
    /// Nothing: no limit.
    pub scopes: Option<Vec<String>>,
}

impl Input {
    /// As it is stored.
    pub fn of(row: &IssuerRow) -> Self {
        Self {
            name: row.name.clone(),
            keys_from: row.keys.as_str().to_owned(),
            jwks_uri: row.keys.uri().unwrap_or_default().to_owned(),
            jwks: row.keys.inline().unwrap_or_default().to_owned(),
            algorithms: row.algorithms.clone(),
            single_use: row.single_use,
            trusted_domains: row.trusted_domains.clone(),
            vouches: row.vouches,
            admits: row.admits,
            client_ids: row.client_ids.clone(),
            scopes: row.scopes.as_ref().map(|set| set.iter().map(str::to_owned).collect()),
        }
    }
}

/// A new issuer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewIssuer {
    pub issuer: String,
    /// `workload` or `enterprise`.
    pub kind: String,
    pub input: Input,
}

/// The problems found so far.
#[derive(Default)]
struct Check(Vec<Problem>);

impl Check {
    fn say(&mut self, field: &'static str, sentence: impl Into<String>) {
        self.0.push(Problem::new(field, sentence));
    }

    fn issuer(&mut self, text: &str, us: &str, keys_from: &str) {
        let is_plain =
            !text.is_empty() && text.len() <= MAX_TEXT && text.bytes().all(|b| (0x21..0x7f).contains(&b));
        if !is_plain {
            self.say(
                "issuer",
                "Enter the issuer exactly as its tokens say it in iss, e.g. https://id.example.com.",
            );
        } else if text.trim_end_matches('/') == us {
            self.say("issuer", "That is this server. It does not vouch to itself.");
        } else if keys_from == "discovery" && (!is_fetchable(text) || text.contains('?')) {
            self.say(
                "issuer",
                "To find its keys by itself, the issuer must be an https:// URL (http:// only on this machine). Else \
                 say where its keys are.",
            );
        }
    }

    fn name(&mut self, text: &str) {
        if text.is_empty() || text.chars().count() > MAX_NAME || text.chars().any(char::is_control) {
            self.say("name", format!("Give it a name of 1 to {MAX_NAME} characters, e.g. GitHub Actions."));
        }
    }

    fn keys(&mut self, input: &Input) -> KeysFrom {
        match input.keys_from.as_str() {
            "discovery" => KeysFrom::Discovery,
            "uri" => {
                let uri = input.jwks_uri.trim();
                if uri.len() > MAX_TEXT || !is_fetchable(uri) {
                    self.say(
                        "jwks_uri",
                        "Enter the https:// address of its key set (http:// only on this machine).",
                    );
                }
                KeysFrom::Uri(uri.to_owned())
            }
            "inline" => {
                let set = input.jwks.trim();
                if set.len() > MAX_JWKS {
                    self.say("jwks", format!("The key set is longer than {MAX_JWKS} bytes."));
                } else if let Err(fault) = Keys::read(set.as_bytes()) {
                    self.say("jwks", format!("This {fault}."));
                }
                KeysFrom::Inline(set.to_owned())
            }
            _ => {
                self.say("keys_from", "Choose discovery, uri or inline.");
                KeysFrom::Discovery
            }
        }
    }

    fn algorithms(&mut self, chosen: &[String]) -> Vec<String> {
        let known: Vec<String> = ALG_NAMES
            .iter()
            .filter(|alg| chosen.iter().any(|c| c == *alg))
            .map(|a| (*a).to_owned())
            .collect();
        if known.is_empty() || chosen.iter().any(|alg| !known.contains(alg)) {
            self.say("algorithms", format!("Choose at least one of {}.", ALG_NAMES.join(", ")));
        }
        known
    }

    fn domains(&mut self, typed: &[String]) -> Vec<String> {
        let mut domains: Vec<String> = typed.iter().map(|d| d.trim().to_ascii_lowercase()).collect();
        domains.retain(|domain| !domain.is_empty());
        domains.dedup();
        if domains.len() > MAX_DOMAINS {
            self.say("trusted_domains", format!("There are at most {MAX_DOMAINS} domains."));
        }
        if let Some(odd) = domains.iter().find(|domain| !is_domain(domain)) {
            self.say("trusted_domains", format!("{odd} is no domain such as example.com, without @ and *."));
        }
        domains
    }

    fn clients(&mut self, typed: &[String]) -> Vec<String> {
        let ids: Vec<String> =
            typed.iter().map(|id| id.trim().to_owned()).filter(|id| !id.is_empty()).collect();
        let is_odd = |id: &String| id.len() > MAX_TEXT || !id.bytes().all(|b| (0x21..0x7f).contains(&b));
        if ids.len() > MAX_CLIENTS || ids.iter().any(is_odd) {
            self.say("client_ids", format!("Enter at most {MAX_CLIENTS} client ids, one a line."));
        }
        ids
    }

    fn scopes(&mut self, typed: &[String]) -> ScopeSet {
        if typed.len() > MAX_SCOPES || typed.iter().any(|scope| !is_scope_token(scope)) {
            self.say("scopes", format!("Enter at most {MAX_SCOPES} names of scopes, e.g. notes:read."));
        }
        typed.iter().cloned().collect()
    }

    fn done<T>(self, value: T) -> Result<T, Failure> {
        if self.0.is_empty() { Ok(value) } else { Err(Failure::Invalid(self.0)) }
    }
}

fn is_domain(text: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 253 && text.contains('.') && text.split('.').all(label)
}

/// The row of a new issuer.
pub fn new_row(ctx: &OAuth, new: &NewIssuer, id: String, now: Timestamp) -> Result<IssuerRow, Failure> {
    let mut check = Check::default();
    let kind = IssuerKind::parse(&new.kind);
    if kind.is_none() {
        check.say("kind", "Choose workload or enterprise.");
    }
    let issuer = new.issuer.trim();
    check.issuer(issuer, ctx.issuer.as_str(), &new.input.keys_from);
    let empty = IssuerRow {
        id,
        name: String::new(),
        issuer: issuer.to_owned(),
        kind: kind.unwrap_or(IssuerKind::Workload),
        keys: KeysFrom::Discovery,
        algorithms: Vec::new(),
        single_use: true,
        trusted_domains: Vec::new(),
        vouches: false,
        admits: false,
        client_ids: None,
        scopes: None,
        version: 1,
        created_at: now,
        updated_at: now,
        disabled_at: None,
    };
    let row = fill(empty, &new.input, &mut check);
    check.done(row)
}

/// The row of an issuer that was there.
pub fn changed_row(before: &IssuerRow, input: &Input) -> Result<IssuerRow, Failure> {
    let mut check = Check::default();
    if input.keys_from == "discovery" {
        check.issuer(&before.issuer, "", "discovery");
    }
    let row = fill(before.clone(), input, &mut check);
    check.done(row)
}

fn fill(row: IssuerRow, input: &Input, check: &mut Check) -> IssuerRow {
    let name = input.name.trim().to_owned();
    check.name(&name);
    let row =
        IssuerRow { name, keys: check.keys(input), algorithms: check.algorithms(&input.algorithms), ..row };
    match row.kind {
        IssuerKind::Workload => IssuerRow { single_use: input.single_use, ..row },
        IssuerKind::Enterprise => {
            let trusted_domains = check.domains(&input.trusted_domains);
            if input.vouches && trusted_domains.is_empty() {
                check.say("vouches", "Name the domains whose addresses it vouches for.");
            }
            if input.admits && trusted_domains.is_empty() {
                check.say("admits", "Name the domains whose people get an account.");
            }
            IssuerRow {
                single_use: true,
                trusted_domains,
                vouches: input.vouches,
                admits: input.admits,
                client_ids: input.client_ids.as_ref().map(|ids| check.clients(ids)),
                scopes: input.scopes.as_ref().map(|scopes| check.scopes(scopes)),
                ..row
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(issuer: &str, kind: IssuerKind, input: &Input) -> Vec<&'static str> {
        let mut check = Check::default();
        check.issuer(issuer, "https://auth.example", &input.keys_from);
        let empty = IssuerRow {
            id: String::new(),
            name: String::new(),
            issuer: String::new(),
            kind,
            keys: KeysFrom::Discovery,
            algorithms: Vec::new(),
            single_use: false,
            trusted_domains: Vec::new(),
            vouches: false,
            admits: false,
            client_ids: None,
            scopes: None,
            version: 1,
            created_at: 0,
            updated_at: 0,
            disabled_at: None,
        };
        fill(empty, input, &mut check);
        check.0.into_iter().map(|problem| problem.field).collect()
    }

    fn good() -> Input {
        Input {
            name: "Acme".into(),
            keys_from: "discovery".into(),
            algorithms: vec!["RS256".into()],
            ..Input::default()
        }
    }

    #[test]
    fn an_issuer_is_an_address_where_it_is_discovered() {
        let of = |issuer: &str| fields(issuer, IssuerKind::Workload, &good());
        assert!(of("https://id.example.com/tenant").is_empty());
        assert!(of("http://127.0.0.1:9/").is_empty());
        for odd in [
            "",
            "id.example.com",
            "http://id.example.com",
            "https://id.example.com/?x",
            "https://a b.example",
        ] {
            assert_eq!(of(odd), ["issuer"], "{odd}");
        }
        assert_eq!(of("https://auth.example"), ["issuer"]);
        assert_eq!(of("https://auth.example/"), ["issuer"]);
        let told = Input { keys_from: "uri".into(), jwks_uri: "https://10.0.0.1/keys".into(), ..good() };
        assert!(fields("kubernetes/serviceaccount", IssuerKind::Workload, &told).is_empty());
    }

    #[test]
    fn each_field_is_checked() {
        let of = |input: Input| fields("https://id.example", IssuerKind::Enterprise, &input);
        assert!(of(good()).is_empty());
        assert_eq!(of(Input { name: " ".into(), ..good() }), ["name"]);
        assert_eq!(of(Input { keys_from: "guess".into(), ..good() }), ["keys_from"]);
        assert_eq!(
            of(Input { keys_from: "uri".into(), jwks_uri: "http://x.example".into(), ..good() }),
            ["jwks_uri"]
        );
        assert_eq!(of(Input { keys_from: "inline".into(), jwks: "{}".into(), ..good() }), ["jwks"]);
        for algorithms in [
            vec![],
            vec!["HS256".to_owned()],
            vec!["none".to_owned()],
            vec!["RS256".to_owned(), "x".to_owned()],
        ] {
            assert_eq!(of(Input { algorithms, ..good() }), ["algorithms"]);
        }
        for domain in ["@example.com", "*.example.com", "localhost", "-a.example", "a..b"] {
            assert_eq!(
                of(Input { trusted_domains: vec![domain.into()], ..good() }),
                ["trusted_domains"],
                "{domain}"
            );
        }
        assert!(
            of(Input { trusted_domains: vec![" Example.COM ".into()], admits: true, ..good() }).is_empty()
        );
        assert_eq!(of(Input { admits: true, ..good() }), ["admits"]);
        assert_eq!(of(Input { vouches: true, ..good() }), ["vouches"]);
        assert_eq!(of(Input { client_ids: Some(vec!["a b".into()]), ..good() }), ["client_ids"]);
        assert!(
            of(Input { client_ids: Some(vec!["https://app.example/client.json".into()]), ..good() })
                .is_empty()
        );
        assert_eq!(of(Input { scopes: Some(vec!["a b".into()]), ..good() }), ["scopes"]);
    }
}
