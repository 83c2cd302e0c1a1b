//! People whom a company vouches for: the SDK's enterprise-managed authorization (`auth-enterprise-managed`), from the
//! ID token of the company's provider to a tool. No page of this server is shown.
//!
//! The SDK is told both servers and both client ids, and discovers nothing. It sends neither `resource` nor `scope` with
//! an assertion, refuses an answer with more scopes than the assertion names (so with any where it names none), and
//! never repeats an assertion: the test sends it once more by hand.

use std::error::Error;

use async_trait::async_trait;
use gatepost::oauth::client::AuthMethod;
use gatepost::store::identities::IdentityRow;
use gatepost::types::Clock;
use oauth2::ClientSecret;
use rmcp::ServiceExt as _;
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::auth::enterprise::{
    EmaAccessToken, EmaAuthorizationServer, EmaClientAssertion, EmaClientAssertionProvider,
    EmaClientAuthentication, EmaError, EmaExchangeRequest, EmaExchangeStage,
};
use rmcp::transport::auth::{OAuthHttpClient, default_oauth_http_client};
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use serde_json::{Value, json};

use super::{Service, app_in_real_time, search, tavily, who};
use crate::issuers::{ask_as, bearing, input, told, trust};
use crate::on_each;
use crate::support::issuer::{ForeignIssuer, Vouching};
use crate::support::{Database, MadeClient, OAuthClient, Signer, TestApp};

/// The company's own word for Ann's login.
const ID_TOKEN: &str = "the.id.token";
/// The client's secret at the company's provider.
const SECRET: &str = "s+cret at/home";

/// A company that knows Ann as `00u1`.
struct Company {
    issuer: ForeignIssuer,
    /// Its id here.
    id: String,
}

impl Company {
    /// Vouches to this client, by its id here.
    async fn new(app: &TestApp, client_id: &str) -> Self {
        let issuer = ForeignIssuer::start();
        issuer.set(|conduct| {
            conduct.vouches = Some(Vouching {
                client: ("mcp-client".to_owned(), encoded(SECRET)),
                id_token: ID_TOKEN.to_owned(),
                subject: "00u1".to_owned(),
                client_id: client_id.to_owned(),
                changes: json!({}),
                made: 0,
            });
        });
        let id = trust(app, &issuer.url, "enterprise", input("Acme")).await;
        let identity = IdentityRow {
            id: "idn_1".into(),
            user_id: app.user.id.clone(),
            issuer: issuer.url.clone(),
            subject: "00u1".into(),
            provider: "acme".into(),
            email: None,
            created_at: app.clock.now(),
            last_used_at: None,
        };
        let linked = app.core.oauth.store.add_first_identity(identity, app.user.email.clone()).await;
        assert!(linked.unwrap());
        Self { issuer, id }
    }

    fn change(&self, changes: Value) {
        self.issuer.set(|conduct| conduct.vouches.as_mut().unwrap().changes = changes);
    }

    fn server(&self) -> EmaAuthorizationServer {
        EmaAuthorizationServer::new(&self.issuer.url, format!("{}/token", self.issuer.url), "mcp-client")
            .with_client_authentication(EmaClientAuthentication::ClientSecretBasic(ClientSecret::new(
                SECRET.to_owned(),
            )))
    }
}

/// As a form does (RFC 6749 §2.3.1).
fn encoded(secret: &str) -> String {
    url::form_urlencoded::byte_serialize(secret.as_bytes()).collect()
}

fn http() -> impl OAuthHttpClient {
    default_oauth_http_client().unwrap()
}

fn here(app: &TestApp, client_id: &str) -> EmaAuthorizationServer {
    EmaAuthorizationServer::new(&app.url, app.at("/oauth/token"), client_id)
}

fn with_secret(app: &TestApp, client: &MadeClient, secret: &str) -> EmaAuthorizationServer {
    let secret = ClientSecret::new(secret.to_owned());
    here(app, &client.id).with_client_authentication(EmaClientAuthentication::ClientSecretBasic(secret))
}

/// Both exchanges.
async fn token(
    company: &Company,
    app: &TestApp,
    here: EmaAuthorizationServer,
    scopes: &[&str],
) -> Result<EmaAccessToken, EmaError> {
    let url = app.at("/mcp");
    EmaExchangeRequest::new_with_id_token(company.server(), here, &url, ID_TOKEN)
        .with_scopes(scopes.iter().copied())
        .exchange(&http(), &http())
        .await
}

async fn connect(app: &TestApp, token: &EmaAccessToken) -> Service {
    let config = StreamableHttpClientTransportConfig::with_uri(app.at("/mcp"))
        .auth_header(token.access_token.secret().clone());
    ().serve(StreamableHttpClientTransport::with_client(app.http(), config)).await.unwrap()
}

/// The tools, as Ann.
async fn works(app: &TestApp, token: &EmaAccessToken, client_id: &str) {
    let service = connect(app, token).await;
    let me = who(&service).await;
    assert_eq!((&me["email"], &me["client"]["id"]), (&json!("ann@example.com"), &json!(client_id)), "{me}");
    search(&service).await;
    service.cancel().await.unwrap();
}

fn refused(code: &'static str, status: u16) -> EmaError {
    EmaError::OAuthRejected { stage: EmaExchangeStage::ResourceAuthorizationServer, status, code }
}

async fn the_sdk_is_vouched_for(database: Database) {
    let tavily = tavily().await;
    let app = app_in_real_time(database, &tavily).await;
    let client = app.made_client(AuthMethod::Basic, "https://app.example/callback").await;
    let company = Company::new(&app, &client.id).await;
    let good = || with_secret(&app, &client, &client.secret);
    let token = token(&company, &app, good(), &["search:read"]).await.unwrap();
    assert_eq!(token.scopes, ["search:read".to_owned()].into());
    works(&app, &token, &client.id).await;
    // Another secret.
    let wrong = with_secret(&app, &client, &format!("{}x", client.secret));
    let error = self::token(&company, &app, wrong, &["search:read"]).await.unwrap_err();
    assert_eq!(error, refused("invalid_client", 401));
    // Somebody nobody here knows.
    company.change(json!({ "sub": "00u9" }));
    let error = self::token(&company, &app, good(), &["search:read"]).await.unwrap_err();
    assert_eq!(error, EmaError::InvalidGrant(EmaExchangeStage::ResourceAuthorizationServer));
    assert_eq!(app.audit_reasons("assertion.taken").await, ["ok"]);
    // The company is trusted no more: what it gave ends.
    let service = connect(&app, &token).await;
    let (admin, actor) = (app.core.admin(), gatepost::admin::Actor::command_line());
    gatepost::admin::issuers::disable(&admin, &actor, &company.id).await.unwrap();
    service.call_tool(rmcp::model::CallToolRequestParams::new("whoami")).await.unwrap_err();
    drop(service);
}

async fn an_assertion_of_the_sdk_is_good_once(database: Database) {
    let tavily = tavily().await;
    let app = app_in_real_time(database, &tavily).await;
    let client = app.made_client(AuthMethod::Basic, "https://app.example/callback").await;
    let company = Company::new(&app, &client.id).await;
    let (url, good) = (app.at("/mcp"), || with_secret(&app, &client, &client.secret));
    let assertion = EmaExchangeRequest::new_with_id_token(company.server(), good(), &url, ID_TOKEN)
        .with_scopes(["search:read"])
        .exchange_id_jag(&http())
        .await
        .unwrap();
    let shown = assertion.assertion().secret().clone();
    let token = assertion.exchange(&http()).await.unwrap();
    works(&app, &token, &client.id).await;
    let again = ask_as(&app, (&client.id, &client.secret), &bearing(&shown, &[])).await;
    assert_eq!(told(&again), "400 invalid_grant: assertion was used before: ask its issuer for another");
    // A provider that gives the same name to the next one.
    company.change(json!({ "jti": "jag-1" }));
    let error = self::token(&company, &app, good(), &["search:read"]).await.unwrap_err();
    assert_eq!(error, EmaError::InvalidGrant(EmaExchangeStage::ResourceAuthorizationServer));
    company.change(json!({}));
    self::token(&company, &app, good(), &["search:read"]).await.unwrap();
}

/// Signs as the client whose key it has.
struct Signs(Signer);

#[async_trait]
impl EmaClientAssertionProvider for Signs {
    async fn create_assertion(
        &self,
        server: &EmaAuthorizationServer,
    ) -> Result<EmaClientAssertion, Box<dyn Error + Send + Sync>> {
        let now = Clock::System.now();
        Ok(EmaClientAssertion::new(self.0.sign(&json!({
            "iss": server.client_id, "sub": server.client_id, "aud": server.issuer, "iat": now,
            "exp": now + 60, "jti": "the-first",
        }))))
    }
}

async fn the_sdk_is_vouched_for_with_a_key_or_with_nothing(database: Database) {
    let tavily = tavily().await;
    let app = app_in_real_time(database, &tavily).await;
    let key = Signer::eddsa("a");
    let metadata = json!({ "client_name": "Has a key", "redirect_uris": ["http://127.0.0.1/callback"],
                           "token_endpoint_auth_method": "private_key_jwt", "jwks": key.jwks() });
    let client = OAuthClient::register_with(&app, metadata).await;
    let company = Company::new(&app, &client.id).await;
    let authentication = EmaClientAuthentication::JwtAssertion(std::sync::Arc::new(Signs(key)));
    let signs = here(&app, &client.id).with_client_authentication(authentication);
    let token = token(&company, &app, signs.clone(), &["search:read"]).await.unwrap();
    works(&app, &token, &client.id).await;
    // The assertion of the client, too, is good once.
    let error = self::token(&company, &app, signs, &["search:read"]).await.unwrap_err();
    assert_eq!(error, refused("invalid_client", 401));
    let public = app.client().await;
    company.issuer.set(|conduct| conduct.vouches.as_mut().unwrap().client_id = public.id.clone());
    let token = self::token(&company, &app, here(&app, &public.id), &["search:read"]).await.unwrap();
    works(&app, &token, &public.id).await;
}

async fn the_sdk_takes_no_scope_that_the_company_did_not_name(database: Database) {
    let tavily = tavily().await;
    let app = app_in_real_time(database, &tavily).await;
    let client = app.made_client(AuthMethod::Basic, "https://app.example/callback").await;
    let company = Company::new(&app, &client.id).await;
    let good = || with_secret(&app, &client, &client.secret);
    // The default scopes are given where none is named, and the answer says so.
    let error = token(&company, &app, good(), &[]).await.unwrap_err();
    assert!(matches!(error, EmaError::InvalidResponse { .. }), "{error:?}");
    assert_eq!(app.audit_reasons("assertion.taken").await, ["ok"]);
    // More than the resource has: what there is.
    let token = token(&company, &app, good(), &["search:read", "elsewhere:read"]).await.unwrap();
    assert_eq!(token.scopes, ["search:read".to_owned()].into());
    works(&app, &token, &client.id).await;
}

on_each! {
    the_sdk_is_vouched_for,
    an_assertion_of_the_sdk_is_good_once,
    the_sdk_is_vouched_for_with_a_key_or_with_nothing,
    the_sdk_takes_no_scope_that_the_company_did_not_name,
}
