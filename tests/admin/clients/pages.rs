//! The pages that make, change and look at a client, as an administrator's browser without JavaScript meets them.

use gatepost::admin::clients;
use gatepost::oauth::client::AuthMethod;
use regex_lite::Regex;
use reqwest::Response;

use super::{PAGE, add, ann};
use crate::on_both;
use crate::support::{Browser, Form, OAuthClient, REDIRECT_URI, TestApp, location, text_of, written};

const NEW: &str = "/admin/clients/new";

/// A whole answer, without what differs from run to run.
async fn plain(app: &TestApp, response: Response) -> String {
    let mut text = written(response).await.replace(&app.url, "{issuer}");
    for (pattern, word) in [
        ("sec_[0-9a-v]{26}_[A-Za-z0-9_-]{43}", "{secret}"),
        ("cli_[0-9a-v]{26}", "{client}"),
        ("… ?[A-Za-z0-9_-]{4}", "…{hint}"),
        ("that ends with [A-Za-z0-9_-]{4}", "that ends with {hint}"),
    ] {
        text = Regex::new(pattern).unwrap().replace_all(&text, word).into_owned();
    }
    text
}

fn same_as(name: &str, text: &str) {
    insta::with_settings!({
        snapshot_path => "../../snapshots",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, { insta::assert_snapshot!(name, text) });
}

async fn new_form(browser: &Browser, kind: &str) -> Form {
    let kinds = browser.page(NEW).await;
    let link = format!("href=\"{NEW}?kind={kind}\"");
    assert!(kinds.contains(&link), "{kinds}");
    let mut form = Form::of(&browser.page(&format!("{NEW}?kind={kind}")).await, NEW);
    form.action = format!("{NEW}?kind={kind}");
    form
}

/// The id of the client that a page is about.
fn id_in(html: &str) -> String {
    Regex::new("cli_[0-9a-v]{26}").unwrap().find(html).unwrap().as_str().to_owned()
}

fn secret_in(html: &str) -> Option<String> {
    let secret = Regex::new("sec_[0-9a-v]{26}_[A-Za-z0-9_-]{43}").unwrap();
    secret.find(html).map(|found| found.as_str().to_owned())
}

async fn a_client_is_made_step_by_step(app: TestApp) {
    let browser = app.signed_in().await;
    let form = new_form(&browser, "confidential").await;
    let bad =
        form.clone().set("name", "Reports").set("redirect_uris", "http://a.example/\nhttps://b.example/#x");
    let response = browser.send(&bad).await;
    assert_eq!(response.status(), 422);
    let html = response.text().await.unwrap();
    let text = text_of(&html);
    assert!(
        text.contains("http://a.example/ uses http for a host") && text.contains("#x has a fragment."),
        "{text}"
    );
    let again = Form::of(&html, NEW);
    assert_eq!(again.get("name"), "Reports");
    assert_eq!(again.get("redirect_uris"), "http://a.example/\nhttps://b.example/#x");
    assert_eq!(again.get("nonce"), form.get("nonce"), "nothing was made: it is the same form");
    let good = again.set("redirect_uris", REDIRECT_URI).set("auth_method", "client_secret_post");
    let good = Form { action: form.action, ..good };
    same_as("client_made", &plain(&app, browser.send(&good).await).await);
    same_as("client_made_before", &plain(&app, browser.send(&good).await).await);
    assert_eq!(app.core.oauth.store.list_clients((0, ""), 10).await.unwrap().len(), 1);

    let made = app.core.oauth.store.list_clients((0, ""), 10).await.unwrap().remove(0);
    assert_eq!((made.name.as_str(), made.auth_method.as_str()), ("Reports", "client_secret_post"));
    assert_eq!(made.allowed_scopes, None);
    let odd = browser.send(&good.clone().set("nonce", "")).await;
    assert_eq!(odd.status(), 422);
    let again = Form::of(&odd.text().await.unwrap(), NEW);
    assert!(again.get("nonce").len() > 16 && again.get("name") == "Reports");
    assert_eq!(browser.send(&good.set("kind", "odd")).await.status(), 422);
}

async fn a_public_client_logs_in_at_once(app: TestApp) {
    let browser = app.signed_in().await;
    let form = new_form(&browser, "public").await;
    assert_eq!(form.get("auth_method"), "", "it has none to choose");
    let html = browser.shown(&form.set("name", "Desk").set("redirect_uris", REDIRECT_URI)).await;
    assert!(secret_in(&html).is_none() && text_of(&html).contains("It has no secret"));
    let mut client = OAuthClient::register(&app, "Another").await;
    client.id = id_in(&html);
    client.log_in(&browser, "search:read").await;
    let overview = text_of(&browser.page(&format!("{PAGE}/{}", client.id)).await);
    assert!(overview.contains("Holds something on Gatepost tools"), "{overview}");
}

async fn a_machine_gets_its_token_with_what_its_page_shows(app: TestApp) {
    let browser = app.signed_in().await;
    let form = new_form(&browser, "machine").await.set("name", "Nightly");
    let none = browser.send(&form).await;
    assert_eq!(none.status(), 422);
    assert!(text_of(&none.text().await.unwrap()).contains("Choose at least one scope"));
    let html = browser.shown(&form.add("scopes[]", "search:read")).await;
    let (id, secret) = (id_in(&html), secret_in(&html).unwrap());
    let command = html.split("id=\"command\">").nth(1).unwrap().split("</code>").next().unwrap();
    assert_eq!(
        command.replace("\\\n  ", ""),
        format!(
            "curl --user {id} {0}/oauth/token -d grant_type=client_credentials -d resource={0}/mcp",
            app.url
        )
    );
    let resource = app.at("/mcp");
    let form = [("grant_type", "client_credentials"), ("resource", resource.as_str())];
    let request = app.http().post(app.at("/oauth/token")).basic_auth(id, Some(secret)).form(&form);
    let body = crate::support::json_of(request.send().await.unwrap()).await;
    assert_eq!(body["scope"], "search:read", "{body}");
}

async fn of_two_who_edit_the_second_sees_both(app: TestApp) {
    let (one, two) = (app.signed_in().await, app.signed_in().await);
    let id = app.made_client(AuthMethod::Basic, REDIRECT_URI).await.id;
    let page = format!("{PAGE}/{id}/edit");
    let (first, second) = (one.form_to(&page, &page).await, two.form_to(&page, &page).await);
    let done = one.send(&first.set("name", "One").set("access_token_seconds", "600")).await;
    assert_eq!(location(&done), format!("{page}?done=client-saved"));
    let mine = second.set("name", "Two").set("redirect_uris", "https://two.example/").set("has_limit", "1");
    let mine = mine.add("scopes[]", "search:read");
    let told = two.send(&mine).await;
    assert_eq!(told.status(), 409);
    let html = told.text().await.unwrap();
    let text = text_of(&html);
    assert!(text.contains("Somebody else changed this") && text.contains("Name One"), "{text}");
    let again = Form::of(&html, &page);
    assert_eq!((again.get("name"), again.get("redirect_uris")), ("Two", "https://two.example/"));
    assert_eq!((again.get("has_limit"), again.get("scopes[]")), ("1", "search:read"));
    same_as("client_edit_conflict", &plain(&app, two.send(&mine).await).await);
    let done = two.send(&again).await;
    assert_eq!(location(&done), format!("{page}?done=client-saved"));
    let found = clients::find(&app.core.admin(), &id).await.unwrap().client;
    assert_eq!((found.name.as_str(), found.access_token_seconds), ("Two", None));
    let bad = two.send(&Form::of(&two.page(&page).await, &page).set("access_token_seconds", "soon")).await;
    assert_eq!(bad.status(), 422);
    let html = bad.text().await.unwrap();
    assert!(html.contains("value=\"soon\"") && text_of(&html).contains("whole number of seconds"));
}

async fn a_client_that_registered_itself_shows_what_can_be_set(app: TestApp) {
    let browser = app.signed_in().await;
    let id = app.client().await.id;
    let page = format!("{PAGE}/{id}/edit");
    let html = browser.page(&page).await;
    assert!(text_of(&html).contains("This app registered itself"));
    let form = Form::of(&html, &page);
    assert_eq!(form.fields.iter().filter(|(name, _)| name == "name" || name == "redirect_uris").count(), 0);
    let done =
        browser.send(&form.set("has_limit", "1").set("access_token_seconds", "60").set("name", "x")).await;
    assert_eq!(location(&done), format!("{page}?done=client-saved"));
    let found = clients::find(&app.core.admin(), &id).await.unwrap().client;
    assert_eq!((found.name.as_str(), found.access_token_seconds), ("Test app", Some(60)));
    assert!(found.allowed_scopes.is_some_and(|scopes| scopes.is_empty()));
    let secrets = text_of(&browser.page(&format!("{PAGE}/{id}/secrets")).await);
    assert!(secrets.contains("This client is public"), "{secrets}");
}

async fn secrets_are_added_and_ended(app: TestApp) {
    let browser = app.signed_in().await;
    let id = app.made_machine(None).await.id;
    let (page, add) = (format!("{PAGE}/{id}/secrets"), format!("{PAGE}/{id}/secrets/add"));
    app.advance(1).await;
    let form = browser.form_to(&page, &add).await.set("life", "2592000");
    same_as("client_secret_made", &plain(&app, browser.send(&form).await).await);
    let again = text_of(&browser.shown(&form).await);
    assert!(again.contains("The secret was added before"), "{again}");
    let all = clients::secrets::list(&app.core.admin(), &id).await.unwrap();
    assert_eq!(all.len(), 2);
    same_as("client_secrets", &plain(&app, browser.get(&page).await).await);

    let (new, old) = (format!("{page}/{}", all[0].id), format!("{page}/{}", all[1].id));
    let ask = browser.page(&format!("{new}/revoke")).await;
    let done = browser.send(&Form::of(&ask, &format!("{new}/expire"))).await;
    assert_eq!(location(&done), format!("{page}?done=secret-expires"));
    let done = browser.send(&Form::of(&ask, &format!("{new}/revoke"))).await;
    assert_eq!(location(&done), format!("{page}?done=secret-revoked"));
    assert_eq!(browser.get(&format!("{new}/revoke")).await.status(), 404);
    // The last one: warned, asked, and only then gone.
    let ask = browser.page(&format!("{old}/revoke")).await;
    assert!(text_of(&ask).contains("No other secret of this client works for longer than a day."));
    let form = Form::of(&ask, &format!("{old}/revoke")).without("last");
    let refused = browser.send(&form).await;
    assert_eq!(refused.status(), 409);
    assert!(
        text_of(&refused.text().await.unwrap()).contains("It is the only secret of this client that works.")
    );
    let done = browser.send(&form.set("last", "1")).await;
    assert_eq!(location(&done), format!("{page}?done=secret-revoked"));
    let text = text_of(&browser.page(&page).await);
    assert!(text.contains("No secret works") && text.contains("No secret yet"), "{text}");
    assert!(text_of(&browser.page(&format!("{PAGE}/{id}")).await).contains("Secrets that work none Add one"));
    for _ in 0..5 {
        let form = browser.form_to(&page, &add).await;
        browser.shown(&form).await;
    }
    let html = browser.page(&page).await;
    assert!(!html.contains(&add) && text_of(&html).contains("5 secrets work, which is the most"));
}

async fn the_timeline_says_why_and_leads_to_the_story(app: TestApp) {
    let browser = app.signed_in().await;
    let machine = app.made_machine(None).await;
    let page = format!("{PAGE}/{}/timeline", machine.id);
    let ask = async |secret: &str| {
        let request = app.http().post(app.at("/oauth/token")).basic_auth(&machine.id, Some(secret));
        request.form(&[("grant_type", "client_credentials")]).send().await.unwrap().status()
    };
    assert_eq!(ask(&machine.secret).await, 200);
    app.advance(1).await;
    assert_eq!(ask("sec_wrong").await, 401, "also when it is named in the header alone");
    app.core.oauth.audit.flush().await;
    let html = browser.page(&page).await;
    let text = text_of(&html);
    let (wrong, right) = (text.find("Token refused").unwrap(), text.find("Token issued").unwrap());
    assert!(wrong < right && text.contains("The app showed a wrong client secret."), "{text}");
    assert!(text.contains("Client added") && text.contains("by command-line"), "{text}");
    let story = html.split("href=\"/admin/audit/").nth(1).unwrap().split('"').next().unwrap();
    assert!(text_of(&browser.page(&format!("/admin/audit/{story}")).await).contains("Token refused"));
    let refused = text_of(&browser.page(&format!("{page}?show=refused")).await);
    assert!(refused.contains("Token refused") && !refused.contains("Token issued"));
    for _ in 0..60 {
        assert_eq!(ask(&machine.secret).await, 200);
    }
    app.core.oauth.audit.flush().await;
    let first = browser.page(&page).await;
    let next =
        first.split(" rel=\"next\"").next().unwrap().rsplit("href=\"").next().unwrap().trim_end_matches('"');
    let second = browser.page(&next.replace("&#38;", "&")).await;
    assert_eq!(first.matches("href=\"/admin/audit/evt_").count(), 50);
    assert_eq!(second.matches("href=\"/admin/audit/evt_").count(), 63 - 50);
    let fresh = app.made_client(AuthMethod::None, REDIRECT_URI).await.id;
    let quiet = text_of(&browser.page(&format!("{PAGE}/{fresh}/timeline?show=refused")).await);
    assert!(quiet.contains("Nothing was refused."), "{quiet}");
}

async fn hostile_names_do_nothing_on_any_page(app: TestApp) {
    let browser = app.signed_in().await;
    let name = "<script>alert(1)</script> {{ 7*7 }} \u{202e}evil";
    add(&app, "cli_a", name, "https://notes.example/back").await;
    let made = app.made_client(AuthMethod::Basic, REDIRECT_URI).await.id;
    let admin = app.core.admin();
    let found = clients::find(&admin, &made).await.unwrap();
    // What an administrator types can be read; what an app says of itself need not be.
    let typed = name.replace('\u{202e}', "");
    let wanted = clients::edit::Edit { name: typed, ..clients::edit::Edit::of(&found.client) };
    clients::edit::edit(&admin, &ann(), &made, found.version, &wanted).await.unwrap();
    let secret = clients::secrets::list(&admin, &made).await.unwrap()[0].id.clone();
    let of = |id: &str| {
        ["", "/edit", "/secrets", "/timeline", "/delete"].map(|below| format!("{PAGE}/{id}{below}"))
    };
    let end = format!("{PAGE}/{made}/secrets/{secret}/revoke");
    for page in of("cli_a").into_iter().chain(of(&made)).chain([end]) {
        let html = browser.page(&page).await;
        assert!(!html.contains("<script>alert") && !text_of(&html).contains('\u{202e}'), "{page}");
        assert!(html.contains("{{ 7*7 }}"), "{page}");
    }
}

on_both! {
    a_client_is_made_step_by_step, a_public_client_logs_in_at_once,
    a_machine_gets_its_token_with_what_its_page_shows, of_two_who_edit_the_second_sees_both,
    a_client_that_registered_itself_shows_what_can_be_set, secrets_are_added_and_ended,
    the_timeline_says_why_and_leads_to_the_story, hostile_names_do_nothing_on_any_page,
}
