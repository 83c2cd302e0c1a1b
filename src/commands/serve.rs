//! `gatepost serve`: start, say where, stop cleanly.

use std::fmt::Write as _;
use std::net::TcpListener;

use anyhow::Context as _;

use super::output;
use crate::accounts::links::{self, new_user};
use crate::accounts::password::check_new;
use crate::app::{self, Ambient, Core};
use crate::audit::{Entry, Event};
use crate::config::Config;
use crate::store::links::LinkPurpose;
use crate::types::Plain;
use crate::{connect, jobs, web};

pub async fn run(config: Config) -> anyhow::Result<()> {
    for warning in config.warnings() {
        tracing::warn!("{warning}");
    }
    // Listen first: a port that is taken is said before anything is written.
    let sockets = listen(&config)?;
    let ports: Vec<u16> = sockets.iter().filter_map(|s| s.local_addr().ok()).map(|a| a.port()).collect();
    let store = app::open_store(&config, config.database.migrate)
        .await
        .with_context(|| format!("the database {} cannot be opened", config.database.url.redacted()))?;
    let core = app::build_core(&config, store, Ambient::system()).await?;
    let setup_link = first_admin(&config, &core).await?;
    let (state, mount) = app::build_web(&config, core.clone(), &ports)?;
    let watching = jobs::watch(core.oauth.clone(), core.trust.clone(), core.api_tokens.clone());
    let open = jobs::Open {
        sessions: state.mcp_sessions.clone(),
        streams: state.mcp_streams.clone(),
        mount: mount.clone(),
    };
    let hanging_up = jobs::hang_up(core.oauth.clone(), open);
    let reaping = jobs::reap(core.accounts.clone(), app::retention(&config));
    let catching_up = jobs::catch_up(core.oauth.store.clone());
    let feed = state.audit_feed.clone();
    let server = web::serve(state, mount.clone(), sockets)?;
    banner(&core, setup_link);
    let stopping = server.handle();
    let ending = actix_web::rt::spawn(async move {
        stop_signal().await;
        // Open streams would otherwise hold the stop up to its time limit.
        mount.shut_down();
        feed.shut_down();
        actix_web::rt::spawn(async {
            stop_signal().await;
            output::error("gatepost: stopped at once by a second signal");
            std::process::exit(1);
        });
        stopping.stop(true).await;
    });
    server.await?;
    ending.abort();
    watching.abort();
    hanging_up.abort();
    reaping.abort();
    catching_up.abort();
    core.accounts.mail.flush().await;
    core.oauth.usage.flush().await;
    core.oauth.audit.flush().await;
    Ok(())
}

fn listen(config: &Config) -> anyhow::Result<Vec<TcpListener>> {
    let mut sockets = Vec::new();
    for address in &config.server.bind {
        match TcpListener::bind(address) {
            Ok(socket) => sockets.push(socket),
            // A machine without IPv6 still gets the default's IPv4 half.
            Err(error) if address.is_ipv6() && address.ip().is_loopback() && config.server.bind.len() > 1 => {
                tracing::debug!(%address, %error, "not listening on IPv6 loopback");
            }
            Err(error) => {
                return Err(error).with_context(|| {
                    format!("cannot listen on {address}: is another program using it? Choose another with GATEPOST_BIND or PORT")
                });
            }
        }
    }
    for socket in &sockets {
        socket.set_nonblocking(true)?;
    }
    Ok(sockets)
}

/// Ctrl-C or SIGTERM.
async fn stop_signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}

/// Creates the first administrator from the settings, or makes the link that does it in a browser.
async fn first_admin(config: &Config, core: &Core) -> anyhow::Result<Option<Plain<String>>> {
    if core.accounts.store.has_admin().await? {
        return Ok(None);
    }
    if let (Some(email), Some(password)) = (&config.admin.email, &config.admin.password) {
        check_new(password.expose(), password.expose(), email.as_str(), None)
            .context("the administrator was not created: choose another GATEPOST_ADMIN_PASSWORD")?;
        let hash = core.accounts.passwords.hash(Plain::new(password.expose().to_owned())).await?;
        let user = new_user(&core.accounts, email.as_str().to_lowercase(), None, Some(hash), true);
        if core.accounts.store.add_first_admin(user.clone()).await? {
            let entry = Entry::ok(Event::SetupCompleted).because("settings").user(user.id);
            core.accounts.audit.record(entry).await;
        }
        return Ok(None);
    }
    Ok(Some(links::create(&core.accounts, LinkPurpose::Setup, None).await?))
}

fn banner(core: &Core, setup_link: Option<Plain<String>>) {
    let issuer = &core.oauth.issuer;
    let mcp_url = core
        .oauth
        .resources
        .current()
        .default_resource()
        .map_or_else(|| issuer.at("/mcp"), |resource| resource.uri.clone());
    let mut text = format!("\nGatepost is ready at {}\nMCP server:  {mcp_url}\n", issuer.as_str());
    if let Some(link) = setup_link {
        let url = issuer.at(&format!("/setup?token={}", link.expose()));
        let _ = write!(text, "\nCreate the administrator within 15 minutes, once, at:\n  {url}\n");
    }
    if !core.trust.issues_tokens() {
        let standard = core.oauth.resources.standard();
        let environment = standard.environment.as_deref().unwrap_or("the environment of each resource");
        let _ = writeln!(text, "Tokens:      those of ScaleKit, {environment}; none are issued here");
    }
    text += "\nAdd it to a client:\n";
    for line in connect::lines(&mcp_url) {
        let _ = writeln!(text, "  {:<14} {}", line.client, line.text);
    }
    output::line(&text);
}
