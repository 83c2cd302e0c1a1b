//! A host of clients' documents and key sets: it says what a test puts there, and counts who asks.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use actix_web::http::StatusCode;
use actix_web::web::{self, Data};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

#[derive(Clone)]
struct Page {
    status: u16,
    kind: String,
    body: String,
}

#[derive(Default)]
struct Pages {
    there: HashMap<String, Page>,
    asked: Vec<String>,
}

/// A running host.
#[derive(Clone)]
pub struct Documents {
    pub url: String,
    pages: Arc<Mutex<Pages>>,
}

impl Documents {
    pub fn start() -> Self {
        let (socket, url) = super::place();
        let pages = Arc::new(Mutex::new(Pages::default()));
        let shared = Data::new(Arc::clone(&pages));
        super::serve(socket, move |config| {
            config.app_data(shared.clone()).default_service(web::to(answer));
        });
        Self { url, pages }
    }

    /// The id of a client whose document is at this path.
    pub fn id(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// Puts a document there that names its own URL; returns that.
    pub fn put(&self, path: &str, mut document: Value) -> String {
        document["client_id"] = json!(self.id(path));
        self.put_as(path, 200, "application/json", &document.to_string());
        self.id(path)
    }

    /// Puts anything there.
    pub fn put_as(&self, path: &str, status: u16, kind: &str, body: &str) {
        let page = Page { status, kind: kind.to_owned(), body: body.to_owned() };
        self.pages.lock().unwrap().there.insert(path.to_owned(), page);
    }

    /// How often a path was asked for.
    pub fn asked(&self, path: &str) -> usize {
        self.pages.lock().unwrap().asked.iter().filter(|asked| *asked == path).count()
    }
}

async fn answer(request: HttpRequest, pages: Data<Arc<Mutex<Pages>>>) -> HttpResponse {
    let mut pages = pages.lock().unwrap();
    let path = request.uri().path().to_owned();
    pages.asked.push(path.clone());
    match pages.there.get(&path) {
        Some(page) => HttpResponse::build(StatusCode::from_u16(page.status).unwrap())
            .insert_header(("content-type", page.kind.as_str()))
            .body(page.body.clone()),
        None => HttpResponse::NotFound().finish(),
    }
}
