//! `/admin/resources/{id}/test`: what an app would meet. The rule is `crate::admin::resources::probe`.

use actix_web::HttpResponse;
use actix_web::web::Path;

use super::super::super::pages::admin::{Area, ProbeStepView, ResourceTab, ResourceTestPage, Shell};
use super::super::access::{Submission, View};
use super::super::answers;
use super::{head, in_force};
use crate::admin::resources::probe::{self, Step, Verdict};
use crate::oauth::resource::Resource;

pub async fn get(view: View, id: Path<String>) -> HttpResponse {
    match in_force(&view.state, &id) {
        Ok(resource) => {
            let html = page(view.shell(Area::Resources), &resource, Vec::new());
            answers::page(&view.state, &html, &view.token)
        }
        Err(answer) => answer,
    }
}

pub async fn post(sent: Submission, id: Path<String>) -> HttpResponse {
    let state = &sent.state;
    let steps = match probe::run(&state.admin, &sent.actor, &id).await {
        Ok(steps) => steps,
        Err(failure) => return answers::failed(state, failure),
    };
    match in_force(state, &id) {
        Ok(resource) => {
            answers::page(state, &page(sent.shell(Area::Resources), &resource, steps), &sent.token)
        }
        Err(answer) => answer,
    }
}

fn page(shell: Shell, resource: &Resource, steps: Vec<Step>) -> ResourceTestPage {
    ResourceTestPage {
        shell,
        head: head(resource, ResourceTab::Quickstart),
        url: resource.uri.clone(),
        failed: steps.iter().filter(|step| step.verdict == Verdict::Failed).count(),
        steps: steps.into_iter().map(step_view).collect(),
    }
}

fn step_view(step: Step) -> ProbeStepView {
    let (word, badge) = match step.verdict {
        Verdict::Fine => ("fine", "badge-ok"),
        Verdict::Doubtful => ("doubtful", "badge-warn"),
        Verdict::Failed => ("failed", "badge-bad"),
    };
    ProbeStepView { name: step.name, url: step.url, word, badge, seen: step.seen, advice: step.advice }
}
