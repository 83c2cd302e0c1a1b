//! `gatepost user …`

use std::io::Read as _;

use anyhow::{Context as _, bail};
use serde_json::json;

use super::output;
use crate::accounts::{links, normal_email, password};
use crate::app::Core;
use crate::audit::{Entry, Event};
use crate::cli::{UserCommand, UserCreateArgs};
use crate::store::StoreError;
use crate::store::links::LinkPurpose;
use crate::store::users::UserRow;
use crate::types::Plain;

const PAGE: i64 = 1000;

pub async fn run(core: &Core, command: UserCommand) -> anyhow::Result<()> {
    match command {
        UserCommand::Create(args) => create(core, args).await?,
        UserCommand::List(args) => list(core, args.json).await?,
        UserCommand::Disable(user) => {
            let user = find(core, &user.email_or_id).await?;
            core.accounts.store.disable_user(user.id.clone(), core.accounts.clock.now()).await?;
            core.accounts.audit.record(Entry::ok(Event::UserDisabled).user(user.id)).await;
            output::line(&format!("{} is disabled: logins and connected apps have ended.", user.email));
        }
        UserCommand::Enable(user) => {
            let user = find(core, &user.email_or_id).await?;
            core.accounts.store.enable_user(user.id.clone()).await?;
            core.accounts.audit.record(Entry::ok(Event::UserEnabled).user(user.id)).await;
            output::line(&format!("{} may sign in again.", user.email));
        }
        UserCommand::ResetLink { email } => {
            let user = find(core, &email).await?;
            print_reset_link(core, &user).await?;
        }
        UserCommand::Invite { email } => {
            let user = find(core, &email).await?;
            print_invitation(core, &user).await?;
        }
    }
    core.accounts.audit.flush().await;
    Ok(())
}

async fn find(core: &Core, email_or_id: &str) -> anyhow::Result<UserRow> {
    let store = &core.accounts.store;
    let found = if email_or_id.contains('@') {
        store.find_user_by_email(email_or_id).await?
    } else {
        store.find_user(email_or_id).await?
    };
    found.with_context(|| format!("there is no person {email_or_id}; see `gatepost user list`"))
}

async fn print_reset_link(core: &Core, user: &UserRow) -> anyhow::Result<()> {
    let link = links::create(&core.accounts, LinkPurpose::Reset, Some(user.id.clone())).await?;
    core.accounts.audit.record(Entry::ok(Event::ResetLinkCreated).user(user.id.clone())).await;
    output::line(&format!("{} can choose a password within 24 hours, once, at:", user.email));
    output::line(&core.oauth.issuer.at(&format!("/reset?token={}", link.expose())));
    Ok(())
}

async fn print_invitation(core: &Core, user: &UserRow) -> anyhow::Result<()> {
    let link = links::create(&core.accounts, LinkPurpose::Invite, Some(user.id.clone())).await?;
    core.accounts.audit.record(Entry::ok(Event::InvitationCreated).user(user.id.clone())).await;
    output::line(&format!("{} can come in for the first time within 7 days, once, at:", user.email));
    output::line(&core.oauth.issuer.at(&format!("/invite?token={}", link.expose())));
    Ok(())
}

async fn create(core: &Core, args: UserCreateArgs) -> anyhow::Result<()> {
    let email = normal_email(&args.email).context("that is not an e-mail address")?;
    let hash = if args.password_stdin {
        let mut text = String::new();
        std::io::stdin().take(4096).read_to_string(&mut text).context("the password could not be read")?;
        let typed = Plain::new(text.trim_end_matches(['\r', '\n']).to_owned());
        password::check_new(typed.expose(), typed.expose(), &email)?;
        Some(core.accounts.passwords.hash(typed).await?)
    } else {
        None
    };
    let needs_link = hash.is_none();
    let user = links::new_user(&core.accounts, email, args.name, hash, args.admin);
    match core.accounts.store.add_user(user.clone()).await {
        Ok(()) => {}
        Err(StoreError::Conflict) => bail!("{} exists already", user.email),
        Err(error) => return Err(error.into()),
    }
    core.accounts.audit.record(Entry::ok(Event::UserCreated).user(user.id.clone())).await;
    output::line(&format!("Created {} ({}).", user.email, user.id));
    if needs_link {
        print_invitation(core, &user).await?;
    }
    Ok(())
}

async fn list(core: &Core, as_json: bool) -> anyhow::Result<()> {
    let mut users = Vec::new();
    loop {
        let after = users.last().map_or("", |u: &UserRow| u.id.as_str());
        let page = core.accounts.store.list_users(after, PAGE).await?;
        if page.is_empty() {
            break;
        }
        users.extend(page);
    }
    if as_json {
        let rows: Vec<_> = users
            .iter()
            .map(|u| {
                json!({ "id": u.id, "email": u.email, "name": u.name, "admin": u.is_admin,
                        "disabled_at": u.disabled_at, "created_at": u.created_at,
                        "last_login_at": u.last_login_at })
            })
            .collect();
        output::json(&rows);
        return Ok(());
    }
    let rows: Vec<_> = users
        .iter()
        .map(|u| {
            let state = if u.disabled_at.is_some() { "disabled" } else { "active" };
            let role = if u.is_admin { "admin" } else { "person" };
            vec![
                u.id.clone(),
                output::tame(&u.email),
                role.into(),
                state.into(),
                output::time(u.last_login_at),
            ]
        })
        .collect();
    output::table(&["ID", "EMAIL", "ROLE", "STATE", "LAST LOGIN (UTC)"], &rows);
    Ok(())
}
