//! Changing what an administrator may set of a resource.

use super::fields::{ACCESS_SECONDS, Check, REFRESH_SECONDS};
use super::trust::{self, Around};
use super::{Snapshot, TRIES, settled, take_effect};
use crate::admin::{Actor, Admin, Failure};
use crate::audit::Event;
use crate::oauth::keys::Alg;
use crate::oauth::scalekit::SCALEKIT;
use crate::store::resources::{DocumentColumns, ResourceRow, TrustColumns};

/// Everything that can be set, as it shall be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    pub name: String,
    /// The canonical URL. Of the built-in resource it follows from the public URL: leave it out.
    pub url: Option<String>,
    /// Further URLs under which clients may ask for it.
    pub aliases: Vec<String>,
    /// Whether clients that registered themselves may ask people for access to it.
    pub registration_open: bool,
    /// Whether it takes only access tokens that are bound to a key.
    pub dpop_required: bool,
    /// Which clients by document may ask.
    pub documents: DocumentColumns,
    /// Seconds; nothing for the setting of the server.
    pub access_token_seconds: Option<i64>,
    /// Seconds; nothing for the setting of the server.
    pub refresh_token_seconds: Option<i64>,
    /// `ES256`, `RS256` or `EdDSA`. With the ScaleKit dialect it becomes RS256, whatever it says.
    pub signing_alg: String,
    /// `standard` or `scalekit`.
    pub dialect: String,
    /// `environment` or `resource`: counts with the ScaleKit dialect.
    pub token_issuer: String,
    /// Whose tokens it takes.
    pub trust: TrustColumns,
}

impl Settings {
    /// As they are.
    pub fn of(row: &ResourceRow) -> Self {
        Self {
            name: row.name.clone(),
            url: row.uri.clone(),
            aliases: row.aliases.clone(),
            registration_open: row.registration_open,
            dpop_required: row.dpop_required,
            documents: row.documents.clone(),
            access_token_seconds: row.access_token_seconds,
            refresh_token_seconds: row.refresh_token_seconds,
            signing_alg: row.signing_alg.clone(),
            dialect: row.dialect.clone(),
            token_issuer: row.token_issuer.clone(),
            trust: row.trust.clone(),
        }
    }

    /// The names of what differs, for the audit trail; of what protects, also how it is now.
    fn differences(&self, before: &Self) -> Vec<&'static str> {
        [
            ("name", self.name != before.name),
            ("url", self.url != before.url),
            ("aliases", self.aliases != before.aliases),
            ("registration_open", self.registration_open != before.registration_open),
            (
                if self.dpop_required { "dpop_required on" } else { "dpop_required off" },
                self.dpop_required != before.dpop_required,
            ),
            ("cimd_policy", self.documents.policy != before.documents.policy),
            ("cimd_allow", self.documents.allow != before.documents.allow),
            ("access_token_seconds", self.access_token_seconds != before.access_token_seconds),
            ("refresh_token_seconds", self.refresh_token_seconds != before.refresh_token_seconds),
            ("signing_alg", self.signing_alg != before.signing_alg),
            ("dialect", self.dialect != before.dialect),
            ("token_issuer", self.token_issuer != before.token_issuer),
            ("issuer", self.trust.issuer != before.trust.issuer),
            ("scalekit_environment", self.trust.environment != before.trust.environment),
            ("scalekit_resource_id", self.trust.resource_id != before.trust.resource_id),
            ("both_until", self.trust.both_until != before.trust.both_until),
        ]
        .into_iter()
        .filter_map(|(name, differs)| differs.then_some(name))
        .collect()
    }
}

/// Puts `wanted` in force, if the resource still is at `version`. Nothing happens when nothing differs.
///
/// # Errors
/// [`Failure::Changed`] when somebody else changed it since; [`Failure::Invalid`] with every field that is wrong.
pub async fn change(
    admin: &Admin,
    actor: &Actor,
    id: &str,
    version: i64,
    wanted: &Settings,
) -> Result<(), Failure> {
    let ctx = &admin.oauth;
    for _ in 0..TRIES {
        let snapshot = Snapshot::read(admin).await?;
        let before = snapshot.rows.iter().find(|row| row.id == id).ok_or(Failure::NotFound)?;
        if before.version != version {
            return Err(Failure::Changed);
        }
        let wanted = checked(admin, wanted, before, &snapshot)?;
        let differences = wanted.differences(&Settings::of(before));
        if differences.is_empty() {
            return Ok(());
        }
        let row = ResourceRow {
            name: wanted.name,
            uri: wanted.url,
            aliases: wanted.aliases,
            registration_open: wanted.registration_open,
            dpop_required: wanted.dpop_required,
            documents: wanted.documents,
            access_token_seconds: wanted.access_token_seconds,
            refresh_token_seconds: wanted.refresh_token_seconds,
            signing_alg: wanted.signing_alg,
            dialect: wanted.dialect,
            token_issuer: wanted.token_issuer,
            trust: wanted.trust,
            ..before.clone()
        };
        if settled(ctx.store.change_resource(row, snapshot.seen, ctx.clock.now()).await?)? {
            take_effect(admin).await;
            let detail = format!("changed: {}", differences.join(", "));
            ctx.audit.record(actor.did(Event::ResourceChanged).resource(id.to_owned()).detail(detail)).await;
            return Ok(());
        }
    }
    Err(Failure::Changed)
}

fn checked(
    admin: &Admin,
    wanted: &Settings,
    before: &ResourceRow,
    snapshot: &Snapshot,
) -> Result<Settings, Failure> {
    let others = snapshot.others(admin, &before.id);
    let mut check = Check::default();
    let name = check.name(&wanted.name);
    let url = match (&before.uri, &wanted.url) {
        (Some(_), Some(url)) => Some(check.url("url", url, &others)),
        (Some(uri), None) => Some(uri.clone()),
        (None, None) => None,
        (None, Some(_)) => {
            check.say("url", "The URL of the built-in resource follows from the public URL of this server.");
            None
        }
    };
    let aliases = check.aliases(&wanted.aliases, &others);
    check.seconds("access_token_seconds", wanted.access_token_seconds, &ACCESS_SECONDS);
    check.seconds("refresh_token_seconds", wanted.refresh_token_seconds, &REFRESH_SECONDS);
    let documents = check.documents(&wanted.documents, admin.oauth.fetch.reach());
    check.dialect(&wanted.dialect, &wanted.token_issuer);
    check.alg(&wanted.signing_alg);
    let (standard, now) = (admin.oauth.resources.standard(), admin.oauth.clock.now());
    let trust = trust::checked(&mut check, &wanted.trust, before, &Around { standard, others: &others, now });
    check.done()?;
    // ScaleKit's software reads nothing else.
    let signing_alg =
        if wanted.dialect == SCALEKIT { Alg::Rs256.as_str().to_owned() } else { wanted.signing_alg.clone() };
    Ok(Settings { name, url, aliases, documents, signing_alg, trust, ..wanted.clone() })
}
