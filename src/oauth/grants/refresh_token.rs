//! The `refresh_token` grant: rotation, retry, replay, expiry.
//! Law: OAuth 2.1 §4.3.1 · RFC 9700 §4.14.2 · decision 0004 (retries)
//!
//! | presented token                                   | decision | wire                | effect                        | test                                       |
//! |---------------------------------------------------|----------|---------------------|-------------------------------|--------------------------------------------|
//! | in force, this client                             | Rotate   | 200                 | the successor takes its place | `rotates_a_refresh_token`                  |
//! | the one before; successor unused, in the window   | Retry    | 200, *same* successor | nothing                     | `retry_gets_the_same_successor`            |
//! | the one before, after the window                  | Replay   | 400 `invalid_grant` | revoke the grant              | `late_retry_revokes_the_grant`             |
//! | an older one (its successor was used)             | Replay   | 400 `invalid_grant` | revoke the grant              | `replayed_refresh_token_revokes_the_grant` |
//! | another client's                                  | Refuse   | 400 `invalid_grant` | nothing                       | `foreign_refresh_token_changes_nothing`    |
//! | one we never made, with a known id                | Refuse   | 400 `invalid_grant` | nothing                       | `invented_refresh_token_changes_nothing`   |
//! | of a public client, not with the key it is bound to, see [`binding`] | Refuse | 400 `invalid_grant`, `invalid_dpop_proof` | nothing | `a_public_clients_refresh_token_is_bound` |
//! | expired, revoked, unknown                         | Refuse   | 400 `invalid_grant` | nothing                       | `dead_refresh_token_is_refused`            |
//! | in force, of somebody who must show a second factor and showed none for it | Refuse | 400 `invalid_grant` | nothing | `a_grant_from_before_the_second_factor_is_not_renewed` |
//! | a good one of a client by document, which is on hold for it ([`cimd`](crate::oauth::cimd::hold)) | Refuse | 400 `invalid_grant` | nothing | `a_changed_redirect_host_puts_the_client_on_hold` |
//! | a good one, asking for more scope than granted    | Refuse   | 400 `invalid_scope` | nothing                       | `widening_a_refresh_changes_nothing`       |
//!
//! A token reads `rft_<id>_<random><mark>`. The mark is a keyed hash of the rest, so that a token we made
//! long ago is told from an invented one without keeping its hash: each grant has one row, whose hash is
//! replaced at each rotation. The successor's random part is a keyed hash of its predecessor's, so that a
//! retry gets the same successor although only hashes are stored.
//!
//! Nothing is "used" but by presenting it: while a token is the one *before*, its successor is unused.

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::revoke_replayed;
use crate::oauth::access_token::Minting;
use crate::oauth::approval::GRANT_MARGIN;
use crate::oauth::client::Client;
use crate::oauth::dpop::binding;
use crate::oauth::error::{Code, Reason, Refusal};
use crate::oauth::oxide::{self, Recovered, TokenRules};
use crate::oauth::resource::Resource;
use crate::oauth::scalekit::door;
use crate::oauth::token::{Granted, Refused, TokenRequest, TokenResponse, requested_scope, same_resource};
use crate::oauth::{OAuth, access_token, cimd, scopes};
use crate::store::grants::GrantRow;
use crate::store::refresh_tokens::{Holder, RefreshRow, Rotation};
use crate::types::ids::{Kind, new_id};
use crate::types::master_key::Purpose;
use crate::types::secret::Bearer;
use crate::types::{Hashed, MasterKey, Plain, Requirement, ScopeSet, Timestamp};

pub const GRANT_TYPE: &str = "refresh_token";

/// Random characters of a secret; the mark follows them.
const RANDOM_LEN: usize = 43;

/// What to do with a presented refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    Rotate,
    Retry,
    Replay,
    Refuse(Reason),
}

/// What the request brings along.
#[derive(Clone, Copy, Debug)]
pub struct Presented<'a> {
    pub client_id: &'a str,
    pub hash: &'a Hashed,
    /// Whether the mark says that we made it.
    pub genuine: bool,
    /// Thumbprint of the key it proves to hold.
    pub jkt: Option<&'a str>,
}

/// What the settings say about it.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// The window for retries, in seconds.
    pub retry: i64,
    pub second_factor: Requirement,
}

/// The table above.
pub fn decide(
    token: &RefreshRow,
    grant: &GrantRow,
    presented: Presented<'_>,
    now: Timestamp,
    policy: Policy,
) -> Decision {
    if !presented.genuine {
        return Decision::Refuse(Reason::UnknownRefreshToken);
    }
    if grant.client_id != presented.client_id {
        return Decision::Refuse(Reason::ForeignRefreshToken);
    }
    if let Err(reason) = binding::decide(grant.jkt.as_deref(), presented.jkt) {
        return Decision::Refuse(reason);
    }
    if grant.revoked_at.is_some() {
        return Decision::Refuse(Reason::RevokedGrant);
    }
    if token.expires_at <= now || token.idle_expires_at <= now {
        return Decision::Refuse(Reason::ExpiredRefreshToken);
    }
    let is_previous = token.previous_hash.as_ref().is_some_and(|h| h.same(presented.hash));
    let decision = match token.rotated_at {
        _ if token.hash.same(presented.hash) => Decision::Rotate,
        Some(at) if is_previous && policy.retry > 0 && now <= at + policy.retry => Decision::Retry,
        _ => return Decision::Replay,
    };
    match token.holder {
        Some(holder) if lacks_factor(holder, policy.second_factor) => {
            Decision::Refuse(Reason::SecondFactorNeeded)
        }
        _ => decision,
    }
}

/// What a client is told whose document has changed since.
pub const ON_HOLD: &str =
    "the app has changed where it sends access or by which keys it is known: start a new authorization";

fn refuse(reason: Reason) -> Refusal {
    let text = match reason {
        Reason::ProofMissing | Reason::ForeignProofKey => return binding::refuse(reason),
        Reason::ExpiredRefreshToken => "the refresh token has expired: start a new authorization",
        Reason::ReplayedRefreshToken => "the refresh token was used before: start a new authorization",
        Reason::ForeignRefreshToken => "the refresh token was issued to another client",
        Reason::SecondFactorNeeded => {
            "the person must show a second factor since then: start a new authorization"
        }
        Reason::ClientOnHold => ON_HOLD,
        Reason::RevokedGrant => "access has been revoked: start a new authorization",
        _ => "the refresh token is not valid: start a new authorization",
    };
    Refusal::new(Code::InvalidGrant, reason, text)
}

/// Whether the person must show a second factor, and had shown none for this grant.
pub const fn lacks_factor(holder: Holder, general: Requirement) -> bool {
    (holder.is_required || general.covers(holder.is_admin)) && !holder.proof.is_multi_factor()
}

fn policy(ctx: &OAuth) -> Policy {
    Policy { retry: ctx.lifetimes.refresh_retry, second_factor: ctx.second_factor() }
}

fn mark(master: &MasterKey, id: &str, random: &str) -> String {
    URL_SAFE_NO_PAD.encode(&master.mac(Purpose::RefreshMark, &[id, random])[..16])
}

fn secret(master: &MasterKey, id: &str, random: &str) -> Plain<String> {
    Plain::new(format!("{random}{}", mark(master, id, random)))
}

fn is_genuine(master: &MasterKey, bearer: &Bearer) -> bool {
    bearer
        .secret
        .expose()
        .split_at_checked(RANDOM_LEN)
        .is_some_and(|(random, given)| Hashed::of(&mark(master, &bearer.id, random)).matches(given))
}

/// The token that follows `bearer`: always the same one.
fn successor(master: &MasterKey, bearer: &Bearer) -> Bearer {
    let random = bearer.secret.expose().split_at_checked(RANDOM_LEN).map_or("", |(random, _)| random);
    let next = URL_SAFE_NO_PAD.encode(master.mac(Purpose::RefreshSuccessor, &[&bearer.id, random]));
    Bearer { id: bearer.id.clone(), secret: secret(master, &bearer.id, &next) }
}

/// The first refresh token of a grant: the text for the client, the row for the store.
pub fn first(ctx: &OAuth, grant: &GrantRow, resource: &Resource) -> (Plain<String>, RefreshRow) {
    let now = ctx.clock.now();
    let id = new_id(Kind::RefreshToken, &ctx.clock, &ctx.rng);
    let random = URL_SAFE_NO_PAD.encode(ctx.rng.bytes::<32>());
    let bearer = Bearer { secret: secret(&ctx.master, &id, &random), id };
    let row = RefreshRow {
        id: bearer.id.clone(),
        hash: bearer.hash(),
        previous_hash: None,
        rotated_at: None,
        generation: 0,
        grant_id: grant.id.clone(),
        created_at: now,
        idle_expires_at: now + ctx.lifetimes.refresh_idle,
        // No longer than the grant, which was made when the life may have been set shorter.
        expires_at: (now + ctx.lifetimes.refresh_for(resource)).min(grant.ends_at - GRANT_MARGIN),
        holder: None,
    };
    (bearer.to_text(), row)
}

/// Finds what a presented text stands for, if it is a refresh token with a known id.
pub async fn find(ctx: &OAuth, text: &str) -> Result<Option<(Bearer, RefreshRow, GrantRow)>, Refusal> {
    let Some(bearer) = Bearer::parse(Kind::RefreshToken, text) else { return Ok(None) };
    if !is_genuine(&ctx.master, &bearer) {
        return Ok(None);
    }
    let found = ctx.store.find_refresh_token(&bearer.id).await?;
    Ok(found.map(|(row, grant)| (bearer, shortened(ctx, row, &grant), grant)))
}

/// The row with the end that the resource sets now: a life made shorter holds for tokens that are out already.
fn shortened(ctx: &OAuth, row: RefreshRow, grant: &GrantRow) -> RefreshRow {
    let resources = ctx.resources.current();
    let life = resources.by_id(&grant.resource_id).and_then(|r| r.refresh_token_seconds);
    let end = life.map_or(row.expires_at, |life| row.expires_at.min(row.created_at + life));
    RefreshRow { expires_at: end, ..row }
}

/// Refreshes.
pub async fn run(ctx: &OAuth, request: &TokenRequest<'_>) -> Result<Granted, Refused> {
    let text = request.params.require("refresh_token")?;
    let found = find(ctx, text).await?;
    let (bearer, row, grant) = found.ok_or_else(|| refuse(Reason::UnknownRefreshToken))?;
    let of_grant = |refusal| Refused::of_grant(refusal, &grant.id);
    let hash = bearer.hash();
    let jkt = request.binding.as_deref();
    let presented = Presented { client_id: &request.client.id, hash: &hash, genuine: true, jkt };

    let decision = decide(&row, &grant, presented, ctx.clock.now(), policy(ctx));
    if let Decision::Refuse(reason) = decision {
        return Err(of_grant(refuse(reason)));
    }
    // Before anything follows from the token: a malformed request is a mistake, not a replay.
    let resource = same_resource(ctx, request, &grant.resource_id).map_err(of_grant)?;
    let granted = scopes::of_token(&resource, &request.client, &grant.scopes);
    let scope = requested_scope(request.params, &resource, &grant.scopes, &granted).map_err(of_grant)?;
    request.settle(ctx).await.map_err(of_grant)?;
    if decision == Decision::Replay {
        return Err(of_grant(replay(ctx, &grant).await?));
    }
    if !cimd::may_renew(ctx, &request.client, &grant).await.map_err(of_grant)? {
        return Err(of_grant(refuse(Reason::ClientOnHold)));
    }
    let recovered = Recovered {
        owner: grant.user_id.clone().unwrap_or_default(),
        client_id: grant.client_id.clone(),
        redirect_uri: resource.uri.clone(), // oxide-auth's grant wants one; a refresh compares none
        scopes: granted,
        expires_at: Timestamp::MAX, // compared above, with our clock
        code_challenge: None,
    };
    let mut rotation = Rotating {
        ctx,
        client: &request.client,
        bearer: &bearer,
        row: &row,
        grant: &grant,
        resource: &resource,
        asked_as: door::asked_as(&resource, request.params),
        binding: jkt,
        decision,
        response: None,
    };
    oxide::refresh_grant(request.params, &request.client.id, &recovered, scope, &mut rotation)
        .await
        .map_err(of_grant)?;
    let response = rotation.response.ok_or_else(|| of_grant(Refusal::internal()))?;
    Ok(Granted { response, grant_id: grant.id, user_id: grant.user_id, resource_id: grant.resource_id })
}

/// A spent token in use again means that two parties hold it: everything the grant gave is revoked.
async fn replay(ctx: &OAuth, grant: &GrantRow) -> Result<Refusal, Refusal> {
    revoke_replayed(ctx, grant, Reason::ReplayedRefreshToken).await?;
    Ok(refuse(Reason::ReplayedRefreshToken))
}

struct Rotating<'a> {
    ctx: &'a OAuth,
    client: &'a Client,
    bearer: &'a Bearer,
    row: &'a RefreshRow,
    grant: &'a GrantRow,
    resource: &'a Resource,
    asked_as: Option<&'a str>,
    binding: Option<&'a str>,
    decision: Decision,
    response: Option<TokenResponse>,
}

impl Rotating<'_> {
    /// Puts the successor in place. When another request was first, that request presented the same token
    /// and put the same successor there: this one is its retry.
    async fn rotate(&self, next: &Bearer) -> Result<(), Refusal> {
        let ctx = self.ctx;
        let now = ctx.clock.now();
        let rotation = Rotation {
            id: self.row.id.clone(),
            from: self.bearer.hash(),
            to: next.hash(),
            now,
            idle_expires_at: now + ctx.lifetimes.refresh_idle,
        };
        if ctx.store.rotate_refresh_token(rotation).await? {
            ctx.clients.touch(&self.grant.client_id, now);
            return Ok(());
        }
        let Some((row, grant)) = ctx.store.find_refresh_token(&self.row.id).await? else {
            return Err(refuse(Reason::UnknownRefreshToken));
        };
        let hash = self.bearer.hash();
        let presented =
            Presented { client_id: &self.grant.client_id, hash: &hash, genuine: true, jkt: self.binding };
        match decide(&row, &grant, presented, now, policy(ctx)) {
            Decision::Retry => Ok(()),
            Decision::Replay => Err(replay(ctx, &grant).await?),
            Decision::Refuse(reason) => Err(refuse(reason)),
            Decision::Rotate => Err(refuse(Reason::RacedRequest)),
        }
    }
}

#[async_trait]
impl TokenRules for Rotating<'_> {
    async fn issue(&mut self, scopes: ScopeSet) -> Result<(), Refusal> {
        // Signed before the rotation: a signature that fails must not cost the client its token.
        let scopes = scopes::of_token(self.resource, self.client, &scopes);
        let access = access_token::mint(
            self.ctx,
            &Minting {
                client: self.client,
                grant: self.grant,
                resource: self.resource,
                scopes: &scopes,
                asked_as: self.asked_as,
                binding: self.binding,
            },
        )?;
        let next = successor(&self.ctx.master, self.bearer);
        if self.decision == Decision::Rotate {
            self.rotate(&next).await?;
        }
        self.response = Some(TokenResponse {
            refresh_token: Some(next.to_text().expose().clone()),
            ..TokenResponse::of(&access, &scopes)
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{FirstFactor, Proof};

    fn row(now: &str, before: Option<&str>, rotated_at: Option<Timestamp>) -> RefreshRow {
        RefreshRow {
            id: "rft_1".into(),
            hash: Hashed::of(now),
            previous_hash: before.map(Hashed::of),
            rotated_at,
            generation: 0,
            grant_id: "grt_1".into(),
            created_at: 0,
            idle_expires_at: 1000,
            expires_at: 2000,
            holder: None,
        }
    }

    fn grant(revoked_at: Option<Timestamp>) -> GrantRow {
        GrantRow {
            id: "grt_1".into(),
            user_id: None,
            client_id: "cli_1".into(),
            resource_id: "res_1".into(),
            session_id: None,
            scopes: ScopeSet::default(),
            created_at: 0,
            ends_at: 2000,
            revoked_at,
            jkt: None,
        }
    }

    const POLICY: Policy = Policy { retry: 60, second_factor: Requirement::Admins };

    #[test]
    fn a_second_factor_that_is_required_now_must_have_been_shown() {
        let hash = Hashed::of("b");
        let told_of = |is_admin, is_required, proof: Proof, text: &str| {
            let token = RefreshRow {
                holder: Some(Holder { is_admin, is_required, proof }),
                ..row("b", Some("a"), Some(100))
            };
            let (hash, genuine) = (Hashed::of(text), true);
            let presented = Presented { client_id: "cli_1", hash: &hash, genuine, jkt: None };
            decide(&token, &grant(None), presented, 120, POLICY)
        };
        let told = |is_admin, proof, text: &str| told_of(is_admin, false, proof, text);
        let (password, passkey) = (FirstFactor::Password.into(), FirstFactor::Passkey.into());
        let refused = Decision::Refuse(Reason::SecondFactorNeeded);
        assert_eq!(told(true, password, "b"), refused);
        assert_eq!(told(true, password, "a"), refused);
        assert_eq!(told(true, password, "z"), Decision::Replay, "whoever has an old one is still found out");
        assert_eq!(told(true, passkey, "b"), Decision::Rotate);
        assert_eq!(told(true, password.with_code(), "a"), Decision::Retry);
        assert_eq!(told(false, password, "b"), Decision::Rotate);
        assert_eq!(told_of(false, true, password, "b"), refused, "an administrator wants it of this person");
        assert_eq!(told_of(false, true, passkey, "b"), Decision::Rotate);
        let nobody = row("b", None, None);
        let presented = Presented { client_id: "cli_1", hash: &hash, genuine: true, jkt: None };
        assert_eq!(decide(&nobody, &grant(None), presented, 120, POLICY), Decision::Rotate);
    }

    #[test]
    fn the_table() {
        use Decision::{Refuse, Replay, Retry, Rotate};
        let rotated = || row("b", Some("a"), Some(100));
        for (token, grant, client, text, genuine, now, expected) in [
            (row("a", None, None), grant(None), "cli_1", "a", true, 10, Rotate),
            (rotated(), grant(None), "cli_1", "b", true, 500, Rotate),
            (rotated(), grant(None), "cli_1", "a", true, 160, Retry),
            (rotated(), grant(None), "cli_1", "a", true, 161, Replay),
            (row("c", Some("b"), Some(100)), grant(None), "cli_1", "a", true, 110, Replay),
            (rotated(), grant(None), "cli_2", "a", true, 161, Refuse(Reason::ForeignRefreshToken)),
            (rotated(), grant(None), "cli_1", "z", false, 110, Refuse(Reason::UnknownRefreshToken)),
            (rotated(), grant(Some(105)), "cli_1", "a", true, 161, Refuse(Reason::RevokedGrant)),
            (
                row("a", None, None),
                grant(None),
                "cli_1",
                "a",
                true,
                1000,
                Refuse(Reason::ExpiredRefreshToken),
            ),
        ] {
            let hash = Hashed::of(text);
            let presented = Presented { client_id: client, hash: &hash, genuine, jkt: None };
            assert_eq!(decide(&token, &grant, presented, now, POLICY), expected, "{client} {text} at {now}");
        }
    }

    #[test]
    fn a_token_is_for_its_key() {
        let bound = GrantRow { jkt: Some("a".into()), ..grant(None) };
        let told = |grant: &GrantRow, jkt, text: &str| {
            let hash = Hashed::of(text);
            let presented = Presented { client_id: "cli_1", hash: &hash, genuine: true, jkt };
            decide(&row("b", Some("a"), Some(100)), grant, presented, 161, POLICY)
        };
        assert_eq!(told(&bound, Some("a"), "b"), Decision::Rotate);
        assert_eq!(told(&bound, Some("a"), "a"), Decision::Replay);
        assert_eq!(told(&grant(None), Some("a"), "b"), Decision::Rotate);
        for text in ["a", "b"] {
            assert_eq!(told(&bound, None, text), Decision::Refuse(Reason::ProofMissing));
            assert_eq!(told(&bound, Some("b"), text), Decision::Refuse(Reason::ForeignProofKey));
        }
    }

    #[test]
    fn the_mark_tells_our_tokens_from_invented_ones() {
        let master = MasterKey::new(Plain::new(vec![7; 32]));
        let random = "r".repeat(RANDOM_LEN);
        let ours = Bearer { id: "rft_1".into(), secret: secret(&master, "rft_1", &random) };
        assert!(is_genuine(&master, &ours));
        assert!(is_genuine(&master, &successor(&master, &ours)));
        assert_eq!(successor(&master, &ours).secret, successor(&master, &ours).secret);
        let moved = Bearer { id: "rft_2".into(), secret: ours.secret.clone() };
        assert!(!is_genuine(&master, &moved));
        let invented = Bearer { id: "rft_1".into(), secret: Plain::new("x".repeat(65)) };
        assert!(!is_genuine(&master, &invented));
    }
}
