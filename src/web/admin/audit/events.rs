//! `/admin/audit/events`: new events as they come, as server-sent events.
//!
//! The stream ends when the server stops, and a few seconds after the administrator's session does, or they stop
//! being one.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use actix_web::http::{Method, StatusCode, header};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use futures::stream;
use serde_json::json;
use tokio::time::{Interval, MissedTickBehavior, interval_at};

use super::super::super::pages::filters::plain;
use super::super::super::{State, respond};
use super::super::access::View;
use super::super::answers;
use crate::admin::audit::feed::{self, Watcher};
use crate::store::audit_search::SeenEvent;

/// How often the session is looked at, and something is sent: proxies do not hang up, and a reader who went away
/// is noticed.
const BEAT_EVERY: Duration = Duration::from_secs(5);

pub async fn get(view: View, request: HttpRequest) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response
        .content_type("text/event-stream")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header(("X-Accel-Buffering", "no"));
    if request.method() == Method::HEAD {
        return response.finish();
    }
    let Ok(watcher) = view.state.audit_feed.watch(&view.session.user.id) else {
        let mut full = respond::json_no_store(
            StatusCode::TOO_MANY_REQUESTS,
            &json!({ "error": "too_many_streams", "error_description": "too many pages are watching; close one" }),
        );
        full.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from_static("30"));
        return full;
    };
    let last = request.headers().get("last-event-id").and_then(|v| v.to_str().ok());
    let missed = match last.map(str::to_owned).or_else(|| view.after()) {
        Some(id) => view.state.audit_feed.missed(&id).await,
        None => Ok(Vec::new()),
    };
    let missed = match missed {
        Ok(missed) => missed,
        Err(error) => return answers::failed(&view.state, error.into()),
    };
    let stream = Stream {
        sent: missed.iter().map(|seen| seen.event.id.clone()).collect(),
        waiting: missed.into(),
        watcher,
        session_id: view.session.id.clone(),
        beats: every(BEAT_EVERY),
        state: view.state,
        greeted: false,
    };
    response.streaming(stream::unfold(stream, |mut stream| async move {
        let bytes = stream.next().await?;
        Some((Ok::<_, actix_web::Error>(bytes), stream))
    }))
}

fn every(period: Duration) -> Interval {
    let mut ticks = interval_at(tokio::time::Instant::now() + period, period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

struct Stream {
    state: Data<State>,
    watcher: Watcher,
    session_id: String,
    /// What came before the stream, still to be sent.
    waiting: VecDeque<SeenEvent>,
    /// Its ids: the watcher may find the same.
    sent: HashSet<String>,
    beats: Interval,
    greeted: bool,
}

impl Stream {
    async fn next(&mut self) -> Option<Bytes> {
        if !self.greeted {
            self.greeted = true;
            return Some(Bytes::from_static(b"retry: 3000\n\n"));
        }
        if let Some(seen) = self.waiting.pop_front() {
            return Some(frame(&self.state, &seen));
        }
        loop {
            tokio::select! {
                seen = self.watcher.next() => {
                    let seen = seen?;
                    if self.sent.is_empty() || !self.sent.remove(&seen.event.id) {
                        return Some(frame(&self.state, &seen));
                    }
                }
                _ = self.beats.tick() => {
                    // A database that is away for a moment ends no stream; one that says no does.
                    if matches!(feed::may_watch(&self.state.accounts, &self.session_id).await, Ok(false)) {
                        return None;
                    }
                    return Some(Bytes::from_static(b": still here\n\n"));
                }
            }
        }
    }
}

fn frame(state: &State, seen: &SeenEvent) -> Bytes {
    let line = super::line(state, seen);
    let text = |text: Option<String>| text.map(|t| plain(&t));
    let data = json!({
        "id": line.id,
        "when": line.when,
        "what": line.what,
        "refused": line.is_refused,
        "reason": text(line.reason),
        "who": text(line.who),
        "app": text(line.app),
        "address": text(line.address),
    });
    Bytes::from(format!("id: {}\nevent: audit\ndata: {data}\n\n", line.id))
}
