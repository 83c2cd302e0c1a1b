//! `gatepost user …`

use std::io::Read as _;

use anyhow::{Context as _, bail};
use serde_json::json;

use super::output;
use crate::accounts::{deletion, links, normal_email, password};
use crate::app::Core;
use crate::audit::{Entry, Event};
use crate::cli::{UserCommand, UserCreateArgs};
use crate::mail::Letter;
use crate::oauth::Origin;
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
        UserCommand::ClearSecondFactor(user) => {
            let user = find(core, &user.email_or_id).await?;
            core.accounts.store.clear_second_factor(user.id.clone(), core.accounts.clock.now()).await?;
            let entry = Entry::ok(Event::SecondFactorOff).because("administrator").user(user.id);
            core.accounts.audit.record(entry).await;
            output::line(&format!(
                "{} has no authenticator app and no passkey any more, and is signed out everywhere.",
                user.email
            ));
        }
        UserCommand::ResetLink { email, print_link } => {
            let user = find(core, &email).await?;
            hand_over_link(core, &user, LinkPurpose::Reset, print_link).await?;
        }
        UserCommand::Invite { email, print_link } => {
            let user = find(core, &email).await?;
            hand_over_link(core, &user, LinkPurpose::Invite, print_link).await?;
        }
        UserCommand::Delete { email, yes } => delete(core, &email, yes).await?,
    }
    core.accounts.mail.flush().await;
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

/// Makes a link and sends it; prints it where it is asked to, or there is no mail server, or that does not take it.
async fn hand_over_link(
    core: &Core,
    user: &UserRow,
    purpose: LinkPurpose,
    print: bool,
) -> anyhow::Result<()> {
    let is_new = purpose == LinkPurpose::Invite;
    let (event, path, life, what) = if is_new {
        (Event::InvitationCreated, "/invite", "7 days", "come in for the first time")
    } else {
        (Event::ResetLinkCreated, "/reset", "24 hours", "choose a password")
    };
    let link = links::create(&core.accounts, purpose, Some(user.id.clone())).await?;
    core.accounts.audit.record(Entry::ok(event).user(user.id.clone())).await;
    let path = Plain::new(format!("{path}?token={}", link.expose()));
    let mail = &core.accounts.mail;
    if mail.is_on() && !print {
        let letter = Letter::ChoosePassword { link: path.clone(), life, is_new };
        match mail.deliver(&user.email, &letter).await {
            Ok(()) => {
                output::line(&format!("A link to {what} was mailed to {}.", user.email));
                return Ok(());
            }
            Err(error) => output::error(&format!("The link could not be mailed: {error}")),
        }
    }
    output::line(&format!("{} can {what} within {life}, once, at:", user.email));
    output::line(&core.oauth.issuer.at(path.expose()));
    Ok(())
}

async fn delete(core: &Core, email: &str, yes: bool) -> anyhow::Result<()> {
    let user = find(core, email).await?;
    if !yes {
        bail!("this deletes {} and everything stored with it, for good: say --yes", user.email);
    }
    deletion::delete(&core.accounts, &user, &user.email, &Origin::default()).await?;
    output::line(&format!("{} is deleted: logins and connected apps have ended.", user.email));
    Ok(())
}

async fn create(core: &Core, args: UserCreateArgs) -> anyhow::Result<()> {
    let email = normal_email(&args.email).context("that is not an e-mail address")?;
    let hash = if args.password_stdin {
        let mut text = String::new();
        std::io::stdin().take(4096).read_to_string(&mut text).context("the password could not be read")?;
        let typed = Plain::new(text.trim_end_matches(['\r', '\n']).to_owned());
        password::check_new(typed.expose(), typed.expose(), &email, args.name.as_deref())?;
        Some(core.accounts.passwords.hash(typed).await?)
    } else {
        None
    };
    let (needs_link, print) = (hash.is_none(), args.print_link);
    let user = links::new_user(&core.accounts, email, args.name, hash, args.admin);
    match core.accounts.store.add_user(user.clone()).await {
        Ok(()) => {}
        Err(StoreError::Conflict) => bail!("{} exists already", user.email),
        Err(error) => return Err(error.into()),
    }
    core.accounts.audit.record(Entry::ok(Event::UserCreated).user(user.id.clone())).await;
    output::line(&format!("Created {} ({}).", user.email, user.id));
    if needs_link {
        hand_over_link(core, &user, LinkPurpose::Invite, print).await?;
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
