//! Several processes that start at once on a database nobody has used yet: all of them start.

use std::collections::BTreeMap;
use std::path::PathBuf;

use futures::future::join_all;
use gatepost::app::{self, Ambient};
use gatepost::config::{Config, Sources};

use crate::on_each;
use crate::support::Database;

const STARTS: usize = 8;

/// One start, from the settings to the parts that the server is made of. Returns the keys it publishes, how
/// many resources it serves, and how many keys there are.
async fn start(url: String, dir: PathBuf) -> anyhow::Result<(String, usize, usize)> {
    let env = BTreeMap::from([("DATABASE_URL".to_owned(), url)]);
    let config = Config::load(&Sources { env, working_dir: dir, ..Sources::default() })?;
    let store = app::open_store(&config, true).await?;
    let core = app::build_core(&config, store, Ambient::system()).await?;
    let keys = core.oauth.keys.current().jwks().to_owned();
    let store = &core.oauth.store;
    Ok((keys, store.list_resources().await?.0.len(), store.list_keys().await?.len()))
}

async fn many_starts_at_once_on_an_empty_database_all_succeed(database: Database) {
    // Each on a thread and with a runtime of its own, as processes are.
    let starts = (0..STARTS).map(|_| {
        let (url, dir) = (database.url.clone(), database.dir.path().to_owned());
        tokio::task::spawn_blocking(move || actix_web::rt::System::new().block_on(start(url, dir)))
    });
    let mut published = Vec::new();
    for joined in join_all(starts).await {
        let (keys, resources, count) =
            joined.unwrap().unwrap_or_else(|error| panic!("a start failed: {error:#}"));
        assert_eq!(resources, 1);
        assert_eq!(count, 6, "one active and one waiting for each of three algorithms");
        published.push(keys);
    }
    assert!(published.windows(2).all(|pair| pair[0] == pair[1]), "all have the same keys");
}

on_each! {
    many_starts_at_once_on_an_empty_database_all_succeed,
}
