//! What administrators set while the server runs: the look of the pages, and two rules.
//!
//! Owns what a value may be and the copy in memory, which `jobs` keeps in step with the table `settings`. Settings of
//! the file and the environment are `config`'s; where both could set something, those win.
//!
//! | setting                       | set in the configuration | stored    | in force          | test |
//! |-------------------------------|--------------------------|-----------|-------------------|------|
//! | second factor, registration   | yes                      | any       | the configuration | `the_configuration_wins_over_what_is_stored` |
//! | second factor, registration   | no                       | something | what is stored    | `the_configuration_wins_over_what_is_stored` |
//! | second factor, registration   | no                       | nothing   | nobody, open      | `the_configuration_wins_over_what_is_stored` |
//! | name, colours, logo           | cannot be                | any       | what is stored    | `a_brand_is_read_back_as_it_was_stored` |

mod brand;
mod colour;
mod logo;

use std::sync::{Arc, PoisonError, RwLock};

pub use brand::{Accents, Brand, Branding, DEFAULT_NAME, MAX_NAME};
pub use colour::{Colour, DARK_GROUND, LIGHT_GROUND, MIN_CONTRAST};
pub use logo::{Logo, LogoFault, MAX_LOGO, MediaType};

use crate::store::settings::SettingRow;
use crate::store::{Store, StoreError};
use crate::types::{Requirement, Timestamp};

/// The rows of the table `settings`.
pub const BRANDING: &str = "branding";
pub const LOGO: &str = "branding.logo";
pub const SECOND_FACTOR: &str = "login.require_second_factor";
pub const REGISTRATION: &str = "registration.enabled";

/// What the configuration sets, so that nothing stored can: nothing where it is silent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fixed {
    pub second_factor: Option<Requirement>,
    pub registration: Option<bool>,
}

/// When something stored was changed last, and by whom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// 0 where nothing is stored.
    pub version: i64,
    pub at: Timestamp,
    /// A person, an API token, or `command-line`.
    pub by: String,
}

/// A value that the configuration or an administrator may set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice<T> {
    /// What is in force.
    pub value: T,
    /// Whether the configuration set it.
    pub is_fixed: bool,
    pub change: Change,
}

/// Everything in force at one moment.
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub brand: Arc<Brand>,
    pub branding: Change,
    pub logo: Change,
    pub second_factor: Choice<Requirement>,
    pub registration: Choice<bool>,
}

impl Snapshot {
    /// What follows from the configuration and the rows.
    ///
    /// # Errors
    /// [`StoreError::Inconsistent`] for a value that no code writes.
    pub fn of(fixed: Fixed, rows: &[SettingRow]) -> Result<Self, StoreError> {
        let find = |name: &str| rows.iter().find(|row| row.name == name);
        let change = |name: &str| {
            find(name).map_or_else(Change::default, |row| Change {
                version: row.version,
                at: row.updated_at,
                by: row.updated_by.clone(),
            })
        };
        let text = |name: &str| find(name).map(|row| row.value.as_str()).filter(|value| !value.is_empty());
        let damaged = |name: &'static str| move || StoreError::inconsistent("settings", "value", name);
        let branding = text(BRANDING).map(|value| Branding::from_json(value).ok_or_else(damaged(BRANDING)));
        let logo = text(LOGO).map(|value| Logo::from_json(value).ok_or_else(damaged(LOGO)));
        let second_factor =
            text(SECOND_FACTOR).map(|value| Requirement::parse(value).ok_or_else(damaged(SECOND_FACTOR)));
        let registration = text(REGISTRATION).map(|value| value.parse().map_err(|_| damaged(REGISTRATION)()));
        Ok(Self {
            brand: Arc::new(Brand::new(branding.transpose()?.unwrap_or_default(), logo.transpose()?)),
            branding: change(BRANDING),
            logo: change(LOGO),
            second_factor: choice(
                fixed.second_factor,
                second_factor.transpose()?,
                Requirement::Nobody,
                change(SECOND_FACTOR),
            ),
            registration: choice(fixed.registration, registration.transpose()?, true, change(REGISTRATION)),
        })
    }
}

fn choice<T: Copy>(fixed: Option<T>, stored: Option<T>, otherwise: T, change: Change) -> Choice<T> {
    Choice { value: fixed.or(stored).unwrap_or(otherwise), is_fixed: fixed.is_some(), change }
}

/// The settings as this process knows them; clones share them.
#[derive(Clone, Debug)]
pub struct Settings {
    fixed: Fixed,
    now: Arc<RwLock<Arc<Snapshot>>>,
}

impl Settings {
    /// Reads what is stored.
    pub async fn load(store: &Store, fixed: Fixed) -> Result<Self, StoreError> {
        let snapshot = Snapshot::of(fixed, &store.list_settings().await?)?;
        Ok(Self { fixed, now: Arc::new(RwLock::new(Arc::new(snapshot))) })
    }

    /// Reads it once more.
    pub async fn reload(&self, store: &Store) -> Result<(), StoreError> {
        let snapshot = Arc::new(Snapshot::of(self.fixed, &store.list_settings().await?)?);
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = snapshot;
        Ok(())
    }

    /// What is in force.
    pub fn current(&self) -> Arc<Snapshot> {
        Arc::clone(&self.now.read().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, value: &str) -> SettingRow {
        SettingRow {
            name: name.into(),
            value: value.into(),
            version: 3,
            updated_at: 7,
            updated_by: "usr_1".into(),
        }
    }

    #[test]
    fn the_configuration_wins_over_what_is_stored() {
        let rows = [row(SECOND_FACTOR, "everyone"), row(REGISTRATION, "false")];
        let fixed = Fixed { second_factor: Some(Requirement::Nobody), registration: Some(true) };
        let set = Snapshot::of(fixed, &rows).unwrap();
        assert_eq!((set.second_factor.value, set.second_factor.is_fixed), (Requirement::Nobody, true));
        assert_eq!((set.registration.value, set.registration.is_fixed), (true, true));
        let stored = Snapshot::of(Fixed::default(), &rows).unwrap();
        assert_eq!((stored.second_factor.value, stored.registration.value), (Requirement::Everyone, false));
        assert_eq!(stored.second_factor.change, Change { version: 3, at: 7, by: "usr_1".into() });
        for rows in [vec![], vec![row(SECOND_FACTOR, ""), row(REGISTRATION, "")]] {
            let silent = Snapshot::of(Fixed::default(), &rows).unwrap();
            assert_eq!((silent.second_factor.value, silent.registration.value), (Requirement::Nobody, true));
        }
    }

    #[test]
    fn a_damaged_value_is_an_error_and_no_default() {
        for name in [BRANDING, LOGO, SECOND_FACTOR, REGISTRATION] {
            let damaged = Snapshot::of(Fixed::default(), &[row(name, "{]")]);
            assert!(damaged.is_err_and(|error| error.to_string().contains(name)), "{name}");
        }
    }

    #[test]
    fn a_brand_is_read_back_as_it_was_stored() {
        let branding = Branding::parse("Acme", "#1d6b57", "").unwrap();
        let snapshot = Snapshot::of(Fixed::default(), &[row(BRANDING, &branding.to_json())]).unwrap();
        assert_eq!(snapshot.brand.branding, branding);
        assert_eq!(Snapshot::of(Fixed::default(), &[]).unwrap().brand.name(), DEFAULT_NAME);
    }
}
