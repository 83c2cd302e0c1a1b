//! The `authorization_code` grant: redeeming a code, once.
//! Law: OAuth 2.1 §4.1.3, §7.5.3 · RFC 7636 §4.6 · RFC 8707 §2.2
//!
//! | presented code                                | decision | wire                | effect                            | test                                     |
//! |-----------------------------------------------|----------|---------------------|-----------------------------------|------------------------------------------|
//! | live; this client, redirect URI and verifier  | Redeem   | 200                 | spend, one refresh token          | `redeems_a_code_once`                    |
//! | spent; everything else right                  | Replay   | 400 `invalid_grant` | revoke the grant                  | `replayed_code_revokes_the_grant`        |
//! | another client's                              | Refuse   | 400 `invalid_grant` | nothing                           | `foreign_code_changes_nothing`           |
//! | wrong redirect URI                            | Refuse   | 400 `invalid_grant` | nothing                           | `wrong_redirect_uri_changes_nothing`     |
//! | wrong verifier, spent or not                  | Refuse   | 400 `invalid_grant` | nothing                           | `wrong_verifier_changes_nothing`         |
//! | not of the key that `dpop_jkt` named, see [`binding`] | Refuse | 400 `invalid_grant`, `invalid_dpop_proof` | nothing | `a_code_is_bound_to_the_key_that_was_named` |
//! | expired, revoked, unknown                     | Refuse   | 400 `invalid_grant` | nothing                           | `dead_code_is_refused`                   |
//! | live, but another request spends it first     | Refuse   | 400 `invalid_grant` | nothing: both may be one client   | `parallel_redemptions_have_one_winner`   |
//! | any, with a `resource` other than the grant's | Refuse   | 400 `invalid_target`| nothing                           | `resource_mismatch_changes_nothing`      |
//!
//! The code is compared with everything before it is spent, so that neither a stolen code in the wrong hands
//! nor a client's mistake burns it.

use async_trait::async_trait;

use super::{refresh_token, revoke_replayed};
use crate::oauth::access_token::{Minting, SignedIn};
use crate::oauth::client::Client;
use crate::oauth::dpop::binding;
use crate::oauth::error::{Code, Reason, Refusal};
use crate::oauth::oxide::{self, Recovered, TokenRules};
use crate::oauth::resource::{OPENID, Resource};
use crate::oauth::scalekit::door;
use crate::oauth::token::{Granted, Refused, TokenRequest, TokenResponse, same_resource};
use crate::oauth::{OAuth, access_token, pkce, scopes};
use crate::store::codes::CodeRow;
use crate::store::grants::GrantRow;
use crate::types::ids::Kind;
use crate::types::secret::Bearer;
use crate::types::{ScopeSet, Timestamp};

pub const GRANT_TYPE: &str = "authorization_code";

/// What to do with a presented code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    Redeem,
    Replay,
    Refuse(Reason),
}

/// What the request brings along.
#[derive(Clone, Copy, Debug)]
pub struct Presented<'a> {
    pub client_id: &'a str,
    /// Absent is right: OAuth 2.1 no longer asks for it here.
    pub redirect_uri: Option<&'a str>,
    pub verifier_matches: bool,
    /// Thumbprint of the key it proves to hold.
    pub jkt: Option<&'a str>,
}

/// The table above.
pub fn decide(code: &CodeRow, grant: &GrantRow, presented: Presented<'_>, now: Timestamp) -> Decision {
    if grant.client_id != presented.client_id {
        return Decision::Refuse(Reason::ForeignCode);
    }
    if presented.redirect_uri.is_some_and(|uri| uri != code.redirect_uri) {
        return Decision::Refuse(Reason::ForeignRedirectUri);
    }
    if !presented.verifier_matches {
        return Decision::Refuse(Reason::PkceMismatch);
    }
    if let Err(reason) = binding::decide(code.dpop_jkt.as_deref(), presented.jkt) {
        return Decision::Refuse(reason);
    }
    if grant.revoked_at.is_some() {
        return Decision::Refuse(Reason::RevokedGrant);
    }
    if code.spent_at.is_some() {
        return Decision::Replay;
    }
    if code.expires_at <= now {
        return Decision::Refuse(Reason::ExpiredCode);
    }
    Decision::Redeem
}

fn refuse(reason: Reason) -> Refusal {
    let text = match reason {
        Reason::ProofMissing | Reason::ForeignProofKey => return binding::refuse(reason),
        Reason::ExpiredCode => "the code has expired: start a new authorization",
        Reason::ForeignRedirectUri => "redirect_uri is not the one the code was sent to",
        Reason::PkceMismatch => "code_verifier does not belong to the code_challenge",
        Reason::ForeignCode => "the code was issued to another client",
        Reason::ReplayedCode | Reason::RacedRequest => "the code was used before: start a new authorization",
        _ => "the code is not valid: start a new authorization",
    };
    Refusal::new(Code::InvalidGrant, reason, text)
}

/// Redeems a code.
pub async fn run(ctx: &OAuth, request: &TokenRequest<'_>) -> Result<Granted, Refused> {
    let code = request.params.require("code")?;
    let verifier = pkce::verifier(request.params.get("code_verifier")?)?;
    let redirect_uri = request.params.get("redirect_uri")?;

    let bearer = Bearer::parse(Kind::Code, code).ok_or_else(|| refuse(Reason::UnknownCode))?;
    let found = ctx.store.find_code(&bearer.id).await?;
    let (code, grant) = found
        .filter(|(code, _)| code.hash.matches(bearer.secret.expose()))
        .ok_or_else(|| refuse(Reason::UnknownCode))?;
    let of_grant = |refusal| Refused::of_grant(refusal, &grant.id);

    let presented = Presented {
        client_id: &request.client.id,
        redirect_uri,
        verifier_matches: oxide::verify_s256(&code.code_challenge, verifier),
        jkt: request.binding.as_deref(),
    };
    let decision = decide(&code, &grant, presented, ctx.clock.now());
    if let Decision::Refuse(reason) = decision {
        return Err(of_grant(refuse(reason)));
    }
    // Before anything follows from the code: a request for another resource is a mistake, not a replay.
    let resource = same_resource(ctx, request, &grant.resource_id).map_err(of_grant)?;
    request.settle(ctx).await.map_err(of_grant)?;
    if decision == Decision::Replay {
        // §7.5.3: an otherwise valid replay means that the code leaked: what it gave is revoked.
        revoke_replayed(ctx, &grant, Reason::ReplayedCode).await.map_err(of_grant)?;
        return Err(of_grant(refuse(Reason::ReplayedCode)));
    }
    let recovered = Recovered {
        owner: grant.user_id.clone().unwrap_or_default(),
        client_id: grant.client_id.clone(),
        redirect_uri: code.redirect_uri.clone(),
        scopes: grant.scopes.clone(),
        expires_at: Timestamp::MAX, // compared above, with our clock
        code_challenge: Some(code.code_challenge.clone()),
    };
    let client = &request.client;
    let asked_as = door::asked_as(&resource, request.params);
    let binding = request.binding.as_deref();
    let mut redemption = Redemption {
        ctx,
        client,
        code: &code,
        grant: &grant,
        resource: &resource,
        asked_as,
        binding,
        response: None,
    };
    oxide::redeem(request.params, &request.client.id, &recovered, &mut redemption).await.map_err(of_grant)?;
    let response = redemption.response.ok_or_else(|| of_grant(Refusal::internal()))?;
    Ok(Granted { response, grant_id: grant.id, user_id: grant.user_id, resource_id: grant.resource_id })
}

struct Redemption<'a> {
    ctx: &'a OAuth,
    client: &'a Client,
    code: &'a CodeRow,
    grant: &'a GrantRow,
    resource: &'a Resource,
    asked_as: Option<&'a str>,
    binding: Option<&'a str>,
    response: Option<TokenResponse>,
}

#[async_trait]
impl TokenRules for Redemption<'_> {
    async fn issue(&mut self, scopes: ScopeSet) -> Result<(), Refusal> {
        let ctx = self.ctx;
        // Signed before the code is spent: a signature that fails must not burn the code.
        let scopes = scopes::of_token(self.resource, self.client, &scopes);
        let access = access_token::mint(
            ctx,
            &Minting {
                client: self.client,
                grant: self.grant,
                resource: self.resource,
                scopes: &scopes,
                asked_as: self.asked_as,
                binding: self.binding,
            },
        )?;
        let id_token = if scopes.contains(OPENID) {
            let CodeRow { auth_time, proof, ref nonce, .. } = *self.code;
            let login = SignedIn { auth_time, proof, nonce: nonce.as_deref() };
            access_token::mint_id_token(ctx, self.grant, self.resource, login).await?
        } else {
            None
        };
        let (text, row) = refresh_token::first(ctx, self.grant, self.resource);
        let jkt = binding::of_refresh_tokens(self.client, self.binding);
        if !ctx.store.spend_code(self.code.id.clone(), ctx.clock.now(), row, jkt).await? {
            return Err(refuse(Reason::RacedRequest));
        }
        ctx.clients.touch(&self.grant.client_id, ctx.clock.now());
        self.response = Some(TokenResponse {
            refresh_token: Some(text.expose().clone()),
            id_token,
            ..TokenResponse::of(&access, &scopes)
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{FirstFactor, Hashed};

    fn code(spent_at: Option<Timestamp>) -> CodeRow {
        CodeRow {
            id: "cod_1".into(),
            hash: Hashed::of("x"),
            grant_id: "grt_1".into(),
            redirect_uri: "http://127.0.0.1:1/cb".into(),
            code_challenge: String::new(),
            dpop_jkt: None,
            nonce: None,
            auth_time: 0,
            proof: FirstFactor::Password.into(),
            created_at: 100,
            expires_at: 160,
            spent_at,
        }
    }

    fn grant(revoked_at: Option<Timestamp>) -> GrantRow {
        GrantRow {
            id: "grt_1".into(),
            user_id: Some("usr_1".into()),
            client_id: "cli_1".into(),
            resource_id: "res_1".into(),
            session_id: None,
            scopes: ScopeSet::default(),
            created_at: 100,
            ends_at: 1000,
            revoked_at,
            jkt: None,
        }
    }

    const RIGHT: Presented<'_> = Presented {
        client_id: "cli_1",
        redirect_uri: Some("http://127.0.0.1:1/cb"),
        verifier_matches: true,
        jkt: None,
    };

    #[test]
    fn the_table() {
        use Decision::{Redeem, Refuse, Replay};
        let foreign = Presented { client_id: "cli_2", ..RIGHT };
        let elsewhere = Presented { redirect_uri: Some("http://127.0.0.1:2/cb"), ..RIGHT };
        let silent = Presented { redirect_uri: None, ..RIGHT };
        let guessed = Presented { verifier_matches: false, ..RIGHT };
        let (own, other) = (Presented { jkt: Some("a"), ..RIGHT }, Presented { jkt: Some("b"), ..RIGHT });
        let bound = |spent_at| CodeRow { dpop_jkt: Some("a".into()), ..code(spent_at) };
        for (code, grant, presented, now, expected) in [
            (code(None), grant(None), RIGHT, 159, Redeem),
            (code(None), grant(None), silent, 159, Redeem),
            (code(None), grant(None), RIGHT, 160, Refuse(Reason::ExpiredCode)),
            (code(None), grant(None), own, 159, Redeem),
            (bound(None), grant(None), own, 159, Redeem),
            (bound(None), grant(None), other, 159, Refuse(Reason::ForeignProofKey)),
            (bound(None), grant(None), RIGHT, 159, Refuse(Reason::ProofMissing)),
            (bound(Some(120)), grant(None), other, 130, Refuse(Reason::ForeignProofKey)),
            (bound(Some(120)), grant(None), own, 130, Replay),
            (code(Some(120)), grant(None), RIGHT, 130, Replay),
            (code(Some(120)), grant(None), RIGHT, 9999, Replay),
            (code(Some(120)), grant(Some(125)), RIGHT, 130, Refuse(Reason::RevokedGrant)),
            (code(Some(120)), grant(None), foreign, 130, Refuse(Reason::ForeignCode)),
            (code(Some(120)), grant(None), guessed, 130, Refuse(Reason::PkceMismatch)),
            (code(None), grant(None), foreign, 130, Refuse(Reason::ForeignCode)),
            (code(None), grant(None), elsewhere, 130, Refuse(Reason::ForeignRedirectUri)),
            (code(None), grant(None), guessed, 130, Refuse(Reason::PkceMismatch)),
        ] {
            assert_eq!(decide(&code, &grant, presented, now), expected, "{presented:?} at {now}");
        }
    }
}
