//! The first page of the administration: what goes on, and what needs somebody's attention. Read from hourly counts
//! and bounded questions, so that it costs the same however much there is.

use super::Admin;
use crate::oauth::keys::Alg;
use crate::store::StoreError;
use crate::store::activity::{self, HOUR, HourRow};
use crate::store::signing_keys::KeyState;
use crate::types::Timestamp;

const DAY: i64 = 86_400;
/// How long a key signs before it should be replaced, in seconds.
const KEY_AGE: i64 = 90 * DAY;
/// Failed sign-ins of a day that nobody needs to look at.
const FEW_FAILURES: i64 = 20;
/// How many times the usual number is worth a look.
const MANY_TIMES: i64 = 3;
/// Registrations of a day that are worth a look.
const MANY_REGISTRATIONS: i64 = 100;
/// How many days say what is usual.
const USUAL_DAYS: i64 = 7;

/// Something that needs attention.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Concern {
    /// A signing key of this algorithm has signed for so many days.
    OldKey {
        alg: &'static str,
        days: i64,
    },
    /// Failed sign-ins in the last day, and how many are usual.
    FailedLogins {
        today: i64,
        usual: i64,
    },
    /// Clients that registered themselves in the last day.
    Registrations(i64),
    /// Clients whose documents have changed, up to 1,000.
    HeldClients(i64),
    /// Passwords and tokens travel unencrypted.
    NotEncrypted,
    NoMail,
    NoSecondFactor,
    NoResource,
    /// What the settings were warned about at the start.
    Setting(String),
}

/// What is still to be done on a new server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "facts that do not depend on each other")]
pub struct Beginnings {
    pub has_resource: bool,
    pub has_grant: bool,
    pub has_people: bool,
    pub has_mail: bool,
}

/// Everything the page shows.
#[derive(Clone, Debug, Default)]
pub struct Overview {
    /// The hours of the last day, the oldest first.
    pub hours: Vec<Timestamp>,
    pub counts: Vec<HourRow>,
    /// Grants used in the last hour, up to 1,000.
    pub grants_used: i64,
    pub concerns: Vec<Concern>,
    pub beginnings: Beginnings,
}

impl Overview {
    /// The counts of some topics together, hour by hour.
    pub fn series(&self, topics: &[&str]) -> Vec<i64> {
        let of = |hour: &Timestamp| {
            let rows = self.counts.iter().filter(|r| r.hour == *hour && topics.contains(&r.topic.as_str()));
            rows.map(|r| r.count).sum()
        };
        self.hours.iter().map(of).collect()
    }
}

/// Reads it. `warnings` are those of the settings.
pub async fn overview(admin: &Admin, warnings: &[String]) -> Result<Overview, StoreError> {
    let (store, now) = (&admin.oauth.store, admin.oauth.clock.now());
    let this_hour = activity::hour_of(now);
    let first_hour = this_hour - 23 * HOUR;
    let all = store.activity_since(first_hour - USUAL_DAYS * DAY).await?;
    let (counts, before): (Vec<_>, Vec<_>) = all.into_iter().partition(|row| row.hour >= first_hour);
    let total =
        |rows: &[HourRow], topic: &str| rows.iter().filter(|r| r.topic == topic).map(|r| r.count).sum();
    let mut concerns = settings(admin);
    concerns.extend(warnings.iter().cloned().map(Concern::Setting));
    concerns.extend(old_keys(admin, now).await?);
    let held = store.count_held_clients().await?;
    if held > 0 {
        concerns.push(Concern::HeldClients(held));
    }
    let today: i64 = total(&counts, activity::FAILED_LOGINS);
    let usual = total(&before, activity::FAILED_LOGINS) / USUAL_DAYS;
    if today > FEW_FAILURES.max(usual * MANY_TIMES) {
        concerns.push(Concern::FailedLogins { today, usual });
    }
    let registrations: i64 = total(&counts, activity::REGISTRATIONS);
    if registrations >= MANY_REGISTRATIONS {
        concerns.push(Concern::Registrations(registrations));
    }
    Ok(Overview {
        hours: (0..24).map(|n| first_hour + n * HOUR).collect(),
        counts,
        grants_used: store.count_grants_used(now - HOUR).await?,
        concerns,
        beginnings: Beginnings {
            has_resource: !admin.oauth.resources.current().all().is_empty(),
            has_grant: store.has_grants().await?,
            has_people: store.list_users("", 2).await?.len() > 1,
            has_mail: admin.accounts.mail.is_on(),
        },
    })
}

fn settings(admin: &Admin) -> Vec<Concern> {
    let issuer = &admin.oauth.issuer;
    let is_public = !issuer.is_loopback();
    let mut out = Vec::new();
    if admin.oauth.resources.current().all().is_empty() {
        out.push(Concern::NoResource);
    }
    if is_public && !issuer.is_https() {
        out.push(Concern::NotEncrypted);
    }
    if is_public && !admin.accounts.second_factor().covers(true) {
        out.push(Concern::NoSecondFactor);
    }
    if is_public && !admin.accounts.mail.is_on() {
        out.push(Concern::NoMail);
    }
    out
}

async fn old_keys(admin: &Admin, now: Timestamp) -> Result<Vec<Concern>, StoreError> {
    let resources = admin.oauth.resources.current();
    let keys = admin.oauth.store.list_keys().await?;
    let used = |alg: &Alg| *alg == Alg::Es256 || resources.all().iter().any(|r| r.alg == *alg);
    let old = Alg::ALL.into_iter().filter(used).filter_map(|alg| {
        let active = keys.iter().find(|k| k.state == KeyState::Active && k.alg == alg.as_str())?;
        let age = now - active.activated_at.unwrap_or(active.created_at);
        (age > KEY_AGE).then(|| Concern::OldKey { alg: alg.as_str(), days: age / DAY })
    });
    Ok(old.collect())
}

impl Concern {
    /// A sentence for the administrator.
    pub fn sentence(&self) -> String {
        match self {
            Self::OldKey { alg, days } => {
                format!("The {alg} key has signed for {days} days. Rotate it: nothing has to be restarted for that.")
            }
            Self::FailedLogins { today, usual } => format!(
                "{today} sign-ins failed in the last day; {usual} are usual. See where they come from."
            ),
            Self::Registrations(count) => format!(
                "{count} apps registered themselves in the last day. Those nobody connects are removed by themselves."
            ),
            Self::HeldClients(1) => {
                "An app is on hold: its document has changed where it sends access, or its keys. Accept that or disable it."
                    .to_owned()
            }
            Self::HeldClients(count) => format!(
                "{count} apps are on hold: their documents have changed where they send access, or their keys. Accept that or disable them."
            ),
            Self::NotEncrypted => {
                "The public URL is not https: passwords and tokens can be read on the way. Put a proxy with a certificate in front."
                    .to_owned()
            }
            Self::NoMail => {
                "No mail server is set: nobody can ask for a new password by themselves. Set GATEPOST_MAIL__URL."
                    .to_owned()
            }
            Self::NoSecondFactor => {
                "Administrators need no second factor. Set GATEPOST_LOGIN__REQUIRE_SECOND_FACTOR to admins.".to_owned()
            }
            Self::NoResource => "There is no resource: no app can connect. Add one.".to_owned(),
            Self::Setting(text) => text.clone(),
        }
    }

    /// Where to see or change it, and what that is called.
    pub const fn page(&self) -> Option<(&'static str, &'static str)> {
        Some(match self {
            Self::OldKey { .. } => ("/admin/keys", "Keys"),
            Self::FailedLogins { .. } => {
                ("/admin/audit?kind=session.login&outcome=refused", "Failed sign-ins")
            }
            Self::Registrations(_) => ("/admin/audit?kind=client.registered", "Registrations"),
            Self::HeldClients(_) => ("/admin/clients?state=held", "Clients on hold"),
            Self::NoResource => ("/admin/resources", "Resources"),
            _ => return None,
        })
    }
}
