//! `/admin/exchanges`: which client may exchange a token of one resource for one of another.

pub mod delete;
pub mod edit;
pub mod list;
pub mod new;

use super::super::State;
use super::super::pages::admin::ExchangeLine;
use super::issuers::{client_name, resource_name};
use crate::store::exchange_rules::ExchangeRow;
use crate::types::ScopeSet;

const PAGE: &str = "/admin/exchanges";

async fn line(state: &State, row: &ExchangeRow) -> ExchangeLine {
    ExchangeLine {
        id: row.id.clone(),
        client: client_name(state, &row.client_id).await,
        from: resource_name(state, &row.from_id),
        to: resource_name(state, &row.to_id),
        scopes: row.scopes.to_string(),
    }
}

fn scope_lines(scopes: &ScopeSet) -> String {
    scopes.iter().collect::<Vec<_>>().join("\n")
}
