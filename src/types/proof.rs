//! How a person proved who they are, as remembered with a login and told to clients.
//!
//! | proof                                          | `amr` (RFC 8176)  | `acr`                           |
//! |------------------------------------------------|-------------------|---------------------------------|
//! | password                                       | `pwd`             | `urn:gatepost:acr:single-factor`|
//! | passkey, with its own check of the person      | `pop` `user` `mfa`| `phr`                           |
//! | provider                                       |                   | `urn:gatepost:acr:single-factor`|
//! | provider that is trusted to ask for two factors| `mfa`             | `urn:gatepost:acr:multi-factor` |
//! | one-time link                                  |                   | `urn:gatepost:acr:single-factor`|
//! | any of these, and a one-time code              | … `otp` `mfa`     | `urn:gatepost:acr:multi-factor` |
//!
//! `phr` is OpenID's value for a login that cannot be phished (EAP ACR Values 1.0 §2).

/// The value of `acr` after one factor.
pub const SINGLE_FACTOR: &str = "urn:gatepost:acr:single-factor";
/// The value of `acr` after two.
pub const MULTI_FACTOR: &str = "urn:gatepost:acr:multi-factor";
/// The value of `acr` after a passkey.
pub const PHISHING_RESISTANT: &str = "phr";

/// What was shown first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstFactor {
    Password,
    /// With user verification: two factors in one.
    Passkey,
    /// A login at another provider.
    Provider,
    /// A login at a provider that is trusted to ask for two factors itself.
    MultiFactorProvider,
    /// A one-time link from an administrator or a mail.
    Link,
}

/// What was shown, and whether a one-time code came after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proof {
    pub first: FirstFactor,
    /// A code of an authenticator app, or a recovery code.
    pub code: bool,
}

impl From<FirstFactor> for Proof {
    fn from(first: FirstFactor) -> Self {
        Self { first, code: false }
    }
}

impl Proof {
    /// The same with a one-time code after it.
    #[must_use]
    pub const fn with_code(self) -> Self {
        Self { first: self.first, code: true }
    }

    /// Whether two independent things were shown.
    pub const fn is_multi_factor(self) -> bool {
        self.code || matches!(self.first, FirstFactor::Passkey | FirstFactor::MultiFactorProvider)
    }

    /// Whether it rests on a password: one that was typed, or one that a link has just set.
    pub const fn uses_password(self) -> bool {
        matches!(self.first, FirstFactor::Password | FirstFactor::Link)
    }

    /// As stored, e.g. `password+code`.
    pub const fn as_str(self) -> &'static str {
        match (self.first, self.code) {
            (FirstFactor::Password, false) => "password",
            (FirstFactor::Password, true) => "password+code",
            (FirstFactor::Passkey, false) => "passkey",
            (FirstFactor::Passkey, true) => "passkey+code",
            (FirstFactor::Provider, false) => "provider",
            (FirstFactor::Provider, true) => "provider+code",
            (FirstFactor::MultiFactorProvider, false) => "provider-mfa",
            (FirstFactor::MultiFactorProvider, true) => "provider-mfa+code",
            (FirstFactor::Link, false) => "link",
            (FirstFactor::Link, true) => "link+code",
        }
    }

    /// Reads what [`Proof::as_str`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let (first, code) = text.strip_suffix("+code").map_or((text, false), |first| (first, true));
        let first = match first {
            "password" => FirstFactor::Password,
            "passkey" => FirstFactor::Passkey,
            "provider" => FirstFactor::Provider,
            "provider-mfa" => FirstFactor::MultiFactorProvider,
            "link" => FirstFactor::Link,
            _ => return None,
        };
        Some(Self { first, code })
    }

    /// `amr` of an ID token: the methods, by their registered names
    /// ([RFC 8176 §2](https://www.rfc-editor.org/rfc/rfc8176#section-2)).
    pub fn amr(self) -> Vec<&'static str> {
        let mut methods = match self.first {
            FirstFactor::Password => vec!["pwd"],
            FirstFactor::Passkey => vec!["pop", "user"],
            FirstFactor::Provider | FirstFactor::MultiFactorProvider | FirstFactor::Link => vec![],
        };
        if self.code {
            methods.push("otp");
        }
        if self.is_multi_factor() {
            methods.push("mfa");
        }
        methods
    }

    /// `acr` of an ID token (OpenID Connect Core §2).
    pub const fn acr(self) -> &'static str {
        match self {
            Self { first: FirstFactor::Passkey, .. } => PHISHING_RESISTANT,
            proof if proof.is_multi_factor() => MULTI_FACTOR,
            _ => SINGLE_FACTOR,
        }
    }
}

/// Of whom a second factor is required.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Requirement {
    #[default]
    Nobody,
    Admins,
    Everyone,
}

impl Requirement {
    pub const ALL: [Self; 3] = [Self::Nobody, Self::Admins, Self::Everyone];

    /// The word of the configuration, of forms and of the table `settings`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Admins => "admins",
            Self::Everyone => "everyone",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|requirement| requirement.as_str() == text)
    }

    /// Whether it holds for this person.
    pub const fn covers(self, is_admin: bool) -> bool {
        match self {
            Self::Nobody => false,
            Self::Admins => is_admin,
            Self::Everyone => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: [FirstFactor; 5] = [
        FirstFactor::Password,
        FirstFactor::Passkey,
        FirstFactor::Provider,
        FirstFactor::MultiFactorProvider,
        FirstFactor::Link,
    ];

    #[test]
    fn a_proof_survives_the_database() {
        for proof in FIRST.map(Proof::from).into_iter().flat_map(|p| [p, p.with_code()]) {
            assert_eq!(Proof::parse(proof.as_str()), Some(proof));
        }
        assert_eq!(Proof::parse("sms"), None);
        assert_eq!(Proof::parse("+code"), None);
    }

    #[test]
    fn two_factors_are_said_to_be_two() {
        let told = |first| (Proof::from(first).amr(), Proof::from(first).acr());
        assert_eq!(told(FirstFactor::Password), (vec!["pwd"], SINGLE_FACTOR));
        assert_eq!(told(FirstFactor::Passkey), (vec!["pop", "user", "mfa"], PHISHING_RESISTANT));
        assert_eq!(told(FirstFactor::Provider), (vec![], SINGLE_FACTOR));
        assert_eq!(told(FirstFactor::MultiFactorProvider), (vec!["mfa"], MULTI_FACTOR));
        let both = Proof::from(FirstFactor::Password).with_code();
        assert_eq!((both.amr(), both.acr()), (vec!["pwd", "otp", "mfa"], MULTI_FACTOR));
    }
}
