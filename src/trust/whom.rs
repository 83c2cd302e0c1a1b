//! Whose tokens a resource takes: the setting of the server, what was chosen for the resource, and until when both.
//!
//! | chosen for the resource | the setting   | its ScaleKit server is known | main issuer | until the end of the window, also |
//! |-------------------------|---------------|------------------------------|-------------|------------------------------|
//! | nothing, or `embedded`  | `embedded`    | yes                          | this server | ScaleKit                     |
//! | nothing, or `embedded`  | `embedded`    | no                           | this server | –                            |
//! | nothing, or `scalekit`  | `scalekit`    | yes                          | ScaleKit    | this server                  |
//! | nothing, or `scalekit`  | `scalekit`    | no                           | nobody      | –                            |
//! | `embedded`, `scalekit`  | the other one | –                            | what was chosen for the resource wins   |  |
//!
//! The id of an MCP server at ScaleKit stands for one resource: the one in the settings is the built-in resource's,
//! every other resource has its own. Two resources that took tokens for one id would open each other.

use std::sync::Arc;

use url::Url;

use crate::types::Timestamp;

/// Who makes tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// This server.
    Embedded,
    ScaleKit,
}

impl Side {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::ScaleKit => "scalekit",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Embedded, Self::ScaleKit].into_iter().find(|side| side.as_str() == text)
    }
}

/// One MCP server as ScaleKit knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foreign {
    /// The environment's URL, without a slash at the end.
    environment: String,
    /// `res_…`: what `aud` must hold.
    resource_id: Option<String>,
    /// What `aud` must hold where no id is known.
    audience: Option<String>,
    /// Where clients find the resource metadata, where that is not here.
    metadata_url: Option<String>,
    /// The resource metadata as ScaleKit's dashboard gives it, to be served as it is.
    document: Option<Arc<str>>,
}

impl Foreign {
    pub fn new(environment: &str, resource_id: &str) -> Self {
        Self { resource_id: Some(resource_id.to_owned()), ..Self::in_environment(environment) }
    }

    /// Known by the name of its audience only.
    pub fn by_audience(environment: &str, audience: &str) -> Self {
        Self { audience: Some(audience.to_owned()), ..Self::in_environment(environment) }
    }

    fn in_environment(environment: &str) -> Self {
        Self {
            environment: environment.trim_end_matches('/').to_owned(),
            resource_id: None,
            audience: None,
            metadata_url: None,
            document: None,
        }
    }

    /// With what the settings say of its resource metadata.
    #[must_use]
    pub fn described(mut self, metadata_url: Option<String>, document: Option<&str>) -> Self {
        self.metadata_url = metadata_url;
        self.document = document.map(Arc::from);
        self
    }

    pub fn environment(&self) -> &str {
        &self.environment
    }

    pub fn resource_id(&self) -> Option<&str> {
        self.resource_id.as_deref()
    }

    pub fn metadata_url(&self) -> Option<&str> {
        self.metadata_url.as_deref()
    }

    pub fn document(&self) -> Option<&Arc<str>> {
        self.document.as_ref()
    }

    /// Where clients log in: the issuer of its metadata.
    pub fn authorization_server(&self) -> String {
        match &self.resource_id {
            Some(id) => format!("{}/resources/{id}", self.environment),
            None => self.environment.clone(),
        }
    }

    /// Where its keys are.
    pub fn keys_url(&self) -> String {
        format!("{}/keys", self.environment)
    }

    /// Where its metadata is: the well-known part goes between host and path (RFC 8414 §3.1).
    pub fn server_metadata_url(&self) -> Option<String> {
        let url = Url::parse(&self.authorization_server()).ok()?;
        let (origin, path) = (url.origin().ascii_serialization(), url.path().trim_end_matches('/'));
        Some(format!("{origin}/.well-known/oauth-authorization-server{path}"))
    }

    /// Whether its tokens may say that they are from this issuer: the environment, or the resource in it. Byte for
    /// byte; a slash at the end is another issuer.
    pub fn is_issuer(&self, iss: &str) -> bool {
        let rest = iss.strip_prefix(&self.environment);
        let of_resource = |rest: &str| rest.strip_prefix("/resources/").is_some_and(|id| self.has_id(id));
        rest.is_some_and(|rest| rest.is_empty() || of_resource(rest))
    }

    /// Whether a token with this audience is for it. A URL never stands in for the id.
    pub fn is_audience(&self, aud: &str) -> bool {
        match &self.resource_id {
            Some(id) => id == aud,
            None => self.audience.as_deref() == Some(aud),
        }
    }

    pub fn has_id(&self, id: &str) -> bool {
        self.resource_id.as_deref() == Some(id)
    }

    /// What tokens must hold, for people.
    pub fn audience(&self) -> &str {
        self.resource_id.as_deref().or(self.audience.as_deref()).unwrap_or_default()
    }
}

/// The settings of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standard {
    /// Whose tokens are taken where nothing was chosen.
    pub side: Side,
    /// The environment of resources that name none.
    pub environment: Option<String>,
    /// The built-in resource at ScaleKit.
    pub builtin: Option<Foreign>,
}

impl Default for Standard {
    fn default() -> Self {
        Self { side: Side::Embedded, environment: None, builtin: None }
    }
}

/// What was chosen for one resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chosen {
    /// Nothing: as the setting says.
    pub side: Option<Side>,
    /// Nothing: that of the settings.
    pub environment: Option<String>,
    /// Its id at ScaleKit. Nothing: that of the settings, for the built-in resource.
    pub resource_id: Option<String>,
    /// Until then the other issuer's tokens are taken too.
    pub both_until: Option<Timestamp>,
}

/// One issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whom {
    Embedded,
    ScaleKit(Arc<Foreign>),
    /// ScaleKit, but nobody has said which MCP server this is there.
    Nobody,
}

/// Whose tokens one resource takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Believes {
    main: Whom,
    also: Option<(Whom, Timestamp)>,
}

impl Default for Believes {
    fn default() -> Self {
        Self { main: Whom::Embedded, also: None }
    }
}

impl Believes {
    /// By the table above.
    pub fn of(chosen: &Chosen, is_builtin: bool, standard: &Standard) -> Self {
        let foreign = foreign(chosen, is_builtin, standard).map(Arc::new);
        let main = match (chosen.side.unwrap_or(standard.side), &foreign) {
            (Side::Embedded, _) => Whom::Embedded,
            (Side::ScaleKit, Some(foreign)) => Whom::ScaleKit(Arc::clone(foreign)),
            (Side::ScaleKit, None) => Whom::Nobody,
        };
        let other = match (&main, foreign) {
            (Whom::Embedded, Some(foreign)) => Some(Whom::ScaleKit(foreign)),
            (Whom::ScaleKit(_), _) => Some(Whom::Embedded),
            (Whom::Embedded, None) | (Whom::Nobody, _) => None,
        };
        let also = other.zip(chosen.both_until);
        Self { main, also }
    }

    /// Where clients are sent to log in.
    pub const fn main(&self) -> &Whom {
        &self.main
    }

    /// The other issuer whose tokens are taken, and until when.
    pub fn also(&self, now: Timestamp) -> Option<(&Whom, Timestamp)> {
        self.also.as_ref().filter(|(_, until)| now < *until).map(|(whom, until)| (whom, *until))
    }

    /// Whether tokens of this server are taken, and so are made.
    pub fn takes_own(&self, now: Timestamp) -> bool {
        self.all(now).any(|whom| *whom == Whom::Embedded)
    }

    /// The MCP server at ScaleKit whose tokens are taken.
    pub fn scalekit(&self, now: Timestamp) -> Option<&Arc<Foreign>> {
        self.all(now).find_map(|whom| match whom {
            Whom::ScaleKit(foreign) => Some(foreign),
            Whom::Embedded | Whom::Nobody => None,
        })
    }

    /// Every issuer, the main one first, by the identifiers that clients know. `own` is this server's.
    pub fn issuers(&self, own: &str, now: Timestamp) -> Vec<String> {
        self.all(now)
            .filter_map(|whom| match whom {
                Whom::Embedded => Some(own.to_owned()),
                Whom::ScaleKit(foreign) => Some(foreign.authorization_server()),
                Whom::Nobody => None,
            })
            .collect()
    }

    fn all(&self, now: Timestamp) -> impl Iterator<Item = &Whom> {
        std::iter::once(&self.main).chain(self.also(now).map(|(whom, _)| whom))
    }
}

/// The resource at ScaleKit, as far as it is known.
fn foreign(chosen: &Chosen, is_builtin: bool, standard: &Standard) -> Option<Foreign> {
    let of_settings = standard.builtin.as_ref().filter(|_| is_builtin);
    let Some(id) = &chosen.resource_id else { return of_settings.cloned() };
    let environment = chosen.environment.as_ref().or(standard.environment.as_ref())?;
    let foreign = Foreign::new(environment, id);
    // The very one that the settings describe further.
    let same = |known: &&Foreign| known.authorization_server() == foreign.authorization_server();
    Some(of_settings.filter(same).cloned().unwrap_or(foreign))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENV: &str = "https://acme.scalekit.cloud";
    const OWN: &str = "https://gate.example";

    fn standard(side: Side, known: bool) -> Standard {
        Standard {
            side,
            environment: known.then(|| ENV.to_owned()),
            builtin: known.then(|| Foreign::new(ENV, "res_1")),
        }
    }

    fn issuers(believes: &Believes, now: Timestamp) -> Vec<String> {
        believes.issuers(OWN, now).iter().map(|iss| iss.replace(ENV, "ENV").replace(OWN, "OWN")).collect()
    }

    #[test]
    fn what_was_chosen_wins_over_the_setting_and_both_hold_until_the_end() {
        use Side::{Embedded, ScaleKit};
        let own = ["OWN"].as_slice();
        let theirs = ["ENV/resources/res_1"].as_slice();
        let nobody = [].as_slice();
        for (chosen, setting, known, before, after) in [
            (None, Embedded, false, own, own),
            (None, Embedded, true, &["OWN", "ENV/resources/res_1"], own),
            (None, ScaleKit, true, &["ENV/resources/res_1", "OWN"], theirs),
            (None, ScaleKit, false, nobody, nobody),
            (Some(Embedded), ScaleKit, true, &["OWN", "ENV/resources/res_1"], own),
            (Some(ScaleKit), Embedded, true, &["ENV/resources/res_1", "OWN"], theirs),
            (Some(ScaleKit), Embedded, false, nobody, nobody),
        ] {
            let window = Chosen { side: chosen, both_until: Some(100), ..Chosen::default() };
            let believes = Believes::of(&window, true, &standard(setting, known));
            assert_eq!(issuers(&believes, 99), before, "{chosen:?} {setting:?} {known}");
            assert_eq!(issuers(&believes, 100), after, "{chosen:?} {setting:?} {known}");
            assert_eq!(believes.takes_own(99), before.contains(&"OWN"));
            assert_eq!(believes.scalekit(100).is_some(), after == theirs);
        }
    }

    #[test]
    fn the_id_in_the_settings_is_the_built_in_resources_alone() {
        let standard = standard(Side::ScaleKit, true);
        let chosen = Chosen::default();
        assert_eq!(issuers(&Believes::of(&chosen, true, &standard), 0), ["ENV/resources/res_1"]);
        assert_eq!(*Believes::of(&chosen, false, &standard).main(), Whom::Nobody);
        let own = Chosen { resource_id: Some("res_2".into()), ..Chosen::default() };
        assert_eq!(issuers(&Believes::of(&own, false, &standard), 0), ["ENV/resources/res_2"]);
        let elsewhere = Chosen { environment: Some("https://eu.example/".into()), ..own };
        assert_eq!(
            issuers(&Believes::of(&elsewhere, false, &standard), 0),
            ["https://eu.example/resources/res_2"]
        );
    }

    #[test]
    fn both_forms_of_the_issuer_are_known_and_no_other() {
        let foreign = Foreign::new("https://acme.scalekit.cloud/", "res_1");
        for (iss, known) in [
            ("https://acme.scalekit.cloud", true),
            ("https://acme.scalekit.cloud/resources/res_1", true),
            ("https://acme.scalekit.cloud/", false),
            ("https://acme.scalekit.cloud/resources/res_1/", false),
            ("https://acme.scalekit.cloud/resources/res_2", false),
            ("https://acme.scalekit.cloud/resources/", false),
            ("https://acme.scalekit.cloud.evil.example", false),
            ("https://ACME.scalekit.cloud", false),
            ("http://acme.scalekit.cloud", false),
            ("", false),
        ] {
            assert_eq!(foreign.is_issuer(iss), known, "{iss}");
        }
        let by_name = Foreign::by_audience(ENV, "http://localhost:10000/mcp");
        assert!(by_name.is_issuer(ENV));
        assert!(!by_name.is_issuer("https://acme.scalekit.cloud/resources/"));
        assert!(!by_name.is_issuer("https://acme.scalekit.cloud/resources/res_1"));
    }

    #[test]
    fn a_url_never_stands_in_for_the_id() {
        let url = "http://localhost:10000/mcp";
        assert!(Foreign::new(ENV, "res_1").is_audience("res_1"));
        assert!(!Foreign::new(ENV, "res_1").is_audience(url));
        assert!(Foreign::by_audience(ENV, url).is_audience(url));
        assert!(!Foreign::by_audience(ENV, url).is_audience("http://localhost:10000/mcp/"));
    }

    #[test]
    fn metadata_is_looked_for_at_the_insertion_form() {
        let at = |foreign: Foreign| foreign.server_metadata_url().unwrap();
        assert_eq!(
            at(Foreign::new(ENV, "res_1")),
            "https://acme.scalekit.cloud/.well-known/oauth-authorization-server/resources/res_1"
        );
        assert_eq!(
            at(Foreign::by_audience(ENV, "x")),
            "https://acme.scalekit.cloud/.well-known/oauth-authorization-server"
        );
    }
}
