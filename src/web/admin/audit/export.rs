//! `/admin/audit/export`: what a filter finds, as a file. A form, since taking it away is noted.

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::{Bytes, Data};
use futures::stream;

use super::super::super::State;
use super::super::access::Submission;
use super::super::answers;
use crate::admin::audit::export::{self, Format};
use crate::admin::audit::{Filters, Listing};
use crate::admin::{Actor, Failure};

pub async fn post(sent: Submission) -> HttpResponse {
    let filters = Filters::read(|name| sent.fields.first(name));
    let format = Format::parse(sent.text("format"));
    let first = match export::begin(&sent.state.admin, &sent.actor, &filters, format).await {
        Ok(first) => first,
        Err(failure) => return answers::failed(&sent.state, failure),
    };
    stream(sent.state, sent.actor, filters, format, first)
}

/// The file, beginning with the group that was read.
pub fn stream(
    state: Data<State>,
    actor: Actor,
    filters: Filters,
    format: Format,
    first: Listing,
) -> HttpResponse {
    let name = format!("attachment; filename=\"gatepost-audit.{}\"", format.extension());
    let export = Export { state, actor, filters, format, group: Some(first), is_begun: false };
    HttpResponse::Ok()
        .content_type(format.media_type())
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::CONTENT_DISPOSITION, name))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .streaming(stream::try_unfold(export, Export::next))
}

struct Export {
    state: Data<State>,
    actor: Actor,
    filters: Filters,
    format: Format,
    /// What was read and not yet sent; nothing at the end.
    group: Option<Listing>,
    is_begun: bool,
}

impl Export {
    /// The next part of the file. A failure on the way breaks the connection off: a file that ends early must
    /// not look whole.
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, Failure> {
        let mut text = if self.is_begun { String::new() } else { self.format.head() };
        self.is_begun = true;
        while let Some(group) = self.group.take() {
            for seen in &group.rows {
                text += &self.format.line(seen);
            }
            if let Some(next) = &group.next {
                self.group = Some(export::more(&self.state.admin, &self.actor, &self.filters, next).await?);
            }
            if !text.is_empty() {
                return Ok(Some((Bytes::from(text), self)));
            }
        }
        Ok((!text.is_empty()).then(|| (Bytes::from(text), self)))
    }
}

impl From<Failure> for actix_web::Error {
    fn from(failure: Failure) -> Self {
        actix_web::error::ErrorInternalServerError(failure.to_string())
    }
}
