//! Signing keys: generation, sealing, rotation, and the ring held in memory.
//!
//! | state   | published at /keys | signs | verifies | becomes                                            |
//! |---------|--------------------|-------|----------|----------------------------------------------------|
//! | next    | yes                | no    | yes      | active, at `keys rotate`                           |
//! | active  | yes                | yes   | yes      | retired, at `keys rotate`                          |
//! | retired | yes                | no    | yes      | deleted, once no token it signed can still be valid|
//!
//! Each algorithm has one active key and one waiting, so that a verifier which fetched the key set before a
//! rotation knows the new key already: no request fails.

mod signer;

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::Jwk;

pub use signer::{Alg, KeyError, Signer};

use crate::store::signing_keys::{KeyRow, KeyState};
use crate::store::{Store, StoreError};
use crate::types::ids::{Kind, new_id};
use crate::types::{Clock, MasterKey, Rng};

/// What went wrong with the key ring.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(
        "signing key {0} cannot be opened: the secret key is not the one this database was set up with. \
         Restore GATEPOST_SECRET_KEY or the key file"
    )]
    WrongMasterKey(String),
    #[error("signing key {0} is damaged")]
    Damaged(String),
    #[error("the cryptographic library refused to make a key")]
    Generate,
    #[error("there is no key {0} that could be retired: an active key is rotated first")]
    NotRetirable(String),
    #[error("another process rotated this algorithm's key at the same moment; nothing was changed")]
    Raced,
}

/// A key that can check signatures.
pub struct VerifyKey {
    pub alg: Alg,
    pub key: DecodingKey,
}

/// All keys at one moment.
#[derive(Default)]
pub struct KeySet {
    active: HashMap<Alg, (String, Arc<Signer>)>,
    verify: HashMap<String, Arc<VerifyKey>>,
    jwks: String,
}

impl KeySet {
    /// The public keys as a JWK set (RFC 7517 §5), in order of creation.
    pub fn jwks(&self) -> &str {
        &self.jwks
    }

    /// The key with this `kid`.
    pub fn verify_key(&self, kid: &str) -> Option<Arc<VerifyKey>> {
        self.verify.get(kid).cloned()
    }

    /// Signs claims with the algorithm's active key.
    pub fn sign(&self, alg: Alg, typ: &str, claims: &impl serde::Serialize) -> Result<String, KeyError> {
        let (kid, signer) = self.active.get(&alg).ok_or(KeyError)?;
        signer.sign(kid, typ, claims)
    }
}

/// The keys in force, replaced as a whole when the store says they changed.
#[derive(Clone)]
pub struct Keyring {
    set: Arc<RwLock<Arc<KeySet>>>,
    master: MasterKey,
}

impl Keyring {
    pub fn new(master: MasterKey) -> Self {
        Self { set: Arc::default(), master }
    }

    /// The keys at this moment.
    pub fn current(&self) -> Arc<KeySet> {
        self.set.read().map(|set| Arc::clone(&set)).unwrap_or_default()
    }

    /// Reads the keys from the store.
    pub async fn reload(&self, store: &Store) -> Result<(), KeyringError> {
        let set = Arc::new(build(&self.master, &store.list_keys().await?)?);
        if let Ok(mut current) = self.set.write() {
            *current = set;
        }
        Ok(())
    }

    /// Makes sure that each algorithm has an active and a waiting key, then reads them.
    pub async fn ensure(&self, store: &Store, clock: &Clock, rng: &Rng) -> Result<(), KeyringError> {
        let rows = store.list_keys().await?;
        let mut missing = Vec::new();
        for alg in Alg::ALL {
            for state in [KeyState::Active, KeyState::Next] {
                if !rows.iter().any(|r| r.alg == alg.as_str() && r.state == state) {
                    missing.push(self.make(alg, state, clock, rng)?);
                }
            }
        }
        if !missing.is_empty() {
            store.add_keys(missing).await?;
        }
        self.reload(store).await
    }

    /// Retires an algorithm's active key, activates the waiting one, and publishes another. Returns the
    /// `kid` that signs from now on.
    pub async fn rotate(
        &self,
        store: &Store,
        alg: Alg,
        clock: &Clock,
        rng: &Rng,
    ) -> Result<String, KeyringError> {
        self.ensure(store, clock, rng).await?;
        let rows = store.list_keys().await?;
        let next = rows
            .iter()
            .find(|r| r.alg == alg.as_str() && r.state == KeyState::Next)
            .ok_or(KeyringError::Raced)?
            .id
            .clone();
        let after_next = self.make(alg, KeyState::Next, clock, rng)?;
        if !store.rotate_key(alg.as_str().to_owned(), next.clone(), after_next, clock.now()).await? {
            return Err(KeyringError::Raced);
        }
        self.reload(store).await?;
        Ok(next)
    }

    /// Deletes a retired key at once, or takes a waiting one out of the running.
    pub async fn retire(&self, store: &Store, kid: &str, clock: &Clock) -> Result<(), KeyringError> {
        if !store.retire_key(kid.to_owned(), clock.now()).await? {
            return Err(KeyringError::NotRetirable(kid.to_owned()));
        }
        self.reload(store).await
    }

    fn make(&self, alg: Alg, state: KeyState, clock: &Clock, rng: &Rng) -> Result<KeyRow, KeyringError> {
        let id = new_id(Kind::Key, clock, rng);
        let pkcs8 = signer::generate(alg).map_err(|_| KeyringError::Generate)?;
        let jwk = signer::public_jwk(alg, &pkcs8, &id).map_err(|_| KeyringError::Generate)?;
        let sealed = self.master.seal(rng, &id, pkcs8.expose()).map_err(|_| KeyringError::Generate)?;
        Ok(KeyRow {
            alg: alg.as_str().to_owned(),
            state,
            sealed,
            public_jwk: serde_json::to_string(&jwk).map_err(|_| KeyringError::Generate)?,
            created_at: clock.now(),
            activated_at: (state == KeyState::Active).then(|| clock.now()),
            retired_at: None,
            id,
        })
    }
}

fn build(master: &MasterKey, rows: &[KeyRow]) -> Result<KeySet, KeyringError> {
    let mut set = KeySet::default();
    let mut public = Vec::with_capacity(rows.len());
    for row in rows {
        let damaged = || KeyringError::Damaged(row.id.clone());
        let alg = Alg::parse(&row.alg).ok_or_else(damaged)?;
        let jwk: Jwk = serde_json::from_str(&row.public_jwk).map_err(|_| damaged())?;
        let key = DecodingKey::from_jwk(&jwk).map_err(|_| damaged())?;
        set.verify.insert(row.id.clone(), Arc::new(VerifyKey { alg, key }));
        if row.state == KeyState::Active {
            let pkcs8 = master
                .open(&row.id, &row.sealed)
                .map_err(|_| KeyringError::WrongMasterKey(row.id.clone()))?;
            let signer = Signer::open(alg, &pkcs8).map_err(|_| damaged())?;
            set.active.insert(alg, (row.id.clone(), Arc::new(signer)));
        }
        public.push(jwk);
    }
    set.jwks = serde_json::json!({ "keys": public }).to_string();
    Ok(set)
}
