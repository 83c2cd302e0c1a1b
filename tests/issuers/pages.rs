//! `/admin/issuers` and `/admin/exchanges`: pages, API and command line, up to a token.

use std::process::{Command, Output};

use reqwest::Method;
use serde_json::{Value, json};

use super::{ask, bearing, builtin, input, notes, rule, told, trust};
use crate::admin::api::{Program, good, problem};
use crate::support::issuer::ForeignIssuer;
use crate::support::provider::Mood;
use crate::support::{Browser, Database, Form, Signer, TestApp, location, text_of};
use crate::{on_both, on_each};

async fn done(ann: &Browser, form: &Form, expected: &str) {
    let response = ann.send(form).await;
    assert_eq!(response.status(), 303, "{}", text_of(&response.text().await.unwrap()));
    assert!(location(&response).ends_with(expected), "{}", location(&response));
}

async fn again(ann: &Browser, form: &Form, status: u16) -> String {
    let response = ann.send(form).await;
    assert_eq!(response.status(), status);
    text_of(&response.text().await.unwrap())
}

async fn an_administrator_trusts_a_platform_by_its_pages(app: TestApp) {
    let (issuer, machine, ann) =
        (ForeignIssuer::start(), app.made_machine(None).await, app.signed_in().await);
    assert!(ann.page("/admin/issuers").await.contains("Nobody is trusted yet"));
    let path = "/admin/issuers/new?kind=workload";
    let form = Form::of(&ann.page(path).await, path).set("name", "Jobs").set("issuer", "not a url");
    let text = again(&ann, &form, 422).await;
    assert!(text.contains("Enter the issuer exactly"), "{text}");
    let response = ann.send(&form.set("issuer", &issuer.url)).await;
    let place = location(&response);
    let (page, _) = place.split_once('?').unwrap();
    assert!(place.ends_with("done=platform-added"), "{place}");
    let text = text_of(&ann.page(&place).await);
    assert!(text.contains("No rule yet") && text.contains(&issuer.url), "{text}");
    // Its keys, now.
    let look = Form::of(&ann.page(page).await, &format!("{page}/test"));
    assert!(text_of(&ann.shown(&look).await).contains("There is 1 key that can be used"));
    issuer.set(|conduct| conduct.keys_mood = Mood::Says(404, "text/plain", String::new()));
    assert!(text_of(&ann.shown(&look).await).contains("it answers with status 404"));
    issuer.set(|conduct| conduct.keys_mood = Mood::Well);
    // A rule.
    let add = format!("{page}/rules/add");
    let form = Form::of(&ann.page(&add).await, &add)
        .set("claims", "sub = *")
        .set("client_id", "cli_nobody")
        .set("resource_id", &builtin(&app));
    let text = again(&ann, &form, 422).await;
    assert!(text.contains("holds for anybody") && text.contains("There is no client with this id"), "{text}");
    let form = form.set("claims", "sub = acme:deploy\nref = main").set("client_id", &machine.id);
    done(&ann, &form, "done=issuer-rule-added").await;
    let claims = json!({ "iss": issuer.url, "sub": "acme:deploy", "ref": "main", "aud": app.url,
        "exp": app.clock.now() + 60, "jti": "1" });
    assert_eq!(ask(&app, &bearing(&issuer.signer.sign(&claims), &[])).await.0, 200);
    // Two who change the same rule: the second is told.
    let rule = app.core.oauth.trusted.current().all()[0].rules[0].id.clone();
    let edit = format!("{page}/rules/{rule}/edit");
    let (first, second) = (Form::of(&ann.page(&edit).await, &edit), Form::of(&ann.page(&edit).await, &edit));
    done(&ann, &first.set("claims", "sub = acme:other"), "done=issuer-rule-saved").await;
    let text = again(&ann, &second.set("claims", "sub = acme:third"), 409).await;
    assert!(text.contains("Somebody else changed this") && text.contains("sub = acme:other"), "{text}");
    // The same for the issuer.
    let edit = format!("{page}/edit");
    let (first, second) = (Form::of(&ann.page(&edit).await, &edit), Form::of(&ann.page(&edit).await, &edit));
    done(&ann, &first.set("name", "Work"), "done=issuer-saved").await;
    let text = again(&ann, &second.set("name", "Toil"), 409).await;
    assert!(text.contains("Somebody else changed this") && text.contains("Work"), "{text}");
    // Ended.
    let delete = format!("{page}/rules/{rule}/delete");
    done(&ann, &Form::of(&ann.page(&delete).await, &delete), "done=issuer-rule-deleted").await;
    app.advance(70).await;
    done(&ann, &Form::of(&ann.page(page).await, &format!("{page}/disable")), "done=issuer-disabled").await;
    assert!(text_of(&ann.page(page).await).contains("nothing it signs is taken"));
    done(&ann, &Form::of(&ann.page(page).await, &format!("{page}/enable")), "done=issuer-enabled").await;
    let delete = format!("{page}/delete");
    let form = Form::of(&ann.page(&delete).await, &delete).set("typed", "Toil");
    assert!(again(&ann, &form, 422).await.contains("That is not its name"));
    done(&ann, &form.set("typed", "Work"), "done=issuer-deleted").await;
    assert!(ann.page("/admin/issuers").await.contains("Nobody is trusted yet"));
    for kind in [
        "issuer.added",
        "issuer.changed",
        "issuer_rule.added",
        "issuer_rule.changed",
        "issuer_rule.deleted",
        "issuer.disabled",
        "issuer.enabled",
        "issuer.deleted",
    ] {
        assert_eq!(app.audit_reasons(kind).await, ["ok"], "{kind}");
    }
    assert_eq!(app.audit_reasons("issuer.tested").await, ["issuer_keys_unusable", "ok"]);
}

async fn an_administrator_trusts_a_company_by_its_pages(app: TestApp) {
    let (issuer, ann) = (ForeignIssuer::start(), app.signed_in().await);
    let path = "/admin/issuers/new?kind=enterprise";
    let form = Form::of(&ann.page(path).await, path).set("name", "Acme").set("issuer", &issuer.url);
    let wrong = form.clone().set("trusted_domains", "*.example.com");
    assert!(again(&ann, &wrong, 422).await.contains("*.example.com is no domain"));
    let form =
        form.set("trusted_domains", "Example.com\n").set("client_ids", "cli_1\ncli_2").set("scopes", "a b");
    assert!(again(&ann, &form, 422).await.contains("names of scopes"));
    done(&ann, &form.set("scopes", "search:read"), "done=company-added").await;
    let row = app.core.oauth.trusted.current().all()[0].row.clone();
    assert_eq!(row.trusted_domains, ["example.com"]);
    assert_eq!(row.client_ids, Some(vec!["cli_1".to_owned(), "cli_2".to_owned()]));
    assert_eq!(row.scopes.map(|s| s.to_string()).as_deref(), Some("search:read"));
    assert!(row.single_use && !row.admits);
    // Once is enough.
    let form = Form::of(&ann.page(path).await, path).set("name", "Twin").set("issuer", &issuer.url);
    assert!(again(&ann, &form, 422).await.contains("This issuer is there for this purpose already"));
    let us = form.set("issuer", &app.url);
    assert!(again(&ann, &us, 422).await.contains("That is this server"));
}

async fn an_administrator_allows_an_exchange_by_its_pages(app: TestApp) {
    let ((notes_id, _), server, ann) =
        (notes(&app).await, app.made_machine(None).await, app.signed_in().await);
    assert!(ann.page("/admin/exchanges").await.contains("No rule yet"));
    let path = "/admin/exchanges/new";
    let form = Form::of(&ann.page(path).await, path)
        .set("client_id", &server.id)
        .set("from_id", &builtin(&app))
        .set("to_id", &notes_id)
        .set("scopes", "fly");
    assert!(again(&ann, &form, 422).await.contains("Notes has no scope fly."));
    done(&ann, &form.clone().set("scopes", "notes:read"), "done=exchange-added").await;
    let twice = form.set("scopes", "notes:write");
    assert!(again(&ann, &twice, 422).await.contains("There is a rule for this client"));
    let rule = app.core.oauth.trusted.current().exchanges()[0].id.clone();
    let edit = format!("/admin/exchanges/{rule}/edit");
    let (first, second) = (Form::of(&ann.page(&edit).await, &edit), Form::of(&ann.page(&edit).await, &edit));
    done(&ann, &first.set("scopes", "notes:write"), "done=exchange-saved").await;
    let text = again(&ann, &second.set("scopes", "notes:read"), 409).await;
    assert!(text.contains("Somebody else changed this") && text.contains("notes:write"), "{text}");
    let delete = format!("/admin/exchanges/{rule}/delete");
    done(&ann, &Form::of(&ann.page(&delete).await, &delete), "done=exchange-deleted").await;
    for kind in ["exchange_rule.added", "exchange_rule.changed", "exchange_rule.deleted"] {
        assert_eq!(app.audit_reasons(kind).await, ["ok"], "{kind}");
    }
}

async fn programs_do_the_same(app: TestApp) {
    let (program, issuer) = (Program::new(&app, &["issuers:write"]).await, ForeignIssuer::start());
    let (machine, (notes_id, _)) = (app.made_machine(None).await, notes(&app).await);
    let body = json!({ "kind": "workload", "name": "Jobs", "issuer": issuer.url });
    let added = good(program.post("/issuers", &body).await, 201).await;
    assert_eq!((&added["keys_from"], &added["single_use"]), (&json!("discovery"), &json!(true)));
    assert!(added.get("client_ids").is_none() && added.get("disabled_at").is_none(), "{added}");
    assert_eq!(problem(program.post("/issuers", &body).await, 422).await, "invalid");
    let path = format!("/issuers/{}", added["id"].as_str().unwrap());
    assert_eq!(program.read("/issuers").await["items"], json!([added]));
    assert_eq!(good(program.post(&format!("{path}/test"), &json!({})).await, 200).await["keys"], 1);
    let rule = json!({ "claims": [{ "claim": "sub", "value": "job" }], "client_id": machine.id,
        "resource_id": builtin(&app), "scopes": ["search:read"] });
    let made = good(program.post(&format!("{path}/rules"), &rule).await, 201).await;
    let of_rule = format!("{path}/rules/{}", made["id"].as_str().unwrap());
    let mut change = rule.clone();
    change["version"] = json!(1);
    change["scopes"] = Value::Null;
    assert!(good(program.put(&of_rule, &change).await, 200).await.get("scopes").is_none());
    assert_eq!(problem(program.put(&of_rule, &change).await, 409).await, "changed");
    assert_eq!(program.read(&format!("{path}/rules")).await["items"][0]["version"], 2);
    let token = issuer.signer.sign(&json!({ "iss": issuer.url, "sub": "job", "aud": app.url, "jti": "1",
        "exp": app.clock.now() + 60 }));
    assert_eq!(ask(&app, &bearing(&token, &[])).await.0, 200);
    let changed = json!({ "name": "Work", "keys_from": "inline", "jwks": Signer::es256("x").jwks().to_string(),
        "algorithms": ["ES256"], "version": 1 });
    assert_eq!(good(program.put(&path, &changed).await, 200).await["keys_from"], "inline");
    assert_eq!(problem(program.put(&path, &changed).await, 409).await, "changed");
    for step in ["disable", "enable"] {
        assert_eq!(program.post(&format!("{path}/{step}"), &json!({})).await.status(), 204);
    }
    let exchange = json!({ "client_id": machine.id, "from_resource_id": builtin(&app), "to_resource_id": notes_id,
        "scopes": ["notes:read"] });
    let allowed = good(program.post("/exchanges", &exchange).await, 201).await;
    let of_exchange = format!("/exchanges/{}", allowed["id"].as_str().unwrap());
    let same = json!({ "client_id": machine.id, "from_resource_id": notes_id, "to_resource_id": notes_id, "scopes": [] });
    let refused = good(program.post("/exchanges", &same).await, 422).await;
    assert_eq!(refused["errors"][0]["pointer"], "#/to_resource_id", "{refused}");
    let wider = json!({ "scopes": ["notes:read", "notes:write"], "version": 1 });
    assert_eq!(good(program.put(&of_exchange, &wider).await, 200).await["version"], 2);
    assert_eq!(problem(program.put(&of_exchange, &wider).await, 409).await, "changed");
    assert_eq!(program.read(&of_exchange).await["scopes"], json!(["notes:read", "notes:write"]));
    for gone in [&of_rule, &of_exchange, &path] {
        assert_eq!(program.delete(gone).await.status(), 204, "{gone}");
        assert_eq!(problem(program.delete(gone).await, 404).await, "not_found");
    }
    let reader = Program::new(&app, &["issuers:read"]).await;
    assert_eq!(reader.read("/issuers").await["items"], json!([]));
    assert_eq!(
        problem(reader.request(Method::DELETE, &path).send().await.unwrap(), 403).await,
        "missing_scope"
    );
}

async fn rules_for_what_is_gone_are_told(app: TestApp) {
    let (issuer, made, ann) = (ForeignIssuer::start(), app.made_machine(None).await, app.signed_in().await);
    let id = trust(&app, &issuer.url, "workload", input("Jobs")).await;
    rule(&app, &id, &["sub = job"], &made.id).await;
    let (admin, actor) = (app.core.admin(), gatepost::admin::Actor::command_line());
    gatepost::admin::clients::delete(&admin, &actor, &made.id, &made.id).await.unwrap();
    let page = text_of(&ann.page(&format!("/admin/issuers/{id}")).await);
    assert!(page.contains(&format!("{} (deleted)", made.id)), "{page}");
    let token = issuer.signer.sign(&json!({ "iss": issuer.url, "sub": "job", "aud": app.url, "jti": "1",
        "exp": app.clock.now() + 60 }));
    let gone = "400 invalid_grant: the machine that this workload is gets no tokens now";
    assert_eq!(told(&ask(&app, &bearing(&token, &[])).await), gone);
}

/// Runs the program on a database of its own.
fn gatepost(database: &Database, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_gatepost"))
        .args(words)
        .env_clear()
        .env("DATABASE_URL", &database.url)
        .env("GATEPOST_SECRET_KEY", "00".repeat(32))
        .current_dir(database.dir.path())
        .output()
        .unwrap()
}

async fn issuers_on_the_command_line(database: Database) {
    let json = |words: &[&str]| -> Value {
        let output = gatepost(&database, &[words, &["--json"]].concat());
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e} in {text}"))
    };
    let refused = |words: &[&str], part: &str| {
        let output = gatepost(&database, words);
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{words:?}: {text}");
        assert!(text.contains(part), "{part} in {text}");
    };
    std::fs::write(database.dir.path().join("keys.json"), Signer::es256("k").jwks().to_string()).unwrap();
    let new = ["issuer", "add", "--kind", "workload", "--name", "Cluster", "--issuer", "https://k8s.example"];
    let added = json(&[&new[..], &["--jwks-file", "keys.json", "--reusable"]].concat());
    assert_eq!((&added["keys_from"], &added["single_use"]), (&json!("inline"), &json!(false)));
    refused(&new, "This issuer is there for this purpose already.");
    refused(&[&new[..], &["--jwks-file", "none.json"]].concat(), "cannot be read");
    let id = added["id"].as_str().unwrap();
    let machine = json(&["client", "create", "--machine", "--name", "Agent"]);
    let resources = json(&["resource", "list"]);
    let (machine, resource) = (machine["client_id"].as_str().unwrap(), resources[0]["id"].as_str().unwrap());
    let rule = [
        "issuer",
        "rule",
        id,
        "--when",
        "sub = system:serviceaccount:prod:*",
        "--machine",
        machine,
        "--resource",
        resource,
    ];
    assert!(json(&rule)["id"].as_str().unwrap().starts_with("isr_"));
    refused(&[&rule[..], &["--scope", "fly"]].concat(), "has no scope fly");
    refused(
        &["issuer", "rule", "iss_none", "--when", "a=b", "--machine", machine, "--resource", resource],
        "there is no issuer",
    );
    let listed = json(&["issuer", "list"]);
    assert_eq!(
        listed[0]["rules"][0]["claims"],
        json!([{ "claim": "sub", "value": "system:serviceaccount:prod:*" }])
    );
    let table = String::from_utf8(gatepost(&database, &["issuer", "list"]).stdout).unwrap();
    assert!(table.contains("Cluster") && table.contains("trusted"), "{table}");
    let company =
        ["issuer", "add", "--kind", "enterprise", "--name", "Acme", "--issuer", "https://id.example"];
    let added = json(&[&company[..], &["--domain", "acme.example", "--admit", "--client", "cli_1"]].concat());
    assert_eq!((&added["admits"], &added["client_ids"]), (&json!(true), &json!(["cli_1"])));
    refused(&["issuer", "remove", id], "say --yes");
    assert_eq!(json(&["issuer", "remove", id, "--yes"])["deleted"], true);
    refused(&["issuer", "remove", id, "--yes"], "there is no issuer");
}

on_each! { issuers_on_the_command_line }

on_both! {
    an_administrator_trusts_a_platform_by_its_pages,
    an_administrator_trusts_a_company_by_its_pages,
    an_administrator_allows_an_exchange_by_its_pages,
    programs_do_the_same,
    rules_for_what_is_gone_are_told,
}
