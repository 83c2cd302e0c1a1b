//! `/admin/audit/{id}`: one event, and the story it belongs to.

use actix_web::HttpResponse;
use actix_web::web::Path;

use super::super::super::pages::admin::{Area, EventPage, MomentView, StepView, VerdictView};
use super::super::super::when;
use super::super::access::View;
use super::super::answers;
use crate::admin::Failure;
use crate::admin::audit::chain::{self, Step, Story, Verdict};
use crate::admin::audit::words;

pub async fn get(view: View, id: Path<String>) -> HttpResponse {
    match chain::tell(&view.state.admin, &id).await {
        Ok(Some(story)) => answers::page(&view.state, &page(&view, &story), &view.token),
        Ok(None) => answers::failed(&view.state, Failure::NotFound),
        Err(error) => answers::failed(&view.state, error.into()),
    }
}

fn page(view: &View, story: &Story) -> EventPage {
    let event = &story.event.event;
    let explained = if event.outcome == "ok" { None } else { words::why(&event.reason) };
    let facts = [
        ("Event", Some(event.id.clone())),
        ("Kind", Some(event.kind.clone())),
        ("Reference", event.reference.clone()),
        ("Person", event.user_id.clone()),
        ("Done by", event.actor_id.clone()),
        ("API token", event.token_id.clone()),
        ("Client", event.client_id.clone()),
        ("Resource", event.resource_id.clone()),
        ("Grant", event.grant_id.clone()),
        ("Browser session", event.session_id.clone()),
        ("Authorization", event.flow_id.clone()),
        ("Address", event.address.clone()),
        ("Detail", event.detail.clone()),
    ];
    EventPage {
        shell: view.shell(Area::Audit),
        line: super::line(&view.state, &story.event),
        because: explained.map(|(because, _)| because),
        remedy: explained.map(|(_, remedy)| remedy),
        facts: facts.into_iter().filter_map(|(name, value)| Some((name, value?))).collect(),
        steps: steps(story),
        verdict: story.verdict.as_ref().map(|verdict| verdict_view(story, verdict)),
        moments: moments(view, story),
        cut_url: story.cut.as_ref().map(|grant| {
            let query = serde_urlencoded::to_string([("grant", grant)]).unwrap_or_default();
            format!("{}?{query}", super::PAGE)
        }),
    }
}

fn verdict_view(story: &Story, verdict: &Verdict) -> VerdictView {
    let at = match verdict {
        Verdict::Broke(_, id) | Verdict::Ended(id) => Some(id),
        _ => None,
    };
    let broken = story.chain.iter().find(|seen| Some(&seen.event.id) == at).map(|seen| &seen.event);
    let (sentence, remedy) = words::verdict(verdict, broken);
    VerdictView {
        sentence,
        remedy,
        code: broken.map(|event| event.reason.clone()),
        is_bad: matches!(verdict, Verdict::Broke(..)),
        is_good: *verdict == Verdict::Works,
    }
}

/// The way from registration to the first call, each step with how far it got.
fn steps(story: &Story) -> Vec<StepView> {
    if story.verdict.is_none() {
        return Vec::new();
    }
    let broken = match &story.verdict {
        Some(Verdict::Broke(step, _)) => Some(*step),
        Some(Verdict::Denied) => Some(Step::Consent),
        _ => None,
    };
    let taken = |step: Step| {
        let mut oks = story.chain.iter().filter(|seen| seen.event.outcome == "ok");
        (step == Step::Use && story.first_call.is_some())
            || oks.any(|seen| Step::of(&seen.event.kind) == Some(step))
    };
    let state = |step: Step| match (broken == Some(step), taken(step)) {
        (true, _) => "broke here",
        (_, true) => "done",
        _ => "not seen",
    };
    Step::ALL.into_iter().map(|step| StepView { name: step.name(), state: state(step) }).collect()
}

/// The chain, with the first call in its place.
fn moments(view: &View, story: &Story) -> Vec<MomentView> {
    let mut out: Vec<MomentView> = Vec::new();
    let mut first_call = story.first_call;
    for seen in &story.chain {
        if let Some(at) = first_call.take_if(|at| *at < seen.event.at) {
            out.push(call(at));
        }
        out.push(MomentView {
            is_this: seen.event.id == story.event.event.id,
            because: (seen.event.outcome != "ok")
                .then(|| words::why(&seen.event.reason))
                .flatten()
                .map(|w| w.0),
            line: super::line(&view.state, seen),
        });
    }
    out.extend(first_call.map(call));
    out
}

fn call(at: i64) -> MomentView {
    let line = super::EventLine {
        when: when::second(at),
        what: "First call with the token".into(),
        ..Default::default()
    };
    MomentView { line, because: None, is_this: false }
}
