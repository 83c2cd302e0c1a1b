//! A form with a file in it.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::web::{Data, Payload as Body};
use actix_web::{Error, FromRequest, HttpRequest};

use super::super::State;
use super::access::{Submission, answer, received, state_of};
use crate::audit::Event;

/// The largest file, in bytes; the rest of the form has room beside it.
pub const MAX_FILE: usize = crate::settings::MAX_LOGO;

/// An administrator's form with at most one file. Who may send it is the same as for [`Submission`].
pub struct Upload {
    pub sent: Submission,
    /// Empty when none was chosen.
    pub file: Vec<u8>,
}

async fn upload(request: HttpRequest, mut body: Body) -> Result<Upload, Error> {
    let state: Data<State> = state_of(&request)?;
    match super::super::forms::with_file(&state, &request, &mut body, MAX_FILE).await {
        Ok((fields, file)) => Ok(Upload { sent: received(state, &request, fields, false).await?, file }),
        Err(problem) => Err(answer(problem.as_page(&state, &request, Event::AdminRefused).await)),
    }
}

impl FromRequest for Upload {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, body) = (request.clone(), Body::from_request(request, payload));
        Box::pin(async move { upload(request, body.await?).await })
    }
}
