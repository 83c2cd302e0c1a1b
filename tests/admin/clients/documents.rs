//! Clients by document for administrators: their id is a URL, on every page and in the API.

use serde_json::json;

use super::{PAGE, step};
use crate::admin::api::{Program, good, problem};
use crate::oauth::cimd::{FRESH, Peer, plain};
use crate::on_both;
use crate::support::{Browser, Documents, TestApp, text_of};

const PATH: &str = "/notes/client.json";
const WEB: &str = "https://app.example/cb";

/// A client by document that Ann has connected, with a query in its id; and its refresh token.
async fn connected(app: &TestApp, ann: &Browser) -> (Documents, Peer, String) {
    let documents = Documents::start();
    documents.put(PATH, plain(&[WEB]));
    let id = format!("{}?v=1&w=a%20b", documents.id(PATH));
    let mut document = plain(&[WEB]);
    document["client_id"] = json!(id);
    documents.put_as(PATH, 200, "application/json", &document.to_string());
    let peer = Peer { id, redirect_uri: WEB.to_owned(), key: None };
    let refresh = peer.log_in(app, ann).await;
    (documents, peer, refresh)
}

fn segment(id: &str) -> String {
    url::form_urlencoded::byte_serialize(id.as_bytes()).collect()
}

async fn a_url_as_an_id_leads_to_every_page(app: TestApp) {
    let ann = app.signed_in().await;
    let (documents, peer, _) = connected(&app, &ann).await;
    let host = documents.url.strip_prefix("http://").unwrap();
    let list = ann.page(PAGE).await;
    let link = list.split("href=\"/admin/clients/http").nth(1).unwrap().split('"').next().unwrap();
    let page = format!("{PAGE}/http{link}");
    let text = text_of(&ann.page(&page).await);
    let shown = peer.id.replace('&', "&#38;");
    for part in ["Publishes a document", &format!("Published by {host}"), &shown, WEB] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let own = format!("{PAGE}/{}", segment(&peer.id));
    for rest in ["", "/edit", "/secrets", "/timeline", "/delete"] {
        assert!(ann.page(&format!("{own}{rest}")).await.contains("<h1"), "{rest}");
    }
    assert!(text_of(&ann.page(&format!("{own}/timeline")).await).contains("Access allowed"));
    assert!(text_of(&ann.page(&format!("{own}/edit")).await).contains("publishes a document of itself"));
    // Found by its kind, its name, its host and its whole id; nothing by another kind.
    for query in ["kind=cimd", "q=notes", "q=127.0.0.1", &format!("q={}", segment(&peer.id))] {
        assert!(ann.page(&format!("{PAGE}?{query}")).await.contains(&format!("http{link}")), "{query}");
    }
    assert!(!ann.page(&format!("{PAGE}?kind=dynamic")).await.contains(&format!("http{link}")));
    // And where grants and events are looked through, and where the person sees it.
    for place in ["/admin/grants?client=", "/admin/audit?client="] {
        let text = text_of(&ann.page(&format!("{place}{}", segment(&peer.id))).await);
        assert!(text.contains("Notes app"), "{place}: {text}");
    }
    assert!(text_of(&ann.page("/account/apps").await).contains(&format!("Published by {host}")));
    step(&ann, &page, &format!("{own}/disable"), "client-disabled", &own).await;
    step(&ann, &page, &format!("{own}/enable"), "client-enabled", &own).await;
}

async fn a_list_goes_on_behind_an_id_that_is_a_url(app: TestApp) {
    let ann = app.signed_in().await;
    let documents = Documents::start();
    for number in 0..60 {
        let id = documents.put(&format!("/{number:02}"), plain(&[WEB]));
        let row = gatepost::store::clients::ClientRow {
            id,
            kind: gatepost::store::clients::ClientKind::Cimd,
            document_mark: Some("a".to_owned()),
            ..crate::store::rows::client(1)
        };
        app.core.oauth.store.keep_document_client(row).await.unwrap();
    }
    let first = ann.page(PAGE).await;
    let next = first.split("href=\"/admin/clients?after=").nth(1).unwrap().split('"').next().unwrap();
    let second = ann.page(&format!("{PAGE}?after={next}")).await;
    let rows = |html: &str| html.matches("<th scope=\"row\"").count();
    assert_eq!((rows(&first), rows(&second)), (50, 10));
    let program = Program::mighty(&app).await;
    let page = program.read("/clients?limit=40").await;
    let cursor = page["next_cursor"].as_str().unwrap();
    let rest = program.read(&format!("/clients?limit=40&cursor={cursor}")).await;
    assert_eq!(rest["items"].as_array().unwrap().len(), 20);
}

async fn a_client_on_hold_is_told_of_and_accepted(app: TestApp) {
    let ann = app.signed_in().await;
    let (documents, peer, refresh) = connected(&app, &ann).await;
    let mut document = plain(&["https://new.example/cb"]);
    document["client_id"] = json!(peer.id);
    documents.put_as(PATH, 200, "application/json", &document.to_string());
    app.advance(FRESH).await;
    peer.is_held(&app, &refresh).await;

    let home = ann.page("/admin").await;
    assert!(text_of(&home).contains("An app is on hold"), "{home}");
    assert!(home.contains("/admin/clients?state=held"));
    let list = text_of(&ann.page(&format!("{PAGE}?state=held")).await);
    assert!(list.contains("On hold") && list.contains("Notes app"), "{list}");
    let own = format!("{PAGE}/{}", segment(&peer.id));
    let text = text_of(&ann.page(&own).await);
    for part in ["On hold since", WEB, "https://new.example/cb", "Accept it for everybody"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    step(&ann, &own, &format!("{own}/accept"), "client-accepted", &own).await;
    assert!(!text_of(&ann.page("/admin").await).contains("on hold"));
    peer.goes_on(&app, &refresh).await;
}

async fn the_api_knows_clients_by_document(app: TestApp) {
    let ann = app.signed_in().await;
    let (documents, peer, refresh) = connected(&app, &ann).await;
    let program = Program::mighty(&app).await;
    let path = format!("/clients/{}", segment(&peer.id));
    let client = program.read(&path).await;
    assert_eq!(
        (&client["id"], &client["kind"], &client["is_held"]),
        (&json!(peer.id), &json!("cimd"), &json!(false))
    );
    let early = program.post(&format!("{path}/accept"), &json!({ "version": client["version"] })).await;
    assert_eq!(problem(early, 422).await, "not_on_hold");
    let edit = json!({ "name": "Mine", "auth_method": "none", "redirect_uris": [WEB],
                       "version": client["version"] });
    assert_eq!(problem(program.put(&path, &edit).await, 422).await, "invalid");

    let mut document = plain(&["https://new.example/cb"]);
    document["client_id"] = json!(peer.id);
    documents.put_as(PATH, 200, "application/json", &document.to_string());
    app.advance(FRESH).await;
    peer.is_held(&app, &refresh).await;
    let held = program.read("/clients?state=held").await;
    let version = &held["items"][0]["version"];
    assert_eq!(held["items"][0]["is_held"], true);
    let stale = program.post(&format!("{path}/accept"), &json!({ "version": 0 })).await;
    assert_eq!(problem(stale, 409).await, "changed");
    let accepted =
        good(program.post(&format!("{path}/accept"), &json!({ "version": version })).await, 200).await;
    assert_eq!(accepted["redirect_uris"], json!(["https://new.example/cb"]));
    peer.goes_on(&app, &refresh).await;
}

async fn the_policy_of_a_resource_is_set_on_its_page_and_by_the_api(app: TestApp) {
    let ann = app.signed_in().await;
    let id = app.core.oauth.resources.current().all()[0].id.clone();
    let page = format!("/admin/resources/{id}/settings");
    let form = ann.form_to(&page, &page).await;
    assert_eq!(form.get("cimd_policy"), "open");
    let allowed = "https://vscode.dev/*\r\nhttps://claude.ai/oauth/mcp-oauth-client-metadata";
    let form = form.set("cimd_policy", "allow").set("cimd_allow", allowed);
    assert_eq!(ann.send(&form).await.status(), 303);
    let program = Program::mighty(&app).await;
    let path = format!("/resources/{id}");
    let resource = program.read(&path).await;
    let list = json!(["https://vscode.dev/*", "https://claude.ai/oauth/mcp-oauth-client-metadata"]);
    assert_eq!((&resource["cimd_policy"], &resource["cimd_allow"]), (&json!("allow"), &list));
    let bad = ann.form_to(&page, &page).await.set("cimd_allow", "https://*.dev/x");
    let answer = ann.send(&bad).await;
    assert_eq!(answer.status(), 422);
    assert!(text_of(&answer.text().await.unwrap()).contains("a * stands at the end only"));
    let change = json!({ "name": resource["name"], "registration_open": true, "signing_alg": "ES256",
                         "cimd_policy": "off", "version": resource["version"] });
    let changed = good(program.put(&path, &change).await, 200).await;
    assert_eq!((&changed["cimd_policy"], &changed["cimd_allow"]), (&json!("off"), &json!([])));
}

on_both!(
    a_url_as_an_id_leads_to_every_page,
    a_list_goes_on_behind_an_id_that_is_a_url,
    a_client_on_hold_is_told_of_and_accepted,
    the_api_knows_clients_by_document,
    the_policy_of_a_resource_is_set_on_its_page_and_by_the_api,
);
