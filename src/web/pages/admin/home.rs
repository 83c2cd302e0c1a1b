//! The first page of the administration.

use askama::Template;

use super::super::filters;
use super::{Area, Shell};

/// What goes on, what needs attention, how to connect.
#[derive(Template)]
#[template(path = "admin/home.html")]
pub struct AdminHomePage {
    pub shell: Shell,
    /// MCP sessions and open streams of this process.
    pub sessions: usize,
    pub streams: usize,
    /// Logins of apps used in the last hour.
    pub grants_used: String,
    pub charts: Vec<ChartView>,
    pub concerns: Vec<ConcernView>,
    /// What to do on a new server, in order; empty once somebody has connected an app.
    pub first_steps: Vec<FirstStepView>,
    pub resources: Vec<ResourceLinesView>,
}

/// Something that needs attention, and where to see to it.
pub struct ConcernView {
    pub sentence: String,
    pub page: Option<(&'static str, &'static str)>,
}

/// One thing to do on a new server.
pub struct FirstStepView {
    pub done: bool,
    pub sentence: &'static str,
    pub page: Option<(&'static str, &'static str)>,
}

/// A resource, and the lines that add it to each client.
pub struct ResourceLinesView {
    pub name: String,
    pub uri: String,
    /// It takes only tokens that are bound to a key.
    pub bound_only: bool,
    pub lines: Vec<LineView>,
}

/// One client's line.
pub struct LineView {
    /// Its place on the page, for the copy button.
    pub id: String,
    pub client: &'static str,
    pub hint: &'static str,
    pub text: String,
}

/// A day in bars, one an hour.
pub struct ChartView {
    pub id: &'static str,
    pub title: &'static str,
    pub total: i64,
    /// How many of another kind went wrong, where that is counted.
    pub bad_total: Option<i64>,
    pub bars: Vec<Bar>,
}

/// One hour. Sizes are in units of a picture 240 wide and 60 high.
pub struct Bar {
    pub label: String,
    pub count: i64,
    pub bad: i64,
    pub x: usize,
    pub y: i64,
    pub height: i64,
    pub bad_y: i64,
    pub bad_height: i64,
}

const HIGH: i64 = 60;
const STEP: usize = 10;

impl ChartView {
    /// Draws the counts, with those that went wrong on top.
    pub fn new(
        id: &'static str,
        title: &'static str,
        labels: Vec<String>,
        counts: &[i64],
        bad: Option<&[i64]>,
    ) -> Self {
        let bad_of = |n: usize| bad.and_then(|bad| bad.get(n)).copied().unwrap_or_default();
        let count_of = |n: usize| counts.get(n).copied().unwrap_or_default();
        let most = (0..labels.len()).map(|n| count_of(n) + bad_of(n)).max().unwrap_or_default().max(1);
        // Something is never drawn as nothing.
        let size = |count: i64| if count == 0 { 0 } else { (count.saturating_mul(HIGH) / most).max(1) };
        let bar = |(n, label)| {
            let (count, bad) = (count_of(n), bad_of(n));
            let (height, bad_height) = (size(count), size(bad));
            let y = HIGH - height;
            Bar { label, count, bad, x: n * STEP, y, height, bad_y: (y - bad_height).max(0), bad_height }
        };
        Self {
            id,
            title,
            total: counts.iter().sum(),
            bad_total: bad.map(|bad| bad.iter().sum()),
            bars: labels.into_iter().enumerate().map(bar).collect(),
        }
    }
}

#[cfg(test)]
impl AdminHomePage {
    pub fn sample() -> Self {
        let labels = || (0..24).map(|n| format!("{n:02}:00")).collect::<Vec<_>>();
        let counts: Vec<i64> = (0..24).map(|n| n * n % 17).collect();
        Self {
            shell: Shell::sample(Area::Home),
            sessions: 3,
            streams: 1,
            grants_used: "12".into(),
            charts: vec![
                ChartView::new("calls", "Calls", labels(), &counts, None),
                ChartView::new("logins", "Sign-ins", labels(), &counts, Some(&counts)),
            ],
            concerns: vec![
                ConcernView {
                    sentence: "The ES256 key has signed for 91 days.".into(),
                    page: Some(("/admin/keys", "Keys")),
                },
                ConcernView { sentence: "The public URL is not https.".into(), page: None },
            ],
            first_steps: Vec::new(),
            resources: vec![ResourceLinesView {
                name: "Gatepost tools".into(),
                uri: "http://localhost:10000/mcp".into(),
                bound_only: true,
                lines: vec![LineView {
                    id: "line-0-0".into(),
                    client: "Claude Code",
                    hint: "Run in a terminal.",
                    text: "claude mcp add --transport http gatepost http://localhost:10000/mcp".into(),
                }],
            }],
        }
    }

    /// A new server.
    pub fn new_server() -> Self {
        let step = |done, page| FirstStepView { done, sentence: "Invite the people who may use it.", page };
        Self {
            concerns: Vec::new(),
            first_steps: vec![step(true, None), step(false, Some(("/admin/people", "People")))],
            ..Self::sample()
        }
    }

    pub fn filled(text: &str) -> Self {
        let mut page = Self::sample();
        page.shell = Shell::filled(text, Area::Home);
        page.grants_used = text.into();
        page.concerns = vec![ConcernView { sentence: text.into(), page: None }];
        page.resources[0].name = text.into();
        page.resources[0].uri = text.into();
        page.resources[0].lines[0].text = text.into();
        page
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_fit_the_picture_and_nothing_is_drawn_for_nothing() {
        let labels = || (0..3).map(|n| n.to_string()).collect();
        let chart = ChartView::new("c", "C", labels(), &[0, 1, 1_000_000], Some(&[0, 0, 1_000_000]));
        let sizes: Vec<_> = chart.bars.iter().map(|b| (b.y, b.height, b.bad_y, b.bad_height)).collect();
        assert_eq!(sizes, [(60, 0, 60, 0), (59, 1, 59, 0), (30, 30, 0, 30)]);
        assert_eq!((chart.total, chart.bad_total), (1_000_001, Some(1_000_000)));
        assert!(ChartView::new("c", "C", labels(), &[0; 3], None).bars.iter().all(|b| b.height == 0));
    }
}
