//! Issuers elsewhere whose assertions the token endpoint takes, and which client may exchange which token: what
//! administrators wrote down, as this process knows it.
//!
//! | what                                   | where it is kept                     | how it is brought up to date                     |
//! |----------------------------------------|--------------------------------------|--------------------------------------------------|
//! | issuers, their rules, rules of exchanges | here, all of them: few rows        | counter `issuers`; the process that changes them knows at once |
//! | metadata and keys of issuers           | `keys`, on the shelves of `trust::kept` | asked for after five minutes of use, and at most every 30 seconds for a key that is not known; kept for a day while the issuer is away |
//!
//! `matching` says which rule a workload falls under, `assertion` what every assertion must say, `person` who somebody
//! is of whom an enterprise speaks.

pub mod assertion;
pub mod keys;
pub mod matching;
pub mod person;

use std::sync::{Arc, PoisonError, RwLock};

use self::keys::Discovered;
use super::jose::Keys;
use crate::store::exchange_rules::ExchangeRow;
use crate::store::trusted_issuers::{IssuerKind, IssuerRow, IssuerRuleRow};
use crate::store::{Store, StoreError};
use crate::trust::fetch::{Http, NoClient};
use crate::trust::kept::Shelf;

/// One issuer with its rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedIssuer {
    pub row: IssuerRow,
    /// In the order they were added.
    pub rules: Vec<IssuerRuleRow>,
}

impl TrustedIssuer {
    pub const fn is_on(&self) -> bool {
        self.row.disabled_at.is_none()
    }

    /// Whether a client may act for people of this issuer.
    pub fn admits_client(&self, client_id: &str) -> bool {
        self.row.client_ids.as_ref().is_none_or(|ids| ids.iter().any(|id| id == client_id))
    }
}

/// All of it at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IssuerSet {
    issuers: Vec<Arc<TrustedIssuer>>,
    exchanges: Vec<ExchangeRow>,
}

impl IssuerSet {
    pub fn build(issuers: Vec<IssuerRow>, rules: &[IssuerRuleRow], exchanges: Vec<ExchangeRow>) -> Self {
        let own = |id: &str| rules.iter().filter(|rule| rule.issuer_id == id).cloned().collect();
        let issuers =
            issuers.into_iter().map(|row| Arc::new(TrustedIssuer { rules: own(&row.id), row })).collect();
        Self { issuers, exchanges }
    }

    /// Every issuer, those that are off too.
    pub fn all(&self) -> &[Arc<TrustedIssuer>] {
        &self.issuers
    }

    pub fn by_id(&self, id: &str) -> Option<&Arc<TrustedIssuer>> {
        self.issuers.iter().find(|issuer| issuer.row.id == id)
    }

    /// The issuer of this name, byte for byte, that is trusted for this, on or off.
    pub fn named(&self, issuer: &str, kind: IssuerKind) -> Option<&Arc<TrustedIssuer>> {
        self.issuers.iter().find(|known| known.row.kind == kind && known.row.issuer == issuer)
    }

    /// Whether any is on.
    pub fn has(&self, kind: IssuerKind) -> bool {
        self.issuers.iter().any(|issuer| issuer.row.kind == kind && issuer.is_on())
    }

    pub fn exchanges(&self) -> &[ExchangeRow] {
        &self.exchanges
    }

    /// The rule by which a client exchanges a token of one resource for one of another.
    pub fn exchange(&self, client_id: &str, from_id: &str, to_id: &str) -> Option<&ExchangeRow> {
        let fits = |rule: &&ExchangeRow| {
            rule.client_id == client_id && rule.from_id == from_id && rule.to_id == to_id
        };
        self.exchanges.iter().find(fits)
    }
}

/// What is known now, with the documents that are kept; clones share them.
#[derive(Clone)]
pub struct TrustedIssuers {
    now: Arc<RwLock<Arc<IssuerSet>>>,
    http: Http,
    metadata: Shelf<Discovered>,
    keys: Shelf<Keys>,
}

impl TrustedIssuers {
    /// Knows nobody yet.
    pub fn new() -> Result<Self, NoClient> {
        Ok(Self {
            now: Arc::default(),
            http: Http::new()?,
            metadata: Shelf::default(),
            keys: Shelf::default(),
        })
    }

    /// Reads all of it once more.
    pub async fn reload(&self, store: &Store) -> Result<(), StoreError> {
        let (issuers, rules) = (store.list_trusted_issuers().await?, store.list_issuer_rules().await?);
        let set = IssuerSet::build(issuers, &rules, store.list_exchange_rules().await?);
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(set);
        self.tidy();
        Ok(())
    }

    /// What is in force.
    pub fn current(&self) -> Arc<IssuerSet> {
        Arc::clone(&self.now.read().unwrap_or_else(PoisonError::into_inner))
    }
}
