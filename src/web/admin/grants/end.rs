//! `/admin/grants/end`: ending one grant, or those that were chosen on a page of the list.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use super::super::super::error_page;
use super::super::super::pages::MessagePage;
use super::super::access::Submission;
use super::super::answers;
use super::PAGE;
use crate::admin::{Failure, Problem, grants};

pub async fn post(sent: Submission) -> HttpResponse {
    match grants::end(&sent.state.admin, &sent.actor, &sent.list("id[]")).await {
        Ok(_) => answers::done(back(sent.text("back")), "grants-ended"),
        Err(Failure::Invalid(problems)) => not_taken(problems, back(sent.text("back"))),
        Err(failure) => answers::failed(&sent.state, failure),
    }
}

/// What is wrong with the choice, e.g. that nothing is ticked, and the way back to the list.
fn not_taken(problems: Vec<Problem>, back: &str) -> HttpResponse {
    let html = MessagePage {
        title: "This cannot be taken".to_owned(),
        sentence: problems.into_iter().map(|p| p.sentence).collect::<Vec<_>>().join(" "),
        link_text: "Back to Grants".to_owned(),
        link_url: back.to_owned(),
    };
    error_page::page(StatusCode::UNPROCESSABLE_ENTITY, &html)
}

/// The page of grants the form was on; the first one for anything else.
fn back(typed: &str) -> &str {
    let below = typed.strip_prefix(PAGE).filter(|rest| rest.starts_with(['?', '/']));
    below.filter(|rest| rest.bytes().all(|b| b.is_ascii_graphic())).map_or(PAGE, |_| typed)
}

#[cfg(test)]
mod tests {
    use super::back;

    #[test]
    fn it_leads_back_to_a_page_of_grants_only() {
        for good in ["/admin/grants?person=a%40b&after=grt_1", "/admin/grants/grt_1"] {
            assert_eq!(back(good), good);
        }
        for bad in
            ["", "/admin/grantsx", "//evil.example", "https://evil.example", "/admin/grants?a\r\nb: c", "/x"]
        {
            assert_eq!(back(bad), "/admin/grants", "{bad:?}");
        }
    }
}
