//! Clients that an administrator made, rather than registered themselves.

use gatepost::admin::Actor;
use gatepost::admin::clients::create::{NewClient, create};
use gatepost::oauth::client::AuthMethod;
use gatepost::store::clients::ClientKind;

use super::{Signer, TestApp};

pub struct MadeClient {
    pub id: String,
    /// Empty for a public client.
    pub secret: String,
}

impl TestApp {
    /// A client for people.
    pub async fn made_client(&self, auth_method: AuthMethod, redirect_uri: &str) -> MadeClient {
        self.make(&NewClient { redirect_uris: vec![redirect_uri.to_owned()], ..new_client(auth_method) })
            .await
    }

    /// A client for devices without a browser, which sends nobody anywhere.
    pub async fn made_device_client(&self, auth_method: AuthMethod) -> MadeClient {
        self.make(&NewClient { for_devices: true, ..new_client(auth_method) }).await
    }

    /// A machine, with a ceiling where one is given.
    pub async fn made_machine(&self, ceiling: Option<&str>) -> MadeClient {
        let allowed_scopes = ceiling.map(|text| text.split(' ').map(str::to_owned).collect());
        let name = "Nightly report".to_owned();
        let new = new_client(AuthMethod::Basic);
        self.make(&NewClient { kind: ClientKind::Machine, name, allowed_scopes, ..new }).await
    }

    /// A machine that proves itself with this key.
    pub async fn made_key_machine(&self, key: &Signer) -> MadeClient {
        let (name, keys) = ("Nightly report".to_owned(), Some(key.jwks().to_string()));
        let new = new_client(AuthMethod::PrivateKeyJwt);
        self.make(&NewClient { kind: ClientKind::Machine, name, keys, ..new }).await
    }

    async fn make(&self, new: &NewClient) -> MadeClient {
        let made = create(&self.core.admin(), &Actor::command_line(), new, None).await.unwrap();
        let secret = made.secret.map(|secret| secret.expose().clone()).unwrap_or_default();
        MadeClient { id: made.client.client.id, secret }
    }
}

fn new_client(auth_method: AuthMethod) -> NewClient {
    NewClient {
        kind: ClientKind::Static,
        auth_method,
        keys: None,
        name: "Reports".to_owned(),
        redirect_uris: Vec::new(),
        for_devices: false,
        allowed_scopes: None,
        access_token_seconds: None,
        dpop_bound: false,
    }
}
