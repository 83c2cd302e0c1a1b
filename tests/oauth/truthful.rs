//! The metadata promises what is kept, and nothing else, whatever is turned on or off.

use gatepost::admin::exchanges::{self, NewExchange};
use gatepost::admin::{Actor, issuers};
use gatepost::oauth::client::AuthMethod;
use gatepost::oauth::grants::GrantType;
use gatepost::oauth::grants::jwt_bearer::{ID_JAG_PROFILE, ID_JAG_TYP};
use gatepost::store::changes::Topic;
use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};

use super::REDIRECT_URI;
use crate::issuers::{ask_as, bearing, builtin, input, notes, trust};
use crate::on_each;
use crate::support::issuer::ForeignIssuer;
use crate::support::{Database, Documents, MadeClient, ProofKey, TestApp, json_of};

const DISCOVERY: &str = "/.well-known/oauth-authorization-server";

/// A server, and what it takes to try everything it may promise.
struct World {
    app: TestApp,
    machine: MadeClient,
    issuer: ForeignIssuer,
    documents: Documents,
}

impl World {
    async fn new(database: Database, settings: &[(&str, &str)]) -> Self {
        let app = TestApp::start_with(database, settings).await;
        let machine = app.made_machine(None).await;
        Self { app, machine, issuer: ForeignIssuer::start(), documents: Documents::start() }
    }

    /// Everything that is promised; each is tried, and so is everything that is not.
    async fn promises(&self) -> Vec<String> {
        let document = json_of(self.app.http().get(self.app.direct(DISCOVERY)).send().await.unwrap()).await;
        let lists = |list: &str, text: &str| {
            document[list].as_array().is_some_and(|all| all.iter().any(|value| value == text))
        };
        let has = |name: &str| document.get(name).is_some_and(|value| !value.is_null());
        let mut all = vec![
            ("registration", has("registration_endpoint"), self.registers().await),
            ("documents", document["client_id_metadata_document_supported"] == true, self.reads().await),
            ("devices", has("device_authorization_endpoint"), self.knows_devices().await),
            ("pushing", has("pushed_authorization_request_endpoint"), self.takes_pushed().await),
            ("only-pushed", document["require_pushed_authorization_requests"] == true, self.insists().await),
            (
                "id-jag",
                lists("authorization_grant_profiles_supported", ID_JAG_PROFILE),
                self.believes().await,
            ),
            ("dpop", lists("dpop_signing_alg_values_supported", "ES256"), self.binds().await),
        ];
        let url = self.app.direct("/.well-known/oauth-protected-resource/mcp");
        let resource = json_of(self.app.http().get(url).send().await.unwrap()).await;
        let says = resource["dpop_bound_access_tokens_required"] == true;
        all.push(("bound-only", says, self.insists_on_keys().await));
        for grant in GrantType::ALL {
            let name = grant.as_str();
            all.push((name, lists("grant_types_supported", name), self.grants(name).await));
        }
        for (name, promised, kept) in &all {
            assert_eq!(promised, kept, "{name}: promised and kept differ in {document}");
        }
        all.into_iter().filter(|(_, promised, _)| *promised).map(|(name, ..)| name.to_owned()).collect()
    }

    fn post(&self, path: &str) -> RequestBuilder {
        self.app.http().post(self.app.direct(path))
    }

    async fn registers(&self) -> bool {
        let metadata = json!({ "client_name": "App", "redirect_uris": [REDIRECT_URI] });
        let answer = self.post("/oauth/register").json(&metadata).send().await;
        answer.unwrap().status() == StatusCode::CREATED
    }

    /// Whether an authorization request of this client leads to the login.
    async fn leads_to_login(&self, client_id: &str) -> bool {
        let query = serde_urlencoded::to_string([
            ("client_id", client_id),
            ("redirect_uri", REDIRECT_URI),
            ("response_type", "code"),
            ("scope", "search:read"),
            ("code_challenge", &"c".repeat(43)),
            ("code_challenge_method", "S256"),
        ]);
        let url = self.app.direct(&format!("/oauth/authorize?{}", query.unwrap()));
        let answer = self.app.http().get(url).send().await.unwrap();
        let location = answer.headers().get("location").map_or("", |v| v.to_str().unwrap());
        location.starts_with("/login") || location.starts_with(&self.app.at("/login"))
    }

    async fn reads(&self) -> bool {
        let id =
            self.documents.put("/app.json", json!({ "client_name": "App", "redirect_uris": [REDIRECT_URI] }));
        if self.insists().await {
            // Nobody gets to the login; what is said of the client tells it.
            let pushed = self.push(&id).await;
            return pushed == StatusCode::CREATED;
        }
        self.leads_to_login(&id).await
    }

    async fn knows_devices(&self) -> bool {
        let form = [("client_id", "cli_nobody")];
        let answer =
            json_of(self.post("/oauth/device_authorization").form(&form).send().await.unwrap()).await;
        answer["error"] == "invalid_client"
    }

    async fn push(&self, client_id: &str) -> StatusCode {
        let form = [
            ("client_id", client_id),
            ("redirect_uri", REDIRECT_URI),
            ("response_type", "code"),
            ("scope", "search:read"),
            ("code_challenge", &"c".repeat(43)),
            ("code_challenge_method", "S256"),
        ];
        self.post("/oauth/par").form(&form).send().await.unwrap().status()
    }

    async fn takes_pushed(&self) -> bool {
        let client = self.app.made_client(AuthMethod::None, REDIRECT_URI).await;
        self.push(&client.id).await == StatusCode::CREATED
    }

    async fn insists(&self) -> bool {
        let client = self.app.made_client(AuthMethod::None, REDIRECT_URI).await;
        !self.leads_to_login(&client.id).await
    }

    /// Whether the word of this issuer counts for people; that the assertion is good for nothing else is no matter.
    async fn believes(&self) -> bool {
        let signer = &self.issuer.signer;
        let header = json!({ "alg": signer.alg(), "kid": signer.kid, "typ": ID_JAG_TYP });
        let now = self.app.clock.now();
        let claims = json!({ "iss": self.issuer.url, "sub": "ann", "aud": self.app.url, "client_id": "other",
                             "jti": "1", "iat": now, "exp": now + 60, "resource": self.app.at("/mcp") });
        let assertion = signer.sign_as(&header, &claims);
        let (_, answer) = self.token(&bearing(&assertion, &[])).await;
        let text = answer["error_description"].as_str().unwrap_or_default();
        answer["error"] != "unsupported_grant_type" && !text.contains("not trusted")
    }

    async fn token(&self, form: &[(&str, &str)]) -> (u16, Value) {
        ask_as(&self.app, (&self.machine.id, &self.machine.secret), form).await
    }

    async fn binds(&self) -> bool {
        let form = [("grant_type", "client_credentials")];
        let request = self.post("/oauth/token").basic_auth(&self.machine.id, Some(&self.machine.secret));
        let proof = ProofKey::new().for_tokens(&self.app);
        let answer = json_of(request.header("dpop", proof).form(&form).send().await.unwrap()).await;
        answer["token_type"] == "DPoP" || answer["error"] == "use_dpop_nonce"
    }

    async fn insists_on_keys(&self) -> bool {
        self.token(&[("grant_type", "client_credentials")]).await.1["error"] == "invalid_dpop_proof"
    }

    async fn grants(&self, grant_type: &str) -> bool {
        let (_, answer) = self.token(&[("grant_type", grant_type)]).await;
        answer["error"] != "unsupported_grant_type"
    }

    async fn set(&self, statement: &'static str) {
        let store = &self.app.core.oauth.store;
        sqlx::query(statement).execute(store.pool()).await.unwrap();
        store.bump_version(Topic::Resources).await.unwrap();
        self.app.sync().await;
    }
}

/// What a server promises with nothing set, and without some of it.
fn usual_but(without: &[&str]) -> Vec<String> {
    let all =
        ["registration", "documents", "devices", "pushing", "dpop", "authorization_code", "refresh_token"];
    let device = GrantType::DeviceCode.as_str();
    let all = all.into_iter().chain(["client_credentials", device]);
    all.filter(|name| !without.contains(name)).map(str::to_owned).collect()
}

async fn each_switch_changes_document_and_behaviour_alike(database: Database) {
    let device = GrantType::DeviceCode.as_str();
    let world = World::new(database, &[]).await;
    assert_eq!(world.promises().await, usual_but(&[]));
    // Processes with other settings on the same database; the last one is as the first.
    for (settings, without, more) in [
        (&[("GATEPOST_REGISTRATION__ENABLED", "false")][..], &["registration"][..], None),
        (&[("GATEPOST_CIMD__ENABLED", "false")], &["documents"], None),
        (&[("GATEPOST_DEVICE__ENABLED", "false")], &["devices", device], None),
        (&[("GATEPOST_PAR__REQUIRED", "true")], &[], Some("only-pushed")),
        (&[("GATEPOST_DPOP__NONCE", "required")], &[], None),
        (&[], &[], None),
    ] {
        let app = world.app.replica_with(settings).await;
        let (machine, issuer) = (world.app.made_machine(None).await, world.issuer.clone());
        let other = World { app, machine, issuer, documents: world.documents.clone() };
        let mut expected = usual_but(without);
        if let Some(more) = more {
            let place = expected.iter().position(|name| name == "pushing").unwrap();
            expected.insert(place + 1, more.to_owned());
        }
        assert_eq!(other.promises().await, expected, "{settings:?}");
    }
}

async fn what_administrators_do_changes_document_and_behaviour_alike(database: Database) {
    let world = World::new(database, &[]).await;
    let (admin, actor) = (world.app.core.admin(), Actor::command_line());
    let (bearer, exchange) = (GrantType::JwtBearer.as_str(), GrantType::TokenExchange.as_str());
    let with = |more: &[&str]| -> Vec<String> {
        // In the order in which they are tried.
        let mut all = usual_but(&[]);
        if more.contains(&"id-jag") {
            let place = all.iter().position(|name| name == "dpop").unwrap();
            all.insert(place, "id-jag".to_owned());
        }
        all.extend(more.iter().filter(|name| **name != "id-jag").map(|name| (*name).to_owned()));
        all
    };

    // Issuers elsewhere.
    let workloads = trust(&world.app, "https://ci.example.com", "workload", input("CI")).await;
    assert_eq!(world.promises().await, with(&[bearer]));
    let people = trust(&world.app, &world.issuer.url, "enterprise", input("Acme")).await;
    assert_eq!(world.promises().await, with(&["id-jag", bearer]));
    issuers::disable(&admin, &actor, &workloads).await.unwrap();
    assert_eq!(world.promises().await, with(&["id-jag", bearer]));
    issuers::disable(&admin, &actor, &people).await.unwrap();
    assert_eq!(world.promises().await, with(&[]));

    // Exchanges.
    let (notes_id, _) = notes(&world.app).await;
    let new = NewExchange {
        client_id: world.machine.id.clone(),
        from_id: builtin(&world.app),
        to_id: notes_id,
        scopes: vec!["notes:read".to_owned()],
    };
    let rule = exchanges::add(&admin, &actor, &new).await.unwrap();
    assert_eq!(world.promises().await, with(&[exchange]));
    exchanges::delete(&admin, &actor, &rule.id).await.unwrap();
    assert_eq!(world.promises().await, with(&[]));

    // What no resource takes is not promised for the server.
    world.set("UPDATE resources SET dpop_required = 1").await;
    let mut bound = usual_but(&[]);
    let place = bound.iter().position(|name| name == "dpop").unwrap();
    bound.insert(place + 1, "bound-only".to_owned());
    assert_eq!(world.promises().await, bound);
    world.set("UPDATE resources SET dpop_required = 0").await;
    world.set("UPDATE resources SET registration_open = 0").await;
    assert_eq!(world.promises().await, usual_but(&["registration"]));
    world.set("UPDATE resources SET cimd_policy = 'off'").await;
    assert_eq!(world.promises().await, usual_but(&["registration", "documents"]));
    world.set("UPDATE resources SET registration_open = 1, cimd_policy = 'open'").await;
    assert_eq!(world.promises().await, usual_but(&[]));
}

on_each!(
    each_switch_changes_document_and_behaviour_alike,
    what_administrators_do_changes_document_and_behaviour_alike,
);
