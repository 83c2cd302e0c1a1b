//! What holds for every page: its shape, its accessibility, and that nothing a stranger wrote becomes markup.

mod samples;

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use askama::Template;
use regex_lite::Regex;

use super::*;
use crate::settings::{Brand, Branding};
use crate::web::brand;
use samples as own;

/// Every page, those for administrators included.
fn samples() -> Vec<(&'static str, String)> {
    [own::samples(), admin::samples()].concat()
}

fn filled(text: &str) -> Vec<(&'static str, String)> {
    [own::filled(text), admin::filled(text)].concat()
}

const HOSTILE: &[&str] = &[
    "\"><script>alert(1)</script>",
    "' onmouseover='alert(1)' style='color:red",
    "</title></h1></bdi><h1>You won</h1><!--",
    "{{ 7 * 7 }}{% include \"base.html\" %}{# gone #}",
    "javascript:alert(1)",
    "\u{202E}moc.live\u{2066}\u{200F}\0\r\n",
    "&lt;b&gt; &amp; \u{1F512}",
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn tags(html: &str) -> Vec<&str> {
    let tag = Regex::new("<[a-zA-Z/!][^>]*>").unwrap();
    tag.find_iter(html).map(|found| found.as_str()).collect()
}

/// The tags with their attributes' values taken out: what a browser builds, whatever the text says.
fn skeleton(html: &str) -> Vec<String> {
    let value = Regex::new("=\"[^\"]*\"").unwrap();
    tags(html).into_iter().map(|tag| value.replace_all(tag, "").into_owned()).collect()
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    rest.split_once('"').map(|(value, _)| value)
}

fn templates(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { templates(&path, out) } else { out.push(path) }
    }
}

#[test]
fn every_page_has_a_language_a_title_and_one_heading() {
    let title = Regex::new("<title>[^<]+ · Gatepost</title>").unwrap();
    for (name, html) in samples() {
        assert!(html.trim_start().starts_with("<!doctype html>"), "{name}");
        assert!(html.contains("<html lang=\"en\">"), "{name}");
        assert!(title.is_match(&html), "{name}");
        assert_eq!(html.matches("<h1").count(), 1, "{name}");
        assert_eq!(html.matches("<main").count(), 1, "{name}");
    }
}

#[test]
fn every_page_obeys_the_content_security_policy() {
    let handler = Regex::new(r"(?i)\s(on[a-z]+|style)\s*=").unwrap();
    for (name, html) in samples().into_iter().chain(HOSTILE.iter().flat_map(|text| filled(text))) {
        let scripts: Vec<_> = tags(&html).into_iter().filter(|tag| tag.starts_with("<script")).collect();
        let mut expected = vec!["<script src=\"/static/app.js\" defer>"];
        if html.contains("data-passkey=") {
            expected.push("<script src=\"/static/passkeys.js\" defer>");
        }
        if html.contains("data-audit-stream=") {
            expected.push("<script src=\"/static/audit.js\" defer>");
        }
        assert_eq!(scripts, expected, "{name}");
        assert_eq!(html.matches("<script").count(), html.matches(" defer></script>").count(), "{name}");
        assert!(!html.contains("<style"), "{name}");
        let value = Regex::new("=\"[^\"]*\"").unwrap();
        for tag in tags(&html) {
            assert!(!handler.is_match(&value.replace_all(tag, "=")), "{name}: {tag}");
        }
    }
}

#[test]
fn everything_a_page_loads_exists() {
    for (name, html) in samples() {
        for tag in tags(&html) {
            for url in ["href", "src"].iter().filter_map(|key| attribute(tag, key)) {
                if let Some(file) = url.strip_prefix("/static/") {
                    assert!(root().join("static").join(file).is_file(), "{name}: {url}");
                }
            }
        }
    }
}

#[test]
fn every_element_that_opens_closes() {
    const VOID: &[&str] = &["meta", "link", "input", "img", "br", "!doctype"];
    let word = Regex::new("^</?([a-zA-Z0-9!]+)").unwrap();
    for (name, html) in samples() {
        let mut open = Vec::new();
        for tag in tags(&html) {
            let element = word.captures(tag).unwrap().get(1).unwrap().as_str();
            if tag.starts_with("</") {
                assert_eq!(open.pop(), Some(element), "{name}: {tag}");
            } else if !VOID.contains(&element) {
                open.push(element);
            }
        }
        assert!(open.is_empty(), "{name}: {open:?}");
    }
}

#[test]
fn ids_are_unique_and_every_reference_to_one_leads_somewhere() {
    for (name, html) in samples() {
        let all: Vec<_> = tags(&html).into_iter().filter_map(|tag| attribute(tag, "id")).collect();
        let ids: HashSet<_> = all.iter().copied().collect();
        assert_eq!(ids.len(), all.len(), "{name}: {all:?}");
        for tag in tags(&html) {
            for key in ["for", "aria-describedby", "aria-labelledby", "data-copy"] {
                for id in attribute(tag, key).unwrap_or_default().split_whitespace() {
                    assert!(ids.contains(id), "{name}: {tag}");
                }
            }
        }
    }
}

#[test]
fn every_input_has_a_label() {
    let is_input = |tag: &&str| ["<input", "<select", "<textarea"].iter().any(|start| tag.starts_with(start));
    for (name, html) in samples() {
        for tag in tags(&html).into_iter().filter(is_input) {
            if attribute(tag, "type") != Some("hidden") {
                let id = attribute(tag, "id").unwrap();
                assert!(html.contains(&format!("<label for=\"{id}\">")), "{name}: {tag}");
            }
        }
    }
}

#[test]
fn every_form_posts_and_carries_its_token() {
    for (name, html) in samples() {
        let mut searches = 0;
        for tag in tags(&html).into_iter().filter(|tag| tag.starts_with("<form")) {
            if attribute(tag, "role") == Some("search") {
                assert_eq!(attribute(tag, "method"), Some("get"), "{name}");
                searches += 1;
            } else {
                assert_eq!(attribute(tag, "method"), Some("post"), "{name}");
            }
            assert!(attribute(tag, "action").is_some_and(|to| to.starts_with('/')), "{name}");
        }
        let posts = html.matches("<form").count() - searches;
        assert_eq!(posts, html.matches("name=\"csrf\"").count(), "{name}");
    }
}

#[test]
fn hostile_text_never_changes_what_the_browser_builds() {
    let harmless = filled("word");
    for text in HOSTILE {
        for ((name, html), (_, calm)) in filled(text).iter().zip(&harmless) {
            assert_eq!(skeleton(html), skeleton(calm), "{name} with {text:?}");
        }
    }
}

#[test]
fn a_hostile_name_of_the_server_is_only_a_name() {
    let render = |name: &str| {
        let branding = Branding::parse(name, "#1d6b57", "").unwrap();
        brand::try_on(Brand::new(branding, None), samples)
    };
    let harmless = render("word");
    for text in HOSTILE.iter().filter(|text| !text.contains(char::is_control)) {
        for ((name, html), (_, calm)) in render(text).iter().zip(&harmless) {
            assert_eq!(skeleton(html), skeleton(calm), "{name} with {text:?}");
        }
    }
}

#[test]
fn nothing_shown_can_hide_or_turn_text_around() {
    // Inputs give back what was typed, and text to copy stays exact; all else is shown safely.
    let exact = Regex::new("(?s)<input[^>]*>|<textarea.*?</textarea>|<pre.*?</pre>").unwrap();
    for (name, html) in filled("\u{202E}moc.live\u{2066}\u{200F}\0") {
        let shown = exact.replace_all(&html, "");
        assert!(shown.contains("\u{FFFD}moc.live\u{FFFD}\u{FFFD}\u{FFFD}"), "{name}");
        assert!(!shown.contains(['\u{202E}', '\u{2066}', '\u{200F}', '\0']), "{name}");
    }
}

#[test]
fn what_the_app_says_of_itself_is_never_a_link() {
    for text in ["javascript:alert(1)", "https://evil.example/"] {
        for (name, html) in filled(text)
            .into_iter()
            .filter(|(name, _)| name.starts_with("consent") || name.starts_with("device"))
        {
            for tag in tags(&html) {
                assert_ne!(attribute(tag, "href"), Some(text), "{name}");
            }
        }
    }
}

#[test]
fn no_template_switches_escaping_off() {
    let mut files = Vec::new();
    templates(&root().join("templates"), &mut files);
    assert!(files.len() > 10);
    let off = Regex::new(r"\|\s*(safe|escape)|style=|<style|javascript:").unwrap();
    for file in files {
        assert!(!off.is_match(&std::fs::read_to_string(&file).unwrap()), "{}", file.display());
    }
}

#[test]
fn a_required_scope_is_sent_though_its_box_is_locked() {
    let html = ConsentPage::sample().render().unwrap();
    assert!(html.contains("<input type=\"hidden\" name=\"scope\" value=\"profile\">"));
    let locked: Vec<_> = tags(&html).into_iter().filter(|tag| tag.contains(" disabled")).collect();
    assert_eq!(locked.len(), 1);
    assert_eq!(attribute(locked[0], "name"), None);
}

#[test]
fn consent_offers_a_real_no_and_says_how_the_app_is_known() {
    let html = ConsentPage::sample().render().unwrap();
    assert!(html.contains("name=\"decision\" value=\"allow\""));
    assert!(html.contains("name=\"decision\" value=\"deny\""));
    assert!(html.contains("This app chose its own name; Gatepost cannot check it."));
    assert!(html.contains("An app on this computer will receive access."));
    let mut nameless = ConsentPage::sample();
    nameless.client.name = " \n".into();
    assert!(nameless.render().unwrap().contains("An app without a name"));
}

#[test]
fn a_device_is_compared_warned_about_and_can_be_denied() {
    let html = DeviceConfirmPage::sample().render().unwrap();
    assert!(html.contains("BCDF-GHJK") && html.contains("203.0.113.7"));
    assert!(html.contains("Only go on if you started this yourself, a moment ago,"));
    let (deny, allow) = (html.find("value=\"deny\"").unwrap(), html.find("value=\"allow\"").unwrap());
    assert!(deny < allow, "a stray Enter denies");
    let unknown = DeviceConfirmPage { asked_from: None, ..DeviceConfirmPage::sample() };
    assert!(unknown.render().unwrap().contains("an unknown network address"));
}

#[test]
fn a_problem_is_announced_and_tied_to_its_fields() {
    let page = LoginPage { error: Some("No & no".into()), ..LoginPage::sample() };
    let html = page.render().unwrap();
    assert!(html.contains("id=\"problem\" role=\"alert\">No &#38; no</p>"));
    assert_eq!(html.matches("aria-describedby=\"problem\" aria-invalid=\"true\"").count(), 2);
    assert!(!LoginPage::sample().render().unwrap().contains("aria-invalid"));
}

/// The sample of this name.
fn sample(wanted: &str) -> String {
    samples().into_iter().find(|(name, _)| *name == wanted).unwrap().1
}

#[test]
fn the_skip_link_leads_past_the_areas() {
    for (page, areas) in [("admin-client", "Administration"), ("account-apps", "Your account")] {
        let html = sample(page);
        let at = |part: &str| html.find(part).unwrap_or_else(|| panic!("{part} in {page}"));
        assert!(at(&format!("aria-label=\"{areas}\"")) < at("<main id=\"main\""), "{page}");
    }
}

#[test]
fn a_changed_document_is_accepted_only_where_it_can_be_read() {
    let (readable, away) = (sample("admin-client"), sample("admin-client-unreadable"));
    assert!(readable.contains("Accept it for everybody"));
    assert!(!away.contains("Accept it for everybody") && !away.contains("who has connected it goes on"));
    assert!(away.contains("can be accepted here once the document can be read"));
}

#[test]
fn a_server_that_takes_bound_tokens_only_is_taught_to_check_proofs() {
    let (any, bound) = (sample("admin-resource"), sample("admin-resource-bound"));
    for part in ["cnf.jkt", "Neither suffices here", "most apps cannot do that yet", "but for the fourth"] {
        assert_eq!((any.contains(part), bound.contains(part)), (false, true), "{part}");
    }
    for part in ["FastMCP(", "createRemoteJWKSet", "does all of the steps"] {
        assert_eq!((any.contains(part), bound.contains(part)), (true, false), "{part}");
    }
}

#[test]
fn a_company_is_trusted_with_hints_of_its_own() {
    let (platform, company) = (sample("admin-issuer-new"), sample("admin-issuer-new-company"));
    for part in ["e.g. GitHub Actions", "token.actions.githubusercontent.com", "A cluster whose"] {
        assert_eq!((platform.contains(part), company.contains(part)), (true, false), "{part}");
    }
}

#[test]
fn what_is_not_deleted_is_not_said_to_be_unsaved() {
    let html = sample("admin-client-delete-problem");
    assert!(html.contains("This could not be deleted:") && !html.contains("could not be saved"), "{html}");
}

/// `cargo test --lib look -- --ignored`, then open `target/pages/` through any web server.
#[test]
#[ignore = "writes files for people to look at"]
fn pages_to_look_at() {
    let folder = root().join("target/pages");
    std::fs::create_dir_all(folder.join("static")).unwrap();
    for (name, html) in samples() {
        std::fs::write(folder.join(format!("{name}.html")), html).unwrap();
    }
    for file in std::fs::read_dir(root().join("static")).unwrap() {
        let path = file.unwrap().path();
        std::fs::copy(&path, folder.join("static").join(path.file_name().unwrap())).unwrap();
    }
}
