//! `/admin`: what goes on, what needs attention, and how to connect.

use actix_web::HttpResponse;

use super::super::pages::admin::{
    AdminHomePage, Area, ChartView, ConcernView, FirstStepView, LineView, ResourceLinesView,
};
use super::super::{State, when};
use super::access::View;
use super::answers;
use super::resources::quickstart::lines;
use crate::admin::home::{self, Beginnings, Overview};
use crate::connect;
use crate::store::activity;

pub async fn get(view: View) -> HttpResponse {
    let state = &view.state;
    let overview = match home::overview(&state.admin, &state.settings.warnings).await {
        Ok(overview) => overview,
        Err(error) => return answers::failed(state, error.into()),
    };
    let begun = overview.beginnings;
    let html = AdminHomePage {
        shell: view.shell(Area::Home),
        sessions: state.mcp_sessions.len(),
        streams: state.mcp_streams.len(),
        grants_used: match overview.grants_used {
            1000 => "1,000 or more".to_owned(),
            number => number.to_string(),
        },
        charts: charts(&overview),
        concerns: overview
            .concerns
            .iter()
            .map(|c| ConcernView { sentence: c.sentence(), page: c.page() })
            .collect(),
        first_steps: if begun.has_grant { Vec::new() } else { first_steps(begun) },
        resources: resources(state),
    };
    answers::page(state, &html, &view.token)
}

fn charts(overview: &Overview) -> Vec<ChartView> {
    let chart = |id, title, topics: &[&str], failed: Option<&str>| {
        let (counts, bad) = (overview.series(topics), failed.map(|topic| overview.series(&[topic])));
        let labels = overview.hours.iter().map(|hour| when::hour(*hour));
        ChartView::new(id, title, labels.collect(), &counts, bad.as_deref())
    };
    vec![
        chart("calls", "Calls", &[activity::CALLS], None),
        chart("logins", "Sign-ins", &[activity::LOGINS], Some(activity::FAILED_LOGINS)),
        chart("tokens", "Tokens issued", &[activity::TOKENS], Some(activity::REFUSALS)),
    ]
}

fn first_steps(begun: Beginnings) -> Vec<FirstStepView> {
    let step = |done, sentence, page| FirstStepView { done, sentence, page };
    vec![
        step(
            begun.has_resource,
            "Have a resource: what apps connect to.",
            Some(("/admin/resources", "Resources")),
        ),
        step(begun.has_grant, "Connect an app with one of the lines below, and sign in when it asks.", None),
        step(begun.has_people, "Invite the people who may use it.", Some(("/admin/people", "People"))),
        step(
            begun.has_mail,
            "Set a mail server, so that people can help themselves with a forgotten password.",
            None,
        ),
    ]
}

fn resources(state: &State) -> Vec<ResourceLinesView> {
    let current = state.oauth.resources.current();
    let line = |number: usize, (n, line): (usize, connect::Line)| LineView {
        id: format!("line-{number}-{n}"),
        client: line.client,
        hint: line.hint,
        text: line.text,
    };
    let shown = current.all().iter().take(50).enumerate();
    shown
        .map(|(number, resource)| ResourceLinesView {
            name: resource.name.clone(),
            uri: resource.uri.clone(),
            bound_only: resource.dpop_required,
            lines: lines(resource).into_iter().enumerate().map(|found| line(number, found)).collect(),
        })
        .collect()
}
