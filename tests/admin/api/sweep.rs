//! Every operation of the API, asked by everybody who must not get through.

use gatepost::admin::Actor;
use gatepost::admin::api_tokens::{self, Scope};
use gatepost::admin::people::access;
use gatepost::store::users::UserRow;
use gatepost::types::ScopeSet;
use gatepost::web::{API_ROUTES, ApiRoute, Need};
use reqwest::{Method, RequestBuilder, Response};

use super::{PREFIX, Program, problem};
use crate::on_both;
use crate::support::TestApp;

fn request(app: &TestApp, route: &ApiRoute) -> RequestBuilder {
    let parts = route.path.split('/').map(|part| if part.starts_with('{') { "x" } else { part });
    let path = parts.collect::<Vec<_>>().join("/");
    let method = Method::from_bytes(route.method.to_uppercase().as_bytes()).unwrap();
    // A body that no operation takes: who may not ask is refused before it is read.
    app.http()
        .request(method, app.at(&format!("{PREFIX}{path}")))
        .header("content-type", "text/plain")
        .body("x")
}

async fn ask(app: &TestApp, route: &ApiRoute, token: &str) -> Response {
    request(app, route).bearer_auth(token).send().await.unwrap()
}

fn guarded() -> impl Iterator<Item = &'static ApiRoute> {
    API_ROUTES.iter().filter(|route| route.need != Need::Nothing)
}

async fn another_administrator(app: &TestApp, email: &str) -> UserRow {
    let (user, _) = crate::account::somebody_else(app, email).await;
    access::set_admin(&app.core.admin(), &Actor::command_line(), &user.id, true).await.unwrap()
}

async fn who_has_no_good_token_gets_through_nowhere(app: TestApp) {
    let (admin, actor) = (app.core.admin(), Actor::command_line());
    let revoked = Program::mighty(&app).await;
    api_tokens::revoke(&admin, &actor, &revoked.id).await.unwrap();
    let mut ended = vec![("revoked", revoked.token.clone())];
    for (what, email) in
        [("demoted", "eve@example.com"), ("disabled", "dan@example.com"), ("deleted", "del@example.com")]
    {
        let owner = another_administrator(&app, email).await;
        let program = Program::of(&app, &owner.id, &Scope::ALL.map(Scope::name), 30).await;
        program.read("/token").await;
        match what {
            "demoted" => drop(access::set_admin(&admin, &actor, &owner.id, false).await.unwrap()),
            "disabled" => drop(access::disable(&admin, &actor, &owner.id).await.unwrap()),
            _ => drop(access::delete(&admin, &actor, &owner.id, email).await.unwrap()),
        }
        ended.push((what, program.token.clone()));
    }
    let expired = Program::of(&app, &app.user.id, &Scope::ALL.map(Scope::name), 1).await;
    expired.read("/token").await;
    app.advance(86_401).await;
    app.sync().await;
    let good = Program::mighty(&app).await;
    ended.push(("expired", expired.token.clone()));
    ended.push(("another secret", format!("{}x", good.token)));
    ended.push(("another kind", good.token.replacen("apt", "ses", 1)));
    ended.push(("nonsense", "x".repeat(600)));
    let before = app.db_rows().await;
    for route in guarded() {
        let cookie = request(&app, route).header("cookie", format!("gatepost-session={}", good.token));
        for nobody in
            [request(&app, route), cookie, request(&app, route).basic_auth("apt", Some(&good.token))]
        {
            let response = nobody.send().await.unwrap();
            assert_eq!(
                response.headers()["www-authenticate"],
                "Bearer realm=\"administration\"",
                "{route:?}"
            );
            assert_eq!(problem(response, 401).await, "missing_token", "{route:?}");
        }
        for (what, token) in &ended {
            let response = ask(&app, route, token).await;
            let challenge = "Bearer realm=\"administration\", error=\"invalid_token\"";
            assert_eq!(response.headers()["www-authenticate"], challenge, "{route:?} {what}");
            assert_eq!(problem(response, 401).await, "bad_token", "{route:?} {what}");
        }
    }
    assert_eq!(app.db_rows().await, before);
    let reasons = app.audit_reasons("admin.refused").await;
    for reason in ["unknown_api_token", "revoked_api_token", "expired_api_token"] {
        assert!(reasons.iter().any(|r| r == reason), "{reason}");
    }
    // Enabled again, the person has to make a new one.
    let dan = app.core.oauth.store.find_user_by_email("dan@example.com").await.unwrap().unwrap();
    access::enable(&admin, &actor, &dan.id).await.unwrap();
    let route = &API_ROUTES[1];
    assert_eq!(problem(ask(&app, route, &ended[2].1).await, 401).await, "bad_token");
}

async fn a_token_opens_what_its_scopes_say(app: TestApp) {
    for scope in Scope::ALL {
        let program = Program::new(&app, &[scope.name()]).await;
        let held = ScopeSet::parse(scope.name()).unwrap();
        for route in guarded() {
            let response = ask(&app, route, &program.token).await;
            match route.need {
                Need::Scope(needed) if !needed.is_in(&held) => {
                    let challenge = response.headers()["www-authenticate"].to_str().unwrap().to_owned();
                    let expected =
                        format!("Bearer error=\"insufficient_scope\", scope=\"{}\"", needed.name());
                    assert_eq!(challenge, expected, "{route:?}");
                    assert_eq!(problem(response, 403).await, "missing_scope", "{route:?} {scope:?}");
                }
                _ => {
                    let status = response.status().as_u16();
                    assert!(![401, 403].contains(&status) && status < 500, "{route:?} {scope:?}: {status}");
                }
            }
        }
    }
    assert!(app.audit_reasons("admin.refused").await.iter().all(|reason| reason == "insufficient_scope"));
}

async fn every_parameter_may_be_odd(app: TestApp) {
    let program = Program::mighty(&app).await;
    let long = "x".repeat(1_000);
    for route in guarded().filter(|route| route.path.contains('{')) {
        for odd in ["%00", "x%00y", "%0D%0A", "%FF", "..%2F..", "%F0%9F%94%92", &long] {
            let parts = route.path.split('/').map(|part| if part.starts_with('{') { odd } else { part });
            let path = parts.collect::<Vec<_>>().join("/");
            let method = Method::from_bytes(route.method.to_uppercase().as_bytes()).unwrap();
            let status = program.request(method, &path).send().await.unwrap().status().as_u16();
            // 415: there is no body. 204: nobody is disconnected from nothing. 400: a version is missing.
            assert!(matches!(status, 404 | 415 | 400 | 422), "{route:?} with {odd}: {status}");
        }
    }
}

async fn each_path_says_which_methods_it_has(app: TestApp) {
    let program = Program::mighty(&app).await;
    for route in API_ROUTES {
        let parts = route.path.split('/').map(|part| if part.starts_with('{') { "x" } else { part });
        let path = parts.collect::<Vec<_>>().join("/");
        let response = program.request(Method::PATCH, &path).send().await.unwrap();
        let allow = response.headers()["allow"].to_str().unwrap().to_owned();
        assert!(allow.split(", ").any(|m| m.eq_ignore_ascii_case(route.method)), "{route:?}: {allow}");
        assert_eq!(problem(response, 405).await, "method_not_allowed", "{route:?}");
    }
}

on_both! {
    who_has_no_good_token_gets_through_nowhere,
    a_token_opens_what_its_scopes_say,
    every_parameter_may_be_odd,
    each_path_says_which_methods_it_has,
}
