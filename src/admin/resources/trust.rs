//! What may be chosen of whose tokens a resource takes.
//!
//! | field                  | what may be in it                                                                       |
//! |------------------------|-----------------------------------------------------------------------------------------|
//! | `issuer`               | nothing (as the setting says), `embedded`, `scalekit`                                   |
//! | `scalekit_environment` | nothing (that of the settings), or the origin of an environment, https but for loopback |
//! | `scalekit_resource_id` | nothing, or `res_…`, which no other resource has; `scalekit` needs one                  |
//! | `both_until`           | nothing, or a time within a year; needs an MCP server at ScaleKit to be known           |

use super::fields::{Check, as_url};
use crate::oauth::resource::{ResourceSet, chosen};
use crate::store::resources::{ResourceRow, TrustColumns};
use crate::trust::Believes;
use crate::trust::whom::{Side, Standard, Whom};
use crate::types::Timestamp;
use crate::types::ids::is_scalekit_resource;

/// The longest window, in seconds: a year and a day.
const LONGEST_WINDOW: i64 = 366 * 86_400;

/// What surrounds the choice.
pub struct Around<'a> {
    pub standard: &'a Standard,
    pub others: &'a ResourceSet,
    pub now: Timestamp,
}

/// The choice as it will be stored, with what is wrong with it noted.
pub fn checked(
    check: &mut Check,
    wanted: &TrustColumns,
    before: &ResourceRow,
    around: &Around<'_>,
) -> TrustColumns {
    let text = |value: &Option<String>| {
        value.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let mut trust = TrustColumns {
        issuer: text(&wanted.issuer),
        environment: text(&wanted.environment),
        resource_id: text(&wanted.resource_id),
        both_until: wanted.both_until,
    };
    if trust.issuer.as_deref().is_some_and(|issuer| Side::parse(issuer).is_none()) {
        check.say("issuer", "Choose whose tokens it takes.");
    }
    trust.environment = trust.environment.map(|text| environment(check, &text));
    if trust.resource_id.as_deref().is_some_and(|id| !is_scalekit_resource(id)) {
        check.say("scalekit_resource_id", "The id of an MCP server at ScaleKit begins with res_.");
    }
    let row = ResourceRow { trust: trust.clone(), ..before.clone() };
    let believes = Believes::of(&chosen(&row), before.kind == "builtin", around.standard);
    if *believes.main() == Whom::Nobody && trust.issuer.is_some() {
        let has_environment = trust.environment.is_some() || around.standard.environment.is_some();
        if trust.resource_id.is_none() {
            check.say("scalekit_resource_id", "Enter the id of the MCP server at ScaleKit.");
        }
        if !has_environment {
            check.say("scalekit_environment", "Enter the URL of the ScaleKit environment.");
        }
    }
    window(check, &trust, before, &believes, around.now);
    if let Some(taken) = taken(&believes, around) {
        check.say("scalekit_resource_id", format!("{taken} is that MCP server at ScaleKit already."));
    }
    trust
}

/// The origin of an environment, without a slash at the end.
fn environment(check: &mut Check, text: &str) -> String {
    match as_url(text) {
        Ok(url) => {
            let origin = url.trim_end_matches('/');
            if origin.matches('/').count() > 2 {
                check.say("scalekit_environment", "Enter the URL of the environment alone, without a path.");
            }
            origin.to_owned()
        }
        Err(sentence) => {
            check.say("scalekit_environment", sentence);
            text.to_owned()
        }
    }
}

/// The end of the window: one that is over may stay as it is.
fn window(
    check: &mut Check,
    trust: &TrustColumns,
    before: &ResourceRow,
    believes: &Believes,
    now: Timestamp,
) {
    let Some(until) = trust.both_until.filter(|until| Some(*until) != before.trust.both_until) else {
        return;
    };
    if until <= now || until > now + LONGEST_WINDOW {
        check.say("both_until", "Choose a day from today on, a year ahead at most.");
    } else if believes.also(now).is_none() {
        check.say(
            "both_until",
            "Nothing else is known to take tokens from: enter the MCP server at ScaleKit.",
        );
    }
}

/// The other resource that is the same MCP server at ScaleKit.
fn taken(believes: &Believes, around: &Around<'_>) -> Option<String> {
    let of = |believes: &Believes| {
        let foreign = believes.scalekit(Timestamp::MIN)?;
        foreign.resource_id().map(|_| foreign.authorization_server())
    };
    let own = of(believes)?;
    around
        .others
        .all()
        .iter()
        .find(|other| of(&other.believes).as_ref() == Some(&own))
        .map(|r| r.name.clone())
}
