//! What a token may do: the closed list.
//!
//! `noun:write` includes `noun:read`. `administrators:write` stands apart from `people:write`: whoever can make
//! administrators, or change how one signs in, can do everything.

use crate::types::ScopeSet;

/// One permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    ResourcesRead,
    ResourcesWrite,
    ClientsRead,
    ClientsWrite,
    PeopleRead,
    PeopleWrite,
    AdministratorsWrite,
    GrantsRead,
    GrantsWrite,
    IssuersRead,
    IssuersWrite,
    KeysRead,
    KeysWrite,
    AuditRead,
    SettingsRead,
    SettingsWrite,
}

impl Scope {
    pub const ALL: [Self; 16] = [
        Self::ResourcesRead,
        Self::ResourcesWrite,
        Self::ClientsRead,
        Self::ClientsWrite,
        Self::PeopleRead,
        Self::PeopleWrite,
        Self::AdministratorsWrite,
        Self::GrantsRead,
        Self::GrantsWrite,
        Self::IssuersRead,
        Self::IssuersWrite,
        Self::KeysRead,
        Self::KeysWrite,
        Self::AuditRead,
        Self::SettingsRead,
        Self::SettingsWrite,
    ];

    /// The name, and what it permits, for people.
    const fn row(self) -> (&'static str, &'static str) {
        match self {
            Self::ResourcesRead => ("resources:read", "See resources, their scopes, and who uses them"),
            Self::ResourcesWrite => ("resources:write", "Add, change, test and delete resources and scopes"),
            Self::ClientsRead => ("clients:read", "See clients"),
            Self::ClientsWrite => ("clients:write", "Add, change, disable, enable and delete clients"),
            Self::PeopleRead => ("people:read", "See people, how they sign in, and their apps"),
            Self::PeopleWrite => {
                ("people:write", "Add, change, disable and delete people, and make links to sign in as them")
            }
            Self::AdministratorsWrite => (
                "administrators:write",
                "With people:write: the same for administrators, and make somebody one. That is everything there is",
            ),
            Self::GrantsRead => ("grants:read", "See what apps hold"),
            Self::GrantsWrite => ("grants:write", "End what apps hold"),
            Self::IssuersRead => {
                ("issuers:read", "See trusted issuers, their rules, and rules of token exchange")
            }
            Self::IssuersWrite => (
                "issuers:write",
                "Trust issuers, say what their programs become, and which client may exchange which token",
            ),
            Self::KeysRead => ("keys:read", "See signing keys, without their private part"),
            Self::KeysWrite => ("keys:write", "Rotate and remove signing keys"),
            Self::AuditRead => ("audit:read", "Search and export the audit trail"),
            Self::SettingsRead => ("settings:read", "See settings"),
            Self::SettingsWrite => ("settings:write", "Change the look of the pages and the rules"),
        }
    }

    pub const fn name(self) -> &'static str {
        self.row().0
    }

    pub const fn meaning(self) -> &'static str {
        self.row().1
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }

    /// Whether a token with these scopes has this one.
    pub fn is_in(self, held: &ScopeSet) -> bool {
        let writing = |noun: &str| held.contains(&format!("{noun}:write"));
        held.contains(self.name()) || self.name().strip_suffix(":read").is_some_and(writing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scope_is_read_back_under_its_name() {
        for scope in Scope::ALL {
            assert_eq!(Scope::parse(scope.name()), Some(scope));
        }
        assert_eq!(Scope::parse("tokens:write"), None);
    }

    #[test]
    fn writing_includes_reading_the_same_and_nothing_else() {
        let held = ScopeSet::parse("people:write").unwrap();
        let included: Vec<_> = Scope::ALL.into_iter().filter(|scope| scope.is_in(&held)).collect();
        assert_eq!(included, [Scope::PeopleRead, Scope::PeopleWrite]);
        assert!(!Scope::PeopleWrite.is_in(&ScopeSet::parse("people:read administrators:write").unwrap()));
    }
}
