//! `gatepost user …`

use std::io::Read as _;

use anyhow::{Context as _, bail};
use serde_json::json;

use super::output;
use crate::accounts::{normal_email, password};
use crate::admin::people::link::{self, For};
use crate::admin::people::make::{self, NewPerson};
use crate::admin::people::{self, access, factors};
use crate::admin::{Actor, Failure};
use crate::app::Core;
use crate::cli::{UserCommand, UserCreateArgs};
use crate::store::users::UserRow;
use crate::types::Plain;

const PAGE: i64 = 1000;

pub async fn run(core: &Core, command: UserCommand) -> anyhow::Result<()> {
    match command {
        UserCommand::Create(args) => create(core, args).await?,
        UserCommand::List(args) => list(core, args.json).await?,
        UserCommand::Disable(user) => {
            let user = find(core, &user.email_or_id).await?;
            access::disable(&core.admin(), &Actor::command_line(), &user.id).await.map_err(told)?;
            output::line(&format!("{} is disabled: logins and connected apps have ended.", user.email));
        }
        UserCommand::Enable(user) => {
            let user = find(core, &user.email_or_id).await?;
            access::enable(&core.admin(), &Actor::command_line(), &user.id).await.map_err(told)?;
            output::line(&format!("{} may sign in again.", user.email));
        }
        UserCommand::ClearSecondFactor(user) => {
            let user = find(core, &user.email_or_id).await?;
            factors::clear(&core.admin(), &Actor::command_line(), &user.id).await.map_err(told)?;
            output::line(&format!(
                "{} has no authenticator app and no passkey any more, and is signed out everywhere.",
                user.email
            ));
        }
        UserCommand::ResetLink { email, print_link } => {
            let user = find(core, &email).await?;
            hand_over_link(core, &user, For::Password, print_link).await?;
        }
        UserCommand::Invite { email, print_link } => {
            let user = find(core, &email).await?;
            hand_over_link(core, &user, For::ComingIn, print_link).await?;
        }
        UserCommand::Delete { email, yes } => delete(core, &email, yes).await?,
    }
    core.accounts.mail.flush().await;
    core.accounts.audit.flush().await;
    Ok(())
}

async fn find(core: &Core, email_or_id: &str) -> anyhow::Result<UserRow> {
    match people::resolve(&core.admin(), email_or_id).await {
        Ok(user) => Ok(user),
        Err(Failure::NotFound) => bail!("there is no person {email_or_id}; see `gatepost user list`"),
        Err(failure) => Err(told(failure)),
    }
}

/// Why something was not done, as a line.
fn told(failure: Failure) -> anyhow::Error {
    match failure {
        Failure::Invalid(problems) => {
            let sentences: Vec<String> = problems.into_iter().map(|problem| problem.sentence).collect();
            anyhow::anyhow!("{}", sentences.join(" "))
        }
        other => other.into(),
    }
}

/// Makes a link and sends it; prints it where it is asked to, or there is no mail server, or that does not take it.
async fn hand_over_link(core: &Core, user: &UserRow, what: For, print: bool) -> anyhow::Result<()> {
    let purpose = match what {
        For::ComingIn => "come in for the first time",
        For::Password => "choose a password",
    };
    let link = link::make(&core.admin(), &Actor::command_line(), &user.id, what).await.map_err(told)?;
    let mail = &core.accounts.mail;
    if mail.is_on() && !print {
        match mail.deliver(&user.email, &link.letter()).await {
            Ok(()) => {
                output::line(&format!("A link to {purpose} was mailed to {}.", user.email));
                return Ok(());
            }
            Err(error) => output::error(&format!("The link could not be mailed: {error}")),
        }
    }
    output::line(&format!("{} can {purpose} within {}, once, at:", user.email, what.life()));
    output::line(&core.oauth.issuer.at(link.path.expose()));
    Ok(())
}

async fn delete(core: &Core, email: &str, yes: bool) -> anyhow::Result<()> {
    let user = find(core, email).await?;
    if !yes {
        bail!("this deletes {} and everything stored with it, for good: say --yes", user.email);
    }
    access::delete(&core.admin(), &Actor::command_line(), &user.id, &user.email).await.map_err(told)?;
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
    let name = args.name.unwrap_or_default();
    let new = NewPerson { email, name, is_admin: args.admin, password_hash: hash };
    let user = make::make(&core.admin(), &Actor::command_line(), new).await.map_err(told)?;
    output::line(&format!("Created {} ({}).", user.email, user.id));
    if needs_link {
        hand_over_link(core, &user, For::ComingIn, print).await?;
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
